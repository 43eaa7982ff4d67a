"""What all else uses of a trained run: its log, the scores of its epochs, and the last of them."""

import argparse
from pathlib import Path

from landscape.jobs import parquet, sealed
from landscape.jobs.command import InputError, link, run
from landscape.jobs.tensor_files import checksum
from landscape.models.epochs import checkpoint_name


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidate", type=Path, required=True, help="folder of the training")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    args = parser.parse_args(argv)

    trained, kept = args.candidate, args.output
    scores = parquet.read_frame(trained / "scores.parquet")
    if scores.empty or "epoch" not in scores:
        raise InputError(f"{trained}: scores without a row or epoch; train it again")
    epochs = int(scores["epoch"].iloc[-1])
    checkpoint = trained / checkpoint_name(epochs)
    weights = checksum(checkpoint)  # read, as it may be damaged, or have been deleted
    parquet.write_frame(parquet.read_frame(trained / "log.parquet"), kept / "log.parquet")
    parquet.write_frame(scores, kept / "scores.parquet")
    link(checkpoint, kept / "final.safetensors")
    selected = {"candidate": trained.name, "epochs": epochs, "weights": weights}
    sealed.write_json(selected, kept / "selected.json")


if __name__ == "__main__":
    run(main)
