"""Web hooks, as the systems call that know them: GitHub, any program that signs, a Docker registry; and what is seen of
their events."""

import base64
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import subprocess
import time
import unittest
import uuid

from harness import AMBIENT, BINARY, ROLE, WithServer, eventually


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


class Hooks(WithServer):
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
        self.assertEqual([line()["id"], line()["id"]], live[1:])
        self.server.kill()
        self.server.start()
        (last,) = tell(4)
        self.assertEqual(line()["id"], last)
        self.assertEqual(tail.wait(timeout=60), 0)
        eventually(lambda: len(seen()) == 4)
        self.assertEqual([event["detail"]["n"] for event in seen()], [4, 3, 2, 1])
        none = self.server.trainyard("event", "test", "-p", pattern, "--recent", "1000", "--bus", "nowhere", check=False)
        self.assertIn("nowhere", none.stderr)

    def recent(self, pattern):
        """Those of the last events that match, the latest first."""
        tested = self.server.trainyard("event", "test", "-p", pattern, "--recent", "1000", check=False)
        self.assertIn(tested.returncode, (0, 1), tested.stderr)
        return [json.loads(line) for line in tested.stdout.splitlines()]


if __name__ == "__main__":
    unittest.main()
