"""Which points a finer level takes, and what is filled in: on surfaces in closed form."""

import numpy as np
import pandas as pd
import pytest
from landscape.planes import finer
from landscape.surfaces import refine
from scipy.interpolate import RegularGridInterpolator

SETTINGS = {"range": [-4.0, 4.0], "points": 9, "measures": ["train_loss"]}
ENDS = [(0.0, 0.0, "start"), (1.0, 0.0, "end")]
GUESS = np.log(2)


def well(alpha, beta):
    """A narrow basin about the end, 3 % of the plane, in a plateau above guessing that waves."""
    return 1.0 + 0.05 * np.sin(alpha) - 0.9 * np.exp(-3 * ((alpha - 1) ** 2 + beta**2))


def rows(places, loss, landmark=None):
    table = pd.DataFrame([place[:2] for place in places], columns=["alpha", "beta"])
    table["landmark"] = [place[2] for place in places] if landmark else None
    table["train_loss"] = loss(table["alpha"].to_numpy(), table["beta"].to_numpy())
    run = {"arm": "mine", "task": "mrpc", "seed": 0, "plane": "whole", "dtype": "float32"}
    return table.assign(**run, train_predicted_0=1.0, train_predicted_1=2.0)


def grid(loss, settings=SETTINGS):
    """A surface of the grid alone, with its landmarks."""
    along = refine.axis(*settings["range"], settings["points"], 0).tolist()
    places = [(alpha, beta) for alpha in along for beta in along]
    return pd.concat([rows(ENDS, loss, landmark=True), rows(places, loss)], ignore_index=True)


def refined(loss, numbers, settings=SETTINGS, landmarks=ENDS):
    """A surface with the points of further levels, and those of each."""
    table, chosen = grid(loss, settings), []
    for level, number in enumerate(numbers, 1):
        chosen.append(refine.next_points(table, settings, level, number, landmarks))
        table = pd.concat([table, rows(chosen[-1], loss)], ignore_index=True)
    return table, chosen


def errors(losses, settings=SETTINGS):
    """Of the losses on a lattice, in the basin of `well`."""
    along = np.linspace(*settings["range"], len(losses))
    truth = well(*np.meshgrid(along, along, indexing="ij"))
    return np.abs(losses - truth)[truth < GUESS]


@pytest.mark.parametrize("points", [3, 9, 17, 21, 40])
def test_each_lattice_holds_the_one_before_bit_for_bit(points):
    for level in range(1, 4):
        after = refine.axis(-4.0, 4.0, points, level)
        assert (after[::2] == refine.axis(-4.0, 4.0, points, level - 1)).all()


def test_what_interpolation_misses_of_a_parabola_is_known_exactly():
    along = np.arange(6.0)
    values = 3 * along[:, None] ** 2 + 0.5 * along**2 + along
    fine = np.arange(0, 5.5, 0.5)
    truth = 3 * fine[:, None] ** 2 + 0.5 * fine**2 + fine
    off = np.abs(refine.doubled(values) - truth)
    np.testing.assert_allclose(refine.expected_miss(values), off, atol=1e-12)
    assert off[::2, ::2].max() == 0 and off.max() == pytest.approx(0.875)


def test_a_narrow_basin_is_known_far_better_than_by_as_many_points_of_a_grid():
    table, _ = refined(well, (120, 120, 120))
    along = refine.axis(-4.0, 4.0, 9, 3)
    found, _ = refine.placed(refine.whole(table, SETTINGS, 3), "train_loss", along)
    coarse = np.linspace(-4, 4, 21)  # 441 points
    uniform = RegularGridInterpolator(
        (coarse, coarse), well(*np.meshgrid(coarse, coarse, indexing="ij"))
    )
    uniform = uniform(np.stack(np.meshgrid(along, along, indexing="ij"), -1))
    assert errors(found).mean() < errors(uniform).mean() / 8
    assert errors(found).max() < errors(uniform).max() / 4


def test_a_level_takes_so_many_points_and_none_twice():
    table, chosen = refined(well, (100, 150, 200))
    assert list(map(len, chosen)) == [100, 150, 200]
    assert not table[table["landmark"].isna()].duplicated(["alpha", "beta"]).any()
    for level, places in enumerate(chosen, 1):
        assert places == sorted(places)
        assert np.isin(places, refine.axis(-4.0, 4.0, 9, level)).all()


def test_the_points_follow_from_the_surface_whatever_the_order_of_its_rows():
    table, (first, second) = refined(well, (60, 60))
    before = table[:-60]
    for seed in range(3):
        shuffled = before.sample(frac=1, random_state=seed)
        assert refine.next_points(shuffled, SETTINGS, 2, 60, ENDS) == second
    assert refine.next_points(grid(well), SETTINGS, 1, 60, ENDS) == first


@pytest.mark.parametrize("points", [9, 12, 40])
def test_cells_that_hold_landmarks_are_always_split(points):
    """On a line of the grid or between; where nothing else tells anything, too."""
    settings = SETTINGS | {"points": points}
    table, _ = refined(lambda alpha, beta: 0.1 + 0 * alpha, (32, 32), settings)
    measured = set(
        table.loc[table["landmark"].isna(), ["alpha", "beta"]].itertuples(index=False, name=None)
    )
    for level in (1, 2):
        before = refine.axis(*settings["range"], points, level - 1)
        after = refine.axis(*settings["range"], points, level)
        for alpha, beta, _ in ENDS:
            sides = []
            for place in (alpha, beta):
                low, high = before[before < place].max(), before[before > place].min()
                sides.append(after[(after >= low) & (after <= high)].tolist())
                assert len(sides[-1]) == (5 if place in before else 3)
            assert {(a, b) for a in sides[0] for b in sides[1]} <= measured


def test_a_landmark_beyond_the_plane_has_no_cell():
    coordinates = refine.axis(1.0, 2.0, 5, 1)
    assert not refine.around(coordinates, 0.0).any() and not refine.around(coordinates, 2.1).any()
    assert refine.around(coordinates, 2.0).tolist() == [False] * 6 + [True] * 3


def test_blow_up_takes_no_points_from_the_basin():
    """Beyond twice the loss of guessing all is alike, as are points that are not finite."""

    def beside(loss):
        return lambda alpha, beta: np.where(alpha < -1, loss(beta), well(alpha, beta))

    _, quiet = refined(beside(lambda beta: 5.0), (60, 60))
    _, wild = refined(beside(lambda beta: 1e6 + 1e5 * np.sin(7 * beta)), (60, 60))
    _, lost = refined(beside(lambda beta: np.where(beta > 0, np.nan, np.inf)), (60, 60))
    assert quiet == wild == lost


def test_the_rim_of_a_basin_is_looked_at_where_the_loss_does_not_bend():
    """A slope through the loss of guessing: of a plane nothing is missed."""
    _, (first,) = refined(lambda alpha, beta: GUESS * (0.98 + 0.04 * alpha), (17,), landmarks=[])
    assert {alpha for alpha, _ in first} == {0.5} and len(first) == 17


def test_a_whole_surface_tells_what_was_measured():
    table, _ = refined(well, (40, 40))
    whole = refine.whole(table, SETTINGS, 2)
    assert len(whole) == 33**2 + 2 and whole["filled"].sum() == 33**2 - 81 - 80
    assert not whole["filled"][:2].any() and list(whole["landmark"][:2]) == ["start", "end"]
    places = list(whole.loc[2:, ["alpha", "beta"]].itertuples(index=False, name=None))
    assert places == sorted(places)
    known = whole[~whole["filled"]].drop(columns="filled")
    expected = table.assign(grid=table["landmark"].isna()).sort_values(["grid", "alpha", "beta"])
    pd.testing.assert_frame_equal(
        known.reset_index(drop=True), expected.drop(columns="grid").reset_index(drop=True)
    )
    rest = whole[whole["filled"]]
    assert rest["train_loss"].notna().all() and rest["train_predicted_0"].isna().all()
    assert set(rest["arm"]) == {"mine"} and set(rest["dtype"]) == {"float32"}


def test_what_is_filled_in_lies_between_what_was_measured_about_it():
    """Losses above what figures draw count as that; beside NaN and infinity nothing is known."""
    settings = SETTINGS | {
        "points": 3,
        "range": [0.0, 2.0],
        "measures": ["train_loss", "dev_error"],
    }
    table = grid(lambda alpha, beta: alpha + 0 * beta, settings).assign(dev_error=0.5)
    at = table["landmark"].isna()
    table.loc[at & (table["alpha"] == 2) & (table["beta"] == 0), "train_loss"] = 1e6
    table.loc[at & (table["alpha"] == 2) & (table["beta"] == 2), "train_loss"] = np.inf
    table.loc[at & (table["alpha"] == 0) & (table["beta"] == 2), "dev_error"] = np.nan
    whole = refine.whole(table, settings, 1)
    along = refine.axis(0.0, 2.0, 3, 1)
    losses, _ = refine.placed(whole, "train_loss", along)
    assert losses[1, 0] == 0.5 and losses[1, 1] == 0.5  # an edge, and a cell
    assert losses[4, 0] == 1e6  # as measured
    assert losses[3, 0] == pytest.approx((1 + refine.HIGHEST * GUESS) / 2)
    assert np.isinf(losses[4, 4]) and np.isnan(losses[3:, 3:]).sum() == 3
    wrong, _ = refine.placed(whole, "dev_error", along)
    assert np.isnan(wrong[:2, 3:]).sum() == 4 and wrong[2, 2] == 0.5


def test_a_level_measures_no_more_than_what_its_lattice_has_left():
    assert finer(9) == ()
    assert finer(9, levels=3, points=120) == (120, 120, 120)
    assert finer(3, levels=2, points=40) == (16, 40)
    assert finer(3, levels=3, points=1000) == (16, 56, 208)
