"""Runs a project's programs by hand, in the order of its state machine, with no server: preprocess, train, evaluate, serve.

    python tests/tools/walk_project.py PROJECT [--python PYTHON]

Programs and arguments are those of statemachine/train.asl.json, with /opt/ml and /opt/program moved to real places, as
a driver without containers moves them. Exit status 0 when the model is good enough and the server answers rightly.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

CSV, JSON = "text/csv", "application/json"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def expect(what, seen, wanted):
    if seen != wanted:
        sys.exit(f"{what}: {seen!r}, not {wanted!r}")


class Walk:
    def __init__(self, project, python, work):
        self.project, self.python, self.ml = project, python, work / "ml"
        self.states = json.loads((project / "statemachine/train.asl.json").read_text())["States"]

    def real(self, text):
        if text == "python3":
            return str(self.python)
        return text.replace("/opt/program", str(self.project / "src")).replace("/opt/ml", str(self.ml))

    def run(self, command, **env):
        command = [self.real(part) for part in command]
        print("$", *command, flush=True)
        return subprocess.run(command, env=self.env(**env)).returncode

    def env(self, **more):
        return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **more}

    def process(self, state, **env):
        app = self.states[state]["Parameters"]["AppSpecification"]
        expect(state, self.run(app["ContainerEntrypoint"] + app["ContainerArguments"], **env), 0)

    def train(self, channel_root, alpha):
        return self.run(
            self.states["Train"]["Parameters"]["AlgorithmSpecification"]["ContainerEntrypoint"],
            SM_CHANNEL_TRAIN=str(channel_root / "train"),
            SM_CHANNEL_VALIDATION=str(channel_root / "validation"),
            SM_MODEL_DIR=str(self.ml / "model"),
            SM_OUTPUT_DIR=str(self.ml / "failed"),
            SM_HPS=json.dumps({"alpha": alpha}),
        )

    def jobs(self):
        data = self.ml / "processing/output"
        self.process("Preprocess")
        expect("training without data", self.train(self.ml / "nowhere", "1.0"), 1)
        assert "no .csv file" in (self.ml / "failed/failure").read_text()
        expect("training", self.train(data, self.states["Train"]["Parameters"]["HyperParameters"]["alpha"]), 0)
        archive = self.ml / "processing/model/model.tar.gz"
        archive.parent.mkdir(parents=True)
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(self.ml / "model", arcname=".")
        shutil.copytree(data / "test", self.ml / "processing/test")
        self.process("Evaluate", IMAGE_TAG=COMMIT)
        report = json.loads((self.ml / "processing/evaluation/evaluation.json").read_text())
        expect("commit", report["source"]["commit"], COMMIT)
        template = (self.project / "template.yaml").read_text()
        limit = float(re.search(r"MseThreshold:\n    Type: Number\n    Default: (\S+)", template)[1])
        mse = report["regression_metrics"]["mse"]["value"]
        print(f"mse {mse:.1f}, allowed {limit:.1f}")
        if not mse <= limit:
            sys.exit("the model would not be registered")
        rows = json.loads(re.search(r"SmokeTestRows: \"(.*)\"", template)[1])
        line = (data / "test/test.csv").read_text().splitlines()[0]
        return rows, line.split(",", 1)

    def serve(self, rows, truth, features):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        env = self.env(SM_MODEL_DIR=str(self.ml / "model"), SAGEMAKER_BIND_TO_PORT=str(port), BIND_ADDRESS="127.0.0.1")
        command = [str(self.python), str(self.project / "src/serve.py"), "serve"]
        server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        try:
            expect("first line of the server", server.stdout.readline().strip(), f"serving on port {port}")
            self.ask(http.client.HTTPConnection("127.0.0.1", port, timeout=10), rows, truth, features)
            server.send_signal(signal.SIGTERM)
            expect("exit status after SIGTERM", server.wait(timeout=30), 0)
        finally:
            server.kill()
            server.wait()

    def ask(self, link, rows, truth, features):
        """Everything over one kept-alive connection."""

        def send(method, path, body=None, **headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            link.request(method, path, body, named)
            answer = link.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read().decode()

        expect("ping", send("GET", "/ping")[0], 200)
        status, kind, body = send("POST", "/invocations", features, Content_Type=CSV)
        expect("csv", (status, kind), (200, CSV))
        print(f"predicted {float(body):.1f}, true {truth}")
        status, kind, body = send("POST", "/invocations", json.dumps({"instances": rows}), Content_Type=JSON)
        expect("json", (status, kind, len(json.loads(body)["predictions"])), (200, JSON, len(rows)))
        status, kind, body = send("POST", "/invocations", f"{features}\n{features}\n", Content_Type=CSV, Accept=JSON)
        expect("csv to json", (status, kind, len(json.loads(body)["predictions"])), (200, JSON, 2))
        for wanted, body, headers in [
            (400, "1,2", {"Content_Type": CSV}),
            (400, "", {"Content_Type": CSV}),
            (400, "nan" + ",1" * features.count(","), {"Content_Type": CSV}),
            (400, "[1]", {"Content_Type": JSON}),
            (400, "{", {"Content_Type": JSON}),
            (406, features, {"Content_Type": CSV, "Accept": "image/png"}),
            (415, features, {"Content_Type": "text/plain"}),
        ]:
            expect(f"{body!r} {headers}", send("POST", "/invocations", body, **headers)[0], wanted)
        expect("elsewhere", send("POST", "/elsewhere", features, Content_Type=CSV)[0], 404)
        expect("afterwards", send("GET", "/ping")[0], 200)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("project", type=Path)
    arguments.add_argument("--python", type=Path, default=Path(sys.executable), help="runs the programs")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as work:
        walk = Walk(options.project.resolve(), options.python.absolute(), Path(work))
        rows, (truth, features) = walk.jobs()
        walk.serve(rows, truth, features)
    print("walked")


if __name__ == "__main__":
    main()
