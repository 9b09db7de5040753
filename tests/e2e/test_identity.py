"""STS, IAM and log groups, by boto3."""

import http.client
import json
import unittest
import urllib.parse
import uuid

import boto3
from botocore.config import Config

from harness import WithServer


class Identity(WithServer):
    DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.like_a_shell()

    def get(self, url):
        """The status of a plain GET."""
        where = urllib.parse.urlsplit(url)
        link = http.client.HTTPConnection(where.netloc, timeout=30)
        link.request("GET", f"{where.path}?{where.query}")
        status = link.getresponse().status
        link.close()
        return status

    def test_roles_and_policies(self):
        iam, name = boto3.client("iam"), f"r-{uuid.uuid4()}"
        role = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=self.DOCUMENT,
            MaxSessionDuration=7200,
            Tags=[{"Key": "team", "Value": "a = b"}],
        )["Role"]
        self.assertEqual(role["Tags"], [{"Key": "team", "Value": "a = b"}])
        got = iam.get_role(RoleName=name)["Role"]
        self.assertEqual((got["Arn"], got["MaxSessionDuration"]), (role["Arn"], 7200))
        self.assertEqual(got["AssumeRolePolicyDocument"], json.loads(self.DOCUMENT))
        self.refused("EntityAlreadyExists", iam.create_role, RoleName=name, AssumeRolePolicyDocument=self.DOCUMENT)
        arn = iam.create_policy(PolicyName=name, PolicyDocument=self.DOCUMENT)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        iam.put_role_policy(RoleName=name, PolicyName="in", PolicyDocument=self.DOCUMENT)
        self.assertEqual(iam.get_role_policy(RoleName=name, PolicyName="in")["PolicyDocument"], json.loads(self.DOCUMENT))
        self.refused("NoSuchEntity", iam.get_role_policy, RoleName=name, PolicyName="out")
        for more in ("and", "on"):
            iam.put_role_policy(RoleName=name, PolicyName=more, PolicyDocument=self.DOCUMENT)
        listed = iam.get_paginator("list_role_policies").paginate(RoleName=name, PaginationConfig={"PageSize": 2})
        self.assertEqual([page["PolicyNames"] for page in listed], [["and", "in"], ["on"]])
        for more in ("and", "on"):
            iam.delete_role_policy(RoleName=name, PolicyName=more)
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        self.assertEqual(attached, [{"PolicyName": name, "PolicyArn": arn}])
        self.assertEqual(iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"], [])
        self.refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
        self.refused("DeleteConflict", iam.delete_role, RoleName=name)
        self.refused("MalformedPolicyDocument", iam.create_policy, PolicyName="x", PolicyDocument="no")
        iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        iam.delete_role_policy(RoleName=name, PolicyName="in")
        iam.delete_policy(PolicyArn=arn)
        iam.delete_role(RoleName=name)
        self.refused("NoSuchEntity", iam.get_role, RoleName=name)

    def test_changes_in_place(self):
        iam, name = boto3.client("iam"), f"r-{uuid.uuid4()}"
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=self.DOCUMENT)
        other = {"Version": "2012-10-17", "Statement": [{"Sid": "é & <b>", "Effect": "Deny", "Action": "*"}]}
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(other))
        iam.update_role(RoleName=name, Description="what for", MaxSessionDuration=43200)
        described = iam.update_role_description(RoleName=name, Description="what & for")["Role"]
        got = iam.get_role(RoleName=name)["Role"]
        self.assertEqual(got, described)
        self.assertEqual(got["AssumeRolePolicyDocument"], other)
        self.assertEqual((got["Description"], got["MaxSessionDuration"]), ("what & for", 43200))
        no = {"RoleName": name, "PolicyDocument": "no"}
        self.refused("MalformedPolicyDocument", iam.update_assume_role_policy, **no)
        self.refused("ValidationError", iam.update_role, RoleName=name, MaxSessionDuration=43201)
        self.refused("NoSuchEntity", iam.update_role, RoleName="none")
        self.refused("NoSuchEntity", iam.update_assume_role_policy, RoleName="none", PolicyDocument=self.DOCUMENT)
        iam.delete_role(RoleName=name)

    def tags(self, operation, **which):
        """All tags, page by page."""
        pages = boto3.client("iam").get_paginator(operation).paginate(**which, PaginationConfig={"PageSize": 2})
        return [[(tag["Key"], tag["Value"]) for tag in page["Tags"]] for page in pages]

    def test_tags(self):
        iam, name = boto3.client("iam"), f"r-{uuid.uuid4()}"
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=self.DOCUMENT)
        arn = iam.create_policy(PolicyName=name, PolicyDocument=self.DOCUMENT)["Policy"]["Arn"]
        for kind, which in (("role", {"RoleName": name}), ("policy", {"PolicyArn": arn})):
            tag, untag = getattr(iam, f"tag_{kind}"), getattr(iam, f"untag_{kind}")
            tag(**which, Tags=[{"Key": "Team", "Value": "ml"}, {"Key": "b", "Value": ""}])
            tag(**which, Tags=[{"Key": "team", "Value": "o = p"}, {"Key": "a", "Value": "1"}])
            listed = self.tags(f"list_{kind}_tags", **which)
            self.assertEqual(listed, [[("a", "1"), ("b", "")], [("team", "o = p")]])
            untag(**which, TagKeys=["b", "TEAM", "none"])
            self.assertEqual(self.tags(f"list_{kind}_tags", **which), [[("a", "1")]])
            for key, code in (("aws:x", "InvalidInput"), ("x" * 129, "ValidationError")):
                self.refused(code, tag, **which, Tags=[{"Key": key, "Value": "v"}])
            twice = [{"Key": "k", "Value": "1"}, {"Key": "K", "Value": "2"}]
            self.refused("InvalidInput", tag, **which, Tags=twice)
            half = [[{"Key": f"{part}{n}", "Value": "v"} for n in range(25)] for part in "lm"]
            tag(**which, Tags=half[0])
            self.refused("LimitExceeded", tag, **which, Tags=half[1])
            self.assertEqual(len(sum(self.tags(f"list_{kind}_tags", **which), [])), 26)
        self.assertEqual(len(iam.get_role(RoleName=name)["Role"]["Tags"]), 26)
        self.refused("NoSuchEntity", iam.tag_role, RoleName="none", Tags=[{"Key": "k", "Value": "v"}])
        self.refused("NoSuchEntity", iam.list_policy_tags, PolicyArn=arn + "x")
        iam.delete_policy(PolicyArn=arn)
        iam.delete_role(RoleName=name)

    def test_sessions(self):
        sts = boto3.client("sts")
        account = sts.get_caller_identity()["Account"]
        role = f"arn:aws:iam::{account}:role/path/train"
        session = sts.assume_role(RoleArn=role, RoleSessionName="job-1", DurationSeconds=900)["Credentials"]
        mine = boto3.client(
            "sts",
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )
        who = mine.get_caller_identity()
        self.assertEqual(who["Arn"], f"arn:aws:sts::{account}:assumed-role/train/job-1")
        self.assertTrue(who["UserId"].startswith("AROA") and who["UserId"].endswith(":job-1"))
        foreign = "arn:aws:iam::999999999999:role/train"
        self.refused("AccessDenied", sts.assume_role, RoleArn=foreign, RoleSessionName="job-1")
        url = sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")
        self.assertEqual(self.get(url), 200)
        self.assertEqual(self.get(url.replace("sts", "iam")), 403)

    def test_log_groups(self):
        logs, name = boto3.client("logs", config=Config(retries={"max_attempts": 1})), f"/test/{uuid.uuid4()}"
        logs.create_log_group(logGroupName=name, tags={"a": "b"})
        self.refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName=name)
        groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        self.assertEqual([group["logGroupName"] for group in groups], [name])
        self.assertEqual(logs.describe_log_streams(logGroupName=name)["logStreams"], [])
        self.assertEqual(logs.filter_log_events(logGroupName=name, filterPattern="ERROR")["events"], [])
        self.refused("InvalidParameterException", logs.filter_log_events, logGroupName=name, filterPattern="{ $.a = 1 }")
        self.refused("ResourceNotFoundException", logs.get_log_events, logGroupName=name, logStreamName="none")


if __name__ == "__main__":
    unittest.main()
