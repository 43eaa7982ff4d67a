"""How a verdict is reached: the intervals, the rule, and what stands in the way of one."""

from functools import partial

import known
import numpy as np
import pandas as pd
import pytest
from landscape.claims import basins, entries, intervals, verdicts
from landscape.claims.entries import Claim
from landscape.claims.intervals import Estimate, Side
from landscape.claims.measured import NotMeasured, Run, Unknown
from landscape.surfaces import folds
from scipy import stats

# intervals


def side(values, *without):
    return Side(np.array(values, float), tuple(np.array(one, float) for one in without))


def test_welch_by_hand():
    """V = 4/3 + 2/2; degrees of freedom V² / ((4/3)²/2 + 1²/1)."""
    found = intervals.welch(side([5, 7, 9]), side([2, 4]))
    assert (found.value, found.runs) == (4, 2)
    assert found.error**2 == pytest.approx(7 / 3)
    assert found.freedom == pytest.approx(49 / 17)
    half = stats.t.ppf(0.975, 49 / 17) * (7 / 3) ** 0.5
    assert (found.low, found.high) == pytest.approx((4 - half, 4 + half))


@pytest.mark.parametrize("sizes", [(2, 2), (3, 10), (10, 2), (7,)])
def test_without_examples_it_is_the_t_test_of_any_textbook(sizes):
    """Also of sides of different sizes, and of one against 0."""
    rng = np.random.default_rng(0)
    values = [rng.normal(arm, 1 + arm, size) for arm, size in enumerate(sizes)]
    of = stats.ttest_ind if len(sizes) > 1 else partial(stats.ttest_1samp, popmean=0)
    test = of(*values, **({"equal_var": False} if len(sizes) > 1 else {}))
    found = intervals.welch(*map(side, values))
    assert (found.low, found.high) == pytest.approx(tuple(test.confidence_interval()))
    assert found.p() == pytest.approx(test.pvalue)
    assert found.freedom == pytest.approx(test.df)


def test_examples_add_what_the_difference_varies_without_each_fold():
    """Of four folds the differences 4, 4, 4, 5: 3/4 · 0.75, with 3 degrees of freedom."""
    first = side([5, 7, 9], [[5, 5, 5, 8], [7] * 4, [9] * 4])
    found = intervals.welch(first, side([2, 4], [[2] * 4, [4] * 4]))
    variance = 7 / 3 + 9 / 16
    assert found.error**2 == pytest.approx(variance)
    assert found.freedom == pytest.approx(variance**2 / (8 / 9 + 1 + (9 / 16) ** 2 / 3))


def test_two_sets_of_examples_are_independent():
    """Train and dev: their variances add up, 9/16 and 4 · 9/16."""
    found = intervals.welch(side([0], [[0, 0, 0, 1]], [[0, 0, 0, 2]]))
    assert found.error**2 == pytest.approx(5 * 9 / 16)
    assert found.freedom == pytest.approx(25 / (1 / 3 + 16 / 3))
    assert found.runs == 1


def test_examples_that_both_arms_share_cancel_in_the_difference():
    """It is known better than either, and far better than if they were strangers."""
    ours, theirs = side([5], [5 + 9.1 * known.ALTERNATING]), side([1], [1 + 9 * known.ALTERNATING])
    assert intervals.welch(ours).error == pytest.approx(9.1)
    assert intervals.welch(theirs).error == pytest.approx(9)
    assert intervals.welch(ours, theirs).error == pytest.approx(0.1)


def test_more_runs_on_the_same_examples_do_not_know_those_better():
    of_three = side([5] * 3, [5 + known.ALTERNATING] * 3)
    assert intervals.welch(of_three).error == pytest.approx(1)
    against = side([5] * 2, [5 + known.ALTERNATING, 5 - known.ALTERNATING])
    assert not intervals.welch(against).error > 1e-9  # of all runs at once it moves nothing


@pytest.mark.parametrize("values", [[3], [3, 3, 3]])
def test_without_spread_there_is_no_interval(values):
    found = intervals.welch(side(values, [[3] * 20] * len(values)))
    assert (found.value, found.runs) == (3, len(values))
    assert np.isnan([found.low, found.high, found.p()]).all()


def test_the_mean_without_each_example():
    assert list(intervals.mean_without_each(np.array([1.0, 2.0, 6.0]))) == [4, 3.5, 1.5]


def test_the_jackknife_of_a_mean_is_its_standard_error():
    """Exactly, with an example a fold."""
    values = np.random.default_rng(0).exponential(size=200)
    found = intervals.welch(side([values.mean()], [intervals.mean_without_each(values)]))
    assert found.error == pytest.approx(values.std(ddof=1) / 200**0.5)
    assert found.freedom == pytest.approx(199)


def test_intervals_hold_the_true_width_as_often_as_they_say():
    """Of parabolas whose height and curvature differ from example to example, as in `width`."""
    rng, n, guess, held = np.random.default_rng(0), 195, np.log(2), []
    fold = folds.of_examples(n)

    def width(heights, curvatures):
        return 2 * np.sqrt((guess - heights.mean()) / 2 / curvatures.mean())

    for _ in range(400):
        drawn = np.array([rng.exponential(0.1, n), rng.gamma(0.5, 0.4, n)])
        without = [width(*drawn[:, fold != left]) for left in range(folds.FOLDS)]
        found = intervals.welch(side([width(*drawn)], [without]))
        held.append(found.low < 2 * np.sqrt((guess - 0.1) / 2 / 0.2) < found.high)
    assert 0.92 < np.mean(held) < 0.98


def test_p_is_5_percent_where_the_interval_ends():
    one = Estimate(2.0, 0.7, 3.3)
    assert one.p(one.low) == pytest.approx(0.05) == one.p(one.high)
    assert one.p(2.0) == 1 and one.p() < one.p(1.0)


@pytest.mark.parametrize(
    "p, found",
    [
        ([0.04, 0.02, 0.9, 0.03, 0.035], [0, 1, 3, 4]),  # 0.04 is at most 4/5 of 5 %: all below too
        ([0.041, 0.02, 0.9, 0.031, 0.035], []),  # each above its own share: 2, 3, 4 of 5
        ([0.001, np.nan, 0.024, 0.04, 0.2, np.nan], [0, 2]),  # of 4 tests: 2.4 % is under 2/4
        ([0.04, np.nan], [0]),
        ([np.nan, np.nan], []),
        ([], []),
    ],
)
def test_what_stands_together_by_hand(p, found):
    """Benjamini and Hochberg: up to the last p that is at most its rank's share of 5 %."""
    assert list(np.flatnonzero(intervals.discoveries(p))) == found


# the rule


def claim(**more):
    return Claim("1", "words", "measure", value, **more)


def estimate(low, high, runs=3):
    return Estimate((low + high) / 2, (high - low) / 2 / intervals.Z, 1e9, runs)


@pytest.mark.parametrize(
    "low, high, more, bound, verdict",
    [
        (0.1, 0.3, True, None, "holds"),
        (-0.3, -0.1, True, None, "does not hold"),
        (-0.1, 0.3, True, None, "cannot tell"),
        (0.1, 0.3, False, None, "does not hold"),
        (-0.3, -0.1, False, None, "holds"),
        (-0.3, 0.1, False, None, "cannot tell"),
        (0.01, 0.04, False, 0.05, "holds"),  # at most the bound
        (0.06, 0.09, False, 0.05, "does not hold"),
        (0.01, 0.09, False, 0.05, "cannot tell"),
        (0.6, 0.9, True, 0.5, "holds"),
        (0.1, 0.4, True, 0.5, "does not hold"),
    ],
)
def test_the_rule(low, high, more, bound, verdict):
    found, reason, _ = verdicts.decide(claim(more=more, bound=bound), estimate(low, high), {})
    assert found == verdict
    spans = f"interval spans {bound or 0:g}"
    assert reason == (spans if verdict == "cannot tell" else "")


@pytest.mark.parametrize(
    "whole, reason",
    [
        (estimate(-1, 3, runs=2), "too few seeds"),
        (estimate(-1, 3, runs=3), "interval spans 0"),
        (Estimate(1.0, runs=3), "no interval"),
        (Estimate(1.0, runs=2), "no interval"),
        (Estimate(1.0, np.inf, 3.0, 3), "no interval"),
    ],
)
def test_why_we_cannot_tell(whole, reason):
    assert verdicts.decide(claim(), whole, {})[:2] == ("cannot tell", reason)


def test_two_runs_are_enough_where_their_interval_is():
    assert verdicts.decide(claim(), estimate(1, 3, runs=2), {}) == ("holds", "", "")


@pytest.mark.parametrize("whole", [estimate(1, 3, runs=1), Estimate(1.0, runs=1)])
def test_one_run_says_nothing_of_others_whatever_its_examples_say(whole):
    assert verdicts.decide(claim(), whole, {}) == ("one run", "", "")


def test_what_cannot_carry_a_verdict_is_not_judged():
    assert verdicts.decide(claim(judged=False), estimate(1, 3), {}) == ("not judged", "", "")


def test_what_stands_in_the_way_comes_before_all_else():
    why = {"collapsed": "one", "no value": "two"}
    found = verdicts.decide(claim(judged=False), estimate(1, 3, runs=1), why)
    assert found == ("cannot tell", "collapsed", "one; two")


# runs of which one number is known


def one(number, arm="pretrained", seed=0, moved=0.0, collapsed=False, **tables):
    """A run; its number moves by `moved`, (20,), where folds of its train examples are left out."""
    table = pd.DataFrame({"train_loss": [number]})
    table[folds.columns("train")] = number + moved * np.ones(folds.FOLDS)
    tables = {"number": table, "scores": known.scores(collapsed=collapsed)} | tables
    return Run(arm, "mnli", seed, tables=tables)


def several(numbers, arm="pretrained", **more):
    return [one(number, arm, seed, **more) for seed, number in enumerate(numbers)]


def value(run):
    return run.table("number")["train_loss"].iloc[0]


def judge(of, ours, theirs=None):
    runs = {"pretrained": ours} | ({"scratch": theirs} if theirs is not None else {})
    return verdicts.judge(of, verdicts.Compared(runs))


def test_runs_are_compared_as_two_groups():
    """Of a seed or not, and of how many there are."""
    row = judge(claim(), several([5, 7, 9]), several([2, 4], "scratch"))
    expected = intervals.welch(side([5, 7, 9]), side([2, 4]))
    assert (row["pretrained"], row["scratch"], row["judged"], row["seeds"]) == (7, 3, 4, 2)
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))
    assert row["p"] == pytest.approx(expected.p())
    alone = intervals.welch(side([5, 7, 9]))
    assert (row["pretrained_low"], row["pretrained_high"]) == (alone.low, alone.high)


def test_a_fold_is_left_out_of_all_runs_at_once():
    """Runs that move alike know no more together; those that move against each other all."""
    moves = claim(bound=0.0, folds=("train",))
    ours = several([5, 5, 5], moved=known.ALTERNATING)
    row = judge(moves, ours)
    assert row["high"] - row["low"] == pytest.approx(2 * stats.t.ppf(0.975, 19))
    theirs = several([1, 1, 1], "scratch", moved=0.9 * known.ALTERNATING)
    row = judge(claim(folds=("train",)), ours, theirs)
    assert row["high"] - row["low"] == pytest.approx(0.2 * stats.t.ppf(0.975, 19))
    assert row["verdict"] == "holds"


def test_train_and_dev_examples_are_left_out_each_by_themselves():
    """Of a measure of both: variances of 1 and 4, each with 19 degrees of freedom."""
    both = one(5, moved=known.ALTERNATING)
    both.table("number")["dev_error"] = 0.0
    both.table("number")[folds.columns("dev")] = 2 * known.ALTERNATING

    def sum_of_both(run):
        return run.table("number")[["train_loss", "dev_error"]].iloc[0].sum()

    row = judge(Claim("1", "words", "measure", sum_of_both, ("train", "dev"), bound=0.0), [both])
    half = stats.t.ppf(0.975, 25 * 19 / 17) * 5**0.5
    assert (row["low"], row["high"]) == pytest.approx((5 - half, 5 + half))


def test_a_measure_of_no_examples_varies_with_runs_alone():
    row = judge(claim(bound=0.0), several([5, 5, 5], moved=known.ALTERNATING))
    assert (row["judged"], row["reason"]) == (5, "no interval")
    assert np.isnan([row["low"], row["p"]]).all()


def test_what_each_example_contributes_is_left_out_example_by_example():
    """Of one run: the standard error of the mean over its examples."""
    drawn = np.random.default_rng(0).normal(size=50)
    row = judge(Claim("1", "words", "measure", lambda run: drawn, bound=0.0), [one(0)])
    expected = stats.ttest_1samp(drawn, 0).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))
    assert row["judged"] == pytest.approx(drawn.mean())
    assert row["verdict"] == "one run" and np.isnan(row["p"])


def test_where_some_examples_decide_whether_there_is_a_value_there_is_no_interval():
    def edge(run):
        if value(run) > 5.5:
            raise Unknown(f"the basin of {run} reaches the edge")
        return value(run)

    edge_claim = Claim("1", "words", "measure", edge, ("train",), bound=0.0)
    row = judge(edge_claim, several([4, 5, 5.4], moved=known.ALTERNATING))
    assert (row["judged"], row["pretrained"]) == pytest.approx((4.8, 4.8))  # what is known is told
    assert (row["verdict"], row["reason"]) == ("cannot tell", "no interval")
    assert np.isnan([row["low"], row["p"]]).all()


# what stands in the way of a verdict


def test_a_collapsed_run_is_named_and_not_left_out_unseen():
    ours = [one(5), one(0, seed=1, collapsed=True), one(6, seed=2)]
    row = judge(claim(), ours, several([1, 2, 3], "scratch"))
    assert (row["verdict"], row["reason"]) == ("cannot tell", "collapsed")
    assert row["detail"].startswith("pretrained mnli seed 1 gives all dev examples one class")
    assert np.isnan([row["judged"], row["p"]]).all() and "pretrained" not in row
    assert row["scratch"] == 2  # what is known is told


def test_a_collapsed_run_has_an_error_as_any_other():
    ours, theirs = several([5, 6, 7]), several([1, 2, 3], "scratch", collapsed=True)
    assert judge(claim(of_any=True), ours, theirs)["verdict"] == "holds"


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_run_without_a_value_is_named_and_not_left_out_unseen(number):
    row = judge(claim(), several([5, number, 6]), several([1, 2, 3], "scratch"))
    assert (row["verdict"], row["reason"]) == ("cannot tell", "no value")
    assert row["detail"] == f"pretrained mnli seed 1 gives {number}, no finite number"


def of_first_seed(run):
    if run.seed:
        raise NotMeasured(f"no plane of {run}")
    return value(run)


@pytest.mark.parametrize("seeds", [1, 3])
def test_what_is_measured_of_the_first_seed_alone_is_judged_by_one_run(seeds):
    """Control planes are; that other seeds lack them takes nothing away."""
    planes = Claim("1", "words", "measure", of_first_seed, ("train",))
    ours = several([5, 9, 9][:seeds], moved=known.ALTERNATING)
    row = judge(planes, ours, several([1, 9, 9][:seeds], "scratch"))
    assert (row["judged"], row["seeds"], row["verdict"]) == (4, 1, "one run")
    assert row["high"] == pytest.approx(4 + stats.t.ppf(0.975, 19))


def test_what_is_measured_of_no_run_is_said():
    planes = Claim("1", "words", "measure", of_first_seed)
    row = judge(planes, several([5, 9])[1:], several([1, 9], "scratch"))
    assert (row["verdict"], row["reason"]) == ("cannot tell", "not measured")
    assert row["detail"] == "no plane of pretrained mnli seed 1" and row["scratch"] == 1
    row = judge(planes, several([5]), [])
    assert (row["reason"], row["detail"]) == ("not measured", "no run of scratch")


def test_a_claim_on_the_fine_tuned_model_needs_no_other():
    row = judge(claim(bound=0.0), several([5, 6, 7]), several([np.nan], "scratch"))
    assert row["verdict"] == "holds" and "scratch" not in row
    row = judge(claim(), several([5, 6, 7]))
    assert (row["verdict"], row["reason"]) == ("cannot tell", "not measured")
    assert row["pretrained"] == 6 and "no second arm" in row["detail"]


@pytest.mark.parametrize("rates, verdict", [((2, 1, 0), "holds"), ((0, 2, 1), "cannot tell")])
def test_only_trainings_alike_are_compared_by_their_paths(rates, verdict):
    """Their difference is shown all the same, and no test counts among those of the page."""
    logs = [pd.DataFrame({"learning_rate": of}) for of in ((2, 1, 0), rates)]
    ours, theirs = several([5, 6, 7], log=logs[0]), several([1, 2, 3], "scratch", log=logs[1])
    row = judge(claim(same_training=True), ours, theirs)
    assert (row["judged"], row["verdict"]) == (4, verdict)
    assert row["reason"] == ("" if verdict == "holds" else "unequal training")
    assert np.isnan(row["p"]) == (verdict == "cannot tell") and row["low"] > 0


@pytest.mark.parametrize("groups", [{}, {"all": (0, 2)}])
def test_what_compares_groups_of_layers_says_that_there_are_too_few(groups):
    of_groups = [each for each in entries.claims(groups, {}) if each.section == "7"]
    assert len(of_groups) == 3
    for each in of_groups:
        row = judge(each, [known.run()])
        assert (row["verdict"], row["reason"]) == ("cannot tell", "no value")
        assert row["detail"] == "the study has fewer than two groups of layers"


def test_the_points_that_a_measure_is_of_are_told_run_by_run():
    counted = Claim("1", "words", "measure", value, bound=0.0, count=lambda run: 7 + run.seed)
    assert judge(counted, several([5, 6, 7]))["points"] == "7, 8, 9"
    assert judge(claim(bound=0.0), several([5, 6, 7]))["points"] == ""
    assert judge(counted, several([np.nan]))["points"] == ""


# what runs have in common


def test_basins_are_cut_half_as_deep_as_the_shallower_is_in_the_mean():
    low, high = (lambda a, b: known.bowl(a, b) + 0.2), (lambda a, b: known.bowl(a, b) + 0.4)
    ours = [known.run(), known.run(seed=1)]
    theirs = [known.run(loss, arm="scratch", seed=seed) for seed, loss in enumerate((low, high))]
    compared = verdicts.Compared({"pretrained": ours, "scratch": theirs})
    (found,) = {run.beside.depth for own in compared.runs.values() for run in own}
    assert found == pytest.approx(known.GUESS - 0.4)  # ends at 0.3 and 0.5
    assert basins.level(compared.runs["pretrained"][1]) == pytest.approx(0.1 + found / 2)


def test_the_shallower_basin_is_compared_anew_without_each_fold():
    """Which it is, and how deep, depends on the examples."""
    ours = known.run()
    theirs = known.run(lambda a, b: known.bowl(a, b) + 0.05, arm="scratch", noise=3.0)
    compared = verdicts.Compared({"pretrained": [ours], "scratch": [theirs]})
    shallower = set()
    for split, without in compared.without.items():
        for fold, of_fold in enumerate(without):
            (us,), (them,) = of_fold.values()
            depths = basins.depth(us), basins.depth(them)
            assert us.beside.depth == them.beside.depth == min(depths)
            shallower.add((split, int(np.argmin(depths))))
            assert them.left_out == f" without fold {fold} of its {split} examples"
    assert shallower == {("train", 0), ("train", 1), ("dev", 1)}


def test_a_run_without_a_depth_hides_not_that_of_the_others():
    flat = known.run(lambda a, b: known.GUESS + 1, arm="scratch")
    compared = verdicts.Compared({"pretrained": [known.run()], "scratch": [flat]})
    assert compared.runs["pretrained"][0].beside.depth == pytest.approx(known.GUESS - 0.1)


def test_trainings_are_compared_after_the_epochs_of_the_shorter():
    ours, theirs = one(1), one(1, "scratch", scores=known.scores([0.1] * 5))
    compared = verdicts.Compared({"pretrained": [ours], "scratch": [theirs]})
    assert {run.beside.epochs for own in compared.runs.values() for run in own} == {2}


# all verdicts together


def test_a_verdict_stands_among_those_that_decide():
    """A second look is not one of them, and does not make it harder for the others."""
    rows = [{"p": p, "decides": True} for p in (0.001, 0.04, np.nan)]
    rows += [{"p": p, "decides": False} for p in (0.0001, 0.9, 0.9, 0.9)]
    verdicts.mark_discoveries(rows)
    assert [row["stands"] for row in rows] == [True, True, *[False] * 5]


def test_each_claim_is_decided_by_one_measure_alone():
    groups = {"low": (0, 0), "middle": (1, 1), "high": (2, 2)}
    found = entries.claims(groups, {"average": 0.05, "worst": 0.002})
    first = [(each.section, each.words) for each in found if each.decides]
    assert len(first) == len(set(first)) == 13
    assert all(each.judged for each in found if each.decides)
    assert len({(each.section, each.measure) for each in found}) == len(found)


GROUPS = {"low": (0, 0), "high": (1, 1)}


def measured_throughout():
    """A run of which all is measured, and otherwise at each point without each fold."""
    rng, run = np.random.default_rng(0), known.run(error=lambda loss: 0.2 + loss / 100)
    run.planes["way"] = known.surface(lambda a, b: rng.uniform(0.2, 0.6), known.FINE)
    run.planes["control"] = run.planes["basin"].copy()
    for name in ("low_line", "high_line"):
        run.planes[name] = known.surface(lambda a, b: 0.2 + a**2, at_end=True)
    rises = pd.DataFrame({"kind": ["average", "worst", "end"], "train_loss": [0.5, 0.9, 0.2]})
    run.tables["sharpness"] = known.without_folds(rises)
    axes = {"cos": [np.nan, 0.6, 1.0], "path": [0, 1, 1.5], "part": [0, 1, 2], "cos_axes": 0.01}
    run.tables["projection"] = pd.DataFrame(axes).assign(parts_path=axes["path"])
    run.tables["longer"] = pd.DataFrame({"eq4_alpha": [1.1], "eq5_beta": [0.1]})
    norms = {"whole": 2.0, "0": 1.0, "1": 1.5}
    run.norms.update(norm=norms, start_norm=norms)
    for table in [*run.planes.values(), *run.tables.values()]:
        for name in (name for name in table if "_without_" in name):
            table[name] *= 1 + 0.05 * rng.normal(size=len(table))
    return run


@pytest.mark.parametrize(
    "each",
    [each for each in entries.claims(GROUPS, {"average": 0.05, "worst": 0.002})],
    ids=lambda each: each.measure[:40],
)
def test_each_measure_is_judged_over_the_examples_that_it_depends_on(each):
    """What depends on some and is not measured without them would be taken for certain."""
    if each.measure.startswith(("dev", "growth")):
        return  # example by example, by their nature
    (run,) = verdicts.comparison({"pretrained": [measured_throughout()]})["pretrained"]

    def depends(split):
        return any(each.of(run.without(split, fold)) != each.of(run) for fold in range(folds.FOLDS))

    assert {*each.folds} >= {split for split in folds.MEASURED if depends(split)}
