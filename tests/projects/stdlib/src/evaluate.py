"""Measures the trained model on the test set and writes evaluation.json, as the template train-and-deploy does."""

import argparse
import csv
import json
import math
import os
import re
import statistics
import tarfile
from pathlib import Path

from train import predict


def load(archive):
    with tarfile.open(archive) as tar:
        names = [name for name in tar.getnames() if Path(name).name == "model.json"]
        if not names:
            raise FileNotFoundError(f"no model.json in {archive}")
        return json.load(tar.extractfile(names[0]))


def metrics(target, predicted):
    errors = [p - t for p, t in zip(predicted, target)]
    squares = [error**2 for error in errors]
    absolutes = [abs(error) for error in errors]
    mse = statistics.fmean(squares)
    return {
        "mse": {"value": mse, "standard_deviation": statistics.pstdev(squares)},
        "rmse": {"value": math.sqrt(mse)},
        "mae": {"value": statistics.fmean(absolutes), "standard_deviation": statistics.pstdev(absolutes)},
        "r2": {"value": 1 - mse / statistics.pvariance(target)},
    }


def source():
    tag = os.environ.get("IMAGE_TAG", "")
    return {"image_tag": tag, "commit": tag if re.fullmatch("[0-9a-f]{40}", tag) else "unknown"}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", type=Path, default=Path("/opt/ml/processing/model/model.tar.gz"))
    arguments.add_argument("--test", type=Path, default=Path("/opt/ml/processing/test"))
    arguments.add_argument("--output", type=Path, default=Path("/opt/ml/processing/evaluation"))
    options = arguments.parse_args()

    lines = (options.test / "test.csv").read_text().splitlines()
    rows = [[float(value) for value in row] for row in csv.reader(lines)]
    model = load(options.model)
    measured = metrics([row[0] for row in rows], [predict(model, row[1:]) for row in rows])
    report = {"regression_metrics": measured, "rows": len(rows), "source": source()}

    options.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=2, allow_nan=False)
    (options.output / "evaluation.json").write_text(text)
    for name, metric in measured.items():
        print(f"test-{name}={metric['value']:.4f}", flush=True)


if __name__ == "__main__":
    main()
