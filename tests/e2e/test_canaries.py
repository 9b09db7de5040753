"""Secrets stay where they belong: after the whole loop, none of them is found anywhere in what the server keeps."""

import base64
import json
import unittest
from urllib.parse import quote

from harness import ACCOUNT, WithServer, eventually
from loop import NAME, Loop

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
# Printed backwards, a secret is told to this test and is found nowhere.
TELL = "import os; print('canary', *(os.environ.get('AWS_' + n, '')[::-1] for n in ('SECRET_ACCESS_KEY', 'SESSION_TOKEN')))"


def written(secret):
    """The ways in which a secret could be written down."""
    raw = secret.encode()
    ways = {raw, quote(secret, safe="").encode(), raw.hex().encode()}
    ways |= {json.dumps(secret)[1:-1].encode(), secret.replace("/", "\\/").encode()}
    # Base64 of it at any place of a longer text.
    for shift in range(3):
        whole = base64.b64encode(b"x" * shift + raw)
        ways.add(whole[4 if shift else 0 : len(whole) - 4])
    # Half of it is too much.
    return ways | {raw[: max(20, len(raw) // 2)]}


class Canaries(WithServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.loop = loop = Loop(cls.server, cls.directory)
        spec = loop.project / "buildspec.yml"
        text = spec.read_text()
        at = text.index("    commands:\n") + len("    commands:\n")
        spec.write_text(text[:at] + f'      - python3 -c "{TELL}"\n' + text[at:])
        train = loop.project / "src/train.py"
        train.write_text(f"{train.read_text()}\n")
        lines = train.read_text().splitlines(keepends=True)
        first = next(n for n, line in enumerate(lines) if line.startswith("import "))
        train.write_text("".join([*lines[:first], TELL + "\n", *lines[first:]]))
        loop.deploy()
        loop.push()
        cls.build = loop.built(1)
        loop.ran("train", 1)
        cls.server.trainyard("approve", f"{NAME}/1")
        question = loop.question()
        cls.server.trainyard("approve", question["name"])
        loop.ran("deploy", 1)
        cls.secrets = {"the key's secret": cls.server.exports["AWS_SECRET_ACCESS_KEY"]}
        cls.told(loop.log(cls.build), "a build")
        events = cls.client("logs").filter_log_events(logGroupName="/aws/sagemaker/TrainingJobs")["events"]
        cls.told("\n".join(event["message"] for event in events), "a training job")
        cls.given()

    @classmethod
    def told(cls, log, whose):
        line = next(line for line in log.splitlines() if line.startswith("canary "))
        secret, token = (text[::-1] for text in line.split(" ")[1:3])
        assert len(secret) > 20 and len(token) > 50, line
        cls.secrets |= {f"the secret of {whose}": secret, f"the token of {whose}": token}

    @classmethod
    def given(cls):
        """What a client asks for, and uses."""
        cls.client("iam").create_role(RoleName="canary", AssumeRolePolicyDocument=TRUST)
        role = f"arn:aws:iam::{ACCOUNT}:role/canary"
        keys = cls.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
        session = cls.server.client("s3", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        session.list_buckets()
        login = cls.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
        cls.secrets |= {"a session's secret": keys["SecretAccessKey"], "a session's token": keys["SessionToken"]}
        cls.secrets["a login"] = base64.b64decode(login).decode().split(":", 1)[1]

    def test_nothing_is_written_down(self):
        """The directory with all that the server keeps; but for what models run with, and for keys where keys are."""
        data = self.server.data
        eventually(lambda: not any((data / "jobs").glob("*/spec.json")), timeout=120)
        found, looked = [], 0
        for path in [*data.rglob("*"), self.server.log]:
            inside = path.relative_to(data.parent).parts
            if not path.is_file() or path == data / "credentials" or inside[1:2] == ("variants",):
                continue
            bytes_, looked = path.read_bytes(), looked + 1
            for name, secret in self.secrets.items():
                # Signatures are checked with it.
                if name != "the key's secret" or inside[1:2] != ("store",):
                    found += [f"{name} in {path}" for way in written(secret) if way in bytes_]
        self.assertEqual(found, [])
        self.assertGreater(looked, 50)

    def test_nothing_is_told(self):
        told = [self.server.said(), self.loop.log(self.build)]
        for machine in ("train", "deploy"):
            for execution in self.loop.executions(machine):
                told.append(json.dumps(self.loop.history(execution["executionArn"]), default=str))
        for kind in ("training", "processing"):
            sagemaker = self.client("sagemaker")
            jobs = getattr(sagemaker, f"list_{kind}_jobs")()[f"{kind.capitalize()}JobSummaries"]
            for job in jobs:
                name = f"{kind.capitalize()}JobName"
                told.append(json.dumps(getattr(sagemaker, f"describe_{kind}_job")(**{name: job[name]}), default=str))
        told.append(json.dumps(self.build, default=str))
        for name, secret in self.secrets.items():
            for way in written(secret):
                for text in told:
                    self.assertNotIn(way.decode("latin-1"), text, name)

    def test_models_keep_theirs_to_themselves(self):
        """What a model runs with stands in files that only the server's user may read."""
        for path in (self.server.data / "variants").rglob("*.json"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertEqual((self.server.data / "credentials").stat().st_mode & 0o077, 0)


if __name__ == "__main__":
    unittest.main()
