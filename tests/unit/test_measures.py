"""Measures of runs whose answer is known, and what they say where there is none."""

import numpy as np
import pandas as pd
import pytest
from landscape import measures
from landscape.measures import Run, Unknown

AXIS = np.round(np.linspace(-4, 4, 41), 12)


def surface(
    loss, alphas=AXIS, betas=(0.0,), se=0.0, error=lambda loss: loss / 10, classes=2, group=False
):
    """A surface with its landmarks; `loss` is a function of (α, β)."""
    places = [(0.0, 0.0, "start"), (1.0, 0.0, "end")]
    if group:
        places = [(0.0, 0.0, "end"), (-1.0, 0.0, "rollback")]
    places += [(alpha, beta, None) for alpha in alphas for beta in betas]
    table = pd.DataFrame(places, columns=["alpha", "beta", "landmark"])
    table["dtype"] = "float32"
    table["train_loss"] = [loss(alpha, beta) for alpha, beta in zip(table["alpha"], table["beta"])]
    table["train_loss_se"] = se
    table["dev_error"] = error(table["train_loss"])
    table["dev_n"] = 100
    for number in range(classes):
        table[f"train_predicted_{number}"] = 50 / classes
        table[f"dev_predicted_{number}"] = 100 / classes
    return table


def bowl(alpha, beta):
    return 0.1 + 0.2 * (alpha - 1) ** 2 + beta**2


GUESS = np.log(2)
# where 0.2 (α − 1)² is half of what lies between end and guessing
WIDTH = 2 * np.sqrt((GUESS - 0.1) / 2 / 0.2)


def run(loss=bowl, **more):
    planes = {"curve": surface(loss, **more), "full": surface(loss, betas=AXIS, **more)}
    return Run("pretrained", "mnli", 0, planes=planes)


def test_the_width_of_a_parabola():
    value, low, high = measures.width(run())
    assert value == low == high == pytest.approx(WIDTH, abs=0.03)  # linear between the points


def test_the_width_of_one_basin_is_not_that_of_another():
    two = run(lambda alpha, beta: 0.1 if abs(alpha - 1) < 0.5 or alpha < -1 else 1.0)
    assert 0.8 < measures.width(two)[0] < 1.3


def test_noise_of_the_examples_makes_the_width_uncertain():
    value, low, high = measures.width(run(se=0.05))
    assert low < value < high
    assert value == pytest.approx(WIDTH, abs=0.03)
    # all losses higher by 1.96 standard errors
    assert low == pytest.approx(2 * np.sqrt(((GUESS - 0.1) / 2 - 1.96 * 0.05) / 0.2), abs=0.03)


def test_a_basin_ends_where_the_loss_is_not_finite():
    gap = run(lambda alpha, beta: np.nan if alpha > 1.1 else bowl(alpha, beta))
    assert WIDTH / 2 - 0.03 < measures.width(gap)[0] < WIDTH / 2 + 0.2


@pytest.mark.parametrize("points", [40, 41])
def test_a_narrow_basin_is_seen_on_any_grid(points):
    """Its end is measured exactly, also where it lies between the lines of the grid."""
    narrow = run(lambda a, b: 0.1 + 60 * (a - 1) ** 2, alphas=np.linspace(-4, 4, points))
    assert 0.01 < measures.width(narrow)[0] < 0.3


def test_a_basin_that_the_grid_cuts_off_has_no_width():
    with pytest.raises(Unknown, match="reaches the edge"):
        measures.width(run(lambda a, b: 0.1 + 0.001 * (a - 1) ** 2))
    with pytest.raises(Unknown, match="not within the range"):
        measures.width(run(alphas=np.linspace(-1, 0.8, 19)))
    unsure = run(lambda a, b: 0.1 + 0.04 * (a - 1) ** 2, se=0.05)
    assert measures.width(unsure)[2] == np.inf


def test_two_basins_are_cut_at_the_same_height():
    """Of the same shape, the deeper one is not the wider."""
    deep, shallow = run(), run(lambda a, b: bowl(a, b) + 0.4)
    assert measures.width(deep)[0] > 1.5 * measures.width(shallow)[0]
    deep.depth = shallow.depth = measures.depth(shallow)
    assert measures.width(deep)[0] == pytest.approx(measures.width(shallow)[0])


def test_a_grid_in_another_dtype_is_compared_with_its_own_landmarks():
    one = run(lambda a, b: 1.0 - 0.5 * a)
    points = one.planes["curve"]
    coarse = points.assign(dtype="bfloat16", train_loss=points["train_loss"] + 0.003)
    exact = points[points["landmark"].notna()]
    one.planes["curve"] = pd.concat([exact, coarse], ignore_index=True)
    assert measures.barrier(one)[0] == measures.rising_share(one)[0] == 0


def test_a_run_that_is_no_better_than_guessing_has_no_width():
    with pytest.raises(Unknown, match="no better than guessing"):
        measures.width(run(lambda alpha, beta: GUESS))


def test_widths_in_distance_and_relative_to_the_weights():
    one = run()
    one.norms = {"norm": {"whole": 3.0}, "start_norm": {"whole": 12.0}}
    width = measures.width(one)[0]
    assert measures.width_in_distance(one)[0] == pytest.approx(3 * width)
    assert measures.relative_width(one)[0] == pytest.approx(width / 4)
    with pytest.raises(Unknown, match="no norms of pretrained mnli seed 0"):
        measures.width_in_distance(run())


def test_curvature_of_a_parabola():
    assert measures.curvature(run())[0] == pytest.approx(0.4)
    walls = run(lambda a, b: bowl(a, b) + 9 * (abs(a - 1) > 1))  # far away: they do not count
    assert measures.curvature(walls)[0] == pytest.approx(0.4)
    with pytest.raises(Unknown, match="fewer than five"):
        measures.curvature(run(alphas=np.linspace(-4, 4, 9)))


def test_a_path_that_falls_has_no_barrier():
    falling = run(se=0.01)
    assert measures.barrier(falling) == (0.0, 0.0, 0.0)
    assert measures.rising_share(falling)[0] == 0.0


def test_the_barrier_counts_what_is_above_both_ends():
    bump = run(lambda a, b: bowl(a, b) + 2.0 * (0.35 < a < 0.45), se=0.01)
    value, low, high = measures.barrier(bump)
    above = 2.0 + bowl(0.4, 0) - bowl(0.0, 0)
    assert (value, low, high) == pytest.approx((above, above - 0.0196, above + 0.0196), abs=1e-4)
    assert measures.rising_share(bump)[0] == pytest.approx(1 / 5)  # 0, .2, .4, .6, .8, 1


def test_loss_and_error_that_agree_and_that_do_not():
    assert measures.agreement(run())[0] == pytest.approx(1.0)
    assert measures.agreement(run(error=lambda loss: -loss))[0] == pytest.approx(-1.0)
    assert measures.shift_of_minima(run())[0] == 0.0
    with pytest.raises(Unknown, match="one dev error"):
        measures.agreement(run(error=lambda loss: 0 * loss))


def test_the_shift_is_to_the_nearest_of_equal_minima():
    def error(loss):
        return (loss > 0.5).astype(float)  # zero in the whole bottom of the bowl

    assert measures.shift_of_minima(run(error=error))[0] == 0.0


def test_a_group_is_measured_on_its_own_axis():
    one = run()
    one.planes["low"] = surface(lambda a, b: 0.1 + 0.1 * a**2 + b**2, betas=AXIS, group=True)
    one.planes["high"] = surface(lambda a, b: 0.1 + 0.4 * a**2 + b**2, betas=AXIS, group=True)
    low, high = (measures.group_width(one, group)[0] for group in ("low", "high"))
    assert low == pytest.approx(2 * high, abs=0.05)
    assert measures.low_minus_high_width(one)[0] == pytest.approx(low - high)


def test_a_grid_without_a_line_through_0_is_measured_beside_it():
    one = run()
    even = np.linspace(-4, 4, 40)
    one.planes["low"] = surface(lambda a, b: 0.1 + 0.2 * a**2, even, even, group=True)
    assert measures.group_width(one, "low")[0] == pytest.approx(WIDTH, abs=0.05)


def test_trainings_of_one_epoch_have_no_direction_of_their_own():
    one = run()
    one.tables["projection"] = pd.DataFrame({"cos": [np.nan, 1.0], "path": [0.0, 1.0]})
    for measure in (measures.first_cosine, measures.straightness):
        with pytest.raises(Unknown, match="one epoch"):
            measure(one)


def test_loss_in_an_epoch_is_of_that_epoch():
    one = run()
    one.tables["log"] = pd.DataFrame({"epoch": [0.5, 1.0, 1.5, 2.0], "loss": [9.0, 9.0, 1.0, 3.0]})
    value, low, high = measures.loss_in_epoch(one, 2)
    assert value == 2.0 and low < 1.0 < 3.0 < high
    with pytest.raises(Unknown, match="epoch 3"):
        measures.loss_in_epoch(one, 3)


def test_a_constant_predictor_is_seen():
    one = run()
    assert not one.collapsed()
    one.planes["curve"]["dev_predicted_0"] = 100
    assert one.collapsed()


def test_what_a_roll_back_loses():
    one = run()
    rows = [("none", 90), ("low", 88), ("middle", 80), ("high", 50)]
    one.tables["rollback"] = pd.DataFrame(rows, columns=["group", "dev_correct"]).assign(dev_n=100)
    value, low, high = measures.high_minus_low(one)
    assert value == pytest.approx(0.38) and 0.25 < low < value < high < 0.5


def test_a_difference_of_two_independent_values():
    assert measures.minus((5, 4, 6), (1, 0, 2)) == (4, 4 - 2**0.5, 4 + 2**0.5)
    _, low, high = measures.minus((5, 4, 9), (1, 1, 1))
    assert (low, high) == (3, 8)  # the long side stays long
