"""Which of the paper's claims hold here, in numbers: one row a claim, measure and task."""

import argparse
import json
from pathlib import Path

import pandas as pd
from landscape import names
from landscape.claims import entries, page, tables, verdicts
from landscape.claims.measured import Run
from landscape.data import tokenised
from landscape.jobs.command import run, whole
from landscape.jobs.sealed import write_page
from landscape.surfaces import folds
from landscape.words import BASIN, CONTROL, CURVE, WAY

PLANES = ["arm", "task", "seed", "plane", "alpha", "beta", "landmark", "dtype"]
PLANES += ["train_loss", *folds.columns("train"), "dev_error", *folds.columns("dev"), "dev_n"]
DEV = ["dev_n", "dev_right", "dev_predicted_0"]
PATH = ["epoch", "cos", "path", "part", "parts_path", "cos_axes"]
SHARPNESS = ["kind", "rho", "draw", "train_loss", *folds.columns("train")]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curves", nargs="+", required=True, help="surfaces of δ1 alone")
    parser.add_argument("--ways", nargs="+", required=True, help="of δ1 from start to end")
    parser.add_argument("--basins", nargs="+", required=True, help="of δ1 and δ2 about the end")
    parser.add_argument("--controls", nargs="*", default=[], help="of random directions")
    parser.add_argument("--lines", nargs="*", default=[], help="of layer groups along their δ1")
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
    names.add_labelled(
        parser, "--paths", {}, "whose trajectories are compared, if others than --contrast"
    )
    parser.add_argument("--csv", required=True)
    parser.add_argument("--markdown", required=True)
    args = parser.parse_args(argv)

    claims = entries.claims(args.layers, balls(args.sharpness))
    runs, pairs = collect(args), {False: args.contrast, True: args.paths or args.contrast}
    compared = {
        (task, same): verdicts.Compared({arm: runs.get((arm, task), []) for arm in pair})
        for task in {task for tasks in args.tasks.values() for task in tasks}
        for same, pair in pairs.items()
    }
    rows = [
        {"task": task} | verdicts.judge(claim, compared[task, claim.same_training])
        for claim in claims
        for task in args.tasks[claim.tasks]
    ]
    verdicts.mark_discoveries(rows)
    arms = pairs[True] | pairs[False]
    table = pd.DataFrame(rows, columns=columns(arms))
    with whole(args.csv) as beside:
        table.to_csv(beside, index=False, lineterminator="\n")
    collapsed = [run_ for own in runs.values() for run_ in own if run_.collapsed()]
    write_page(page.markdown(table, arms, collapsed), args.markdown)


def columns(arms):
    """Of the table: values and intervals arm by arm, then what they come to."""
    of_arms = [name for arm in arms for name in (arm, f"{arm}_low", f"{arm}_high")]
    judged = ["judged", "low", "high", "p", "seeds", "points", "decides", "verdict", "stands"]
    return ["task", "section", "claim", "measure", *of_arms, *judged, "reason", "detail"]


def collect(args):
    """{(arm, task): [Run of each seed]} of all files."""
    runs = {}

    def each(table):
        for (arm, task, seed), rows in table.groupby(tables.KEY, sort=False):
            yield runs.setdefault((arm, task, seed), Run(arm, task, int(seed))), rows

    planes = {CURVE: args.curves, WAY: args.ways, BASIN: args.basins, CONTROL: args.controls}
    for name, paths in planes.items():
        if paths:
            for run_, points in each(tables.read(paths, PLANES)):
                run_.planes[name] = points
    if args.lines:
        for run_, points in each(tables.read(args.lines, PLANES)):
            run_.planes.update(iter(points.groupby("plane")))
    kinds = {
        "log": (args.logs, ["epoch", "learning_rate"]),
        "scores": (args.scores, ["epoch", "train_loss", *folds.columns("train"), *DEV]),
        "further": (args.further, ["epoch", *DEV]),
        "projection": (args.projections, PATH),
        "longer": (args.longer, ["epoch", "eq4_alpha", "eq5_beta"]),
        "rollback": (args.rollbacks, ["group", "dev_right"]),
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
            runs[key].norms.update(norms)
    of_arms = {}
    for (arm, task, _), run_ in sorted(runs.items()):
        of_arms.setdefault((arm, task), []).append(run_)
    return of_arms


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


if __name__ == "__main__":
    run(main)
