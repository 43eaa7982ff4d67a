"""How often verdicts are wrong where there is nothing to find, and right where there is something.

    python benchmarks/calibration.py --studies 4000

Studies are simulated as the embedded study varies: runs about their arm, examples shared by all
runs, and what each arm and each run makes of them. Interval and rule are the workflow's own. Prints
a Markdown table: the share of wrong verdicts, and of right ones at two sizes of effect.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.special import ndtri

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))
from landscape.claims import intervals, verdicts
from landscape.claims.entries import Claim
from landscape.claims.intervals import Side
from landscape.surfaces.folds import FOLDS

SEEDS = (1, 2, 3, 5, 10)


def by_folds(rng, k, effect, arms=2):
    """A number measured on folds of training examples: widths, losses, curvatures, sharpness.

    effect: in standard deviations of a run, which differ between the arms.
    """
    shared = rng.uniform(0.3, 0.6)  # of the examples' variance, by both arms
    error = rng.uniform(0.07, 0.12) * np.sqrt(FOLDS)  # of one fold
    both, sides = rng.normal(size=FOLDS), []
    for arm in range(arms):
        spread = rng.uniform(0.1, 0.2)
        own = rng.normal(size=FOLDS)
        of_runs = rng.normal(size=(k, FOLDS))
        parts = np.sqrt([shared, (1 - shared) / 2, (1 - shared) / 2])
        noise = error * (parts[0] * both + parts[1] * own + parts[2] * of_runs)
        runs = spread * rng.normal(size=(k, 1)) + (arm == 0) * effect * 0.15
        folds = runs + noise
        without = np.array([intervals.mean_without_each(run) for run in folds])
        sides.append(Side(folds.mean(axis=1), (without,)))
    return sides


def one_arm(rng, k, effect):
    """The same of one arm, against a bound: agreement, growth of an error."""
    return by_folds(rng, k, effect, arms=1)


def skewed(rng, k, effect):
    """A rise that is never negative, and often 0: `largest_rise`."""
    sides = by_folds(rng, k, effect)
    return [
        Side(np.maximum(0, side.values), tuple(np.maximum(0, part) for part in side.without))
        for side in sides
    ]


def dev_errors(rng, k, effect):
    """Dev errors of 320 examples, each hard for all, an arm or a run; effect: in points of 2 %."""
    n, hard = 320, rng.uniform(0.12, 0.35)
    both, sides = rng.normal(size=n), []
    for arm in range(2):
        spread = rng.uniform(0.01, 0.03)
        own, of_runs = rng.normal(size=n), rng.normal(size=(k, n))
        hardness = np.sqrt([0.43, 0.14, 0.43]) @ np.array(
            [np.broadcast_to(both, (k, n)), np.broadcast_to(own, (k, n)), of_runs]
        ).transpose(1, 0, 2)
        share = hard + spread * rng.normal(size=(k, 1)) + (arm == 0) * effect * 0.02
        wrong = (hardness < ndtri(np.clip(share, 0.01, 0.99))).astype(float)
        without = np.array([intervals.mean_without_each(run) for run in wrong])
        sides.append(Side(wrong.mean(axis=1), (without,)))
    return sides


def runs_alone(rng, k, effect):
    """What no examples enter: angles, distances, straightness; one arm may spread threefold."""
    return [
        Side(spread * rng.normal(size=k) + (arm == 0) * effect * 0.15)
        for arm, spread in enumerate((0.1, 0.3) if rng.random() < 0.5 else (0.15, 0.15))
    ]


KINDS = {
    "a measure on training examples, arm against arm": by_folds,
    "a measure on examples, one arm against a bound": one_arm,
    "a rise that is never negative": skewed,
    "dev errors, arm against arm": dev_errors,
    "what only runs vary": runs_alone,
}


def shares(kind, k, effect, studies, seed=0):
    """(wrong, right) shares of verdicts: against the effect, or any where there is none."""
    rng, found = np.random.default_rng([seed, k, round(10 * effect)]), []
    for _ in range(studies):
        sides = kind(rng, k, effect)
        claim = Claim("", "", "", None, bound=0.0 if len(sides) == 1 else None)
        verdict, *_ = verdicts.decide(claim, intervals.welch(*sides), {})
        found.append({verdicts.HOLDS: 1, verdicts.FAILS: -1}.get(verdict, 0))
    found = np.array(found)
    wrong = (found != 0) if effect == 0 else (found < 0)
    return wrong.mean(), (found > 0).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=4000)
    args = parser.parse_args()
    print("| wrong % / right % at 2 / at 4 standard deviations of a run |", end="")
    print(" |".join(f" {k} seed{'s' * (k > 1)}" for k in SEEDS), "|")
    print("| --- |" + " --- |" * len(SEEDS))
    for name, kind in KINDS.items():
        cells = []
        for k in SEEDS:
            wrong, _ = shares(kind, k, 0, args.studies)
            power = [shares(kind, k, effect, args.studies // 4)[1] for effect in (2, 4)]
            cells.append(" / ".join(f"{100 * share:.1f}" for share in (wrong, *power)))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
