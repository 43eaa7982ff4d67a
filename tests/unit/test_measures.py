"""Measures of runs whose answer is known, and what they say where there is none."""

import numpy as np
import pandas as pd
import pytest
from known import run
from landscape import measures
from landscape.runs import Unknown


def test_loss_and_error_that_agree_and_that_do_not():
    assert measures.agreement(run())[0] == pytest.approx(1.0)
    assert measures.agreement(run(error=lambda loss: -loss))[0] == pytest.approx(-1.0)
    assert measures.shift_of_minima(run())[0] == 0.0
    with pytest.raises(Unknown, match="one dev error"):
        measures.agreement(run(error=lambda loss: 0 * loss))


def test_the_agreement_allows_for_errors_that_go_together():
    """Each half of the plane errs as one: errors of each point for itself would average out."""
    rng, n = np.random.default_rng(0), 100
    loss, half = np.linspace(0.2, 0.8, 40), np.repeat([0, 1], 20)
    wrong = rng.random((2, n)) < [[0.4], [0.5]]

    def error(chosen):
        return wrong[:, chosen].mean(axis=1)[half] + loss / 1000  # no ties within a half

    points = pd.DataFrame({"train_loss": loss, "train_loss_se": 0.0, "dev_error": error(slice(n))})
    points["dev_error_se"] = se = np.sqrt(points["dev_error"] * (1 - points["dev_error"]) / n)
    one = run()
    one.planes["full"] = points.assign(alpha=loss, beta=0.0, landmark=None)
    value, low, _ = measures.agreement(one)
    together = [error(rng.integers(0, n, n)) for _ in range(300)]
    alone = [points["dev_error"] + se * rng.standard_normal(40) for _ in range(300)]
    of_examples, of_points = (
        np.std([measures.rank_correlation(loss, errors) for errors in drawn])
        for drawn in (together, alone)
    )
    assert (value - low) / 1.96 > of_examples > 2 * of_points


def test_the_agreement_is_certain_where_its_points_are():
    value, low, high = measures.agreement(run())
    assert value == low == high
    _, low, high = measures.agreement(run(se=0.2))
    assert -1 <= low < 0.9 < high <= 1


def test_the_shift_is_to_the_nearest_of_equal_minima():
    def error(loss):
        return (loss > 0.5).astype(float)  # zero in the whole bottom of the bowl

    assert measures.shift_of_minima(run(error=error))[0] == 0.0


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
