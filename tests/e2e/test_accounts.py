"""Accounts are apart: whatever one has, another can neither see nor change nor end, by name or by ARN."""

import base64
import hashlib
import http.client
import io
import json
import tarfile
import unittest
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from harness import REGION, WithServer, eventually

OURS, THEIRS = "111111111111", "222222222222"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INLINE = "version: 0.2\nphases:\n  build:\n    commands:\n      - sleep 600\n"


def arn(service, resource, account=OURS):
    return f"arn:aws:{service}:{'' if service == 'iam' else REGION}:{account}:{resource}"


def role(account):
    return arn("iam", "role/run", account)


class Accounts(WithServer):
    """Signatures are not checked here: a key of twelve digits is the account's."""

    flags = ("--auth", "off")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.by = {
            account: {
                service: cls.server.client(service, key=account, secret="any")
                for service in (
                    "s3", "ecr", "iam", "events", "logs", "codebuild", "sagemaker", "sagemaker-runtime", "sts",
                    "stepfunctions",
                )
            }
            for account in (OURS, THEIRS)
        }
        cls.make()

    @classmethod
    def as_(cls, account, service, operation, **parameters):
        return getattr(cls.by[account][service], operation)(**parameters)

    @classmethod
    def http(cls, account, method, path, body=b"", headers=()):
        where = urlsplit(cls.server.url)
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        login = base64.b64encode(f"{account}:any".encode()).decode()
        connection.request(method, path, body=body, headers={"Authorization": f"Basic {login}", **dict(headers)})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text

    @classmethod
    def push(cls, account, repository):
        """The smallest image there is; its digest."""
        layer = io.BytesIO()
        tarfile.open(fileobj=layer, mode="w").close()
        blobs = [b'{"architecture":"amd64","os":"linux","config":{"Entrypoint":["true"]}}', layer.getvalue()]
        digests = ["sha256:" + hashlib.sha256(blob).hexdigest() for blob in blobs]
        for blob, digest in zip(blobs, digests):
            status, text = cls.http(account, "POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", blob)
            assert status == 201, text
        types = ["application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"]
        parts = [{"mediaType": t, "digest": d, "size": len(b)} for t, d, b in zip(types, digests, blobs)]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
        path = f"/v2/{repository}/manifests/v1"
        status, text = cls.http(account, "PUT", path, json.dumps(manifest).encode(), {"Content-Type": MANIFEST})
        assert status == 201, text
        return digests

    @classmethod
    def make(cls):
        """One of everything, in our account."""
        ask = lambda service, operation, **parameters: cls.as_(OURS, service, operation, **parameters)  # noqa: E731
        ask("s3", "create_bucket", Bucket="ours")
        ask("s3", "put_object", Bucket="ours", Key="secret", Body=b"ours")
        cls.upload = ask("s3", "create_multipart_upload", Bucket="ours", Key="big")["UploadId"]
        ask("ecr", "create_repository", repositoryName="ours")
        cls.digests = cls.push(OURS, "ours")
        ask("iam", "create_role", RoleName="run", AssumeRolePolicyDocument=TRUST)
        cls.policy = ask("iam", "create_policy", PolicyName="p", PolicyDocument=TRUST)["Policy"]["Arn"]
        ask("logs", "create_log_group", logGroupName="/ours")
        ask("events", "create_event_bus", Name="ours")
        ask("events", "put_rule", Name="ours", EventPattern='{"source":["a"]}')
        cls.group = ask("sagemaker", "create_model_package_group", ModelPackageGroupName="ours")
        cls.group = cls.group["ModelPackageGroupArn"]
        container = {"Image": f"{OURS}.dkr.ecr.{REGION}.amazonaws.com/ours:v1"}
        cls.package = ask(
            "sagemaker",
            "create_model_package",
            ModelPackageGroupName="ours",
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [container], "SupportedContentTypes": ["a/b"], "SupportedResponseMIMETypes": ["a/b"],
            },
        )["ModelPackageArn"]
        ask("sagemaker", "create_model", ModelName="ours", PrimaryContainer=container, ExecutionRoleArn=role(OURS))
        variant = {"VariantName": "v", "ModelName": "ours", "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
        ask("sagemaker", "create_endpoint_config", EndpointConfigName="ours", ProductionVariants=[variant])
        ask("sagemaker", "create_endpoint", EndpointName="ours", EndpointConfigName="ours")
        ask("sagemaker", "create_training_job", **cls.training("ours", OURS))
        cls.project(OURS, "ours")
        cls.build = ask("codebuild", "start_build", projectName="ours")["build"]["id"]
        cls.machine = ask(
            "stepfunctions",
            "create_state_machine",
            name="ours",
            definition=json.dumps(cls.asking()),
            roleArn=role(OURS),
        )["stateMachineArn"]
        cls.execution = ask("stepfunctions", "start_execution", stateMachineArn=cls.machine)["executionArn"]

    @staticmethod
    def asking():
        """A definition that asks for approval and tells the token in its event."""
        entry = {
            "Source": "ours",
            "DetailType": "Approval Requested",
            "Detail": {"taskToken.$": "$$.Task.Token", "title": "ours"},
        }
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::events:putEvents.waitForTaskToken",
            "Parameters": {"Entries": [entry]},
            "End": True,
        }
        return {"StartAt": "Ask", "States": {"Ask": task}}

    @staticmethod
    def training(name, account, image=OURS):
        return {
            "TrainingJobName": name,
            "RoleArn": role(account),
            "AlgorithmSpecification": {
                "TrainingImage": f"{image}.dkr.ecr.{REGION}.amazonaws.com/ours:v1", "TrainingInputMode": "File",
            },
            "OutputDataConfig": {"S3OutputPath": "s3://ours/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        }

    @classmethod
    def project(cls, account, name, service_role=None):
        return cls.as_(
            account,
            "codebuild",
            "create_project",
            name=name,
            source={"type": "NO_SOURCE", "buildspec": INLINE},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=service_role or role(account),
        )

    def test_named_things_are_refused(self):
        token = base64.urlsafe_b64encode(b"x" * 32).decode().rstrip("=")
        machine, execution = {"stateMachineArn": self.machine}, {"executionArn": self.execution}
        package, group = {"ModelPackageName": self.package}, {"ModelPackageGroupName": self.group}
        build, image = {"id": self.build}, {"repositoryName": "ours"}
        build_arn = arn("codebuild", f"build/{self.build}")
        project_arn = arn("codebuild", "project/ours")
        attached = {"RoleName": "run", "PolicyArn": self.policy}
        part = {"Bucket": "ours", "Key": "big", "UploadId": self.upload}
        for service, operation, parameters in [
            ("s3", "get_object", {"Bucket": "ours", "Key": "secret"}),
            ("s3", "head_object", {"Bucket": "ours", "Key": "secret"}),
            ("s3", "put_object", {"Bucket": "ours", "Key": "secret", "Body": b"theirs"}),
            ("s3", "delete_object", {"Bucket": "ours", "Key": "secret"}),
            ("s3", "delete_objects", {"Bucket": "ours", "Delete": {"Objects": [{"Key": "secret"}]}}),
            ("s3", "copy_object", {"Bucket": "theirs", "Key": "k", "CopySource": "ours/secret"}),
            ("s3", "list_objects", {"Bucket": "ours"}),
            ("s3", "list_objects_v2", {"Bucket": "ours"}),
            ("s3", "list_multipart_uploads", {"Bucket": "ours"}),
            ("s3", "list_parts", part),
            ("s3", "upload_part", {**part, "PartNumber": 1, "Body": b"x"}),
            ("s3", "upload_part_copy", {**part, "PartNumber": 1, "CopySource": "theirs/k"}),
            ("s3", "abort_multipart_upload", part),
            ("s3", "head_bucket", {"Bucket": "ours"}),
            ("s3", "get_bucket_location", {"Bucket": "ours"}),
            ("s3", "get_bucket_versioning", {"Bucket": "ours"}),
            ("s3", "delete_bucket", {"Bucket": "ours"}),
            ("s3", "create_bucket", {"Bucket": "ours"}),
            ("ecr", "describe_images", image),
            ("ecr", "list_images", {**image, "registryId": OURS}),
            ("ecr", "batch_get_image", {**image, "imageIds": [{"imageTag": "v1"}]}),
            ("ecr", "batch_delete_image", {**image, "imageIds": [{"imageTag": "v1"}]}),
            ("ecr", "delete_repository", {**image, "force": True}),
            ("iam", "get_role", {"RoleName": "run"}),
            ("iam", "delete_role", {"RoleName": "run"}),
            ("iam", "put_role_policy", {"RoleName": "run", "PolicyName": "x", "PolicyDocument": TRUST}),
            ("iam", "attach_role_policy", attached),
            ("iam", "detach_role_policy", attached),
            ("iam", "delete_policy", {"PolicyArn": self.policy}),
            ("sts", "assume_role", {"RoleArn": role(OURS), "RoleSessionName": "theirs"}),
            ("logs", "describe_log_streams", {"logGroupName": "/ours"}),
            ("logs", "describe_log_streams", {"logGroupIdentifier": arn("logs", "log-group:/ours")}),
            ("logs", "get_log_events", {"logGroupName": "/ours", "logStreamName": "s"}),
            ("logs", "filter_log_events", {"logGroupName": "/ours"}),
            ("events", "describe_rule", {"Name": "ours"}),
            ("events", "disable_rule", {"Name": "ours"}),
            ("events", "list_rules", {"EventBusName": arn("events", "event-bus/ours")}),
            ("codebuild", "start_build", {"projectName": "ours"}),
            ("codebuild", "start_build", {"projectName": project_arn}),
            ("codebuild", "update_project", {"name": project_arn, "description": "theirs"}),
            ("codebuild", "stop_build", build),
            ("codebuild", "stop_build", {"id": build_arn}),
            ("codebuild", "list_builds_for_project", {"projectName": "ours"}),
            ("sagemaker", "describe_training_job", {"TrainingJobName": "ours"}),
            ("sagemaker", "stop_training_job", {"TrainingJobName": "ours"}),
            ("sagemaker", "describe_model_package", package),
            ("sagemaker", "delete_model_package", package),
            (
                "sagemaker",
                "update_model_package",
                {"ModelPackageArn": self.package, "ModelApprovalStatus": "Approved"},
            ),
            ("sagemaker", "describe_model_package_group", group),
            ("sagemaker", "delete_model_package_group", group),
            ("sagemaker", "create_model_package", {**group, "ModelApprovalStatus": "Approved"}),
            ("sagemaker", "describe_model", {"ModelName": "ours"}),
            ("sagemaker", "delete_model", {"ModelName": "ours"}),
            ("sagemaker", "create_model", {"ModelName": "t", "PrimaryContainer": {"ModelPackageName": self.package}}),
            ("sagemaker", "describe_endpoint_config", {"EndpointConfigName": "ours"}),
            ("sagemaker", "delete_endpoint_config", {"EndpointConfigName": "ours"}),
            ("sagemaker", "describe_endpoint", {"EndpointName": "ours"}),
            ("sagemaker", "delete_endpoint", {"EndpointName": "ours"}),
            ("sagemaker", "update_endpoint", {"EndpointName": "ours", "EndpointConfigName": "ours"}),
            ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "ours", "Body": b"1"}),
            ("stepfunctions", "describe_state_machine", machine),
            ("stepfunctions", "update_state_machine", {**machine, "definition": json.dumps(self.asking())}),
            ("stepfunctions", "start_execution", machine),
            ("stepfunctions", "list_executions", machine),
            ("stepfunctions", "delete_state_machine", machine),
            ("stepfunctions", "describe_execution", execution),
            ("stepfunctions", "describe_state_machine_for_execution", execution),
            ("stepfunctions", "get_execution_history", execution),
            ("stepfunctions", "stop_execution", execution),
            ("stepfunctions", "redrive_execution", execution),
            ("stepfunctions", "send_task_success", {"taskToken": token, "output": "{}"}),
        ]:
            with self.subTest(f"{service} {operation} {parameters}"), self.assertRaises(ClientError) as caught:
                self.as_(THEIRS, service, operation, **parameters)
            answer = caught.exception.response
            self.assertLess(answer["ResponseMetadata"]["HTTPStatusCode"], 500, answer)
        self.untouched()

    def test_lists_show_nothing(self):
        for service, operation, parameters, member in [
            ("s3", "list_buckets", {}, "Buckets"),
            ("ecr", "describe_repositories", {}, "repositories"),
            ("logs", "describe_log_groups", {"logGroupNamePrefix": "/ours"}, "logGroups"),
            ("events", "list_rules", {}, "Rules"),
            ("codebuild", "list_projects", {}, "projects"),
            ("codebuild", "list_builds", {}, "ids"),
            ("codebuild", "batch_get_builds", {"ids": [self.build]}, "builds"),
            ("codebuild", "batch_get_builds", {"ids": [arn("codebuild", f"build/{self.build}")]}, "builds"),
            ("codebuild", "batch_get_projects", {"names": ["ours", arn("codebuild", "project/ours")]}, "projects"),
            ("sagemaker", "list_training_jobs", {}, "TrainingJobSummaries"),
            ("sagemaker", "list_model_packages", {}, "ModelPackageSummaryList"),
            ("sagemaker", "list_model_packages", {"ModelPackageGroupName": self.group}, "ModelPackageSummaryList"),
            ("sagemaker", "list_model_package_groups", {}, "ModelPackageGroupSummaryList"),
            ("sagemaker", "list_models", {}, "Models"),
            ("sagemaker", "list_endpoint_configs", {}, "EndpointConfigs"),
            ("sagemaker", "list_endpoints", {}, "Endpoints"),
            ("stepfunctions", "list_state_machines", {}, "stateMachines"),
        ]:
            with self.subTest(f"{service} {operation} {parameters}"):
                try:
                    found = self.as_(THEIRS, service, operation, **parameters)[member]
                except ClientError as refused:
                    self.assertLess(refused.response["ResponseMetadata"]["HTTPStatusCode"], 500)
                    found = []
                self.assertEqual([item for item in found if "ours" in str(item)], [])
        buses = self.as_(THEIRS, "events", "list_rules")["Rules"]
        self.assertEqual(buses, [])

    def test_roles_and_targets_are_of_the_own_account(self):
        with self.assertRaises(ClientError):
            self.as_(
                THEIRS,
                "stepfunctions",
                "create_state_machine",
                name="x",
                definition=json.dumps(self.asking()),
                roleArn=role(OURS),
            )
        self.as_(THEIRS, "events", "put_rule", Name="r", EventPattern='{"source":["mine"]}')
        for target in [self.machine, arn("codebuild", "project/ours")]:
            for whose in (OURS, THEIRS):
                with self.assertRaises(ClientError):
                    targets = [{"Id": "1", "Arn": target, "RoleArn": role(whose)}]
                    self.as_(THEIRS, "events", "put_targets", Rule="r", Targets=targets)
        container = {"Image": f"{THEIRS}.dkr.ecr.{REGION}.amazonaws.com/theirs:v1"}
        model = {"ModelName": "x", "PrimaryContainer": container, "ExecutionRoleArn": role(OURS)}
        theirs, project = self.by[THEIRS]["sagemaker"], lambda **asked: self.project(THEIRS, "strange", **asked)
        for call, asked in [
            (theirs.create_training_job, self.training("x", OURS)),
            (theirs.create_model, model),
            (project, {"service_role": role(OURS)}),
        ]:
            self.assertIn("Cross-account", self.refused("AccessDeniedException", call, **asked))
        self.project(THEIRS, "own")
        builds = self.by[THEIRS]["codebuild"]
        for call, asked in [
            (builds.update_project, {"name": "own", "serviceRole": role(OURS)}),
            (builds.start_build, {"projectName": "own", "serviceRoleOverride": role(OURS)}),
        ]:
            self.assertIn("Cross-account", self.refused("AccessDeniedException", call, **asked))
        self.untouched()

    def test_images_of_others_do_not_run(self):
        self.as_(THEIRS, "s3", "create_bucket", Bucket="out-of-theirs")
        job = self.training("theirs", THEIRS)
        job["OutputDataConfig"] = {"S3OutputPath": "s3://out-of-theirs/out"}
        try:
            self.as_(THEIRS, "sagemaker", "create_training_job", **job)
        except ClientError:
            return

        def over():
            seen = self.as_(THEIRS, "sagemaker", "describe_training_job", TrainingJobName="theirs")
            return seen if seen["TrainingJobStatus"] not in ("InProgress", "Stopping") else None

        seen = eventually(over)
        self.assertEqual(seen["TrainingJobStatus"], "Failed")
        self.assertIn("does not exist in the registry", seen["FailureReason"])

    def test_registry_and_git(self):
        config, layer = self.digests
        host = f"{OURS}.dkr.ecr.{REGION}.amazonaws.com"
        for headers in ({}, {"Host": host}):
            for method, path in [
                ("GET", "/v2/ours/manifests/v1"),
                ("GET", f"/v2/ours/blobs/{layer}"),
                ("GET", "/v2/ours/tags/list"),
                ("PUT", "/v2/ours/manifests/v2"),
                ("DELETE", "/v2/ours/manifests/v1"),
                ("DELETE", f"/v2/ours/blobs/{config}"),
                ("POST", "/v2/ours/blobs/uploads/"),
            ]:
                status, _ = self.http(THEIRS, method, path, headers=headers)
                self.assertIn(status, (403, 404), f"{method} {path} {headers}")
        self.as_(THEIRS, "ecr", "create_repository", repositoryName="mine")
        mount = f"/v2/mine/blobs/uploads/?mount={layer}&from=ours"
        self.assertEqual(self.http(THEIRS, "POST", mount)[0], 202, "there is nothing to mount: an upload begins")
        status, _ = self.http(THEIRS, "GET", "/git/ours.git/info/refs?service=git-upload-pack")
        self.assertEqual(status, 404)
        self.untouched()

    def test_task_tokens(self):
        """A token answers in its own account only: also by way of an approval that another account asks for."""

        def question(account):
            found = self.trainyard(account, "ListApprovals", {})["Approvals"]
            return [item for item in found if item["Title"] == "ours"]

        eventually(lambda: question(OURS))
        self.assertEqual(question(THEIRS), [])
        token = None
        history = self.as_(OURS, "stepfunctions", "get_execution_history", executionArn=self.execution)["events"]
        for event in history:
            parameters = event.get("taskScheduledEventDetails", {}).get("parameters")
            if parameters:
                token = json.loads(parameters)["Entries"][0]["Detail"]["taskToken"]
        self.assertTrue(token, "the history shows the parameters as AWS does")
        for operation, more in [
            ("send_task_success", {"output": "{}"}),
            ("send_task_failure", {}),
            ("send_task_heartbeat", {}),
        ]:
            with self.assertRaises(ClientError) as caught:
                self.as_(THEIRS, "stepfunctions", operation, taskToken=token, **more)
            self.assertEqual(caught.exception.response["Error"]["Code"], "InvalidToken")
        forged = {"Source": "x", "DetailType": "Approval Requested", "Detail": json.dumps({"taskToken": token})}
        self.as_(THEIRS, "events", "put_events", Entries=[forged])
        mine = eventually(lambda: self.trainyard(THEIRS, "ListApprovals", {})["Approvals"])
        self.trainyard(THEIRS, "AnswerApproval", {"Id": mine[0]["Id"], "Approved": True})
        self.untouched()

    def trainyard(self, account, operation, members):
        where = urlsplit(self.server.url)
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        scope = f"{account}/20260102/{REGION}/trainyard/aws4_request"
        signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        headers = {
            "X-Amz-Target": f"Trainyard.{operation}",
            "Authorization": signed,
            "X-Amz-Date": "20260102T030405Z",
            "Content-Type": "application/x-amz-json-1.1",
        }
        connection.request("POST", "/", body=json.dumps(members), headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.assertEqual(answer.status, 200, text)
        return json.loads(text)

    def untouched(self):
        """What is ours is as it was."""
        kept = self.as_(OURS, "s3", "get_object", Bucket="ours", Key="secret")["Body"].read()
        self.assertEqual(kept, b"ours")
        self.assertEqual(len(self.as_(OURS, "ecr", "describe_images", repositoryName="ours")["imageDetails"]), 1)
        execution = self.as_(OURS, "stepfunctions", "describe_execution", executionArn=self.execution)
        self.assertEqual(execution["status"], "RUNNING")
        listed = self.as_(OURS, "stepfunctions", "list_executions", stateMachineArn=self.machine)["executions"]
        self.assertEqual(len(listed), 1)
        package = self.as_(OURS, "sagemaker", "describe_model_package", ModelPackageName=self.package)
        self.assertEqual(package["ModelApprovalStatus"], "PendingManualApproval")
        build = self.as_(OURS, "codebuild", "batch_get_builds", ids=[self.build])["builds"][0]
        self.assertEqual(build["buildStatus"], "IN_PROGRESS")
        self.assertEqual(self.as_(OURS, "events", "describe_rule", Name="ours")["State"], "ENABLED")


if __name__ == "__main__":
    unittest.main()
