"""Keep the candidate (epochs, learning rate) with the best dev accuracy at its last epoch."""

import argparse
import json
import os
import shutil
from pathlib import Path

import pandas as pd
from landscape.command import run, whole
from landscape.vectors import opened


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    args = parser.parse_args(argv)

    last = {folder: pd.read_csv(folder / "scores.csv").iloc[-1] for folder in args.candidates}
    # the first of equals: candidates come with fewer epochs first
    best = min(last, key=lambda folder: last[folder]["dev_error"])
    args.output.mkdir(parents=True, exist_ok=True)
    for name in ("log.csv", "scores.csv"):
        with whole(args.output / name) as beside:
            shutil.copyfile(best / name, beside)
    checkpoint = best / f"epoch_{int(last[best]['epoch']):02d}.safetensors"
    opened(checkpoint, "np")  # it may have been deleted
    with whole(args.output / "final.safetensors") as beside:
        try:
            os.link(checkpoint, beside)
        except OSError:  # not every file system has links, or has them across folders
            shutil.copyfile(checkpoint, beside)
    chosen = {
        "candidate": best.name,
        "epochs": int(last[best]["epoch"]),
        "dev_error": {folder.name: float(row["dev_error"]) for folder, row in last.items()},
    }
    with whole(args.output / "selected.json") as beside:
        beside.write_text(json.dumps(chosen, indent=2) + "\n")
    print(f"{best.name} of {', '.join(folder.name for folder in args.candidates)}")


if __name__ == "__main__":
    run(main)
