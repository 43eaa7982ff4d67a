"""Measures of runs whose answer is known, and what they say where there is none."""

import numpy as np
import pandas as pd
import pytest
from known import run
from landscape.claims import measures
from landscape.claims.measured import Unknown


def test_loss_and_error_that_agree_and_that_do_not():
    assert measures.agreement(run()) == pytest.approx(1.0)
    assert measures.agreement(run(error=lambda loss: -loss)) == pytest.approx(-1.0)
    assert measures.shift_of_minima(run())[0] == 0.0
    with pytest.raises(Unknown, match="one dev error"):
        measures.agreement(run(error=lambda loss: 0 * loss))


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
    rows = [("none", 0.1), ("low", 0.12), ("middle", 0.2), ("high", 0.5)]
    one.tables["rollback"] = pd.DataFrame(rows, columns=["group", "dev_error"])
    assert measures.high_minus_low(one, "low", "high") == pytest.approx(0.38)


def test_a_difference_of_two_independent_values():
    assert measures.minus((5, 4, 6), (1, 0, 2)) == (4, 4 - 2**0.5, 4 + 2**0.5)
    _, low, high = measures.minus((5, 4, 9), (1, 1, 1))
    assert (low, high) == (3, 8)  # the long side stays long
