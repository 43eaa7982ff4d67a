"""Basins whose shape is known, and what the measures say where there is no answer."""

import numpy as np
import pandas as pd
import pytest
from known import AXIS, GUESS, WIDTH, bowl, run, surface
from landscape.claims import basins
from landscape.claims.measured import NotMeasured, Unknown


def test_the_width_of_a_parabola():
    assert basins.width(run()) == pytest.approx(WIDTH, abs=0.03)  # linear between the points


def test_the_width_of_one_basin_is_not_that_of_another():
    two = run(lambda alpha, beta: 0.1 if abs(alpha - 1) < 0.5 or alpha < -1 else 1.0)
    assert 0.8 < basins.width(two) < 1.3


def test_a_basin_ends_where_the_loss_is_not_finite():
    gap = run(lambda alpha, beta: np.nan if alpha > 1.1 else bowl(alpha, beta))
    assert WIDTH / 2 - 0.03 < basins.width(gap) < WIDTH / 2 + 0.2


@pytest.mark.parametrize("points", [40, 41])
def test_a_narrow_basin_is_seen_on_any_grid(points):
    """Its end is measured exactly, also where it lies between the lines of the grid."""
    narrow = run(lambda a, b: 0.1 + 60 * (a - 1) ** 2, alphas=np.linspace(-4, 4, points))
    assert 0.01 < basins.width(narrow) < 0.3


def test_a_basin_that_the_grid_cuts_off_has_no_width():
    with pytest.raises(Unknown, match="reaches the edge"):
        basins.width(run(lambda a, b: 0.1 + 0.001 * (a - 1) ** 2))
    with pytest.raises(Unknown, match="not within the range"):
        basins.width(run(alphas=np.linspace(-1, 0.8, 19)))


def test_two_basins_are_cut_at_the_same_height():
    """Of the same shape, the deeper one is not the wider."""
    deep, shallow = run(), run(lambda a, b: bowl(a, b) + 0.4)
    assert basins.width(deep) > 1.5 * basins.width(shallow)
    deep.depth = shallow.depth = basins.depth(shallow)
    assert basins.width(deep) == pytest.approx(basins.width(shallow))


def test_a_grid_in_another_dtype_is_compared_with_its_own_landmarks():
    one = run(lambda a, b: 1.0 - 0.5 * a)
    points = one.planes["curve"]
    coarse = points.assign(dtype="bfloat16", train_loss=points["train_loss"] + 0.003)
    exact = points[points["landmark"].notna()]
    one.planes["curve"] = pd.concat([exact, coarse], ignore_index=True)
    assert basins.barrier(one) == basins.rising_share(one) == 0


def test_a_run_that_is_no_better_than_guessing_has_no_width():
    with pytest.raises(Unknown, match="no better than guessing"):
        basins.width(run(lambda alpha, beta: GUESS))


def test_guessing_on_unbalanced_classes_is_to_say_the_frequent_one():
    """So that a run which learned nothing else has no basin."""
    unbalanced = run(lambda a, b: 0.58, labels=[0] * 3 + [1] * 7)
    assert unbalanced.guessing() == pytest.approx(-0.3 * np.log(0.3) - 0.7 * np.log(0.7))
    assert unbalanced.guessing() == pytest.approx(0.6109, abs=1e-4)  # below ln 2 = 0.6931
    assert basins.depth(unbalanced) == pytest.approx(0.0309, abs=1e-4)
    with pytest.raises(Unknown, match="no better than guessing"):
        basins.depth(run(lambda a, b: 0.62, labels=[0] * 3 + [1] * 7))
    assert run(labels=[0, 1, 2] * 5).guessing() == pytest.approx(np.log(3))


def test_an_end_without_a_finite_loss_says_so():
    with pytest.raises(Unknown, match="end of pretrained mnli seed 0 is not finite"):
        basins.depth(run(lambda a, b: np.nan))


def test_widths_in_distance_and_relative_to_the_weights():
    one = run()
    one.norms = {"norm": {"whole": 3.0}, "start_norm": {"whole": 12.0}}
    width = basins.width(one)
    assert basins.width_in_distance(one) == pytest.approx(3 * width)
    assert basins.relative_width(one) == pytest.approx(width / 4)
    with pytest.raises(Unknown, match="no norms of pretrained mnli seed 0"):
        basins.width_in_distance(run())


def test_curvature_of_a_parabola():
    assert basins.curvature(run()) == pytest.approx(0.4)
    walls = run(lambda a, b: bowl(a, b) + 9 * (abs(a - 1) > 1))  # far away: they do not count
    assert basins.curvature(walls) == pytest.approx(0.4)
    with pytest.raises(Unknown, match="fewer than five"):
        basins.curvature(run(alphas=np.linspace(-4, 4, 9)))


def test_a_path_that_falls_has_no_barrier():
    falling = run()
    assert basins.barrier(falling) == 0.0
    assert basins.rising_share(falling) == 0.0


def test_the_barrier_counts_what_is_above_both_ends():
    bump = run(lambda a, b: bowl(a, b) + 2.0 * (0.35 < a < 0.45))
    assert basins.barrier(bump) == pytest.approx(2.0 + bowl(0.4, 0) - bowl(0.0, 0))
    assert basins.rising_share(bump) == pytest.approx(1 / 5)  # 0, .2, .4, .6, .8, 1


def test_a_group_is_measured_on_its_own_axis():
    one = run()
    one.planes["low"] = surface(lambda a, b: 0.1 + 0.1 * a**2 + b**2, betas=AXIS, group=True)
    one.planes["high"] = surface(lambda a, b: 0.1 + 0.4 * a**2 + b**2, betas=AXIS, group=True)
    low, high = (basins.group_width(one, group) for group in ("low", "high"))
    assert low == pytest.approx(2 * high, abs=0.05)
    assert basins.low_minus_high_width(one, "low", "high") == pytest.approx(low - high)


def test_a_grid_without_a_line_through_0_is_measured_beside_it():
    one = run()
    even = np.linspace(-4, 4, 40)
    one.planes["low"] = surface(lambda a, b: 0.1 + 0.2 * a**2, even, even, group=True)
    assert basins.group_width(one, "low") == pytest.approx(WIDTH, abs=0.05)


def sharp(kind, rises, draws=None):
    """A run that ends at a loss of 1, with rises of one kind."""
    one, rises = run(), list(rises)
    draws = range(len(rises)) if draws is None else draws
    table = pd.DataFrame({"kind": kind, "draw": [*draws, 0], "train_loss": [*rises, 0]})
    table.loc[len(rises), "kind"] = "end"
    one.tables["sharpness"] = table.assign(train_loss=table["train_loss"] + 1)
    return one


def test_the_mean_rise_is_that_of_all_draws_and_both_ways():
    one = sharp("average", [2 + 9, 2 - 9, 5 - 5, 5 + 5], draws=[1, 1, 2, 2])
    assert basins.average_sharpness(one) == 3.5
    assert basins.average_sharpness(one.without("draws", 1)) == 5
    assert basins.average_sharpness(one.without("draws", 7)) == 3.5


def test_the_largest_rise_is_that_of_any_step():
    one = sharp("worst", [0, 3, 1])
    assert basins.worst_sharpness(one) == basins.worst_sharpness(one.without("draws", 1)) == 3


@pytest.mark.parametrize("kind", ["average", "worst"])
def test_no_sharpness_without_finite_rises_or_of_the_other_kind(kind):
    of = {"average": basins.average_sharpness, "worst": basins.worst_sharpness}
    with pytest.raises(Unknown, match="2 of 3 rises"):
        of[kind](sharp(kind, [1, np.nan, np.inf]))
    with pytest.raises(NotMeasured, match=f"no {kind} sharpness"):
        of[kind](sharp("end", [0]))
    with pytest.raises(NotMeasured, match="no sharpness of"):
        of[kind](run())
