"""Measures the trained model on rows that training has not seen. Runs as a SageMaker processing job.

Writes evaluation.json in the form of SageMaker's model quality reports; the state machine reads the mean squared
error from it and decides whether the model may be registered.
"""

import argparse
import json
import math
import os
import re
import tarfile
from pathlib import Path

import joblib
import numpy as np


def load(archive):
    """The model out of model.tar.gz: this one file and nothing else that the archive may hold."""
    with tarfile.open(archive) as tar:
        names = [name for name in tar.getnames() if Path(name).name == "model.joblib"]
        if not names:
            raise FileNotFoundError(f"no model.joblib in {archive}")
        return joblib.load(tar.extractfile(names[0]))


def metrics(target, predicted):
    """Each metric with the standard deviation of what it averages; r2 averages nothing and has none."""
    error = predicted - target
    square = error**2
    mse = float(square.mean())
    return {
        "mse": {"value": mse, "standard_deviation": float(square.std())},
        "rmse": {"value": math.sqrt(mse)},
        "mae": {"value": float(np.abs(error).mean()), "standard_deviation": float(np.abs(error).std())},
        "r2": {"value": 1 - mse / float(target.var())},
    }


def source():
    """What was judged. The build tags an image with its commit; any other tag says nothing about a commit."""
    tag = os.environ.get("IMAGE_TAG", "")
    return {"image_tag": tag, "commit": tag if re.fullmatch("[0-9a-f]{40}", tag) else "unknown"}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--model", type=Path, default=Path("/opt/ml/processing/model/model.tar.gz"))
    arguments.add_argument("--test", type=Path, default=Path("/opt/ml/processing/test"))
    arguments.add_argument("--output", type=Path, default=Path("/opt/ml/processing/evaluation"))
    options = arguments.parse_args()

    rows = np.loadtxt(options.test / "test.csv", delimiter=",", ndmin=2)
    target, features = rows[:, 0], rows[:, 1:]
    measured = metrics(target, load(options.model).predict(features))
    report = {"regression_metrics": measured, "rows": len(target), "source": source()}

    options.output.mkdir(parents=True, exist_ok=True)
    # allow_nan=False: a model that predicts nonsense fails here, with a traceback, and not later in a comparison.
    text = json.dumps(report, indent=2, allow_nan=False)
    (options.output / "evaluation.json").write_text(text)
    for name, metric in measured.items():
        print(f"test-{name}={metric['value']:.4f}", flush=True)


if __name__ == "__main__":
    main()
