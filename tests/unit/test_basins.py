"""Basins whose shape is known, and what the measures say where there is no answer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from known import AXIS, FINE, GUESS, NEAR, WIDTH, bowl, run, surface
from landscape.claims import basins
from landscape.claims.measured import Beside, NotMeasured, Unknown
from landscape.surfaces import folds

# how wide, and how flat


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
    beside = Beside(depth=basins.depth(shallow))
    widths = [basins.width(replace(one, beside=beside)) for one in (deep, shallow)]
    assert widths[0] == pytest.approx(widths[1])


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
    one.norms.update(norm={"whole": 3.0}, start_norm={"whole": 12.0})
    width = basins.width(one)
    assert basins.width_in_distance(one) == pytest.approx(3 * width)
    assert basins.relative_width(one) == pytest.approx(width / 4)
    with pytest.raises(NotMeasured, match="no norms of pretrained mnli seed 0"):
        basins.width_in_distance(run())


def test_the_share_of_a_plane_is_about_the_end_and_counts_no_landmark():
    """Under a height that 3 of 9 lines reach, by α alone; start and end are measured twice."""
    walls = run(lambda a, b: 0.1 if abs(a - 1) < 0.3 else 0.5)
    assert basins.share_of_plane(walls) == pytest.approx(3 / 9)
    with pytest.raises(NotMeasured, match="no control surface"):
        basins.share_of_random_plane(walls)


def test_curvature_of_a_parabola():
    assert basins.curvature(run()) == pytest.approx(0.4)
    walls = run(lambda a, b: bowl(a, b) + 9 * (abs(a - 1) > 1))  # far away: they do not count
    assert basins.curvature(walls) == pytest.approx(0.4)
    with pytest.raises(Unknown, match="fewer than five"):
        basins.curvature(run(alphas=np.linspace(-4, 4, 9)))


def test_a_group_is_measured_on_its_own_axis():
    one = run()
    one.planes["low_line"] = surface(lambda a, b: 0.1 + 0.1 * a**2, at_end=True)
    one.planes["high_line"] = surface(lambda a, b: 0.1 + 0.4 * a**2, at_end=True)
    low, high = (basins.group_width(one, group) for group in ("low", "high"))
    assert low == pytest.approx(2 * high, abs=0.05)
    assert basins.low_minus_high_width(one, "low", "high") == pytest.approx(low - high)


def test_a_group_whose_line_has_no_point_at_its_end_is_measured_beside_it():
    one = run()
    even = np.linspace(-4, 4, 40)
    one.planes["low_line"] = surface(lambda a, b: 0.1 + 0.2 * a**2, even, at_end=True)
    assert basins.group_width(one, "low") == pytest.approx(WIDTH, abs=0.05)


# the way from start to end


def rough(alpha, beta):
    """Falls by 0.2, with a ripple of 0.008 between the points of the whole line."""
    return 0.3 - 0.2 * alpha + 0.008 * (abs(alpha - 0.5) < 0.01)


def test_a_way_that_falls_has_no_rise():
    """Its end lies below its start, and what lies beyond its end is not on the way."""
    valley = run(lambda a, b: 1.0 - a + 9 * (a > 1))
    assert basins.largest_rise(valley) == 0.0
    assert basins.barrier(valley) == 0.0
    assert basins.rising_share(valley) == 0.0


def test_a_ripple_between_the_points_of_the_whole_line_is_found():
    """One step of the fine line up by 0.003, what is left of the ripple where the loss falls."""
    assert not any(abs(AXIS - 0.5) < 0.01)
    one = run(rough)
    assert basins.largest_rise(one) == pytest.approx(0.008 - 0.2 / 40)
    assert basins.rising_share(one) == pytest.approx(1 / 40)
    assert basins.barrier(one) == 0.0  # it lies below the start


def test_the_largest_rise_is_from_the_lowest_loss_before_it():
    """Over several steps, with a fall between; not the largest step, nor from lowest to highest."""
    at = dict(zip(FINE, [0.9, 0.5, 0.7, 0.6, 0.8, *np.linspace(0.8, 0.1, 36)]))
    zigzag = run(lambda a, b: at.get(a, 0.1))
    assert basins.largest_rise(zigzag) == pytest.approx(0.3)
    assert basins.rising_share(zigzag) == pytest.approx(2 / 40)
    assert basins.barrier(zigzag) == 0.0


def test_the_barrier_is_what_lies_above_both_ends():
    hill = run(lambda a, b: bowl(a, b) + 2.0 * (0.39 < a < 0.41))
    assert basins.barrier(hill) == pytest.approx(2.0 + bowl(0.4, 0) - bowl(0.0, 0))
    uphill = run(lambda a, b: a + 2.0 * (0.39 < a < 0.41))
    assert basins.barrier(uphill) == pytest.approx(2.4 - 1.0)


@pytest.mark.parametrize("noise, counts", [(0.49, True), (0.51, False)])
def test_a_step_counts_that_rises_by_two_standard_errors(noise, counts):
    """Of its own rise, not of the losses: those move together with the examples."""
    one = run(rough, noise=noise)
    assert (basins.rising_share(one) > 0) == counts
    assert basins.largest_rise(one) > 0  # which says how sure it is by its interval


def test_a_grid_in_another_dtype_is_compared_with_its_own_landmarks():
    one = run(lambda a, b: 1.0 - 0.5 * a)
    points = one.planes["way"]
    values = ["train_loss", *folds.columns("train")]
    coarse = points.assign(dtype="bfloat16", **(points[values] + 0.003))
    exact = points[points["landmark"].notna()]
    one.planes["way"] = pd.concat([exact, coarse], ignore_index=True)
    assert basins.barrier(one) == basins.largest_rise(one) == basins.rising_share(one) == 0


def test_a_way_with_a_gap_is_not_judged():
    with pytest.raises(Unknown, match="between start and end"):
        basins.largest_rise(run(lambda a, b: np.nan if 0.4 < a < 0.6 else 1.0))


# loss and error about the end


def test_loss_and_error_that_agree_and_that_do_not():
    assert basins.agreement(run()) == pytest.approx(1.0)
    assert basins.agreement(run(error=lambda loss: -loss)) == pytest.approx(-1.0)
    with pytest.raises(Unknown, match="one dev error"):
        basins.agreement(run(error=lambda loss: 0 * loss))


def steep(alpha, beta):
    """Beyond guessing from 0.5 away from the end."""
    return 0.1 + 2.0 * (alpha - 1) ** 2 + 2.2 * beta**2


@pytest.mark.parametrize("beyond", [5.0, -5.0, np.inf, np.nan])
def test_where_the_loss_blows_up_errors_do_not_change_the_agreement(beyond):
    """They would make it: from far away all surfaces fall towards the end."""
    rng = np.random.default_rng(0)
    one = run(steep, error=lambda loss: rng.permutation(np.arange(len(loss))) / 100)
    wild = run(steep)
    points = one.planes["basin"]
    blown = points["train_loss"] >= GUESS
    wild.planes["basin"] = points.assign(
        train_loss=points["train_loss"].where(~blown, np.inf),
        dev_error=points["dev_error"].where(~blown, beyond),
    )
    assert blown.sum() > 50 and abs(basins.agreement(one)) < 0.5
    assert basins.agreement(wild) == basins.agreement(one)


def test_the_points_in_the_basin_are_counted_without_landmarks():
    """Those of the grid of step 0.25 with 2 a² + 2.2 b² below ln 2 − 0.1."""
    lines = np.round(NEAR, 12)
    inside = sum(2.0 * a**2 + 2.2 * b**2 < GUESS - 0.1 for a in lines for b in lines)
    assert len(basins.in_basin(run(steep))) == inside == 13


def test_too_few_points_in_the_basin_say_nothing():
    with pytest.raises(Unknown, match="1 points of pretrained mnli seed 0 in its basin"):
        basins.agreement(run(lambda a, b: 0.1 + 20 * (a - 1) ** 2 + 20 * b**2))


def test_the_shift_of_minima_is_a_distance_on_the_plane():
    """Of the lowest error from the lowest loss: half a ‖δ1‖ along both axes."""
    one = run()
    points = one.planes["basin"]
    error = bowl(points["alpha"] + 0.5, points["beta"] - 0.5)
    one.planes["basin"] = points.assign(dev_error=error)
    assert basins.shift_of_minima(run()) == 0.0
    assert basins.shift_of_minima(one) == pytest.approx(0.5**0.5)


def test_the_shift_is_to_the_nearest_of_equal_minima():
    def error(loss):
        return (loss > 0.5).astype(float)  # zero in the whole bottom of the bowl

    assert basins.shift_of_minima(run(error=error)) == 0.0


# sharpness


def sharp(kind, rises):
    """A run that ends at a loss of 1, with rises of one kind."""
    one = run()
    rows = [(kind, draw, 1 + rise) for draw, rise in enumerate(rises)]
    table = pd.DataFrame([*rows, ("end", 0, 1.0)], columns=["kind", "draw", "train_loss"])
    one.tables["sharpness"] = table
    return one


def test_the_mean_rise_is_that_of_all_draws_and_both_ways():
    assert basins.average_sharpness(sharp("average", [2 + 9, 2 - 9, 5 - 5, 5 + 5])) == 3.5


def test_the_largest_rise_in_a_ball_is_that_of_any_step():
    assert basins.worst_sharpness(sharp("worst", [0, 3, 1])) == 3


@pytest.mark.parametrize("kind", ["average", "worst"])
def test_no_sharpness_without_finite_rises_or_of_the_other_kind(kind):
    of = {"average": basins.average_sharpness, "worst": basins.worst_sharpness}
    with pytest.raises(Unknown, match="2 of 3 rises"):
        of[kind](sharp(kind, [1, np.nan, np.inf]))
    with pytest.raises(NotMeasured, match=f"no {kind} sharpness"):
        of[kind](sharp("end", []))
    with pytest.raises(NotMeasured, match="no sharpness of"):
        of[kind](run())
