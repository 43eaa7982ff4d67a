"""Each run in a line: what was kept, how good it is, how far it went, how well a plane shows it."""

import argparse
from pathlib import Path

import pandas as pd
from landscape import names
from landscape.claims import measures, tables
from landscape.claims.measured import Run, gives_one_class
from landscape.jobs.command import InputError, run
from landscape.jobs.sealed import read_json, write_page

NOTES = """\
Layer groups (by name): ‖δ‖/‖θ0‖ of the group's parameters as one vector. *Off the plane*: the
share of ‖δ^i‖ outside the span of δ1 and δ2, the largest of the run's epochs. *Eq. 5* takes all
of it for a distance from the δ1 axis; *β* is the signed coordinate in the plane. Both are the
largest in size, in units of ‖δ1‖."""

HEADER = ["task", "arm", "seed", "kept", "dev accuracy", "training loss", "‖δ1‖", "‖δ1‖/‖θ0‖"]
WAY = ["path / ‖δ1‖", "off the plane", "Eq. 5", "β", ""]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curves", nargs="+", required=True, help="surfaces with both ends")
    parser.add_argument("--selected", nargs="+", required=True, help="…/{arm}/{task}/s{seed}/*")
    parser.add_argument("--norms", nargs="+", required=True, help="…/{arm}/{task}/s{seed}/own.json")
    parser.add_argument("--projections", nargs="+", required=True)
    names.add_arms(parser)
    names.add_layers(parser)
    parser.add_argument("--csv", required=True)
    parser.add_argument("--markdown", required=True)
    args = parser.parse_args(argv)

    selected = {
        tables.run_of(Path(path).parent): read_json(path, "candidate") for path in args.selected
    }
    norms = tables.read_norms(args.norms)
    ends = tables.read(args.curves, [*tables.KEY, "landmark", "dtype", "train_loss", "dev_error"])
    ends = tables.select(ends, task=None, landmark=["end"], dtype=["float32"])
    columns = [*tables.KEY, "path", "off_plane", "eq5_beta", "beta"]
    projections = tables.read(args.projections, columns)
    rows = []
    for _, end in ends.iterrows():
        key = {name: end[name] for name in tables.KEY}
        place = tuple(key.values())
        for found, option in ((selected, "--selected"), (norms, "--norms")):
            if place not in found:
                raise InputError(f"{option}: no file of {' '.join(map(str, place))}")
        way = tables.one(projections, **key)
        rows.append(
            key
            | {"kept": selected[place]["candidate"]}
            | {"dev_error": end["dev_error"], "train_loss": end["train_loss"]}
            | moved(Run(*place, norms=norms[place]), args.layers)
            | {"path": way["path"].iloc[-1]}
            | {name: way[name].abs().max() for name in ("off_plane", "eq5_beta", "beta")}
            | {"collapsed": gives_one_class(end)}
        )
    table = pd.DataFrame(rows)
    tables.write_csv(table, args.csv)
    write_page(markdown(table, args.arms, args.layers), args.markdown)


def moved(run, groups):
    """‖δ1‖, and over ‖θ0‖, of the encoder and of each group."""
    whole = {"distance": run.norm(), "relative_whole": run.norm() / run.norm("start_norm")}
    return whole | {
        f"relative_{name}": measures.movement(run, layers) for name, layers in groups.items()
    }


def markdown(table, arms, groups):
    header = [*HEADER, *groups, *WAY]
    lines = [
        [
            names.task_name(row["task"]),
            arms.get(row["arm"], row["arm"]),
            str(row["seed"]),
            row["kept"],
            f"{100 * (1 - row['dev_error']):.2f}",
            *(f"{row[name]:.3g}" for name in ("train_loss", "distance")),
            *(f"{row[f'relative_{of}']:.3g}" for of in ("whole", *groups)),
            f"{row['path']:.2f}",
            f"{row['off_plane']:.0%}",
            f"{row['eq5_beta']:.2f}",
            f"{row['beta']:.2f}",
            "**collapsed**: gives (almost) all dev examples one class" if row["collapsed"] else "",
        ]
        for row in table.to_dict("records")
    ]
    return "\n".join(["# Runs", "", *tables.markdown(header, lines), "", NOTES]) + "\n"


if __name__ == "__main__":
    run(main)
