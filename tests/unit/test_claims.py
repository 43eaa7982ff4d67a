"""How a verdict is reached: the rule, the intervals, and what stands in the way of one."""

from dataclasses import replace

import known
import numpy as np
import pytest
from landscape.claims import basins, entries, intervals
from landscape.claims.entries import Claim, Estimate
from landscape.surfaces import folds

GROUPS = {"low": (0, 0), "middle": (1, 1), "high": (2, 2)}


class Known:
    """Stands for a run: what the measure gives is known, with `half` an interval of its own."""

    def __init__(self, value, half=None, collapsed=False, name="run", seed=0):
        self.found = value if half is None else (value, value - half, value + half)
        self._collapsed, self.name, self.seed = collapsed, name, seed

    def collapsed(self):
        return self._collapsed

    def __str__(self):
        return self.name


def judge(*args):
    claim, runs, left_out = args
    return entries.judge(claim, ("pretrained", "scratch"), runs, left_out)


def claim(**more):
    return Claim("1", "words", "measure", lambda run: run.found, **more)


@pytest.mark.parametrize(
    "low, high, more, bound, verdict",
    [
        (0.1, 0.3, True, None, "holds"),
        (-0.3, -0.1, True, None, "does not hold"),
        (-0.1, 0.3, True, None, "cannot tell"),
        (0.1, 0.3, False, None, "does not hold"),
        (-0.3, -0.1, False, None, "holds"),
        (0.01, 0.04, False, 0.05, "holds"),  # at most the bound
        (0.06, 0.09, False, 0.05, "does not hold"),
        (0.01, 0.09, False, 0.05, "cannot tell"),
        (0.6, 0.9, True, 0.5, "holds"),
        (0.1, 0.4, True, 0.5, "does not hold"),
        (np.nan, np.nan, True, None, "cannot tell"),
        (0.1, np.inf, True, None, "cannot tell"),
    ],
)
def test_the_rule(low, high, more, bound, verdict):
    whole = Estimate((low + high) / 2, low, high, "examples")
    found, reason = entries.decide(claim(more=more, bound=bound), whole)
    assert found == verdict
    assert bool(reason) == (verdict == "cannot tell")


def test_intervals_of_their_own_are_taken_as_independent():
    row = judge(claim(), {"pretrained": [Known(5, 1)], "scratch": [Known(1, 1)]}, [])
    assert row["verdict"] == "holds" and row["over"] == "examples" and row["seeds"] == 1
    assert row["low"] == pytest.approx(4 - 2**0.5)


def without_folds(train, dev=None):
    """What `leave_out` gives: by arm, the values without each fold of train and of dev."""
    dev = dev or {arm: [values[0]] * folds.FOLDS for arm, values in train.items()}
    return [
        [{arm: [Known(values[fold])] for arm, values in split.items()} for fold in range(10)]
        for split in (train, dev)
    ]


T9 = 2.2621571628  # of 95 %, 9 degrees of freedom
UP_AND_DOWN = (-1) ** np.arange(10) / 3  # whose jackknife has standard deviation 1


def test_one_seed_is_judged_by_leaving_out_examples():
    without = without_folds({"pretrained": 5 + UP_AND_DOWN}, {"pretrained": 5 + 2 * UP_AND_DOWN})
    row = judge(claim(bound=0.0), {"pretrained": [Known(5.0)]}, without)
    assert (row["judged"], row["over"], row["seeds"]) == (5, "examples", 1)
    assert row["low"] == pytest.approx(5 - T9 * 5**0.5)  # train and dev: variances 1 and 4
    assert row["pretrained_high"] == row["high"] == pytest.approx(5 + T9 * 5**0.5)
    assert row["verdict"] == "cannot tell" and row["reason"].startswith("the interval over exam")


def test_both_inits_are_measured_without_the_same_examples():
    """Their difference is known better than either, and far better than if they were strangers."""
    train = {"pretrained": 5 + 9.1 * UP_AND_DOWN, "scratch": 1 + 9 * UP_AND_DOWN}
    ours, theirs = [Known(5.0)], [Known(1.0)]
    row = judge(claim(), {"pretrained": ours, "scratch": theirs}, without_folds(train))
    assert row["scratch_high"] - 1 == pytest.approx(9 * T9)
    assert row["high"] - 4 == pytest.approx(0.1 * T9)
    assert row["verdict"] == "holds"


def test_one_seed_without_examples_cannot_tell():
    runs = {"pretrained": [Known(5)], "scratch": [Known(1)]}
    row = judge(claim(), runs, without_folds({"pretrained": [5] * 10, "scratch": [1] * 10}))
    assert row["judged"] == 4 and np.isnan([row["low"], row["pretrained_low"]]).all()
    assert row["verdict"] == "cannot tell" and "one run" in row["reason"]


def test_a_measure_that_some_examples_decide_cannot_tell():
    def edge(run):
        if run.found > 5:
            raise entries.Unknown(f"the basin of {run} reaches the edge")
        return run.found

    without = without_folds({"pretrained": 5 + UP_AND_DOWN})
    row = judge(
        Claim("1", "words", "measure", edge, bound=0.0), {"pretrained": [Known(5)]}, without
    )
    assert (row["judged"], row["pretrained"]) == (5, 5)  # what is known is told
    assert row["verdict"] == "cannot tell" and row["reason"] == "the basin of run reaches the edge"


def test_depths_are_compared_without_the_same_examples():
    """Which basin is the shallower, and how deep, depends on the examples."""
    deep, shallow = known.run(), known.run(lambda a, b: known.bowl(a, b) + 0.2, noise=0.3)
    runs = {"pretrained": [deep], "scratch": [replace(shallow, arm="scratch")]}
    entries.compare_depths(runs)
    for split, without in zip(("train", "dev"), entries.leave_out(runs)):
        for fold, of_fold in enumerate(without):
            (ours,), (theirs,) = of_fold.values()
            assert ours.depth == theirs.depth == basins.depth(theirs)
            assert str(theirs) == f"scratch mnli seed 0 without fold {fold} of its {split} examples"
            end = 0.3 * (1 + 0.3 * (-1) ** fold / 3) if split == "train" else 0.3
            assert theirs.landmark("end")["train_loss"] == pytest.approx(end)
            assert len(theirs.table("sample")) == (90 if split == "train" else 100)
    assert (
        deep.depth == basins.depth(shallow) == pytest.approx(np.log(2) - 0.3)
    )  # the whole is as it was


def test_the_jackknife_of_a_mean_is_its_standard_error():
    """Exactly, with an example a group."""
    values = np.random.default_rng(0).exponential(size=200)
    groups = [values[values != value].mean() for value in values]
    _, low, high = intervals.jackknife(values.mean(), [groups])
    assert (high - low) / 2 == pytest.approx(1.971957 * values.std(ddof=1) / 200**0.5)


def test_intervals_hold_the_true_width_as_often_as_they_say():
    """Of parabolas whose height and curvature differ from example to example, as in `width`."""
    rng, n, guess, held = np.random.default_rng(0), 195, np.log(2), []
    fold = folds.of_examples(n)

    def width(heights, curvatures):
        return 2 * np.sqrt((guess - heights.mean()) / 2 / curvatures.mean())

    for _ in range(400):
        drawn = np.array([rng.exponential(0.1, n), rng.gamma(0.5, 0.4, n)])
        without = [[width(*drawn[:, fold != left]) for left in range(folds.FOLDS)]]
        _, low, high = intervals.jackknife(width(*drawn), without)
        held.append(low < 2 * np.sqrt((guess - 0.1) / 2 / 0.2) < high)
    assert 0.92 < np.mean(held) < 0.98


def test_several_seeds_are_judged_in_pairs():
    """What the seeds share, such as θ0 or the order of examples, cancels."""
    ours = [Known(value, 100, seed=seed) for seed, value in enumerate((11, 22, 33))]
    theirs = [Known(value, 100, seed=seed) for seed, value in enumerate((10, 20, 30))]
    row = judge(claim(), {"pretrained": ours, "scratch": theirs}, [])
    half = 4.302653 / 3**0.5  # t with 2 degrees of freedom; the differences 1, 2, 3
    assert (row["low"], row["high"]) == pytest.approx((2 - half, 2 + half))
    assert row["over"] == "seeds" and row["seeds"] == 3
    assert row["verdict"] == "cannot tell"


def test_runs_of_different_seeds_are_never_compared():
    ours = [Known(11, 1, seed=0), Known(22, 1, seed=1)]
    theirs = [Known(20, 1, seed=1), Known(90, 1, seed=2)]
    row = judge(claim(), {"pretrained": ours, "scratch": theirs}, [])
    assert (row["pretrained"], row["scratch"], row["judged"], row["seeds"]) == (22, 20, 2, 1)
    row = judge(claim(), {"pretrained": ours[:1], "scratch": theirs[:1]}, [])
    assert row["verdict"] == "cannot tell" and "no seed" in row["reason"]


def test_what_is_measured_of_the_first_seed_alone_is_judged_by_it():
    """Planes are; that other seeds lack them takes nothing away."""

    def of_first_seed(run):
        if run.name != "first":
            raise entries.NotMeasured(f"no plane of {run}")
        return run.found

    planes = Claim("1", "words", "measure", of_first_seed)
    ours, theirs = (
        [Known(5, 1, name="first"), Known(9, 1)],
        [Known(1, 1, name="first"), Known(9, 1)],
    )
    row = judge(planes, {"pretrained": ours, "scratch": theirs}, [])
    assert (row["judged"], row["seeds"], row["over"]) == (4, 1, "examples")
    assert row["verdict"] == "holds"
    row = judge(planes, {"pretrained": ours[1:], "scratch": theirs}, [])
    assert row["verdict"] == "cannot tell" and row["reason"] == "no plane of run"


def test_a_collapsed_run_is_named_and_not_averaged():
    ours = [Known(5, 1), Known(0, 1, collapsed=True, name="pretrained rte seed 1", seed=1)]
    row = judge(claim(), {"pretrained": ours, "scratch": [Known(1, 1), Known(1, 1, seed=1)]}, [])
    assert row["verdict"] == "cannot tell" and "pretrained rte seed 1 collapsed" in row["reason"]
    assert np.isnan(row["pretrained"]) and np.isnan(row["judged"])
    assert row["scratch"] == 1  # what is known is told


def test_a_claim_on_the_fine_tuned_model_needs_no_other():
    row = judge(claim(bound=0.0), {"pretrained": [Known(5, 1)]}, [])
    assert row["verdict"] == "holds" and np.isnan(row["scratch"])
    row = judge(claim(), {"pretrained": [Known(5, 1)]}, [])
    assert row["verdict"] == "cannot tell" and "no run of scratch" in row["reason"]


@pytest.mark.parametrize("groups", [{}, {"all": (0, 2)}])
def test_what_compares_groups_of_layers_says_that_there_are_too_few(groups):
    of_groups = [one for one in entries.claims(groups, {}) if one.section == "7"]
    assert len(of_groups) == 3
    for one in of_groups:
        row = judge(one, {"pretrained": [known.run()]}, [])
        assert row["verdict"] == "cannot tell"
        assert row["reason"] == "the study has fewer than two groups of layers"
