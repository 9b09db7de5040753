"""The whole walk, offline: one round of the loop, and what many eyes see of it afterwards; in both isolation modes."""

import base64
import json
import shutil
import unittest
import urllib.request

from harness import ACCOUNT, REGION, ROOT, WithServer, eventually, isolation, needs, run
from loop import BUCKET, NAME, SENSIBLE, Loop

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


class Walk:
    """One round in `setUpClass`; the tests look at what it made, and the later ones go on from there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.loop = loop = Loop(cls.server, cls.directory)
        cls.deployed = loop.deploy()
        cls.commit = loop.push()
        cls.build = loop.built(1)
        cls.trained = loop.ran("train", 1)
        cls.waiting = loop.version(1)
        cls.server.trainyard("approve", f"{NAME}/1", "--comment", "the metrics are fine")
        cls.question = loop.question()
        cls.dev = loop.predict("dev")
        cls.server.trainyard("approve", cls.question["name"], "--comment", "dev answers well")
        cls.served = loop.ran("deploy", 1)
        cls.prod = loop.predict("prod")

    @property
    def digest(self):
        images = self.client("ecr").describe_images(repositoryName=NAME)["imageDetails"]
        return next(image["imageDigest"] for image in images if self.commit in image.get("imageTags", []))

    def test_the_build(self):
        self.assertEqual(self.build["resolvedSourceVersion"], self.commit)
        self.assertEqual(self.build["buildStatus"], "SUCCEEDED")
        self.assertIn(f"pushed {HOST}/{NAME}:{self.commit}", self.loop.log(self.build))
        exported = {v["name"]: v["value"] for v in self.build["exportedEnvironmentVariables"]}
        self.assertEqual(exported, {"IMAGE": f"{HOST}/{NAME}:{self.commit}"})

    def test_the_deployment(self):
        """The second time, in the build, nothing has changed, and that is said."""
        self.assertIn("CREATE_COMPLETE", self.deployed)
        self.assertRegex(self.loop.log(self.build), "(?i)no changes|nothing changes|nothing has changed|unchanged")

    def test_what_started_the_training(self):
        told = json.loads(self.trained["input"])
        self.assertEqual((told["source"], told["detail-type"]), ("aws.ecr", "ECR Image Action"))
        self.assertEqual(told["detail"]["image-tag"], self.commit)
        self.assertEqual(told["detail"]["image-digest"], self.digest)
        self.assertTrue(self.trained["name"].startswith(told["id"] + "_"))
        self.assertEqual(len(self.loop.executions("train")), 1)

    def test_histories_have_no_gaps(self):
        for execution in (self.trained, self.served):
            events = self.loop.history(execution["executionArn"])
            self.assertEqual([event["id"] for event in events], list(range(1, len(events) + 1)))
            self.assertTrue(all(event["previousEventId"] < event["id"] for event in events))
            self.assertEqual((events[0]["type"], events[-1]["type"]), ("ExecutionStarted", "ExecutionSucceeded"))

    def test_lineage(self):
        """A model version knows its commit, image, data, job, execution and metrics."""
        seen = self.waiting
        self.assertEqual((seen["ModelApprovalStatus"], seen["ModelPackageStatus"]), ("PendingManualApproval", "Completed"))
        known = seen["CustomerMetadataProperties"]
        self.assertEqual((known["commit"], known["image-tag"]), (self.commit, self.commit))
        self.assertEqual((known["image-digest"], known["execution"]), (self.digest, self.trained["executionArn"]))
        self.assertEqual(known["trainyard:image-digest"], self.digest)
        self.assertEqual(seen["MetadataProperties"]["CommitId"], self.commit)
        self.assertEqual(seen["MetadataProperties"]["GeneratedBy"], self.trained["executionArn"])
        run_name = self.trained["name"].split("_")[0]
        self.assertEqual(
            known["trainyard:training-job"],
            f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/train-{run_name}-0",
        )
        for channel in ("train", "validation"):
            self.assertRegex(known[f"trainyard:data-digest:{channel}"], "^sha256:[0-9a-f]{64}$")
        (container,) = seen["InferenceSpecification"]["Containers"]
        self.assertEqual(container["Image"], f"{HOST}/{NAME}@{self.digest}")
        s3 = self.client("s3")
        model = container["ModelDataUrl"].removeprefix(f"s3://{BUCKET}/")
        self.assertTrue(s3.get_object(Bucket=BUCKET, Key=model)["Body"].read())
        report = seen["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"].removeprefix(f"s3://{BUCKET}/")
        metrics = json.loads(s3.get_object(Bucket=BUCKET, Key=report)["Body"].read())
        self.assertLess(metrics["regression_metrics"]["mse"]["value"], 9000)

    def test_the_approvals(self):
        approved = self.loop.version(1)
        self.assertEqual(approved["ModelApprovalStatus"], "Approved")
        self.assertEqual(approved["ApprovalDescription"], "the metrics are fine")
        self.assertIn("arn:aws:", approved["LastModifiedBy"]["IamIdentity"]["Arn"])
        self.assertEqual(self.question["title"], f"{NAME} version 1 to {NAME}-prod")
        self.assertEqual(self.question["detail"]["endpoint"], f"{NAME}-prod")
        told = json.loads(self.served["input"])
        self.assertEqual(told["detail"]["ModelApprovalStatus"], "Approved")
        again = self.server.trainyard("approve", self.question["name"], check=False)
        self.assertNotEqual(again.returncode, 0, "it is answered already")

    def test_the_endpoints(self):
        sagemaker = self.client("sagemaker")
        models = set()
        for stage in ("dev", "prod"):
            seen = sagemaker.describe_endpoint(EndpointName=f"{NAME}-{stage}")
            self.assertEqual(seen["EndpointStatus"], "InService")
            used = sagemaker.describe_endpoint_config(EndpointConfigName=seen["EndpointConfigName"])
            models |= {variant["ModelName"] for variant in used["ProductionVariants"]}
        (model,) = models
        container = sagemaker.describe_model(ModelName=model)["PrimaryContainer"]
        self.assertEqual(container["ModelPackageName"], self.waiting["ModelPackageArn"])

    def test_the_prediction(self):
        self.assertEqual(self.dev, self.prod, "the same model")
        self.assertTrue(SENSIBLE[0] < self.prod < SENSIBLE[1], self.prod)
        rows = json.dumps({"instances": [[62, 2, 3, 1974, 4.5], [30, 1, 0, 1950, 9]]})
        answer = self.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=f"{NAME}-prod", ContentType="application/json", Body=rows
        )
        predictions = json.loads(answer["Body"].read())["predictions"]
        self.assertAlmostEqual(predictions[0], self.prod)
        self.assertEqual(len(predictions), 2)

    def test_by_the_aws_cli(self):
        aws, arn = self.server.aws, self.trained["executionArn"]
        history = aws("stepfunctions", "get-execution-history", "--execution-arn", arn, "--max-items", "1000")
        self.assertEqual(history["events"][-1]["type"], "ExecutionSucceeded")
        version = aws(
            "sagemaker", "describe-model-package", "--model-package-name", self.waiting["ModelPackageArn"]
        )
        self.assertEqual(version["CustomerMetadataProperties"]["commit"], self.commit)
        model = version["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
        aws("s3", "cp", "--quiet", model, str(self.directory / "model.tar.gz"))
        self.assertGreater((self.directory / "model.tar.gz").stat().st_size, 0)
        group = "/aws/sagemaker/TrainingJobs"
        streams = aws("logs", "describe-log-streams", "--log-group-name", group)["logStreams"]
        lines = aws(
            *("logs", "get-log-events", "--log-group-name", group),
            *("--log-stream-name", streams[0]["logStreamName"], "--start-from-head"),
        )
        self.assertTrue(any(e["message"].startswith("validation-mse=") for e in lines["events"]), lines)
        job = aws("sagemaker", "describe-training-job", "--training-job-name", streams[0]["logStreamName"].split("/")[0])
        metrics = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
        self.assertGreater(metrics["validation:mse"], 0)
        self.assertEqual(set(metrics), {"validation:mse", "validation:r2"})

    def test_the_command_line(self):
        """`status`, `logs` and `wait` find things by the names that people have for them."""
        waited = self.server.trainyard("wait", f"{NAME}-train", "--timeout", "60s")
        self.assertIn("SUCCEEDED", waited.stdout + waited.stderr)
        log = self.server.trainyard("logs", f"{NAME}-train").stdout
        self.assertIn("validation-mse=", log)
        self.assertIn("pushed", self.server.trainyard("logs", NAME).stdout)
        self.assertIn("serving on port", self.server.trainyard("logs", f"{NAME}-prod").stdout)
        self.assertIn(f"{NAME}-prod", self.server.trainyard("status").stdout)

    def test_no_secret_is_told(self):
        """Not in logs, histories or events, nor in what the server says."""
        secrets = [self.server.exports["AWS_SECRET_ACCESS_KEY"]]
        told = [self.server.said(), self.loop.log(self.build)]
        told += [json.dumps(self.loop.history(e["executionArn"]), default=str) for e in (self.trained, self.served)]
        for text in told:
            for secret in secrets:
                self.assertNotIn(secret, text)

    def test_what_was_told(self):
        """All that the house has told is what the published kinds of events can be, field by field."""
        pattern = self.directory / "all.json"
        pattern.write_text(json.dumps({"account": [ACCOUNT]}))
        looked = self.server.trainyard("event", "test", "-p", pattern, "--recent", "10000")
        self.assertNotIn("no known kind of event", looked.stderr)
        events = [json.loads(line) for line in looked.stdout.splitlines()]
        # The project's own states tell too: they ask for an approval.
        told = {event["detail-type"] for event in events if event["source"] != NAME}
        expect = {"CodeBuild Build Phase Change", "CodeBuild Build State Change", "ECR Image Action", "Git Push"}
        expect |= {f"SageMaker {kind} State Change" for kind in ("Endpoint", "Model Package", "Processing Job", "Training Job")}
        published = {json.loads(path.read_text())["title"] for path in (ROOT / "docs/events").glob("*.json")}
        self.assertLessEqual(told, published)
        self.assertLessEqual(expect | {"Step Functions Execution Status Change"}, told)

    def test_metrics_and_health(self):
        with urllib.request.urlopen(f"{self.server.url}/health") as answer:
            self.assertEqual(answer.status, 200)
        with urllib.request.urlopen(f"{self.server.url}/metrics") as answer:
            text = answer.read().decode()
        for line in text.splitlines():
            self.assertRegex(line, r'^(#.*|[a-zA-Z_:][\w:]*(\{.*\})? [-+0-9.eEINFNa]+)$')


class Isolated(Walk, WithServer):
    @classmethod
    def setUpClass(cls):
        needs(isolation(), "the walk cannot be isolated on this machine")
        super().setUpClass()


class Unisolated(Walk, WithServer):
    flags = ("--isolation", "off")


class Again(WithServer):
    """What comes after a first round: a second one, and images that somebody else brings."""

    flags = ("--isolation", "off")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.loop = loop = Loop(cls.server, cls.directory)
        loop.deploy()
        cls.commit = loop.push()
        cls.build = loop.built(1)
        cls.trained = loop.ran("train", 1)

    def test_1_a_foreign_image(self):
        """An image from outside starts the pipeline too; nobody knows its commit, and that is said."""
        needs(shutil.which("skopeo"), "skopeo is missing")
        outside = f"{HOST}/elsewhere:v1"
        app = self.directory / "outside"
        shutil.copytree(self.loop.project / "src", app)
        entry = "python3 /opt/program/serve.py"
        self.server.trainyard(
            "image", "build", "--tag", outside, "--app", f"{app}:/opt/program", "--entrypoint", entry,
            cwd=self.directory,
        )
        self.client("ecr").create_repository(repositoryName="elsewhere")
        self.server.trainyard("image", "push", outside)
        self.copied(f"{self.server.port}/elsewhere:v1", f"{self.server.port}/{NAME}:by-hand")
        self.loop.ran("train", 2)
        seen = self.loop.version(2)
        self.assertEqual(seen["CustomerMetadataProperties"]["commit"], "unknown")
        self.assertEqual(seen["MetadataProperties"]["CommitId"], "unknown")
        self.assertEqual(seen["CustomerMetadataProperties"]["image-tag"], "by-hand")

    def test_2_a_known_image_by_a_new_tag(self):
        """Copied by skopeo, the built image starts the pipeline again; its commit is known by its digest."""
        needs(shutil.which("skopeo"), "skopeo is missing")
        before = len(self.loop.executions("train"))
        self.copied(f"{self.server.port}/{NAME}:{self.commit}", f"{self.server.port}/{NAME}:again")
        self.loop.ran("train", before + 1)
        seen = self.loop.version(before + 1)
        self.assertEqual(seen["MetadataProperties"]["CommitId"], self.commit)

    def copied(self, source, target):
        login = self.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
        login = base64.b64decode(login).decode()
        creds = ("--src-creds", login, "--dest-creds", login, "--src-tls-verify=false", "--dest-tls-verify=false")
        run(["skopeo", "copy", *creds, f"docker://127.0.0.1:{source}", f"docker://127.0.0.1:{target}"])

    def test_3_another_hyperparameter(self):
        """A second push: the stack is changed, the image is another, the endpoint is updated in place."""
        before = len(self.loop.executions("train"))
        commit = self.loop.push(alpha="7.5")
        self.assertNotEqual(commit, self.commit)
        build = self.loop.built(2)
        self.assertRegex(self.loop.log(build), r"TrainStateMachine")
        trained = self.loop.ran("train", before + 1)
        name = trained["name"].split("_")[0]
        job = self.client("sagemaker").describe_training_job(TrainingJobName=f"train-{name}-0")
        self.assertEqual(job["HyperParameters"]["alpha"], "7.5")
        self.assertEqual(self.loop.version(before + 1)["MetadataProperties"]["CommitId"], commit)

    def test_4_a_model_that_is_rejected(self):
        said = self.server.trainyard("reject", f"{NAME}/1", "--comment", "no").stdout
        self.assertIn("rejected", said)
        self.assertEqual(self.loop.version(1)["ModelApprovalStatus"], "Rejected")
        self.assertEqual(self.loop.executions("deploy"), [])

    def test_5_a_build_that_fails(self):
        """Nothing is pushed, nothing is trained, and the log says why."""
        before = len(self.loop.executions("train"))
        spec = self.loop.project / "buildspec.yml"
        spec.write_text(spec.read_text().replace("--app src:/opt/program", "--app missing:/opt/program"))
        self.loop.push()
        builds = self.client("codebuild")

        def failed():
            ids = builds.list_builds_for_project(projectName=NAME)["ids"]
            found = builds.batch_get_builds(ids=ids)["builds"]
            return [build for build in found if build["buildStatus"] == "FAILED"]

        (build,) = eventually(failed, timeout=120)
        self.assertIn("missing", self.loop.log(build))
        self.assertEqual(len(self.loop.executions("train")), before)


if __name__ == "__main__":
    unittest.main()
