"""kill -9 of the server, again and again, while the loop runs: the same result, and nothing twice.

The moments are random; the seed is printed, and CRASH_SEED=<seed> takes the same ones again.
"""

import collections
import http.client
import itertools
import json
import os
import random
import textwrap
import threading
import time
import unittest

import botocore.exceptions
from botocore.exceptions import ClientError

from harness import Ledger, WithServer, eventually, isolation, needs
from loop import NAME, Loop

# So often at least the server is killed while rounds go on to a model version, and while one is deployed.
IN_ROUNDS, IN_DEPLOYMENT = 16, 8
# One kill in so many comes before the server has said that it is ready: what it does then is cut off as well.
EARLY = 4
AWAY = (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError, ConnectionError)
PROGRAMS = ("preprocess", "train", "evaluate")


class Killer:
    """Kills the server at random moments and starts it again, until it is told to stop."""

    def __init__(self, server, dice):
        self.server, self.dice, self.kills = server, dice, 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.trouble = None

    def work(self):
        try:
            while not self.stopped.wait(self.dice.uniform(0.02, 0.8)):
                self.kill()
                while self.dice.randrange(EARLY) == 0:
                    self.server.begin()
                    time.sleep(self.dice.uniform(0, 0.1))
                    self.kill()
                self.server.start()
        except Exception as trouble:  # noqa: BLE001: it is raised where the test waits
            self.trouble = trouble

    def kill(self):
        self.server.kill()
        self.kills += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        if self.trouble:
            raise self.trouble


def persist(ask, timeout=240):
    """Asks as somebody does whose server is away at times: until there is an answer."""
    end = time.monotonic() + timeout
    while True:
        try:
            return ask()
        except AWAY as error:
            if time.monotonic() > end:
                raise AssertionError(f"no answer within {timeout} s") from error
        time.sleep(0.02)  # spares the processor


class Crash:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seed = int(os.environ.get("CRASH_SEED", random.randrange(1 << 32)))
        print(f"CRASH_SEED={cls.seed}", flush=True)
        cls.dice = random.Random(cls.seed)
        cls.ledger = Ledger()
        cls.addClassCleanup(cls.ledger.close)
        cls.loop = Loop(cls.server, cls.directory)
        cls.note(cls.loop.project / "src")
        cls.loop.deploy()

    @classmethod
    def note(cls, source):
        """Makes the project's programs write into the ledger that they run; the training waits there for its gate."""
        (source / "ledger.py").write_text(
            textwrap.dedent(
                f"""
                import os
                import urllib.request

                def ask(method, path):
                    opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
                    opener.open(urllib.request.Request("{cls.ledger.url}/" + path, method=method)).close()

                name = os.environ.get("TRAINING_JOB_NAME") or os.environ["PROCESSING_JOB_ARN"].rsplit("/", 1)[1]
                ask("POST", name)
                if "TRAINING_JOB_NAME" in os.environ:
                    ask("GET", "training")
                """
            )
        )
        for program in PROGRAMS:
            file = source / f"{program}.py"
            before = file.read_text()
            after = before.replace("def main():\n", "def main():\n    import ledger  # noqa\n\n", 1)
            assert after != before, f"{file} has no main"
            file.write_text(after)

    def jobs(self):
        """How often each job has run, by the name of its run."""
        runs = collections.defaultdict(dict)
        for line, count in collections.Counter(self.ledger.lines).items():
            program, _, rest = line.partition("-")
            run, _, attempt = rest.rpartition("-")
            runs[run][f"{program}-{attempt}"] = count
        return runs

    def check(self, rounds, builds):
        """So many rounds were gone, each job ran once, histories are whole, and every round made the same model."""
        self.loop.built(builds)
        listed = self.client("codebuild").list_builds_for_project(projectName=NAME)["ids"]
        self.assertEqual(len(listed), builds, "one push, one build")
        once = {f"{program}-0": 1 for program in PROGRAMS}
        executions = self.loop.executions("train")
        self.assertEqual(dict(self.jobs()), {e["name"].split("_")[0]: once for e in executions})
        self.assertEqual(len(executions), rounds)
        for execution in executions:
            events = self.loop.history(execution["executionArn"])
            self.assertEqual([event["id"] for event in events], list(range(1, len(events) + 1)))
            self.assertEqual(events[-1]["type"], "ExecutionSucceeded")
            submitted = [e for e in events if e["type"] == "TaskSubmitted"]
            self.assertEqual(len(submitted), len(PROGRAMS))
        versions = [self.loop.version(n) for n in range(1, rounds + 1)]
        digests = {v["CustomerMetadataProperties"]["trainyard:model-digest"] for v in versions}
        self.assertEqual(len(digests), 1, "the same data and code give the same model")
        with self.assertRaises(ClientError):
            self.loop.version(rounds + 1)

    def test_1_killed_during_training(self):
        """The training goes on without the server; `serve` takes it up, and it ends in a served model."""
        self.ledger.close_gate("training")
        self.loop.push()
        self.loop.built(1)
        eventually(lambda: [line for line in self.ledger.lines if line.startswith("train-")])
        self.server.kill()
        self.ledger.open("training")
        self.server.start()
        self.loop.ran("train", 1)
        self.server.trainyard("approve", f"{NAME}/1")
        self.server.trainyard("approve", self.loop.question()["name"])
        self.loop.ran("deploy", 1)
        self.check(rounds=1, builds=1)
        type(self).prediction = self.loop.predict("prod")

    def test_2_killed_at_any_time(self):
        """Rounds begun by pushes of commits and of tags; then one approved, deployed in place, and served."""
        kills, rounds, builds = 0, 1, 1
        for begins in itertools.cycle([self.push_commit, self.push_tag]):
            if kills >= IN_ROUNDS and begins == self.push_commit:
                break
            with Killer(self.server, self.dice) as killer:
                rounds += 1
                builds += begins == self.push_commit
                begins(rounds)
                persist(lambda: self.loop.built(builds))  # noqa: B023: it ends before the next round
                persist(lambda: self.loop.ran("train", rounds))  # noqa: B023
            kills += killer.kills
            self.check(rounds, builds)
        with Killer(self.server, self.dice) as killer:
            eventually(lambda: self.deployed(rounds) and killer.kills >= IN_DEPLOYMENT, timeout=240)
        kills += killer.kills
        self.loop.ran("deploy", 2)
        self.assertEqual(eventually(self.answer), self.prediction)
        self.check(rounds, builds)
        print(f"killed {kills} times in {rounds} rounds", flush=True)

    def push_commit(self, number):
        """A commit that changes the stack, but not the model; pushed until git says that it is there."""
        with self.loop.training() as definition:
            definition["Comment"] = f"round {number}"
        self.loop.commit(f"round {number}")
        eventually(lambda: "[up to date]" in self.loop.git("push", "--porcelain", "origin", "main", check=False))

    def push_tag(self, number):
        """Puts the built image's manifest under another tag, as `docker push` would; the same twice is the same."""
        persist(lambda: self.put(f"round-{number}"))

    def put(self, tag):
        ecr = self.server.client("ecr")
        digest = ecr.describe_images(repositoryName=NAME)["imageDetails"][0]["imageDigest"]
        found = ecr.batch_get_image(repositoryName=NAME, imageIds=[{"imageDigest": digest}])["images"][0]
        manifest = found["imageManifest"]
        login = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        kind = json.loads(manifest).get("mediaType", "application/vnd.oci.image.manifest.v1+json")
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        headers = {"Authorization": f"Basic {login}", "Content-Type": kind}
        try:
            link.request("PUT", f"/v2/{NAME}/manifests/{tag}", manifest.encode(), headers)
            self.assertEqual(link.getresponse().status, 201)
        except http.client.HTTPException as error:
            raise ConnectionError(error) from error
        finally:
            link.close()

    def deployed(self, version):
        """Approves what waits, the version or a question, again where an answer was lost; whether all of it is served."""
        self.server.trainyard("approve", f"{NAME}/{version}", check=False)
        shown = self.server.trainyard("approve", "--output", "json", check=False).stdout
        for one in json.loads(shown or "[]"):
            if one["kind"] == "approval":
                self.server.trainyard("approve", one["name"], check=False)
        found = persist(lambda: self.loop.executions("deploy"))
        statuses = [execution["status"] for execution in found]
        self.assertNotIn("FAILED", statuses)
        return statuses == ["SUCCEEDED"] * 2

    def answer(self):
        """The prediction, once the server that has just started has found its models again."""
        try:
            return self.loop.predict("prod")
        except ClientError as error:
            self.assertEqual(error.response["Error"]["Code"], "ServiceUnavailable", error)
            return None


class Isolated(Crash, WithServer):
    @classmethod
    def setUpClass(cls):
        needs(isolation(), "jobs cannot be isolated on this machine")
        super().setUpClass()


class NotIsolated(Crash, WithServer):
    flags = ("--isolation", "off")


if __name__ == "__main__":
    unittest.main()
