"""A real server for a test: started, killed, started again; and real clients for it."""

import contextlib
import functools
import http.server
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("TRAINYARD_BIN", ROOT / "target/debug/trainyard")).resolve()
ACCOUNT, REGION = "000000000000", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/tests"

# Nothing of the user's own configuration may change what is tested.
OWN = ("AWS_", "GIT_", "TRAINYARD_", "SOURCE_DATE_EPOCH")
AMBIENT = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
AMBIENT |= {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "PATH": f"{BINARY.parent}:{ROOT / '.venv/bin'}:{os.environ['PATH']}",
}
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def free_port():
    """A port that nobody has, and that no system takes for the near end of a connection: a server that is started again
    gets it again."""
    for port in random.sample(range(16_000, 32_000), 1000):
        with contextlib.closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise AssertionError("no port is free")


class Server:
    """One `trainyard serve` on a directory of its own and a free port."""

    def __init__(self, data, *flags):
        self.data = pathlib.Path(data)
        self.flags = flags
        self.process = None
        self.url = None
        self.log = self.data.parent / f"{self.data.name}.log"

    def start(self):
        """Starts it and waits until it says that it is ready. Started again, it has the same port."""
        self.begin()
        line = self.process.stdout.readline()
        if not line.startswith("http://"):
            self.process.wait()
            self.process.stdout.close()
            raise RuntimeError(f"the server did not start:\n{self.said()}")
        self.url = line.strip()
        return self

    def begin(self):
        """Starts it, and waits for nothing."""
        listen = self.url.removeprefix("http://") if self.url else f"127.0.0.1:{free_port()}"
        self.data.mkdir(parents=True, exist_ok=True)
        command = [BINARY, "serve", "--listen", listen, "--data", self.data, *self.flags]
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=AMBIENT, text=True)

    def said(self):
        """What it wrote to stderr."""
        return self.log.read_text()

    def kill(self):
        """As a power cut would for the process: kill -9."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """As a person would: Ctrl-C."""
        if not self.process or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end within a minute of Ctrl-C:\n{self.said()}") from None
        self.process.stdout.close()

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def environment(self, **more):
        """A shell's environment after `eval "$(trainyard env)"`."""
        return {**AMBIENT, "TRAINYARD_IMAGES": str(self.data.parent / "images"), **self.exports, **more}

    @functools.cached_property
    def exports(self):
        """What `trainyard env` sets."""
        shown = run([BINARY, "env", "--data", self.data], env=AMBIENT).stdout
        names = [line.removeprefix("export ").split("=", 1)[0] for line in shown.splitlines()]
        script = shown + 'for name in "$@"; do eval "printf \'%s\\0\' \\"\\$$name\\""; done'
        values = run(["sh", "-c", script, "sh", *names], env=AMBIENT).stdout.split("\0")
        return dict(zip(names, values))

    def trainyard(self, *arguments, cwd=None, check=True, **more):
        """Runs a CLI command against it."""
        return run([BINARY, *arguments], env=self.environment(**more), cwd=cwd, check=check)

    def aws(self, *arguments, cwd=None):
        """Runs the `aws` CLI against it; its JSON answer, parsed, or its text."""
        shown = run(["aws", "--output", "json", *arguments], env=self.environment(), cwd=cwd).stdout
        return json.loads(shown) if shown.startswith(("{", "[")) else shown

    def client(self, service, key=None, secret=None, token=None):
        """A boto3 client of it, that does not try again."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key or self.exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=secret or self.exports["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=90),
        )


def run(command, env=AMBIENT, cwd=None, check=True, **more):
    """Runs a command and shows what it printed when it fails."""
    command = [str(part) for part in command]
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"`{' '.join(command)}` ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def eventually(question, timeout=60, pause=0.05):
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
    """A test class with one server, and one boto3 client for each service, for all its tests."""

    flags = ()
    configuration = ""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        # The space is on purpose: paths may have some.
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="trainyard test "))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.server = Server(cls.directory / "data", *cls.flags)
        cls.addClassCleanup(cls.server.stop)
        cls.server.data.mkdir()
        (cls.server.data / "config.toml").write_text(cls.configuration)
        cls.server.start()
        cls.clients = {}

    @classmethod
    def like_a_shell(cls):
        """This process as a shell after `eval "$(trainyard env)"`: plain boto3 clients reach the server."""
        import boto3

        patch = unittest.mock.patch.dict(os.environ, cls.server.exports)
        patch.start()
        cls.addClassCleanup(patch.stop)
        boto3.setup_default_session()

    def run(self, result=None):
        """What the server said last stands beside a failure."""
        known = lambda: len(result.failures) + len(result.errors)  # noqa: E731
        before = known()
        super().run(result)
        if known() > before:
            tail = "\n".join(self.server.said().splitlines()[-30:])
            print(f"\n-- {self.id()}: the server's last words\n{tail}", file=sys.stderr)

    @classmethod
    def client(cls, service):
        """The boto3 client of a service."""
        if service not in cls.clients:
            cls.clients[service] = cls.server.client(service)
        return cls.clients[service]

    def refused(self, code, call, **parameters):
        """Asserts that a boto3 call is refused with that error code; the error's message."""
        from botocore.exceptions import ClientError

        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception.response["Error"].get("Message", "")

    def machine(self, name, states, start=None, **members):
        """Creates a state machine; its ARN."""
        definition = {"StartAt": start or next(iter(states)), "States": states, **members}
        made = self.client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=ROLE
        )
        return made["stateMachineArn"]

    def started(self, machine, value=None, **more):
        """Starts an execution; its ARN."""
        told = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps({} if value is None else value), **more
        )
        return told["executionArn"]

    def ended(self, execution, status="SUCCEEDED", timeout=60):
        """Waits for an execution's end and asserts its status; the description."""
        states = self.client("stepfunctions")

        def over():
            seen = states.describe_execution(executionArn=execution)
            return seen if seen["status"] != "RUNNING" else None

        seen = eventually(over, timeout)
        self.assertEqual(seen["status"], status, seen)
        return seen

    def history(self, execution):
        """All events of an execution."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        return [event for page in pages.paginate(executionArn=execution) for event in page["events"]]


def paged(call, key, **parameters):
    """All items of a list, fetched two at a time; and how many pages that took."""
    size, token = parameters.pop("size", "maxResults"), parameters.pop("token", "nextToken")
    items, pages = [], 0
    while True:
        page = call(**{size: 2, **parameters})
        items += page[key]
        pages += 1
        if not page.get(token):
            return items, pages
        parameters[token] = page[token]


class Ledger:
    """A place outside of the server: programs under test write down what they do, and wait until they are let go.

    `POST /<line>` writes a line down; `GET /<gate>` answers when the test opens that gate.
    """

    def __init__(self):
        ledger = self
        self.lines, self.gates = [], {}
        self.change = threading.Condition()

        class Desk(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                with ledger.change:
                    ledger.lines.append(self.path[1:])
                    ledger.change.notify_all()
                self.answer()

            def do_GET(self):
                ledger.gate(self.path[1:]).wait()
                self.answer()

            def answer(self):
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.desk = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self.desk.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.desk.server_port}"
        threading.Thread(target=self.desk.serve_forever, daemon=True).start()

    def gate(self, name):
        with self.change:
            return self.gates.setdefault(name, threading.Event())

    def close_gate(self, name):
        """Lets nobody go any more."""
        self.gate(name).clear()

    def open(self, name):
        """Lets everyone go who waits at that gate, or will."""
        self.gate(name).set()

    def count(self, line):
        """How often that line was written down."""
        with self.change:
            return self.lines.count(line)

    def wait_for(self, line, timeout=60):
        """Waits until that line is written down."""
        with self.change:
            if not self.change.wait_for(lambda: line in self.lines, timeout):
                raise AssertionError(f"{line!r} was not written down within {timeout} s: {self.lines}")

    def close(self):
        for gate in list(self.gates):
            self.open(gate)
        self.desk.shutdown()
        self.desk.server_close()


def needs(there, what):
    """Skips a test for want of something on this machine: loudly, and in CI it fails."""
    if there:
        return
    print(f"\n!! {what}: this is NOT tested here", file=sys.stderr)
    if os.environ.get("CI") == "true":
        raise AssertionError(f"{what}, and CI must test everything")
    raise unittest.SkipTest(what)


def isolation():
    """Whether jobs can be isolated on this machine, as `trainyard doctor` says it."""
    shown = run([BINARY, "doctor"], check=False).stdout
    return any(line.split()[:2] == ["ok", "namespaces"] for line in shown.splitlines())
