"""A real server for a test: started, killed, started again; and real clients for it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("TRAINYARD_BIN", ROOT / "target/debug/trainyard")).resolve()


class Server:
    """One `trainyard serve` on a directory of its own and a free port."""

    def __init__(self, data, *flags):
        self.data = pathlib.Path(data)
        self.flags = flags
        self.process = None
        self.url = None

    def start(self):
        """Starts it and waits until it says that it is ready."""
        listen = self.url.removeprefix("http://") if self.url else "127.0.0.1:0"
        self.data.mkdir(parents=True, exist_ok=True)
        self.log = open(self.data.parent / (self.data.name + ".log"), "a")
        command = [BINARY, "serve", "--listen", listen, "--data", self.data, *self.flags]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, env=environment, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("http://"):
            self.process.wait()
            raise RuntimeError(f"the server did not start: {self.log_text()}")
        self.url = line.strip()
        return self

    def log_text(self):
        return pathlib.Path(self.log.name).read_text()

    def kill(self):
        """As a power cut would for the process: kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """As a person would: Ctrl-C."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        if self.process:
            self.process.stdout.close()
        self.log.close()

    def environment(self, **more):
        """What `eval "$(trainyard env)"` makes of a shell's environment."""
        exports = subprocess.run([BINARY, "env", "--data", self.data], capture_output=True, text=True, check=True).stdout
        script = exports + "\nenv -0"
        shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
        found = dict(item.split("=", 1) for item in shown.split("\0") if "=" in item)
        found["PATH"] = f"{BINARY.parent}:{ROOT / '.venv/bin'}:{found['PATH']}"
        return {**found, **more}

    def trainyard(self, *arguments, cwd=None, check=True, **more):
        """Runs a CLI command against it."""
        return run([BINARY, *arguments], env=self.environment(**more), cwd=cwd, check=check)

    def aws(self, *arguments, check=True):
        """Runs the `aws` CLI against it; its JSON answer, parsed."""
        done = run(["aws", "--output", "json", *arguments], env=self.environment(), check=check)
        return json.loads(done.stdout) if done.stdout.strip() and check else done

    def client(self, service, **more):
        """A boto3 client of it."""
        import boto3
        from botocore.config import Config

        env = self.environment()
        options = {
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "aws_access_key_id": env["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": env["AWS_SECRET_ACCESS_KEY"],
            "config": Config(retries={"max_attempts": 1}),
        }
        return boto3.client(service, **{**options, **more})


def run(command, env=None, cwd=None, check=True, **more):
    """Runs a command and shows what it printed when it fails."""
    done = subprocess.run([str(c) for c in command], env=env, cwd=cwd, capture_output=True, text=True, **more)
    if check and done.returncode != 0:
        shown = " ".join(str(c) for c in command)
        raise AssertionError(f"`{shown}` ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def eventually(question, timeout=60, pause=0.1):
    """Asks until the answer is true. The pause only spares the processor: nothing depends on its length."""
    end = time.monotonic() + timeout
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"still {answer!r} after {timeout} s")
        time.sleep(pause)


class WithServer(unittest.TestCase):
    """A test class with one server for all its tests."""

    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="trainyard test "))
        cls.server = Server(cls.directory / "data", *cls.flags).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        if sys.exc_info()[0] is None:
            shutil.rmtree(cls.directory, ignore_errors=True)
