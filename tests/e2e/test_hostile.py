"""Clients that mean no good: what they send is refused, costs little, and keeps nobody else waiting."""

import base64
import concurrent.futures
import http.client
import pathlib
import re
import socket
import statistics
import time
import unittest
from urllib.parse import quote

from botocore.auth import HmacV1QueryAuth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import REGION, ROLE, WithServer, eventually


class Raw(WithServer):
    def talk(self, text, timeout=30):
        """Sends bytes as they are; all that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout) as link:
            try:
                link.sendall(text)
            except OSError:
                pass  # refused before all was sent
            answer = b""
            try:
                while more := link.recv(65536):
                    answer += more
            except ConnectionResetError:
                pass
            return answer

    def statuses(self, text):
        answer = self.talk(text)
        return [int(code) for code in re.findall(rb"HTTP/1\.\d (\d+)", answer)]

    def get(self, target, headers=()):
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            link.request("GET", target, headers=dict(headers))
            answer = link.getresponse()
            return answer.status, answer.read()
        finally:
            link.close()

    @property
    def memory(self):
        """The server's resident bytes."""
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


class Http(Raw):
    HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"

    def test_bodies_of_two_lengths(self):
        """Whoever announces two lengths gets one answer, by the chunks, and no second request out of the rest."""
        smuggled = b"GET /health?smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
        both = self.HEALTH + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(smuggled))
        self.assertEqual(len(self.statuses(both + smuggled)), 1)
        two = self.HEALTH + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"
        self.assertEqual(self.statuses(two), [400])
        for bad in (b"-1", b"+3", b"3 4", b"0x3", b"99999999999999999999999", b""):
            self.assertEqual(self.statuses(self.HEALTH + b"Content-Length: " + bad + b"\r\n\r\nabc"), [400], bad)
        for bad in (b"gzip", b"chunked, gzip", b"xchunked", b"chunked\x0b"):
            head = self.HEALTH + b"Transfer-Encoding: " + bad + b"\r\n\r\n0\r\n\r\n"
            self.assertEqual(self.statuses(head), [400], bad)
        old = b"POST /v2/ HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        self.assertEqual(self.statuses(old), [400])

    def test_heads_that_are_none(self):
        for bad in (
            b"GET /health\r\n\r\n",
            b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
            b"GET /he\x00alth HTTP/1.1\r\nHost: localhost\r\n\r\n",
            self.HEALTH + b"No colon\r\n\r\n",
            self.HEALTH + b"Name : x\r\n\r\n",
            self.HEALTH + b"X: a\x00b\r\n\r\n",
            self.HEALTH + b" folded\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ):
            seen = self.statuses(bad)
            self.assertNotIn(200, seen, bad)

    def test_heads_that_are_large(self):
        for more in (
            b"X: " + b"x" * (17 << 10) + b"\r\n",
            b"".join(b"X-%d: %s\r\n" % (n, b"x" * 400) for n in range(60)),
            b"X: " + b"x" * (1 << 20) + b"\r\n",
            b"X: y\r\n" * 5000,
        ):
            self.assertNotIn(200, self.statuses(self.HEALTH + more + b"\r\n"), more[:20])
        self.assertIn(self.statuses(b"GET /" + b"a" * (17 << 10) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"), ([431], [414]))
        self.assertEqual(self.statuses(self.HEALTH + b"X: " + b"x" * (12 << 10) + b"\r\nConnection: close\r\n\r\n"), [200])

    def test_many_requests_on_one_connection(self):
        """Sent before any answer was read, they are answered in order."""
        last = self.HEALTH + b"Connection: close\r\n\r\n"
        self.assertEqual(self.statuses((self.HEALTH + b"\r\n") * 200 + last), [200] * 201)

    def test_chunks_that_are_none(self):
        key = self.server.exports["AWS_ACCESS_KEY_ID"]
        head = (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nX-Amz-Date: 20260102T030405Z\r\n"
            b"Authorization: AWS4-HMAC-SHA256 Credential=" + key.encode() + b"/20260102/us-east-1/states/aws4_request, "
            b"SignedHeaders=host, Signature=00\r\n\r\n"
        )
        for body in (b"zz\r\n", b"-1\r\n", b"fffffffffffffffff\r\nx", b"5;" + b"x" * (1 << 20) + b"\r\nhello", b"5\r\nhelloXX0\r\n\r\n"):
            self.assertNotIn(200, self.statuses(head + body), body[:20])

    def test_whoever_says_nothing_keeps_nobody_out(self):
        """Thousands of connections that never finish a request; a healthy client is answered as before."""

        def asked():
            began = time.monotonic()
            self.assertEqual(self.get("/health")[0], 200)
            return time.monotonic() - began

        quiet = statistics.median(asked() for _ in range(50))
        slow = []
        try:
            for number in range(1500):
                link = socket.create_connection(("127.0.0.1", self.server.port), 30)
                link.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-%d: " % number)
                slow.append(link)
            busy = [asked() for _ in range(50)]
            files = len(list(pathlib.Path(f"/proc/{self.server.process.pid}/fd").iterdir()))
            self.assertLess(files, 700, "connections are bounded")
            self.assertLess(statistics.median(busy), max(10 * quiet, 0.5))
        finally:
            for link in slow:
                link.close()

    def test_nobody_fills_the_memory(self):
        """A body is kept in memory only for a key that is there."""
        before = self.memory
        head = (
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\nX-Amz-Date: 20260102T030405Z\r\n"
            "Authorization: AWS4-HMAC-SHA256 Credential=AKIANOBODYNOBODYNOBO/20260102/us-east-1/states/aws4_request, "
            "SignedHeaders=host, Signature=00\r\n\r\n"
        )

        def push(_):
            return self.talk(head.encode() + b"x" * (8 << 20))

        with concurrent.futures.ThreadPoolExecutor(16) as many:
            for answer in many.map(push, range(32)):
                self.assertNotIn(b" 200 ", answer.split(b"\r\n")[0])
        self.assertLess(self.memory - before, 64 << 20)


class Flood(WithServer):
    """A program that prints without an end fills neither the disk nor the log."""

    configuration = "log_limit = 1000000\n"

    def test_a_log_has_an_end(self):
        builds, logs = self.client("codebuild"), self.client("logs")
        spec = "version: 0.2\nphases: {build: {commands: ['yes a flood | head -c 40000000', 'echo the end']}}"
        builds.create_project(
            name="flood",
            source={"type": "NO_SOURCE", "buildspec": spec},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=ROLE,
        )
        id = builds.start_build(projectName="flood")["build"]["id"]

        def over():
            (build,) = builds.batch_get_builds(ids=[id])["builds"]
            return build if build["buildComplete"] else None

        build = eventually(over, timeout=120)
        self.assertEqual(build["buildStatus"], "SUCCEEDED", "a full log fails nothing")
        place = {"logGroupName": build["logs"]["groupName"], "logStreamNames": [build["logs"]["streamName"]]}
        pages = logs.get_paginator("filter_log_events").paginate(**place, filterPattern='"log"')
        told = [event["message"] for page in pages for event in page["events"]]
        self.assertIn("(the log is full: it may grow by 0 MiB a day)", told)
        self.assertRegex(told[-1], r"^\(here \d+ lines are missing: the log was full\)$")
        kept = sum(path.stat().st_size for path in (self.server.data / "logs").rglob("*") if path.is_file())
        self.assertLess(kept, 5_000_000)


class Paths(Raw):
    """Names that would lead out of where they belong. Nothing appears outside, nothing is read from there."""

    WAYS = ["..", "../..", "%2e%2e", "%252e%252e", "..%2f..", "..%5c..", "....//", "/etc/passwd", "a%00b", "%c0%ae%c0%ae", "\\..\\"]

    def put(self, target, body=b"x", method="PUT"):
        """A request signed for S3, to a path as it stands."""
        keys = Credentials(*(self.server.exports[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))
        request = AWSRequest(method, f"http://127.0.0.1:{self.server.port}{target}", data=body)
        S3SigV4Auth(keys, "s3", REGION).add_auth(request)
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(link.close)
        link.request(method, target, body, dict(request.headers))
        answer = link.getresponse()
        return answer.status, answer.read()

    def outside(self):
        """All that is beside the server's directory."""
        return {path for path in self.directory.iterdir()}

    def test_keys_are_no_paths(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket="paths")
        before = self.outside()
        keys = ["../../up", "a/../../b", "/abs", "a//b", "./c", "..", "x\\..\\y", "nul\x01", "é/…", "a" * 1024]
        for key in keys:
            s3.put_object(Bucket="paths", Key=key, Body=key.encode())
        for key in keys:
            self.assertEqual(s3.get_object(Bucket="paths", Key=key)["Body"].read(), key.encode(), key)
        listed = [entry["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="paths") for entry in page["Contents"]]
        self.assertEqual(sorted(listed), sorted(keys))
        for way in self.WAYS:
            self.put(f"/paths/{way}")
            self.assertGreaterEqual(self.put(f"/{way}/k")[0], 400, way)
        self.assertEqual(self.outside(), before)
        names = {path.name for path in self.server.data.rglob("*")}
        self.assertFalse(names & {"up", "passwd", "abs", "c"}, "keys are not names of files")

    def test_the_registry(self):
        key, secret = (self.server.exports[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        login = {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}
        self.client("ecr").create_repository(repositoryName="ways")
        before = self.outside()
        for way in self.WAYS:
            for target in (
                f"/v2/{way}/tags/list",
                f"/v2/ways/{way}/tags/list",
                f"/v2/ways/manifests/{way}",
                f"/v2/ways/blobs/sha256:{way}",
                f"/v2/ways/blobs/{way}",
                f"/v2/ways/blobs/uploads/{way}",
                f"/v2/ways/referrers/{way}",
            ):
                for method in ("GET", "PUT", "PATCH", "DELETE"):
                    with self.subTest(f"{method} {target}"):
                        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
                        link.request(method, target.replace("\\", "%5c"), b"x", login)
                        status = link.getresponse().status
                        link.close()
                        self.assertTrue(400 <= status < 500, status)
        self.assertEqual(self.outside(), before)

    def test_the_git_host(self):
        key, secret = (self.server.exports[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        login = {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}
        before = self.outside()
        for way in [*self.WAYS, "..git", ".git/..", "-x", "--upload-pack=touch x", "x;touch y", "x.git/../y", "a/b"]:
            for tail in ("info/refs?service=git-upload-pack", "info/refs?service=git-receive-pack", "../../x", "config"):
                target = f"/git/{quote(way, safe='%/.')}.git/{tail}"
                with self.subTest(target):
                    self.assertGreaterEqual(self.get(target, login)[0], 400)
        self.assertEqual(self.outside(), before)

    def test_names_of_things(self):
        """Names that become directories are checked by AWS's rules first."""
        states, builds, sagemaker = (self.client(n) for n in ("stepfunctions", "codebuild", "sagemaker"))
        from botocore.exceptions import ClientError, ParamValidationError

        project = {
            "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: [true]}}"},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": ROLE,
        }
        machine = {"definition": '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}', "roleArn": ROLE}
        for call, bad in (
            (lambda name: states.create_state_machine(name=name, **machine), ["../x", "a/b", "a\x00b", "a b/../c"]),
            (lambda name: builds.create_project(name=name, **project), ["../x", "a/b", "..", "a\x00b"]),
            (lambda name: sagemaker.create_model_package_group(ModelPackageGroupName=name), ["../x", "a/b", "..", "a\x00b"]),
            (lambda name: self.client("ecr").create_repository(repositoryName=name), ["../x", "a/../b", "..", "/a", "a\x00b"]),
        ):
            for name in bad:
                with self.subTest(name), self.assertRaises((ClientError, ParamValidationError)):
                    call(name)


class Tokens(WithServer):
    def test_pages_that_nobody_was_told_of(self):
        """A made-up token is the asker's mistake: the service's own code, and no word of an inner failure."""
        from botocore.exceptions import ClientError

        for service, operation, member, code in (
            ("stepfunctions", "list_state_machines", "nextToken", "InvalidToken"),
            ("events", "list_rules", "NextToken", "ValidationException"),
            ("sagemaker", "list_models", "NextToken", "ValidationException"),
            ("sagemaker", "list_training_jobs", "NextToken", "ValidationException"),
            ("codebuild", "list_builds", "nextToken", "InvalidInputException"),
            ("ecr", "describe_repositories", "nextToken", "InvalidParameterException"),
            ("logs", "describe_log_groups", "nextToken", "InvalidParameterException"),
            ("sqs", "list_queues", "NextToken", "InvalidParameterValue"),
        ):
            for token in ("zzz", "e30", "AAAA", "bnVsbA"):
                with self.subTest(f"{operation} {token}"), self.assertRaises(ClientError) as refused:
                    getattr(self.client(service), operation)(**{member: token})
                self.assertEqual(refused.exception.response["Error"]["Code"], code)
                self.assertEqual(refused.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)


class Presigned(Raw):
    """URLs that somebody passes on: good for one thing, for as long as they say."""

    def setUp(self):
        self.s3 = self.client("s3")
        self.s3.create_bucket(Bucket="signed")
        self.s3.put_object(Bucket="signed", Key="k", Body=b"kept")
        self.keys = Credentials(*(self.server.exports[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))

    def url(self, version, **more):
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "s3", endpoint_url=self.server.url, region_name=REGION, config=Config(signature_version=version, s3={"addressing_style": "path"}),
            aws_access_key_id=self.keys.access_key, aws_secret_access_key=self.keys.secret_key,
        )
        url = client.generate_presigned_url("get_object", {"Bucket": "signed", "Key": "k"}, **more)
        return url.removeprefix(self.server.url)

    def send(self, method, target, headers=(), body=None):
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(link.close)
        link.request(method, target, body, dict(headers))
        answer = link.getresponse()
        return answer.status, answer.read()

    def test_for_one_thing_only(self):
        for version, where in (("s3v4", "X-Amz-Signature="), ("s3", "Signature=")):
            url = self.url(version)
            self.assertEqual(self.send("GET", url), (200, b"kept"), version)
            self.assertEqual(self.send("GET", url)[0], 200, "a URL may be used again while it holds")
            at = url.index(where) + len(where)
            flipped = url[:at] + ("1" if url[at] != "1" else "2") + url[at + 1:]
            for method, changed, headers in (
                ("PUT", url, {}),
                ("DELETE", url, {}),
                ("GET", url.replace("/k?", "/other?"), {}),
                ("GET", url.replace("/signed/", "/others/"), {}),
                ("GET", flipped, {}),
                ("GET", url + "&uploads", {}),
                ("GET", url, {"x-amz-copy-source": "/signed/k"}),
            ):
                status, answer = self.send(method, changed, headers)
                self.assertEqual(status, 403, (version, method, changed, answer))
        self.assertEqual(self.s3.get_object(Bucket="signed", Key="k")["Body"].read(), b"kept")

    def test_for_a_time(self):
        request = AWSRequest("GET", f"{self.server.url}/signed/k")
        old = HmacV1QueryAuth(self.keys, expires=-10)
        old.add_auth(request)
        self.assertEqual(self.send("GET", request.url.removeprefix(self.server.url))[0], 403)
        for version in ("s3v4", "s3"):
            self.assertIn(self.send("GET", self.url(version, ExpiresIn=8 * 24 * 3600))[0], (400, 403), version)

    def test_for_another_region_day_or_service(self):
        for signed, sent in ((("states", REGION), None), (("s3", REGION), "/eu-west-1/"), (("s3", REGION), "/20200101/")):
            request = AWSRequest("DELETE", f"{self.server.url}/signed/k")
            S3SigV4Auth(self.keys, *signed).add_auth(request)
            headers = dict(request.headers)
            if sent:
                part = 2 if "west" in sent else 1
                pieces = headers["Authorization"].split("/")
                pieces[part] = sent.strip("/")
                headers["Authorization"] = "/".join(pieces)
            status, _ = self.send("DELETE", "/signed/k", headers)
            self.assertGreaterEqual(status, 400, (signed, sent))
        self.assertEqual(self.s3.get_object(Bucket="signed", Key="k")["Body"].read(), b"kept")


if __name__ == "__main__":
    unittest.main()
