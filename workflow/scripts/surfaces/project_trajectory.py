"""Project the epochs of a run on the plane of its directions (Eqs. 3–5, and least squares)."""

import argparse

import numpy as np
import pandas as pd
from landscape.directions.axes import direction
from landscape.jobs.command import run
from landscape.jobs.parquet import write_frame
from landscape.models import classifiers
from landscape.models.vectors import Vector
from landscape.runs import checkpoints, labels
from landscape.surfaces import projection


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", required=True, help="weights of θ0")
    parser.add_argument("--run", required=True, help="folder of selected.json and candidates")
    parser.add_argument("--further", help="folder of further epochs from there")
    parser.add_argument("--first", required=True, help="direction δ1")
    parser.add_argument("--end", required=True, help="checkpoint that holds θ1")
    parser.add_argument("--second", nargs=2, metavar=("KIND", "FILE"), required=True, help="δ2")
    labels.add_argument(parser)
    parser.add_argument("--output", required=True, help=".parquet")
    args = parser.parse_args(argv)

    first, further = checkpoints.of_run(args.run, args.further)
    epochs = [Vector(path, classifiers.ENCODER) for path in first + further]
    ends = projection.parts(len(first))
    axes, onto, norms, steps, legs = projection.products(
        Vector(args.start), epochs, Vector(args.first), direction(*args.second, args.end), ends
    )
    # the start is the origin of every coordinate; its angle and share are not defined
    columns = {
        name: np.insert(values, 0, np.nan if name in ("cos", "off_plane") else 0.0)
        for name, values in projection.project(axes, onto, norms).items()
    }
    columns["path"] = np.insert(np.sqrt(steps).cumsum() / np.sqrt(axes[0, 0]), 0, 0.0)
    of_parts = [0, *ends]
    columns["part"], columns["parts_path"] = np.full((2, len(epochs) + 1), np.nan)
    columns["part"][of_parts] = range(len(of_parts))
    columns["parts_path"][of_parts] = np.insert(np.sqrt(legs).cumsum() / np.sqrt(axes[0, 0]), 0, 0)
    columns["cos_axes"] = axes[0, 1] / np.sqrt(axes[0, 0] * axes[1, 1])
    phases = ["first"] * (len(first) + 1) + ["further"] * len(further)
    table = pd.DataFrame({"epoch": range(len(phases)), "phase": phases} | columns)
    table = labels.label(table, args.labels)
    write_frame(table, args.output)
    print(table.to_string(index=False, float_format="%.4f"))


if __name__ == "__main__":
    run(main)
