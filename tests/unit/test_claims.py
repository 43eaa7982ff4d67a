"""How a verdict is reached: the rule, the intervals, and what stands in the way of one."""

import numpy as np
import pytest
from landscape import claims
from landscape.claims import Claim, Estimate, judge

GROUPS = {"low": (0, 0), "middle": (1, 1), "high": (2, 2)}


class Known:
    """Stands for a run: what the measure gives is known."""

    def __init__(self, value, half=np.nan, collapsed=False, name="run", seed=0):
        self.seed = seed
        self.found, self._collapsed, self.name = (
            (value, value - half, value + half),
            collapsed,
            name,
        )

    def collapsed(self):
        return self._collapsed

    def __str__(self):
        return self.name


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
    found, reason = claims.decide(claim(more=more, bound=bound), whole, [])
    assert found == verdict
    assert bool(reason) == (verdict == "cannot tell")


def test_one_seed_is_judged_over_its_examples():
    row = judge(claim(), {"pretrained": [Known(5, 1)], "scratch": [Known(1, 1)]})
    assert row["verdict"] == "holds" and row["over"] == "examples" and row["seeds"] == 1
    assert row["low"] == pytest.approx(4 - 2**0.5)


def test_one_seed_without_examples_cannot_tell():
    row = judge(claim(), {"pretrained": [Known(5)], "scratch": [Known(1)]})
    assert row["judged"] == 4
    assert row["verdict"] == "cannot tell" and "one run" in row["reason"]


def test_several_seeds_are_judged_in_pairs():
    """What the seeds share, such as θ0 or the order of examples, cancels."""
    ours = [Known(value, 100, seed=seed) for seed, value in enumerate((11, 22, 33))]
    theirs = [Known(value, 100, seed=seed) for seed, value in enumerate((10, 20, 30))]
    row = judge(claim(), {"pretrained": ours, "scratch": theirs})
    half = 4.302653 / 3**0.5  # t with 2 degrees of freedom; the differences 1, 2, 3
    assert (row["low"], row["high"]) == pytest.approx((2 - half, 2 + half))
    assert row["over"] == "seeds" and row["seeds"] == 3
    assert row["verdict"] == "cannot tell"


def test_runs_of_different_seeds_are_never_compared():
    ours = [Known(11, 1, seed=0), Known(22, 1, seed=1)]
    theirs = [Known(20, 1, seed=1), Known(90, 1, seed=2)]
    row = judge(claim(), {"pretrained": ours, "scratch": theirs})
    assert (row["pretrained"], row["scratch"], row["judged"], row["seeds"]) == (22, 20, 2, 1)
    row = judge(claim(), {"pretrained": ours[:1], "scratch": theirs[:1]})
    assert row["verdict"] == "cannot tell" and "no seed" in row["reason"]


def test_what_is_measured_of_the_first_seed_alone_is_judged_by_it():
    """Planes are; that other seeds lack them takes nothing away."""

    def of_first_seed(run):
        if run.name != "first":
            raise claims.NotMeasured(f"no plane of {run}")
        return run.found

    planes = Claim("1", "words", "measure", of_first_seed)
    ours, theirs = (
        [Known(5, 1, name="first"), Known(9, 1)],
        [Known(1, 1, name="first"), Known(9, 1)],
    )
    row = judge(planes, {"pretrained": ours, "scratch": theirs})
    assert (row["judged"], row["seeds"], row["over"]) == (4, 1, "examples")
    assert row["verdict"] == "holds"
    row = judge(planes, {"pretrained": ours[1:], "scratch": theirs})
    assert row["verdict"] == "cannot tell" and row["reason"] == "no plane of run"


def test_a_collapsed_run_is_named_and_not_averaged():
    ours = [Known(5, 1), Known(0, 1, collapsed=True, name="pretrained rte seed 1", seed=1)]
    row = judge(claim(), {"pretrained": ours, "scratch": [Known(1, 1), Known(1, 1, seed=1)]})
    assert row["verdict"] == "cannot tell" and "pretrained rte seed 1 collapsed" in row["reason"]
    assert np.isnan(row["pretrained"]) and np.isnan(row["judged"])
    assert row["scratch"] == 1  # what is known is told


def test_a_claim_on_the_fine_tuned_model_needs_no_other():
    row = judge(claim(bound=0.0), {"pretrained": [Known(5, 1)]})
    assert row["verdict"] == "holds" and np.isnan(row["scratch"])
    row = judge(claim(), {"pretrained": [Known(5, 1)]})
    assert row["verdict"] == "cannot tell" and "no run of scratch" in row["reason"]
