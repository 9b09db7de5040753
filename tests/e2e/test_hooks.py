"""Web hooks, as the systems call that know them: GitHub, any program that signs, a Docker registry; and what is seen of
their events."""

import base64
import concurrent.futures
import functools
import hashlib
import hmac
import http.client
import http.server
import itertools
import json
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import unittest.mock
import uuid

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import ACCOUNT, AMBIENT, BINARY, REGION, ROLE, WithServer, eventually, needs, run


def github(body, event="push", secret="", delivery=None):
    """GitHub's headers for that body."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={digest}",
    }


def push(branch="main", repository="team/train", url=None, **more):
    """GitHub's body for a push."""
    url = url or f"https://github.com/{repository}.git"
    body = {
        "ref": f"refs/heads/{branch}",
        "before": "1" * 40,
        "after": "2" * 40,
        "forced": False,
        "repository": {"full_name": repository, "clone_url": url, "html_url": url.removesuffix(".git")},
        "sender": {"login": "ann", "id": 583231},
        "head_commit": {"message": "tune it"},
        "commits": [{"added": [], "removed": [], "modified": ["src/train.py"]}],
        **more,
    }
    return json.dumps(body).encode()


class Calls(WithServer):
    """What all tests of hooks need."""

    def setUp(self):
        """A hook and a state machine of the test's own, which keeps what it is started with."""
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.kept = self.machine(self.me, {"Keep": {"Type": "Succeed"}})

    def hook(self, kind):
        shown = self.server.trainyard("hook", "create", self.me, "--kind", kind, "-o", "json").stdout
        told = json.loads(shown)
        self.assertEqual(told["Hook"]["Url"], f"{self.server.url}/hooks/{self.me}")
        return told["Secret"]

    def call(self, body, headers, name=None, method="POST"):
        """Status and parsed answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.request(method, f"/hooks/{name or self.me}", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def rule(self, pattern):
        events = self.client("events")
        events.put_rule(Name=self.me, EventPattern=json.dumps(pattern))
        target = {"Id": "keep", "Arn": self.kept, "RoleArn": ROLE}
        self.assertEqual(events.put_targets(Rule=self.me, Targets=[target])["FailedEntryCount"], 0)

    def inputs(self):
        """What the state machine was started with so far."""
        states = self.client("stepfunctions")
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=self.kept)
        arns = [execution["executionArn"] for page in pages for execution in page["executions"]]
        return [json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in arns]


class Hooks(Calls):
    def test_a_push_to_github_starts_a_machine(self):
        secret = self.hook("github")
        self.rule({"source": ["trainyard"], "detail-type": ["Git Push"], "detail": {"hook": [self.me], "branch": ["main"]}})
        body = push()
        status, answer = self.call(body, github(body, secret=secret))
        self.assertEqual((status, len(answer["events"])), (200, 1), answer)
        other = push(branch="other")
        self.assertEqual(self.call(other, github(other, secret=secret))[0], 200)
        (told,) = eventually(self.inputs)
        self.assertEqual(told["id"], answer["events"][0])
        detail = told["detail"]
        self.assertEqual((detail["repository"], detail["files"]), ("team/train", ["src/train.py"]))
        self.assertEqual(told["resources"], ["https://github.com/team/train"])

    def test_a_thousand_at_once_are_one(self):
        """The same delivery from fifty clients at a time: one event, one execution; and once more after kill -9."""
        secret = self.hook("github")
        self.rule({"detail-type": ["Git Push"], "detail": {"hook": [self.me]}})
        body = push()
        headers = github(body, secret=secret)
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda _: self.call(body, headers), range(1000)))
        self.assertEqual({status for status, _ in answers}, {200})
        ids = {event for _, answer in answers for event in answer["events"]}
        self.assertEqual(len(ids), 1)
        self.server.kill()
        self.server.start()
        self.assertEqual(self.call(body, headers), answers[0])
        last = push(branch="last")
        self.call(last, github(last, secret=secret))
        told = eventually(lambda: (seen := self.inputs()) and "last" in {t["detail"]["branch"] for t in seen} and seen)
        self.assertEqual(sorted(t["detail"]["branch"] for t in told), ["last", "main"])

    def test_what_was_acknowledged_survives(self):
        """kill -9 right after each of some acknowledgements."""
        secret = self.hook("github")
        self.rule({"detail-type": ["Git Push"], "detail": {"hook": [self.me]}})
        acknowledged = set()
        for number in range(4):
            body = push(branch=f"b{number}")
            acknowledged |= set(self.call(body, github(body, secret=secret))[1]["events"])
            self.server.kill()
            self.server.start()
        seen = eventually(lambda: len(seen := self.inputs()) >= 4 and seen)
        self.assertEqual({told["id"] for told in seen}, acknowledged)

    def test_who_does_not_know_the_secret_does_nothing(self):
        secret = self.hook("github")
        body = push()
        good = github(body, secret=secret)
        refused = [
            github(body, secret="guess"),
            {name: value for name, value in good.items() if name != "X-Hub-Signature-256"},
            {**good, "X-Hub-Signature-256": "sha256=" + "0" * 64},
            {**good, "X-Hub-Signature-256": good["X-Hub-Signature-256"].replace("sha256", "sha1")},
        ]
        for headers in refused:
            status, answer = self.call(body, headers)
            self.assertEqual(status, 403, answer)
            self.assertNotIn(secret, json.dumps(answer))
        self.assertEqual(self.call(body + b" ", good)[0], 403)
        self.assertEqual(self.call(body, good, name="nowhere")[0], 404)
        self.assertEqual(self.call(None, {}, method="GET")[0], 405)
        self.assertEqual(self.call(b"", {**good, "Content-Length": str(26 << 20)})[0], 413)
        # The delivery was not used up by any of them.
        status, answer = self.call(body, good)
        self.assertEqual((status, len(answer["events"])), (200, 1))
        self.assertNotIn(secret, self.server.said())

    def test_what_cannot_be_read_is_named(self):
        secret = self.hook("github")
        for body, part in [(b'{"ref": ', "line 1 column"), (b'{"ref": "refs/heads/x"}', "repository.clone_url")]:
            status, answer = self.call(body, github(body, secret=secret))
            self.assertEqual(status, 400)
            self.assertIn(part, answer["message"])
        for event in ["ping", "star"]:
            status, answer = self.call(b"{}", github(b"{}", event, secret))
            self.assertEqual((status, answer["events"]), (200, []))
            self.assertIn(event, answer["remark"])

    def test_a_secret_is_given_once_and_again(self):
        old = self.hook("github")
        listed = json.loads(self.server.trainyard("hook", "list", "-o", "json").stdout)
        mine = next(hook for hook in listed if hook["Name"] == self.me)
        self.assertNotIn(old, json.dumps(listed))
        self.assertEqual(mine["Kind"], "github")
        twice = self.server.trainyard("hook", "create", self.me, "--kind", "github", check=False)
        self.assertNotEqual(twice.returncode, 0)
        self.assertIn("there already", twice.stderr)
        new = json.loads(self.server.trainyard("hook", "rotate", self.me, "-o", "json").stdout)["Secret"]
        body = push()
        self.assertEqual(self.call(body, github(body, secret=old))[0], 403)
        self.assertEqual(self.call(body, github(body, secret=new))[0], 200)
        self.server.trainyard("hook", "delete", self.me)
        self.assertEqual(self.call(body, github(body, secret=new))[0], 404)

    def test_any_program_that_signs(self):
        secret = self.hook("signed")
        self.rule({"source": [f"trainyard.hook.{self.me}"], "detail-type": ["Data Arrived"]})
        body = json.dumps({"type": "Data Arrived", "path": "s3://raw/today"}).encode()

        def headers(name, at, signed=body):
            key = base64.b64decode(secret.removeprefix("whsec_"))
            digest = hmac.new(key, f"{name}.{at}.".encode() + signed, hashlib.sha256).digest()
            return {
                "webhook-id": name,
                "webhook-timestamp": str(at),
                "webhook-signature": "v1," + base64.b64encode(digest).decode(),
            }

        now = int(time.time())
        first = self.call(body, headers("one", now))
        self.assertEqual(first[0], 200, first)
        self.assertEqual(self.call(body, headers("one", now)), first)
        self.assertEqual(self.call(body, headers("two", now - 600))[0], 403)
        self.assertEqual(self.call(body, {**headers("one", now), "webhook-id": "three"})[0], 403)
        (told,) = eventually(self.inputs)
        self.assertEqual(told["detail"], {"type": "Data Arrived", "path": "s3://raw/today"})

    def test_images_of_a_registry(self):
        secret = self.hook("registry")
        self.rule({"detail-type": ["Registry Image Action"], "detail": {"action-type": ["PUSH"], "actor": [self.me]}})
        manifest = "application/vnd.docker.distribution.manifest.v2+json"
        event = lambda action, **target: {  # noqa: E731
            "id": str(uuid.uuid4()),
            "timestamp": "2026-11-28T19:00:00Z",
            "action": action,
            "target": {"digest": "sha256:ab", "repository": "train", **target},
            "request": {"host": "registry:5000"},
            "actor": {"name": self.me},
        }
        events = [
            event("push", mediaType=manifest, tag="v1"),
            event("push", mediaType="application/octet-stream"),
            event("pull", mediaType=manifest),
        ]
        body = json.dumps({"events": events}).encode()
        self.assertEqual(self.call(body, {"Authorization": "Bearer guess"})[0], 403)
        status, answer = self.call(body, {"Authorization": f"Bearer {secret}"})
        self.assertEqual((status, len(answer["events"])), (200, 1), answer)
        (told,) = eventually(self.inputs)
        self.assertEqual((told["time"], told["detail"]["image-tag"]), ("2026-11-28T19:00:00Z", "v1"))

    def tail(self, *arguments):
        """`trainyard event tail` under way; it looks on already when this returns."""
        command = [BINARY, "event", "tail", "--json", *arguments]
        tail = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**AMBIENT, **self.server.exports}
        )
        self.addCleanup(tail.stdout.close)
        self.addCleanup(tail.stderr.close)
        self.addCleanup(tail.wait)
        self.addCleanup(tail.kill)
        self.assertEqual(tail.stderr.readline(), "looking on\n")
        return tail

    def test_events_are_looked_at(self):
        """As they come, with a pattern, after those that came before, and beyond a kill -9."""
        pattern = self.directory / "pattern.json"
        pattern.write_text(json.dumps({"source": [self.me], "detail": {"n": [{"numeric": [">", 0]}]}}))

        def tell(*numbers):
            entries = [{"Source": self.me, "DetailType": "Told", "Detail": json.dumps({"n": n})} for n in numbers]
            told = self.client("events").put_events(Entries=entries)["Entries"]
            return [entry["EventId"] for entry in told]

        before = tell(0, 1)
        seen = lambda: self.recent(pattern)  # noqa: E731
        eventually(seen)
        tail = self.tail("--pattern", str(pattern), "--since", "1h", "-n", "4")
        line = lambda: json.loads(tail.stdout.readline())  # noqa: E731
        self.assertEqual(line()["id"], before[1])
        live = tell(0, 2, 3)
        # Events of one call are matched side by side.
        self.assertEqual({line()["id"], line()["id"]}, set(live[1:]))
        self.server.kill()
        self.server.start()
        (last,) = tell(4)
        self.assertEqual(line()["id"], last)
        self.assertEqual(tail.wait(timeout=60), 0)
        eventually(lambda: len(seen()) == 4)
        self.assertEqual(seen()[0]["id"], last)
        self.assertEqual(sorted(event["detail"]["n"] for event in seen()), [1, 2, 3, 4])
        none = self.server.trainyard("event", "test", "-p", pattern, "--recent", "1000", "--bus", "nowhere", check=False)
        self.assertIn("nowhere", none.stderr)

    def looking(self, last=None, **asked):
        """The blocks of a tail, as lists of lines, as they come."""
        headers = {"Last-Event-ID": last} if last else {}
        pattern = json.dumps({"source": [self.me]})
        body = json.dumps({"EventPattern": pattern, **asked}).encode()
        request = AWSRequest("POST", f"{self.server.url}/events/tail", data=body, headers=headers)
        exports = self.server.exports
        keys = Credentials(exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, "trainyard", REGION).add_auth(request)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", "/events/tail", body, dict(request.headers))
        answer = connection.getresponse()
        if answer.status != 200:
            yield [str(answer.status), answer.read().decode()]
            return
        lines = iter(answer.readline, b"")
        while block := [line.decode().strip() for line in itertools.takewhile(bytes.strip, lines)]:
            yield block

    def test_who_was_cut_off_goes_on(self):
        """Behind the id that came last, as Server-Sent Events have it."""

        def tell(number):
            entry = {"Source": self.me, "DetailType": "Told", "Detail": json.dumps({"n": number})}
            self.client("events").put_events(Entries=[entry])

        said = lambda block: json.loads(block[1].removeprefix("data: "))["detail"]["n"]  # noqa: E731
        first = self.looking()
        begun = next(first)
        self.assertRegex(begun[0], r"^id: \d+-0$")
        tell(1)
        told = next(first)
        self.assertEqual(said(told), 1)
        last = told[0].removeprefix("id: ")
        tell(2)
        again = self.looking(last)
        next(again)
        self.assertEqual({said(next(again)), said(next(again))}, {1, 2})
        # Whoever wanted to begin later does.
        tell(3)
        late = self.looking(last, SinceTime=time.time() + 3600)
        next(late)
        tell(4)
        self.assertEqual(said(next(late)), 4)
        status, words = next(self.looking("yesterday"))
        self.assertEqual(status, "400")
        self.assertIn("Last-Event-ID", words)

    def test_nobody_looks_on_without_a_key(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", "/events/tail", b"{}")
        answer = connection.getresponse()
        self.assertEqual(answer.status, 403, answer.read())
        keys = {"AWS_SECRET_ACCESS_KEY": "guess"}
        for asked in (["event", "tail"], ["event", "replay", "--since", "1h"], ["hook", "list"]):
            refused = self.server.trainyard(*asked, check=False, **keys)
            self.assertNotEqual(refused.returncode, 0)
            self.assertRegex(refused.stderr, "InvalidSignatureException|SignatureDoesNotMatch")

    def recent(self, pattern):
        """Those of the last events that match, the latest first."""
        tested = self.server.trainyard("event", "test", "-p", pattern, "--recent", "1000", check=False)
        self.assertIn(tested.returncode, (0, 1), tested.stderr)
        return [json.loads(line) for line in tested.stdout.splitlines()]

    def test_events_are_told_again(self):
        """By an id, and by a pattern: each starts an execution of its own, with the replay's name."""
        self.rule({"source": [self.me]})
        entries = [{"Source": self.me, "DetailType": "Told", "Detail": json.dumps({"n": n})} for n in (1, 2)]
        ids = [entry["EventId"] for entry in self.client("events").put_events(Entries=entries)["Entries"]]
        eventually(lambda: len(self.inputs()) == 2)
        shown = self.server.trainyard("event", "replay", ids[0], "--name", "again")
        self.assertEqual(shown.stdout, "again\n")
        told = eventually(lambda: [told for told in self.inputs() if "replay-name" in told])
        self.assertEqual([(one["id"], one["replay-name"], one["detail"]["n"]) for one in told], [(ids[0], "again", 1)])
        pattern = self.directory / f"{self.me}.json"
        pattern.write_text(json.dumps({"source": [self.me]}))
        self.server.trainyard("event", "replay", "--since", "1h", "-p", pattern, "--name", "both")
        eventually(lambda: sum(told.get("replay-name") == "both" for told in self.inputs()) == 2)
        missing = self.server.trainyard("event", "replay", "none", check=False)
        self.assertIn("the event none", missing.stderr)

    def test_objects_of_a_bucket_are_told(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket=self.me)
        self.rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [self.me]}}})
        s3.put_object(Bucket=self.me, Key="silent", Body=b"x")
        self.assertNotIn("EventBridgeConfiguration", s3.get_bucket_notification_configuration(Bucket=self.me))
        s3.put_bucket_notification_configuration(
            Bucket=self.me, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        self.assertIn("EventBridgeConfiguration", s3.get_bucket_notification_configuration(Bucket=self.me))
        put = s3.put_object(Bucket=self.me, Key="raw/a.csv", Body=b"1,2\n")
        s3.copy_object(Bucket=self.me, Key="b.csv", CopySource={"Bucket": self.me, "Key": "raw/a.csv"})
        s3.delete_object(Bucket=self.me, Key="raw/a.csv")
        s3.delete_objects(Bucket=self.me, Delete={"Objects": [{"Key": "b.csv"}, {"Key": "none"}]})
        seen = eventually(lambda: len(seen := self.inputs()) >= 4 and seen)
        told = {(event["detail-type"], event["detail"]["object"]["key"]): event for event in seen}
        self.assertEqual(len(seen), 4, seen)
        created = told["Object Created", "raw/a.csv"]
        self.assertEqual(created["resources"], [f"arn:aws:s3:::{self.me}"])
        thing = created["detail"]["object"]
        self.assertEqual((thing["size"], thing["etag"]), (4, put["ETag"].strip('"')))
        self.assertEqual((created["detail"]["reason"], created["detail"]["requester"]), ("PutObject", ACCOUNT))
        self.assertEqual(told["Object Created", "b.csv"]["detail"]["reason"], "CopyObject")
        gone = told["Object Deleted", "raw/a.csv"]["detail"]
        self.assertEqual((gone["reason"], gone["deletion-type"]), ("DeleteObject", "Permanently Deleted"))
        self.assertLess(thing["sequencer"], gone["object"]["sequencer"])
        queue = {"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-east-1:000000000000:q", "Events": ["s3:*"]}]}
        words = self.refused(
            "NotImplemented", s3.put_bucket_notification_configuration, Bucket=self.me, NotificationConfiguration=queue
        )
        self.assertIn("QueueConfigurations", words)


BUILDSPEC = """version: 0.2
phases:
  build:
    commands:
      - echo "$CODEBUILD_WEBHOOK_EVENT $CODEBUILD_WEBHOOK_TRIGGER $CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID"
      - cat data.txt
"""


class Host:
    """A host of git repositories over HTTPS, as GitHub is one, with a certificate of its own."""

    def __init__(self, directory):
        self.directory = directory
        self.certificate, key = directory / "host.pem", directory / "host.key"
        run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
            + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", self.certificate]
        )
        files = functools.partial(Quiet, directory=directory / "www")
        self.desk = http.server.ThreadingHTTPServer(("127.0.0.1", 0), files)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.desk.socket = context.wrap_socket(self.desk.socket, server_side=True)
        self.desk.daemon_threads = True
        threading.Thread(target=self.desk.serve_forever, daemon=True).start()
        self.url = f"https://localhost:{self.desk.server_port}/team/train.git"
        Quiet.moved = f"https://127.0.0.1:{self.desk.server_port}"
        self.tree, self.bare = directory / "tree", directory / "www/team/train.git"
        self.git("init", "--quiet", "-b", "main", self.tree)
        self.git("init", "--quiet", "--bare", self.bare)

    def git(self, *arguments):
        me = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
        return run(["git", *me, *arguments], env=AMBIENT).stdout.strip()

    def commit(self, branch, **files):
        """The commit that puts these texts on the branch."""
        self.git("-C", self.tree, "checkout", "--quiet", "-B", branch)
        for name, text in files.items():
            (self.tree / name.replace("_", ".")).write_text(text)
        self.git("-C", self.tree, "add", "-A")
        self.git("-C", self.tree, "commit", "--quiet", "-m", "more")
        self.git("-C", self.tree, "push", "--quiet", self.bare, branch)
        self.git("--git-dir", self.bare, "update-server-info")
        return self.git("-C", self.tree, "rev-parse", "HEAD")

    def close(self):
        self.desk.shutdown()
        self.desk.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Below /private only who knows the token is let in; from /moved everybody is led on to another host."""

    told = base64.b64encode(b"x-access-token:ghp_canary").decode()
    moved = None
    heard = []

    def do_GET(self):
        authorization = self.headers.get("Authorization")
        if authorization:
            self.heard.append((self.headers["Host"].split(":")[0], authorization))
        if self.path.startswith("/private/") and authorization != f"Basic {self.told}":
            self.answer(401, "WWW-Authenticate", 'Basic realm="team"')
        elif self.path.startswith("/moved/"):
            self.answer(302, "Location", self.moved + self.path.removeprefix("/moved"))
        else:
            self.path = self.path.removeprefix("/private")
            super().do_GET()

    def answer(self, status, name, value):
        self.send_response(status)
        self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Builds(Calls):
    """What GitHub tells starts the builds of the projects whose source it is."""

    @classmethod
    def setUpClass(cls):
        needs(shutil.which("openssl"), "there is no openssl to make a certificate with")
        cls.place = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        cls.host = Host(cls.place)
        cls.addClassCleanup(cls.host.close)
        trusted = unittest.mock.patch.dict(AMBIENT, {"GIT_SSL_CAINFO": str(cls.host.certificate)})
        trusted.start()
        cls.addClassCleanup(trusted.stop)
        super().setUpClass()
        cls.builds = cls.client("codebuild")

    def project(self, name, *groups, location=None):
        self.builds.create_project(
            name=name,
            source={"type": "GITHUB_ENTERPRISE", "location": location or self.host.url},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=ROLE,
        )
        filters = [[{"type": kind, "pattern": pattern} for kind, pattern in group] for group in groups]
        self.builds.create_webhook(projectName=name, filterGroups=filters)

    def built(self, project):
        """The project's builds, all over."""

        def over():
            ids = self.builds.list_builds_for_project(projectName=project)["ids"]
            builds = self.builds.batch_get_builds(ids=ids)["builds"] if ids else []
            return builds if builds and all(build["buildComplete"] for build in builds) else None

        return eventually(over, timeout=120)

    def log(self, build):
        logs = build["logs"]
        found = self.client("logs").get_log_events(logGroupName=logs["groupName"], logStreamName=logs["streamName"])
        return "\n".join(event["message"] for event in found["events"])

    def test_pushes_and_pull_requests_are_built(self):
        secret = self.hook("github")
        pushes = [("EVENT", "PUSH"), ("HEAD_REF", "^refs/heads/main$"), ("FILE_PATH", "^data"), ("ACTOR_ACCOUNT_ID", "^583231$")]
        self.project("pushes", pushes)
        self.project("other-files", [("EVENT", "PUSH"), ("FILE_PATH", "^docs/")])
        self.project("requests", [("EVENT", "PULL_REQUEST_CREATED"), ("BASE_REF", "^refs/heads/main$")])
        commit = self.host.commit("main", buildspec_yml=BUILDSPEC, data_txt="seven\n")
        files = [{"added": ["data.txt"], "modified": [], "removed": []}]
        body = push(url=self.host.url, after=commit, commits=files)
        headers = github(body, secret=secret)
        for _ in range(3):
            self.assertEqual(self.call(body, headers)[0], 200)
        (build,) = self.built("pushes")
        self.assertEqual((build["buildStatus"], build["resolvedSourceVersion"]), ("SUCCEEDED", commit), build)
        self.assertEqual(build["initiator"], "GitHub-Hookshot/ann")
        log = self.log(build)
        self.assertIn("PUSH branch/main 583231", log)
        self.assertIn("seven", log)

        commit = self.host.commit("tune", data_txt="eight\n")
        self.assertEqual(self.call(*self.request(secret, commit, "team/train"))[0], 200)
        (build,) = self.built("requests")
        self.assertEqual((build["buildStatus"], build["resolvedSourceVersion"]), ("SUCCEEDED", commit), build)
        log = self.log(build)
        self.assertIn("PULL_REQUEST_CREATED pr/12 7", log)
        self.assertIn("eight", log)

        # A stranger's code is told of, and not built; once the next one is built, it was passed over.
        self.assertEqual(len(self.call(*self.request(secret, commit, "ann/train"))[1]["events"]), 1)
        self.assertEqual(self.call(*self.request(secret, commit, "team/train"))[0], 200)
        eventually(lambda: len(self.built("requests")) == 2)
        self.assertEqual(self.builds.list_builds_for_project(projectName="other-files")["ids"], [])
        self.assertEqual(len(self.built("pushes")), 1)

    def test_what_is_private_is_cloned_with_a_token(self):
        """And the token is in nothing that a build or a reader of its log gets to see."""
        url = self.host.url.replace("/team/", "/private/team/")
        commit = self.host.commit("main", buildspec_yml=BUILDSPEC + "      - env; git config --list\n", data_txt="nine\n")
        self.project("private", [("EVENT", "PUSH")], location=url)
        start = lambda: self.builds.start_build(projectName="private", sourceVersion=commit)  # noqa: E731
        start()
        (build,) = self.built("private")
        self.assertEqual(build["buildStatus"], "FAILED")
        imported = self.builds.import_source_credentials(
            token="ghp_canary", serverType="GITHUB_ENTERPRISE", authType="PERSONAL_ACCESS_TOKEN"
        )
        start()
        eventually(lambda: len(self.built("private")) == 2)
        build = next(build for build in self.built("private") if build["buildNumber"] == 2)
        self.assertEqual(build["buildStatus"], "SUCCEEDED", build)
        log = self.log(build)
        self.assertIn("nine", log)
        self.assertNotIn("ghp_canary", log + self.server.said() + json.dumps(build, default=str))
        self.assertNotIn(Quiet.told, log)
        listed = self.builds.list_source_credentials()["sourceCredentialsInfos"]
        self.assertEqual([(one["arn"], one["serverType"]) for one in listed], [(imported["arn"], "GITHUB_ENTERPRISE")])
        self.refused(
            "ResourceAlreadyExistsException",
            self.builds.import_source_credentials,
            token="x",
            serverType="GITHUB_ENTERPRISE",
            authType="PERSONAL_ACCESS_TOKEN",
            shouldOverwrite=False,
        )
        # Where the host leads on to another one, or the source is another one's, that one is not told the token.
        self.assertEqual(listed[0]["resource"], self.host.url.removesuffix("team/train.git"))
        moved = self.host.url.replace("/team/", "/moved/team/")
        for location in (moved, url.replace("localhost", "127.0.0.1")):
            self.builds.start_build(projectName="private", sourceVersion=commit, sourceLocationOverride=location)
        ends = eventually(lambda: len(built := self.built("private")) == 4 and built)
        last = next(build for build in ends if build["buildNumber"] == 4)
        (why,) = [phase["contexts"] for phase in last["phases"] if phase.get("phaseStatus") == "FAILED"]
        self.assertIn("is not sent to 127.0.0.1", why[0]["message"])
        self.assertEqual(next(build["buildStatus"] for build in ends if build["buildNumber"] == 3), "SUCCEEDED")
        told = {host for host, said in Quiet.heard if Quiet.told in said}
        self.assertEqual(told, {"localhost"}, Quiet.heard)
        self.builds.delete_source_credentials(arn=imported["arn"])
        self.refused("ResourceNotFoundException", self.builds.delete_source_credentials, arn=imported["arn"])

    def request(self, secret, commit, head):
        """GitHub's body and headers for a pull request that is opened."""
        url = self.host.url
        body = json.dumps(
            {
                "action": "opened",
                "repository": {"full_name": "team/train", "clone_url": url, "html_url": url.removesuffix(".git")},
                "sender": {"login": "ben", "id": 7},
                "pull_request": {
                    "number": 12,
                    "title": "Tune",
                    "head": {"ref": "tune", "sha": commit, "repo": {"full_name": head}},
                    "base": {"ref": "main", "sha": "1" * 40},
                },
            }
        ).encode()
        return body, github(body, "pull_request", secret)


if __name__ == "__main__":
    unittest.main()
