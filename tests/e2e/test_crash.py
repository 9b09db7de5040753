"""kill -9 of the server, again and again, while the loop runs: the same result, and no job twice.

The moments are random; the seed is printed, and CRASH_SEED=<seed> takes the same ones again.
"""

import collections
import http.client
import json
import os
import random
import textwrap
import threading
import time
import unittest

import botocore.exceptions
from botocore.exceptions import ClientError

from harness import Ledger, WithServer, eventually
from loop import NAME, Loop

KILLS = 24
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
                self.server.kill()
                self.kills += 1
                self.server.start()
        except Exception as trouble:  # noqa: BLE001: it is raised where the test waits
            self.trouble = trouble

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


class Crash(WithServer):
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
            file.write_text(file.read_text().replace("def main():\n", "def main():\n    import ledger  # noqa\n\n", 1))

    def jobs(self):
        """How often each job has run, by the name of its run."""
        runs = collections.defaultdict(dict)
        for line, count in collections.Counter(self.ledger.lines).items():
            program, _, rest = line.partition("-")
            run, _, attempt = rest.rpartition("-")
            runs[run][f"{program}-{attempt}"] = count
        return runs

    def check(self, rounds):
        """So many rounds were gone, each job ran once, histories are whole, and every round made the same model."""
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
        self.check(rounds=1)
        type(self).prediction = self.loop.predict("prod")

    def test_2_killed_at_any_time(self):
        """Rounds begun by tags, as `docker push` would begin them; then approved, deployed in place, and served."""
        kills, rounds = 0, 1
        while kills < KILLS - 8:
            with Killer(self.server, self.dice) as killer:
                persist(lambda: self.tag(f"round-{rounds}"))  # noqa: B023: it ends before the next round
                rounds += 1
                persist(lambda: self.loop.ran("train", rounds))  # noqa: B023
            kills += killer.kills
        self.check(rounds)
        with Killer(self.server, self.dice) as killer:
            while killer.kills < 8 or not self.deployed(2):
                self.approve(f"{NAME}/{rounds}")
        kills += killer.kills
        self.loop.ran("deploy", 2)
        self.assertEqual(eventually(self.answer), self.prediction)
        self.check(rounds)
        print(f"killed {kills} times in {rounds} rounds", flush=True)

    def tag(self, tag):
        """Puts the built image's manifest under another tag; the same twice is the same."""
        ecr = self.server.client("ecr")
        images = ecr.describe_images(repositoryName=NAME)["imageDetails"]
        digest = images[0]["imageDigest"]
        manifest = ecr.batch_get_image(repositoryName=NAME, imageIds=[{"imageDigest": digest}])["images"][0]
        self.put(tag, manifest["imageManifest"])

    def put(self, tag, manifest):
        login = self.server.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
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

    def deployed(self, number):
        """Whether that many deployments have ended well."""
        found = persist(lambda: self.loop.executions("deploy"))
        self.assertNotIn("FAILED", {execution["status"] for execution in found})
        return len(found) == number and all(execution["status"] == "SUCCEEDED" for execution in found)

    def approve(self, version):
        """Approves what waits: the version, or a question. An answer that is lost is given again."""
        self.server.trainyard("approve", version, check=False)
        shown = self.server.trainyard("approve", "--output", "json", check=False).stdout
        for one in json.loads(shown or "[]"):
            if one["kind"] == "approval":
                self.server.trainyard("approve", one["name"], check=False)

    def answer(self):
        """The prediction, once the server that has just started answers with it."""
        try:
            return self.loop.predict("prod")
        except ClientError:
            return None


if __name__ == "__main__":
    unittest.main()
