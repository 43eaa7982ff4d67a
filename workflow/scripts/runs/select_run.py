"""Keep the candidate (epochs, learning rate) with the best dev accuracy at its last epoch."""

import argparse
from pathlib import Path

from landscape.jobs import parquet, sealed
from landscape.jobs.command import InputError, link, run
from landscape.jobs.tensor_files import opened


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
    checkpoint = best / f"epoch_{int(last[best]['epoch']):02d}.safetensors"
    opened(checkpoint, "np")  # it may be damaged, or have been deleted
    parquet.write_frame(log, args.output / "log.parquet")
    parquet.write_frame(scores[best], args.output / "scores.parquet")
    link(checkpoint, args.output / "final.safetensors")
    chosen = {
        "candidate": best.name,
        "epochs": int(last[best]["epoch"]),
        "dev_error": {folder.name: float(row["dev_error"]) for folder, row in last.items()},
    }
    sealed.write_json(chosen, args.output / "selected.json")
    print(f"{best.name} of {', '.join(folder.name for folder in args.candidates)}")


if __name__ == "__main__":
    run(main)
