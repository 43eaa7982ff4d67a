"""Measures of runs whose answer is known, and what they say where there is none."""

from dataclasses import replace

import known
import numpy as np
import pandas as pd
import pytest
from landscape.claims import measures
from landscape.claims.measured import Beside, NotMeasured, Run, Unknown
from landscape.surfaces import folds

# how training goes


def test_the_final_loss_is_that_of_the_end_on_the_examples_of_surfaces():
    assert measures.final_loss(known.run()) == pytest.approx(0.1)


def test_the_longer_training_is_looked_at_after_as_many_epochs_as_the_shorter_has():
    """Its end would say how long it was trained, not how fast."""
    one = Run("scratch", "mnli", 0, tables={"scores": known.scores((0.9, 0.7, 0.4, 0.2))})
    assert measures.loss_after_same_epochs(replace(one, beside=Beside(epochs=2))) == 0.7
    assert measures.loss_after_same_epochs(replace(one, beside=Beside(epochs=4))) == 0.2


def test_a_loss_in_training_is_measured_without_a_fold_of_its_examples():
    one = Run("scratch", "mnli", 0, tables={"scores": known.scores((0.9, 0.7), noise=0.1)})
    without = replace(one, beside=Beside(epochs=1)).without("train", 1)
    expected = 0.9 * (1 + 0.1 * known.ALTERNATING[1])
    assert measures.loss_after_same_epochs(without) == pytest.approx(expected)
    assert one.table("scores")["train_loss"].iloc[0] == 0.9  # the run itself is as it was


def way(cosines, path, ends=(), parts_path=()):
    """A run of whose trajectory that is known, from the start on; ends: the epochs of the parts."""
    table = pd.DataFrame({"cos": [np.nan, *cosines], "path": [0.0, *path]})
    table["part"] = table["parts_path"] = np.nan
    table.loc[[0, *ends], "part"] = range(len(ends) + 1)
    table.loc[[0, *ends], "parts_path"] = [0.0, *parts_path]
    return Run("pretrained", "mnli", 0, tables={"projection": table})


def test_straightness_is_of_the_epochs_that_end_equal_parts():
    """Not of all epochs: a path that is recorded more often is longer."""
    one = way([0.2, 0.6, 0.9, 1.0], [0.5, 1.0, 2.0, 4.0], ends=(2, 4), parts_path=(0.75, 1.25))
    assert measures.straightness_of_parts(one) == 0.8
    assert measures.first_cosine_of_parts(one) == 0.6
    assert measures.straightness(one) == 0.25  # as the paper has it
    assert measures.first_cosine(one) == 0.2


@pytest.mark.parametrize(
    "measure",
    [
        measures.first_cosine,
        measures.straightness,
        measures.first_cosine_of_parts,
        measures.straightness_of_parts,
    ],
)
def test_trainings_of_one_epoch_have_no_direction_of_their_own(measure):
    with pytest.raises(Unknown, match="one epoch"):
        measure(way([1.0], [1.0], ends=(1,), parts_path=(1.0,)))


def trained(rates, epochs=2):
    tables = {"log": pd.DataFrame({"learning_rate": rates}), "scores": known.scores([0.1] * epochs)}
    return Run("pretrained", "mnli", 0, tables=tables)


def test_trainings_are_alike_by_their_epochs_steps_and_shares_of_their_rates():
    one = trained([0.0, 2e-5, 1e-5])
    assert measures.trained_alike([one, one]) == ""
    assert measures.trained_alike([one, trained([0.0, 4e-4, 2e-4])]) == ""  # another rate
    other = trained([0.0, 2e-5, 1e-5], epochs=5)
    assert measures.trained_alike([other, one]) == "trained for 2 and 5 epochs"


@pytest.mark.parametrize(
    "rates",
    [[2e-5, 1e-5, 0.0], [0.0, 2e-5, 1.5e-5], [0.0, 2e-5, 1e-5, 0.0]],
    ids=["no warm-up", "slower decay", "more steps"],
)
def test_another_schedule_is_another_training(rates):
    """Of any run: one that differs among several is found."""
    one = trained([0.0, 2e-5, 1e-5])
    odds = measures.trained_alike([one, one, trained(rates), one])
    assert odds == "trained by other steps or another schedule"


def test_an_angle_counts_by_its_size():
    one = way([0.6, 1.0], [1.0, 2.0])
    one.tables["projection"]["cos_axes"] = -0.3
    assert measures.orthogonality(one) == 0.3


def test_a_constant_predictor_is_seen():
    """At the end of training: it may have left guessing, or come back to it."""
    assert not known.run().collapsed()
    for first, second, collapsed in ([100, 50], [0, 50], False), ([50, 1], [50, 99], True):
        one = known.run()
        predicted = {"dev_predicted_0": first, "dev_predicted_1": second}
        one.tables["scores"] = one.tables["scores"].assign(**predicted)
        assert one.collapsed() == collapsed


# how it generalises, and what layers do: example by example


def test_the_error_at_the_end_is_told_example_by_example():
    one = known.run()
    one.tables["scores"]["dev_right"] = ["1111", "0110"]
    assert list(measures.end_error(one)) == [1, 0, 0, 1]


def test_the_growth_of_the_error_is_that_of_each_example():
    """From the end of the run to the last of the further epochs; one is unlearned, one learned."""
    one = known.run()
    one.tables["scores"]["dev_right"] = ["0000", "1100"]
    one.tables["further"] = pd.DataFrame({"dev_right": ["1111", "1001"]})
    assert list(measures.error_growth(one)) == [0, 1, 0, -1]
    with pytest.raises(NotMeasured, match="no further of pretrained mnli seed 0"):
        measures.error_growth(known.run())


def test_the_distance_moved_is_from_the_end_along_and_off_the_axis():
    one = known.run()
    further = {"eq4_alpha": [0.0, 1.0, 1.3], "eq5_beta": [0.0, 0.0, 0.4]}
    one.tables["longer"] = pd.DataFrame(further)
    assert measures.distance_moved(one) == pytest.approx(0.5)


def test_what_a_roll_back_loses_more_where_the_layers_are_high():
    """Each example that the high layers lose minus each that the low ones lose."""
    one = known.run()
    right = {"none": "1111", "low": "1101", "middle": "0000", "high": "0011"}
    one.tables["rollback"] = pd.DataFrame({"group": right.keys(), "dev_right": right.values()})
    assert list(measures.high_minus_low(one, "low", "high")) == [1, 1, -1, 0]


def test_movement_is_of_the_layers_as_one_vector():
    """Not a mean of their shares: a layer of large weights counts more."""
    one = known.run()
    one.norms.update(norm={"0": 3.0, "1": 4.0, "2": 9.0}, start_norm={"0": 6.0, "1": 8.0, "2": 9.0})
    assert measures.movement(one, (0, 1)) == pytest.approx(0.5)
    assert measures.movement(one, (1, 2)) == pytest.approx((97 / 145) ** 0.5)


# what a run is without some of its examples


@pytest.mark.parametrize("split, measured", folds.MEASURED.items())
def test_a_run_is_measured_without_a_fold_of_one_split(split, measured):
    """What the other split says stays; so does what is of no examples."""
    one = known.run(noise=0.1)
    left = one.without(split, 3)
    points, of_all = left.plane("basin"), one.plane("basin")
    of_split = f"{split}_{measured}"
    (other,) = {"train_loss", "dev_error"} - {of_split}
    assert points[of_split].equals(of_all[f"{of_split}_without_3"].rename(of_split))
    assert points[other].equals(of_all[other])
    assert len(left.table("sample")) == (95 if split == "train" else 100)
    assert str(left) == f"pretrained mnli seed 0 without fold 3 of its {split} examples"


def test_guessing_is_that_of_the_examples_that_are_left():
    labels = np.where(folds.of_examples(100) == 7, 0, np.arange(100) % 2)
    one = known.run(labels=labels)
    left = np.mean(labels[folds.of_examples(100) != 7])
    expected = -left * np.log(left) - (1 - left) * np.log(1 - left)
    assert one.without("train", 7).guessing() == pytest.approx(expected)
    assert one.without("dev", 7).guessing() == one.guessing() != pytest.approx(expected)
