"""Splits the diabetes data that ships inside scikit-learn into train, validation and test sets.

Runs as a SageMaker processing job. What is written below --output is uploaded to S3 when the job ends.
Each file is CSV without a header and with the target in the first column, as SageMaker's own algorithms have it.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output"))
    arguments.add_argument("--seed", type=int, default=7, help="the same seed gives the same split")
    options = arguments.parse_args()

    # Unscaled: age in years, blood pressure in mm Hg. Scaling is learnt in training and belongs to the model.
    features, target = load_diabetes(return_X_y=True, scaled=False)
    rows = np.column_stack([target, features])
    train, rest = train_test_split(rows, test_size=0.3, random_state=options.seed)
    validation, test = train_test_split(rest, test_size=0.5, random_state=options.seed)

    for name, part in [("train", train), ("validation", validation), ("test", test)]:
        folder = options.output / name
        folder.mkdir(parents=True, exist_ok=True)
        np.savetxt(folder / f"{name}.csv", part, delimiter=",", fmt="%.10g")
        print(f"{name}: {len(part)} rows", flush=True)


if __name__ == "__main__":
    main()
