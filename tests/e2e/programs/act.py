"""What the tests of jobs run: does what it is told to, by hyperparameter, argument or variable, and writes it down.

`ACT` is a comma-separated list of: `say` (a line, an error line and metrics), `wait` (until the test opens the gate of
the job's name), `save` (a model, and what it sees of the world), `copy` (inputs to outputs), `fail`, `crash`, `hang`,
`eat` (memory).
"""

import json
import os
import pathlib
import shutil
import signal
import sys
import time
import urllib.request

ML = pathlib.Path("/opt/ml")


def place(variable, default):
    return pathlib.Path(os.environ.get(variable) or default)


def ask(method, path):
    url = f"{os.environ['LEDGER']}/{path}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(urllib.request.Request(url, method=method)).close()


def say():
    print("a line", flush=True)
    print("an error line", file=sys.stderr, flush=True)
    for step, loss in enumerate([3.5, 2.25, 1.125]):
        print(f"step={step} loss={loss}", flush=True)


def save():
    model = place("SM_MODEL_DIR", ML / "model")
    (model / "deep").mkdir(parents=True)
    (model / "model.txt").write_text("weights")
    (model / "deep" / "more.txt").write_text("more")
    data = place("SM_OUTPUT_DATA_DIR", ML / "output/data")
    data.mkdir(parents=True, exist_ok=True)
    channels = place("SM_INPUT_DIR", ML / "input") / "data"
    config = place("SM_INPUT_CONFIG_DIR", ML / "input/config")
    seen = {
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "inputs": {str(f.relative_to(channels)): f.read_text() for f in channels.rglob("*") if f.is_file()},
        "config": {f.name: json.loads(f.read_text()) for f in config.glob("*.json")},
        "secrets": [path for path in os.environ["LOOK_FOR"].split(os.pathsep) if os.path.exists(path)],
        "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
        "here": os.getcwd(),
    }
    (data / "seen.json").write_text(json.dumps(seen))


def copy():
    source, target = sys.argv[1:3]
    shutil.copytree(source, target, dirs_exist_ok=True)


def fail():
    out = place("SM_OUTPUT_DIR", ML / "output")
    out.mkdir(parents=True, exist_ok=True)
    (out / "failure").write_text("the data is bad: row 7")
    sys.exit(3)


def crash():
    os.kill(os.getpid(), signal.SIGKILL)


def hang():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        time.sleep(3600)


def eat():
    try:
        held = []
        while True:
            held.append(bytearray(os.urandom(1 << 10) * (64 << 10)))
    except MemoryError:
        out = place("SM_OUTPUT_DIR", ML / "output")
        out.mkdir(parents=True, exist_ok=True)
        held.clear()
        (out / "failure").write_text("MemoryError")
        sys.exit(1)


def main():
    name = os.environ.get("TRAINING_JOB_NAME") or os.environ["NAME"]
    ask("POST", f"{name}:started")
    deeds = {"say": say, "wait": lambda: ask("GET", name), "save": save, "copy": copy}
    deeds |= {"fail": fail, "crash": crash, "hang": hang, "eat": eat}
    for deed in filter(None, os.environ.get("SM_HP_ACT", os.environ.get("ACT", "")).split(",")):
        deeds[deed]()
    ask("POST", f"{name}:ended")


if __name__ == "__main__":
    main()
