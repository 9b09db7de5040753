"""Fits a ridge regression with the standard library alone: scales the features, solves the normal equations."""

import csv
import json
import os
import statistics
import sys
import traceback
from pathlib import Path

CHANNELS = Path("/opt/ml/input/data")


def place(variable, default):
    return Path(os.environ.get(variable) or default)


def hyperparameters():
    """SageMaker hands every value over as text."""
    if os.environ.get("SM_HPS"):
        return json.loads(os.environ["SM_HPS"])
    file = place("SM_INPUT_CONFIG_DIR", "/opt/ml/input/config") / "hyperparameters.json"
    return json.loads(file.read_text()) if file.exists() else {}


def read(folder):
    """The features and the target of all CSV files in a channel."""
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise FileNotFoundError(f"no .csv file in {folder}")
    rows = [[float(v) for v in row] for file in files for row in csv.reader(file.read_text().splitlines())]
    return [row[1:] for row in rows], [row[0] for row in rows]


def solve(matrix, right):
    """Gaussian elimination with pivoting."""
    rows = [row[:] + [value] for row, value in zip(matrix, right)]
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(size):
            if r != i:
                factor = rows[r][i] / rows[i][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    return [rows[i][size] / rows[i][i] for i in range(size)]


def fit(features, target, alpha):
    columns = list(zip(*features))
    means = [statistics.fmean(column) for column in columns]
    scales = [statistics.pstdev(column) or 1.0 for column in columns]
    scaled = [[(v - m) / s for v, m, s in zip(row, means, scales)] for row in features]
    intercept = statistics.fmean(target)
    columns = list(zip(*scaled))
    gram = [[sum(a * b for a, b in zip(x, y)) for y in columns] for x in columns]
    for i in range(len(gram)):
        gram[i][i] += alpha
    right = [sum(v * (t - intercept) for v, t in zip(column, target)) for column in columns]
    return {"means": means, "scales": scales, "weights": solve(gram, right), "intercept": intercept}


def predict(model, row):
    parts = zip(row, model["means"], model["scales"], model["weights"])
    return model["intercept"] + sum((v - m) / s * w for v, m, s, w in parts)


def train():
    alpha = float(hyperparameters().get("alpha", 1.0))
    train_x, train_y = read(place("SM_CHANNEL_TRAIN", CHANNELS / "train"))
    validation_x, validation_y = read(place("SM_CHANNEL_VALIDATION", CHANNELS / "validation"))

    model = fit(train_x, train_y, alpha)
    squares = [(predict(model, row) - target) ** 2 for row, target in zip(validation_x, validation_y)]
    mse = statistics.fmean(squares)
    print(f"alpha={alpha} rows={len(train_y)}", flush=True)
    print(f"validation-mse={mse:.4f}", flush=True)
    print(f"validation-r2={1 - mse / statistics.pvariance(validation_y):.4f}", flush=True)

    folder = place("SM_MODEL_DIR", "/opt/ml/model")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(json.dumps(model))


def main():
    try:
        train()
    except Exception as error:
        traceback.print_exc()
        failure = place("SM_OUTPUT_DIR", "/opt/ml/output") / "failure"
        failure.parent.mkdir(parents=True, exist_ok=True)
        failure.write_text(f"{type(error).__name__}: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
