"""Keep the candidate (epochs, learning rate) with the best dev accuracy at its last epoch."""

import argparse
from pathlib import Path

from landscape.jobs import parquet, sealed
from landscape.jobs.command import InputError, link, run
from landscape.jobs.tensor_files import checksum
from landscape.models.epochs import checkpoint_name


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    args = parser.parse_args(argv)

    scores = {folder: parquet.read_frame(folder / "scores.parquet") for folder in args.candidates}
    for folder, table in scores.items():
        if table.empty or not {"epoch", "dev_error"} <= set(table):
            raise InputError(f"{folder}: scores without a row, epoch or dev_error; train it again")
    last = {folder: table.iloc[-1] for folder, table in scores.items()}
    # the first of equals: candidates come with fewer epochs first
    best = min(last, key=lambda folder: last[folder]["dev_error"])
    log = parquet.read_frame(best / "log.parquet")
    checkpoint = best / checkpoint_name(int(last[best]["epoch"]))
    weights = checksum(checkpoint)  # read, as it may be damaged, or have been deleted
    parquet.write_frame(log, args.output / "log.parquet")
    parquet.write_frame(scores[best], args.output / "scores.parquet")
    link(checkpoint, args.output / "final.safetensors")
    # nothing of the others: what depends on the choice must not depend on how many lost
    chosen = {
        "candidate": best.name,
        "epochs": int(last[best]["epoch"]),
        "weights": weights,
    }
    sealed.write_json(chosen, args.output / "selected.json")
    for folder, row in last.items():
        print(f"{folder.name}: dev error {row['dev_error']:.4f}{' (chosen)' * (folder is best)}")


if __name__ == "__main__":
    run(main)
