"""Who may ask, over the wire: signatures, clocks, hosts, origins, body limits; IAM and STS by boto3.

Takes the endpoint and the credentials from AWS_ENDPOINT_URL and the usual AWS_ variables. Needs boto3 only.
"""

import datetime
import hashlib
import http.client
import json
import os
import unittest
import unittest.mock
import urllib.parse
import uuid

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
DESCRIBE = {"X-Amz-Target": "Logs_20140328.DescribeLogGroups", "Content-Type": "application/x-amz-json-1.1"}
IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def keys(**other):
    session = boto3.Session().get_credentials().get_frozen_credentials()
    return Credentials(
        other.get("access_key", session.access_key), other.get("secret_key", session.secret_key), session.token
    )


def signed(service, headers, body, credentials=None, off=0):
    """The headers of a POST to `/`, signed by a clock that is so many seconds off."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=off)
    request = AWSRequest("POST", ENDPOINT + "/", headers=dict(headers), data=body)
    with unittest.mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: now.replace(tzinfo=None)):
        SigV4Auth(credentials or keys(), service, REGION).add_auth(request)
    return dict(request.headers)


def send(headers, body, method="POST", path="/"):
    """Sends just this; returns status, headers and body."""
    where = urllib.parse.urlsplit(ENDPOINT)
    connection = http.client.HTTPConnection(where.hostname, where.port)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    headers = {"Host": where.netloc, "Content-Length": str(len(body)), **headers}
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    try:
        connection.send(body.encode() if isinstance(body, str) else body)
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before all of it was read
    answer = connection.getresponse()
    answered = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return answered


class Signatures(unittest.TestCase):
    def json_refused(self, code, headers, body="{}"):
        status, answered, text = send(headers, body)
        self.assertEqual((status, json.loads(text)["__type"]), (403, code))
        self.assertEqual(answered["x-amzn-errortype"], code)
        self.assertIn("x-amzn-requestid", answered)

    def form_refused(self, code, headers, body=IDENTITY):
        status, _, text = send(headers, body)
        self.assertEqual(status, 403)
        self.assertIn(f"<Code>{code}</Code>".encode(), text)

    def test_right(self):
        self.assertEqual(send(signed("logs", DESCRIBE, "{}"), "{}")[0], 200)
        self.assertEqual(send(signed("sts", FORM, IDENTITY), IDENTITY)[0], 200)

    def test_unsigned(self):
        self.json_refused("MissingAuthenticationTokenException", DESCRIBE)
        self.form_refused("MissingAuthenticationToken", FORM)
        status, _, text = send({}, "", "GET", "/some-bucket/key")
        self.assertEqual(status, 403)
        self.assertIn(b"<Code>AccessDenied</Code>", text)

    def test_wrong_secret_and_unknown_key(self):
        wrong, nobody = keys(secret_key="wrong"), keys(access_key="AKIANOBODYNOBODY")
        self.json_refused("InvalidSignatureException", signed("logs", DESCRIBE, "{}", wrong))
        self.json_refused("UnrecognizedClientException", signed("logs", DESCRIBE, "{}", nobody))
        self.form_refused("SignatureDoesNotMatch", signed("sts", FORM, IDENTITY, wrong))
        self.form_refused("InvalidClientTokenId", signed("sts", FORM, IDENTITY, nobody))

    def test_tampered(self):
        self.json_refused("InvalidSignatureException", signed("logs", DESCRIBE, "{}"), '{"limit": 1}')
        other = {**signed("logs", DESCRIBE, "{}"), "X-Amz-Target": "Logs_20140328.CreateLogGroup"}
        self.json_refused("InvalidSignatureException", other)
        hashed = {**DESCRIBE, "X-Amz-Content-Sha256": hashlib.sha256(b"{}").hexdigest()}
        self.json_refused("InvalidSignatureException", signed("logs", hashed, "{}"), "[]")

    def test_clock(self):
        for off in (-14 * 60, 14 * 60):
            self.assertEqual(send(signed("logs", DESCRIBE, "{}", off=off), "{}")[0], 200)
        for off in (-16 * 60, 16 * 60):
            self.json_refused("InvalidSignatureException", signed("logs", DESCRIBE, "{}", off=off))

    def test_incomplete(self):
        headers = signed("logs", DESCRIBE, "{}")
        headers["Authorization"] = headers["Authorization"].split(", Signature=")[0]
        self.json_refused("IncompleteSignatureException", headers)
        unsigned_target = {**signed("logs", {}, "{}"), **DESCRIBE}
        self.json_refused("IncompleteSignatureException", unsigned_target)


class Doors(unittest.TestCase):
    def test_hosts(self):
        for host, status in [
            ("evil.example", 421),
            ("localhost.evil.example", 421),
            ("10.1.2.3", 421),
            ("a b", 400),
        ]:
            headers = {**signed("logs", DESCRIBE, "{}"), "Host": host}
            self.assertEqual(send(headers, "{}")[0], status, host)

    def test_other_sites(self):
        headers = signed("logs", DESCRIBE, "{}")
        for name, value in [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]:
            self.assertEqual(send({**headers, name: value}, "{}")[0], 403)
        own = urllib.parse.urlsplit(ENDPOINT).netloc
        self.assertEqual(send({**headers, "Origin": f"http://{own}", "Sec-Fetch-Site": "same-origin"}, "{}")[0], 200)

    def test_limits(self):
        body = json.dumps({"logGroupNamePrefix": "x" * 5_000_000})
        status, _, text = send(signed("logs", DESCRIBE, body), body)
        self.assertEqual((status, json.loads(text)["__type"]), (413, "RequestEntityTooLargeException"))
        self.assertEqual(send({f"X-{n}": "x" for n in range(200)}, "{}")[0], 431)

    def test_malformed(self):
        for body, code in [
            ("{", "SerializationException"),
            ('{"limit": "x"}', "SerializationException"),
            ('{"unheard": 1}', "InvalidParameterException"),
        ]:
            status, _, text = send(signed("logs", DESCRIBE, body), body)
            self.assertEqual((status, json.loads(text)["__type"]), (400, code))
        target = {**DESCRIBE, "X-Amz-Target": "Logs_20140328.Unheard"}
        status, _, text = send(signed("logs", target, "{}"), "{}")
        self.assertEqual((status, json.loads(text)["__type"]), (400, "UnknownOperationException"))


class Identity(unittest.TestCase):
    DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def test_roles_and_policies(self):
        iam, name = boto3.client("iam"), f"r-{uuid.uuid4()}"
        role = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=self.DOCUMENT,
            MaxSessionDuration=7200,
            Tags=[{"Key": "team", "Value": "a & b"}],
        )["Role"]
        self.assertEqual(role["Tags"], [{"Key": "team", "Value": "a & b"}])
        got = iam.get_role(RoleName=name)["Role"]
        self.assertEqual((got["Arn"], got["MaxSessionDuration"]), (role["Arn"], 7200))
        self.assertEqual(got["AssumeRolePolicyDocument"], json.loads(self.DOCUMENT))
        self.refused("EntityAlreadyExists", iam.create_role, RoleName=name, AssumeRolePolicyDocument=self.DOCUMENT)
        arn = iam.create_policy(PolicyName=name, PolicyDocument=self.DOCUMENT)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        iam.put_role_policy(RoleName=name, PolicyName="in", PolicyDocument=self.DOCUMENT)
        self.refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
        self.refused("DeleteConflict", iam.delete_role, RoleName=name)
        self.refused("MalformedPolicyDocument", iam.create_policy, PolicyName="x", PolicyDocument="no")
        iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        iam.delete_role_policy(RoleName=name, PolicyName="in")
        iam.delete_policy(PolicyArn=arn)
        iam.delete_role(RoleName=name)
        self.refused("NoSuchEntity", iam.get_role, RoleName=name)

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
        where = urllib.parse.urlsplit(url)
        self.assertEqual(send({}, "", "GET", f"{where.path}?{where.query}")[0], 200)
        self.assertEqual(send({}, "", "GET", f"{where.path}?{where.query}".replace("sts", "iam"))[0], 403)

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
