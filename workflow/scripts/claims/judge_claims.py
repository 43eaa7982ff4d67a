"""Which of the paper's claims hold here, in numbers: one row a claim, measure and task."""

import argparse
import json
from pathlib import Path

import pandas as pd
from landscape.claims import entries, page, tables
from landscape.claims.measured import Run
from landscape.data import tokenised
from landscape.jobs.command import run, whole
from landscape.jobs.sealed import write_page
from landscape.surfaces import folds

PLANES = ["arm", "task", "seed", "plane", "alpha", "beta", "landmark", "dtype"]
PLANES += ["train_loss", *folds.columns("train"), "dev_error", *folds.columns("dev"), "dev_n"]
SHARPNESS = ["kind", "rho", "draw", "train_loss", *folds.columns("train")]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surfaces", nargs="+", required=True, help="of all planes, gathered")
    parser.add_argument("--samples", nargs="+", required=True, help="…/{task}/sample.parquet")
    parser.add_argument("--logs", nargs="+", required=True)
    parser.add_argument("--scores", nargs="+", required=True)
    parser.add_argument("--further", nargs="*", default=[], help="scores of Fig. 4's epochs")
    parser.add_argument("--projections", nargs="+", required=True)
    parser.add_argument("--longer", nargs="*", default=[], help="projections of Fig. 4's epochs")
    parser.add_argument("--rollbacks", nargs="+", required=True)
    parser.add_argument("--sharpness", nargs="*", default=[], help="rises in balls around the end")
    parser.add_argument("--norms", nargs="+", required=True, help="…/{arm}/{task}/s{seed}.json")
    parser.add_argument("--figures", type=json.loads, required=True, help="the config's, as JSON")
    parser.add_argument("--layer-groups", type=json.loads, required=True, help="as JSON")
    parser.add_argument("--csv", required=True)
    parser.add_argument("--markdown", required=True)
    args = parser.parse_args(argv)

    runs, rows = {}, []
    for task, of_task in by_task(collect(args)).items():
        entries.compare_depths(of_task)
        runs[task] = of_task, entries.leave_out(of_task)
    for claim in entries.claims(args.layer_groups, balls(args.sharpness)):
        about = args.figures[claim.tasks]
        for task in [about["task"]] if claim.tasks == "overfitting" else about:
            rows.append({"task": task} | entries.judge(claim, *runs.get(task, ({}, []))))
    table = pd.DataFrame(rows)
    with whole(args.csv) as beside:
        table.to_csv(beside, index=False, lineterminator="\n")
    write_page(page.markdown(table), args.markdown)


def collect(args):
    """{(arm, task, seed): Run} of all files."""
    runs = {}

    def each(table):
        for (arm, task, seed), rows in table.groupby(tables.KEY, sort=False):
            yield runs.setdefault((arm, task, seed), Run(arm, task, int(seed))), rows

    for run_, rows in each(tables.read(args.surfaces, PLANES)):
        rows = rows.drop_duplicates(PLANES[3:8])  # one file may serve two claims
        run_.planes = {name: points for name, points in rows.groupby("plane")}
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


def by_task(runs):
    """{task: {arm: [Run of each seed, in order]}}."""
    found = {}
    for (arm, task, _), run_ in sorted(runs.items()):
        found.setdefault(task, {}).setdefault(arm, []).append(run_)
    return found


if __name__ == "__main__":
    run(main)
