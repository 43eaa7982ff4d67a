"""Which of the paper's claims hold here, in numbers: one row a claim, measure and task."""

import argparse
import json
from pathlib import Path

import pandas as pd
from landscape import names
from landscape.claims import entries, page, tables
from landscape.claims.measured import Run
from landscape.data import tokenised
from landscape.jobs.command import run, whole
from landscape.jobs.sealed import write_page
from landscape.surfaces import folds
from landscape.words import CONTROL, CURVE, FULL

PLANES = ["arm", "task", "seed", "plane", "alpha", "beta", "landmark", "dtype"]
PLANES += ["train_loss", *folds.columns("train"), "dev_error", *folds.columns("dev"), "dev_n"]
SHARPNESS = ["kind", "rho", "draw", "train_loss", *folds.columns("train")]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planes", nargs="+", required=True, help="surfaces of δ1 and δ2")
    parser.add_argument("--curves", nargs="+", required=True, help="surfaces of δ1 alone")
    parser.add_argument("--controls", nargs="*", default=[], help="of random directions")
    parser.add_argument("--groups", nargs="*", default=[], help="surfaces of layer groups")
    parser.add_argument("--samples", nargs="+", required=True, help="…/{task}/sample.parquet")
    parser.add_argument("--logs", nargs="+", required=True)
    parser.add_argument("--scores", nargs="+", required=True)
    parser.add_argument("--further", nargs="*", default=[], help="scores of Fig. 4's epochs")
    parser.add_argument("--projections", nargs="+", required=True)
    parser.add_argument("--longer", nargs="*", default=[], help="projections of Fig. 4's epochs")
    parser.add_argument("--rollbacks", nargs="*", default=[])
    parser.add_argument("--sharpness", nargs="*", default=[], help="rises in balls around the end")
    parser.add_argument("--norms", nargs="+", required=True, help="…/{arm}/{task}/s{seed}/own.json")
    parser.add_argument(
        "--tasks",
        type=json.loads,
        required=True,
        help="JSON: the tasks on which claims are judged, by the key of the config's `figures`",
    )
    names.add_layers(parser)
    names.add_contrast(parser)
    parser.add_argument("--csv", required=True)
    parser.add_argument("--markdown", required=True)
    args = parser.parse_args(argv)

    claims = entries.claims(args.layers, balls(args.sharpness))
    runs, rows = {}, []
    for task, of_task in by_task(collect(args), args.contrast).items():
        entries.compare_depths(of_task)
        runs[task] = of_task, entries.leave_out(of_task)
    for claim in claims:
        for task in args.tasks[claim.tasks]:
            of_task = runs.get(task, ({}, []))
            rows.append({"task": task} | entries.judge(claim, args.contrast, *of_task))
    table = pd.DataFrame(rows)
    with whole(args.csv) as beside:
        table.to_csv(beside, index=False, lineterminator="\n")
    write_page(page.markdown(table, args.contrast), args.markdown)


def collect(args):
    """{(arm, task, seed): Run} of all files."""
    runs = {}

    def each(table):
        for (arm, task, seed), rows in table.groupby(tables.KEY, sort=False):
            yield runs.setdefault((arm, task, seed), Run(arm, task, int(seed))), rows

    planes = {CURVE: args.curves, FULL: args.planes, CONTROL: args.controls}
    for name, paths in planes.items():
        if paths:
            for run_, points in each(tables.read(paths, PLANES)):
                run_.planes[name] = points
    if args.groups:
        for run_, points in each(tables.read(args.groups, PLANES)):
            run_.planes |= dict(iter(points.groupby("plane")))
    kinds = {
        "log": (args.logs, ["epoch", "loss"]),
        "scores": (args.scores, ["epoch", "dev_error", "dev_n"]),
        "further": (args.further, ["epoch", "dev_error", "dev_n"]),
        "projection": (args.projections, ["epoch", "cos", "path", "cos_axes"]),
        "longer": (args.longer, ["epoch", "eq4_alpha", "eq5_beta"]),
        "rollback": (args.rollbacks, ["group", "dev_error", *folds.columns("dev")]),
        "sharpness": (args.sharpness, SHARPNESS),
    }
    for name, (paths, columns) in kinds.items():
        if paths:
            for run_, rows in each(tables.read(paths, [*tables.KEY, *columns])):
                run_.tables[name] = rows.drop_duplicates()
    for path in map(Path, args.samples):
        labels = pd.DataFrame({"label": tokenised.read(path)[0]["label"].to_numpy()})
        for (_, task, _), run_ in runs.items():
            if task == path.parent.name:
                run_.tables["sample"] = labels
    for key, norms in tables.read_norms(args.norms).items():
        if key in runs:
            runs[key].norms = norms
    return runs


def balls(paths):
    """{kind: ρ} of the balls in which sharpness was measured: one of each kind for all runs."""
    if not paths:
        return {}
    table = tables.read(paths, [*tables.KEY, *SHARPNESS])
    found = {}
    for kind, sizes in table[table["kind"] != "end"].groupby("kind")["rho"]:
        sizes = sizes.abs()  # a draw goes both ways
        if sizes.nunique(dropna=False) > 1:
            given = ", ".join(f"{size:g}" for size in sizes.unique())
            tables.stop(table, f"kind {kind} with rho {given}, expected one for all runs")
        found[kind] = sizes.iloc[0]
    return found


def by_task(runs, arms):
    """{task: {arm: [Run of each seed, in order]}} of these arms."""
    found = {}
    for (arm, task, _), run_ in sorted(runs.items()):
        if arm not in arms:
            continue
        found.setdefault(task, {}).setdefault(arm, []).append(run_)
    return found


if __name__ == "__main__":
    run(main)
