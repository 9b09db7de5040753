"""Splits flats.csv (made-up rents of flats) into train, validation and test sets. The target is the first column."""

import argparse
import random
from pathlib import Path


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output"))
    arguments.add_argument("--seed", type=int, default=7, help="the same seed gives the same split")
    options = arguments.parse_args()

    rows = (Path(__file__).parent / "flats.csv").read_text().splitlines()
    random.Random(options.seed).shuffle(rows)
    first, second = len(rows) * 70 // 100, len(rows) * 85 // 100
    for name, part in [("train", rows[:first]), ("validation", rows[first:second]), ("test", rows[second:])]:
        folder = options.output / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.csv").write_text("\n".join(part) + "\n")
        print(f"{name}: {len(part)} rows", flush=True)


if __name__ == "__main__":
    main()
