"""Verdicts where there is nothing to find: at most 5 % are wrong, for any number of seeds."""

import calibration
import numpy as np
import pandas as pd
import pytest
from landscape.claims import entries, verdicts
from landscape.claims.measured import Run
from landscape.surfaces import projection

STUDIES = 1000
AT_MOST = 0.05 + 3 * np.sqrt(0.05 * 0.95 / STUDIES)  # three simulation errors


@pytest.mark.parametrize("kind", calibration.KINDS.values(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seeds", calibration.SEEDS)
def test_few_verdicts_are_wrong(kind, seeds):
    wrong, _ = calibration.shares(kind, seeds, 0, STUDIES)
    assert wrong <= AT_MOST
    assert seeds > 1 or wrong == 0  # one run says nothing of others


@pytest.mark.parametrize("kind", calibration.KINDS.values(), ids=lambda kind: kind.__name__)
def test_a_real_difference_is_found(kind):
    (_, of_three), (_, of_ten) = (calibration.shares(kind, k, 4, 300) for k in (3, 10))
    assert of_three > 0.5 and of_ten > 0.9


def walk(rng, arm, seed, epochs, steps=4):
    """A run whose training is a random walk with momentum, as its tables tell it."""
    drawn, path = rng.normal(size=(epochs * steps, 300)), [np.zeros(300)]
    step = np.zeros(300)
    for push in drawn:
        step = 0.9 * step + push
        path.append(path[-1] + step)
    path = np.array(path)[::steps]
    ends, end = [0, *projection.parts(epochs)], path[-1]
    length = np.linalg.norm(end)
    table = pd.DataFrame({"epoch": range(epochs + 1)})
    with np.errstate(invalid="ignore"):
        table["cos"] = path @ end / (np.linalg.norm(path, axis=1) * length)
    whole = np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum() / length
    table["path"] = np.insert(whole, 0, 0.0)
    table["part"] = table["parts_path"] = np.nan
    table.loc[ends, "part"] = range(len(ends))
    legs = np.linalg.norm(np.diff(path[ends], axis=0), axis=1).cumsum() / length
    table.loc[ends, "parts_path"] = np.insert(legs, 0, 0.0)
    scores = pd.DataFrame({"epoch": range(1, epochs + 1), "dev_n": 100, "dev_predicted_0": 50})
    log = pd.DataFrame({"learning_rate": np.linspace(1, 0, epochs * steps)})
    return Run(arm, "mnli", seed, {}, {"projection": table, "scores": scores, "log": log})


def straightness(rng, epochs, seeds):
    """The verdicts on straightness where both arms walk at random for so many epochs."""
    runs = {
        arm: [walk(rng, arm, seed, number) for seed in range(seeds)]
        for arm, number in zip(("pretrained", "scratch"), epochs)
    }
    compared = verdicts.Compared(runs)
    straight = [claim for claim in entries.claims({}, {}) if claim.words == entries.STRAIGHT]
    return [verdicts.judge(claim, compared) for claim in straight]


def test_a_random_walk_of_fewer_epochs_is_not_judged_straighter():
    """It is, by the paper's own measure, always."""
    for row in straightness(np.random.default_rng(0), (5, 16), seeds=3):
        assert row["verdict"] in ("cannot tell", "not judged")
        if row["verdict"] == "cannot tell":
            assert (row["reason"], row["detail"]) == (
                "unequal training",
                "trained for 5 and 16 epochs",
            )
        else:
            assert row["low"] > 0  # as if it held


def test_of_walks_of_the_same_length_few_are_judged_straighter():
    rng = np.random.default_rng(1)
    found = [row["verdict"] for _ in range(200) for row in straightness(rng, (5, 5), 3)[:2]]
    wrong = np.isin(found, ["holds", "does not hold"]).mean()
    assert wrong <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
