"""An algorithm by SageMaker's words: `train` fits a line through no data at all, `serve` answers with what was fitted."""

import os
import pathlib
import sys

ML = pathlib.Path("/opt/ml")


def train():
    directory = pathlib.Path(os.environ.get("SM_MODEL_DIR") or ML / "model")
    channels = pathlib.Path(os.environ.get("SM_INPUT_DIR") or ML / "input") / "data"
    seen = sorted(file.read_text() for file in channels.rglob("*") if file.is_file())
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "model.txt").write_text(f"{os.environ['SM_HP_SLOPE']} of {' '.join(seen)}")


def serve():
    import model  # which looks for what was trained as soon as it is imported

    model.main()


if __name__ == "__main__":
    {"train": train, "serve": serve}[sys.argv[1]]()
