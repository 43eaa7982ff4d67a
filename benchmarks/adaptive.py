"""How well a plane is known by adaptive points, against uniform grids: `benchmarks/adaptive.py`.

Each plane of the embedded study is measured once on 65 × 65 points, which are then taken as the
truth; that takes minutes. In the basin, where the loss is below that of guessing: mean and largest
error of the loss, and by how much the basin's area is off.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts/surfaces"))
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))
import evaluate_surface
from landscape.jobs.sealed import read_json
from landscape.study import Study
from landscape.surfaces import refine, surface
from landscape.words import FULL, OWN, PARTNER

TRUTH = 65  # points on an axis, and the lattice of all that is held against it
UNIFORM = (17, 21, 33)
# points on an axis of the grid, and of each level after it
ADAPTIVE = {9: (120, 120, 120), 17: (76, 76)}


def measure(results, arm, task, name, output):
    """The truth of a plane of the first seed's run, as the workflow would measure it."""
    study = Study(read_json(results / "study.json"))
    plane, seed = study.planes[name], f"s{study.first_seed}"
    second = results / f"directions/{arm}/{study.tasks[task].partner}/{seed}/own.safetensors"
    spec = {"name": name, "axes": [[OWN], [PARTNER, str(second)]], "range": plane.range}
    spec |= {"points": TRUTH, "anchor": plane.anchor, "measures": ["train_loss"]}
    spec["layers"] = plane.group and [plane.group.first, plane.group.last]
    data, settings = results / "data" / task, study.config["surfaces"]
    argv = ["--start", results / f"models/{study.arms[arm].start}/{seed}"]
    argv += ["--end", results / f"runs/{arm}/{task}/{seed}/final.safetensors"]
    argv += ["--train", data / "sample.parquet", "--dev", data / "dev.parquet"]
    argv += ["--labels", arm, task, study.first_seed, "--plane", json.dumps(spec)]
    argv += ["--batch-tokens", settings["batch_tokens"], "--keep", settings["keep_gb"]]
    argv += ["--state", output.parent / "state", "--output", output]
    evaluate_surface.main(list(map(str, argv)))


def part_of(truth, coordinates):
    """The rows of a truth on the lattice of these coordinates, and its landmarks."""
    on = truth["alpha"].isin(coordinates) & truth["beta"].isin(coordinates)
    return truth[on | truth["landmark"].notna()]


def adaptive(truth, settings, points, finer):
    """The losses that levels of so many points give of a truth: (n, n), and how many were used."""
    settings = settings | {"points": points}
    table = part_of(truth, refine.axis(*settings["range"], points, 0))
    landmarks = [
        tuple(row) for row in truth.dropna(subset="landmark")[["alpha", "beta"]].to_numpy()
    ]
    grid = truth[truth["landmark"].isna()].set_index(["alpha", "beta"], drop=False)
    for level, number in enumerate(finer, 1):
        chosen = refine.next_points(table, settings, level, number, landmarks)
        table = pd.concat([table, grid.loc[chosen]], ignore_index=True)
    coordinates = refine.axis(*settings["range"], points, len(finer))
    whole = refine.whole(table, settings, len(finer))
    used = int(table["landmark"].isna().sum())
    return refine.placed(whole, "train_loss", coordinates)[0], used


def uniform(truth, settings, points):
    """The losses of a uniform grid, bilinear on the truth's lattice, and how many were used.

    A grid that is no part of the lattice is measured by linear interpolation of the truth.
    """
    from scipy.interpolate import RegularGridInterpolator

    fine, coarse = (np.linspace(*settings["range"], number) for number in (TRUTH, points))
    there = RegularGridInterpolator((fine, fine), truth)(
        np.stack(np.meshgrid(coarse, coarse, indexing="ij"), -1)
    )
    at = np.stack(np.meshgrid(fine, fine, indexing="ij"), -1)
    return RegularGridInterpolator((coarse, coarse), there)(at), points**2


def errors(losses, truth, guess):
    """Mean and largest error in the basin, and by which share its area is off."""
    basin = truth < guess
    off = np.abs(losses - truth)
    return off[basin].mean(), off[basin].max(), (losses < guess).mean() / basin.mean() - 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="of the embedded study")
    parser.add_argument("--arm", default="pretrained")
    parser.add_argument("--tasks", nargs="+", default=["mnli", "mrpc"])
    parser.add_argument("--plane", default=FULL, help="or that of a layer group")
    parser.add_argument("--truths", type=Path, help="folder that keeps them (default: none does)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = args.truths or Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for task in args.tasks:
            path = folder / f"{args.arm}_{task}_{args.plane}.parquet"
            if not path.exists():
                measure(args.results, args.arm, task, args.plane, path)
            compare(path)


def read(path):
    """(table of a truth, its settings, its losses (65, 65), the loss of guessing)."""
    truth, made_by = surface.read(path)
    settings, guess = made_by["settings"], refine.loss_of_guessing(truth)
    coordinates = refine.axis(*settings["range"], TRUTH, 0)
    # above the top of figures' scales all is alike, for either side
    truth = truth.assign(train_loss=truth["train_loss"].clip(upper=2 * guess))
    losses, _ = refine.placed(truth, "train_loss", coordinates)
    return truth, settings, losses, guess


def points_needed(path, error):
    """(uniform, adaptive): the fewest points that give a mean error in the basin below this."""
    truth, settings, losses, guess = read(path)
    tries = (uniform(losses, settings, n) for n in range(9, TRUTH + 1))
    finer = (adaptive(truth, settings, 9, (number,) * 3) for number in range(20, 400, 10))
    return tuple(
        next(used for got, used in of if errors(got, losses, guess)[0] < error)
        for of in (tries, finer)
    )


def compare(path):
    """Print the table of one truth."""
    truth, settings, losses, guess = read(path)
    basin = (losses < guess).mean()
    print(f"\n{path.stem}: {basin:.0%} of the plane in the basin\n")
    print("| points | | mean error | largest | area |\n|---|---:|---:|---:|---:|")
    tries = {f"{n} × {n}": uniform(losses, settings, n) for n in UNIFORM}
    for points, finer in ADAPTIVE.items():
        name = " + ".join([f"{points} × {points}", *map(str, finer)])
        tries[name] = adaptive(truth, settings, points, finer)
    for name, (got, used) in tries.items():
        mean, most, area = errors(got, losses, guess)
        print(f"| {name} | {used} | {mean:.4f} | {most:.3f} | {area:+.1%} |")


if __name__ == "__main__":
    main()
