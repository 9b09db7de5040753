"""Fits a ridge regression. Runs as a SageMaker training job.

Reads the channels `train` and `validation` and the hyperparameter `alpha`; leaves the model in SM_MODEL_DIR, from
where it is uploaded as model.tar.gz. Every place can be given by SageMaker's SM_* variables; the defaults are where
SageMaker puts things in a container.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import joblib
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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
    rows = np.concatenate([np.loadtxt(file, delimiter=",", ndmin=2) for file in files])
    return rows[:, 1:], rows[:, 0]


def train():
    alpha = float(hyperparameters().get("alpha", 1.0))
    train_x, train_y = read(place("SM_CHANNEL_TRAIN", CHANNELS / "train"))
    validation_x, validation_y = read(place("SM_CHANNEL_VALIDATION", CHANNELS / "validation"))

    model = make_pipeline(StandardScaler(), Ridge(alpha=alpha))
    model.fit(train_x, train_y)

    predicted = model.predict(validation_x)
    print(f"alpha={alpha} rows={len(train_y)}", flush=True)
    # statemachine/train.asl.json reads these two lines as the metrics of the job (MetricDefinitions).
    print(f"validation-mse={mean_squared_error(validation_y, predicted):.4f}", flush=True)
    print(f"validation-r2={r2_score(validation_y, predicted):.4f}", flush=True)

    folder = place("SM_MODEL_DIR", "/opt/ml/model")
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "model.joblib")


def main():
    try:
        train()
    except Exception as error:
        traceback.print_exc()
        # The text of this file becomes the FailureReason of the job.
        failure = place("SM_OUTPUT_DIR", "/opt/ml/output") / "failure"
        failure.parent.mkdir(parents=True, exist_ok=True)
        failure.write_text(f"{type(error).__name__}: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
