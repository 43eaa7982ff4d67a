"""Epochs on a plane: Eqs. 3–5 and the least-squares coordinates, against plain numpy."""

import numpy as np
import pandas as pd
import project_trajectory
import pytest
from landscape.jobs.command import InputError
from landscape.jobs.parquet import read_frame, write_frame
from landscape.jobs.sealed import write_json
from landscape.models.vectors import Vector
from landscape.runs import checkpoints
from landscape.surfaces import projection
from landscape.words import PARTNER
from safetensors.numpy import save_file


def vector(path, flat):
    """A file of two tensors that hold `flat`."""
    flat = np.asarray(flat, np.float32)
    save_file({"a": flat[:2].copy(), "b": flat[2:].reshape(-1, 1).copy()}, path)
    return Vector(path)


def products(folder, start, epochs, delta1, delta2, ends=()):
    start, delta1, delta2 = map(np.asarray, (start, delta1, delta2))
    return projection.products(
        vector(folder / "start", start),
        [vector(folder / f"e{i}", start + delta) for i, delta in enumerate(epochs)],
        vector(folder / "one", delta1),
        vector(folder / "two", delta2),
        ends,
    )


def coordinates(folder, start, epochs, delta1, delta2):
    axes, onto, norms, steps, legs = products(folder, start, epochs, delta1, delta2)
    assert legs.size == 0  # no part of the path was asked for
    return projection.project(axes, onto, norms), steps


def test_by_hand(tmp_path):
    """Orthogonal axes of lengths 5 and 10; an epoch at a quarter of δ1, 2 up, 1 out of the plane.

    δ2 counts as long as δ1: β is 2/5, not 2/10.
    """
    got, _ = coordinates(
        tmp_path,
        [1.0, 2.0, 3.0, 4.0],
        [[1.25, 2.0, 1.0, 0.0], [5.0, 0.0, 0.0, 0.0]],
        [5.0, 0.0, 0.0, 0.0],
        [0.0, 10.0, 0.0, 0.0],
    )
    length = np.sqrt(1.25**2 + 4 + 1)
    assert got["cos"] == pytest.approx([1.25 / length, 1.0])
    assert got["eq4_alpha"] == pytest.approx([0.25, 1.0])
    assert got["eq5_beta"] == pytest.approx([np.sqrt(5) / 5, 0.0], abs=1e-7)  # unsigned, all of it
    assert got["alpha"] == pytest.approx([0.25, 1.0])
    assert got["beta"] == pytest.approx([0.4, 0.0], abs=1e-12)
    assert got["off_plane"] == pytest.approx([1 / length, 0.0], abs=1e-7)
    assert got["length"] == pytest.approx([length / 5, 1.0])


def test_against_numpy_with_axes_that_are_not_orthogonal(tmp_path):
    rng = np.random.default_rng(0)
    start, delta1, delta2 = rng.standard_normal((3, 12)) * [[3.0], [1.0], [7.0]]
    delta2 += 5 * delta1
    epochs = rng.standard_normal((6, 12))
    epochs[-1] = delta1
    got, steps = coordinates(tmp_path, start, epochs, delta1, delta2)

    one = np.linalg.norm(delta1)
    scaled = delta2 * one / np.linalg.norm(delta2)
    assert abs(delta1 @ scaled) / one**2 > 0.3  # far from orthogonal
    plane = np.stack([delta1, scaled], axis=1)
    fit, *_ = np.linalg.lstsq(plane, epochs.T, rcond=None)
    length = np.linalg.norm(epochs, axis=1)
    off = np.linalg.norm(epochs.T - plane @ fit, axis=0) / length
    cos = epochs @ delta1 / (length * one)
    want = {
        "cos": cos,
        "eq4_alpha": length * cos / one,
        "eq5_beta": length * np.sqrt(1 - np.minimum(cos, 1) ** 2) / one,
        "alpha": fit[0],
        "beta": fit[1],
        "off_plane": off,
        "length": length / one,
    }
    assert set(want) == set(got)
    for name in want:
        np.testing.assert_allclose(got[name], want[name], atol=1e-3 if name in APART else 1e-5)
    path = np.diff(np.vstack([np.zeros(12), epochs]), axis=0)
    np.testing.assert_allclose(steps, np.square(path).sum(1), rtol=1e-5)


# square roots of a difference that is 0 at the end point: float32 files leave about 1e-4
APART = ("eq5_beta", "off_plane")


def test_the_end_point_lies_at_1_0(tmp_path):
    rng = np.random.default_rng(1)
    delta1, delta2 = rng.standard_normal((2, 8))
    got, _ = coordinates(tmp_path, rng.standard_normal(8), [delta1], delta1, delta2)
    assert (got["alpha"][0], got["beta"][0]) == pytest.approx((1.0, 0.0), abs=1e-6)
    assert (got["eq4_alpha"][0], got["eq5_beta"][0]) == pytest.approx((1.0, 0.0), abs=1e-3)


def test_points_of_the_plane_are_found_again_on_it(tmp_path):
    """Also behind the start and below the axis, where Eq. 5 knows no sign."""
    rng = np.random.default_rng(2)
    delta1, delta2 = rng.standard_normal((2, 8))
    delta2 += delta1
    scaled = delta2 * np.linalg.norm(delta1) / np.linalg.norm(delta2)
    points = np.array([(0.5, 0.5), (-1.0, 2.0), (2.0, -0.25), (0.0, -3.0)])
    got, _ = coordinates(tmp_path, np.zeros(8), points @ np.stack([delta1, scaled]), delta1, delta2)
    np.testing.assert_allclose(np.stack([got["alpha"], got["beta"]], 1), points, atol=1e-5)
    assert got["off_plane"].max() < 1e-3


def test_a_run_that_has_not_moved_has_no_angle_but_breaks_nothing(tmp_path):
    got, steps = coordinates(tmp_path, [1.0] * 4, [[0.0] * 4], [1.0, 0, 0, 0], [0, 1.0, 0, 0])
    assert np.isnan(got["cos"][0]) and (got["alpha"][0], got["length"][0], steps[0]) == (0, 0, 0)


@pytest.mark.parametrize(
    "epochs, ends",
    [
        (16, [3, 6, 10, 13, 16]),  # 3.2, 6.4, 9.6 and 12.8, each to the nearest epoch
        (3, [1, 2, 3]),  # no more parts than epochs
        (1, [1]),
        (4, [1, 2, 3, 4]),
        (5, [1, 2, 3, 4, 5]),
        (6, [1, 2, 4, 5, 6]),
        (10, [2, 4, 6, 8, 10]),
    ],
)
def test_parts_of_a_training_are_equal_to_the_nearest_epoch(epochs, ends):
    assert projection.parts(epochs) == ends


@pytest.mark.parametrize("epochs", range(1, 100))
def test_parts_go_up_to_the_last_epoch_and_none_is_empty(epochs):
    """An end that stood twice would be a leg of no length, and the path too short."""
    ends = projection.parts(epochs)
    assert len(ends) == min(5, epochs) and ends[-1] == epochs and ends[0] >= 1
    assert (np.diff(ends) > 0).all()


def test_legs_of_the_path_by_hand(tmp_path):
    """Out by 3, up by 4, back by 3, down by 4: whole steps, or two legs across each corner.

    Each leg has a part in either of the file's two tensors, so that one that began anew from θ0
    in the second tensor would be seen.
    """
    epochs = [[3.0, 0, 0, 0], [3.0, 0, 4.0, 0], [0, 0, 4.0, 0], [0, 0, 0, 0]]
    axes = [1.0, 0, 0, 0], [0, 1.0, 0, 0]
    *_, steps, legs = products(tmp_path, [1.0, 2.0, 3.0, 4.0], epochs, *axes, ends=[2, 4])
    assert steps.tolist() == [9.0, 16.0, 9.0, 16.0]
    assert legs.tolist() == [25.0, 25.0]
    *_, legs = products(tmp_path, [1.0, 2.0, 3.0, 4.0], epochs, *axes, ends=[1, 2, 3, 4])
    assert legs.tolist() == steps.tolist()
    *_, legs = products(tmp_path, [1.0, 2.0, 3.0, 4.0], epochs, *axes, ends=[3])
    assert legs.tolist() == [16.0]  # what comes after the last end belongs to no leg


def trained(folder, deltas, further=()):
    """A run whose epochs lie at these places from θ0, with the files that a projection reads."""
    start = np.array([1.0, 2.0, 3.0, 4.0])
    vector(folder / "start.safetensors", start)
    vector(folder / "one.safetensors", deltas[-1])
    vector(folder / "two.safetensors", [0.0, 0, 0, 2.0])
    for name, places in {"run/e4_lr1": deltas, "further": further}.items():
        (folder / name).mkdir(parents=True)
        for number, delta in enumerate(places, 1):
            checkpoint(folder / name / f"epoch_{number:02d}.safetensors", start + delta)
    facts = {"candidate": "e4_lr1", "epochs": len(deltas)}
    write_json(facts, folder / "run/selected.json")
    log = pd.DataFrame({"epoch": np.arange(1.0, len(further) + 1)})
    write_frame(log, folder / "further/log.parquet")
    return folder


def checkpoint(path, flat):
    flat = np.asarray(flat, np.float32)
    tensors = {"encoder.a": flat[:2].copy(), "encoder.b": flat[2:].reshape(-1, 1).copy()}
    save_file(tensors | {"head.w": np.ones(3, np.float32)}, path)


def projected(folder, *more):
    argv = ["--start", folder / "start.safetensors", "--run", folder / "run", *more]
    argv += ["--first", folder / "one.safetensors", "--second", PARTNER]
    argv += [folder / "two.safetensors", "--end", folder / "run/e4_lr1/epoch_04.safetensors"]
    argv += ["--labels", "scratch", "mine", 0, "--output", folder / "trajectory.parquet"]
    project_trajectory.main(list(map(str, argv)))
    return read_frame(folder / "trajectory.parquet")


# out by 3, up by 4, then to the end δ1 = (0, 5): each step, over ‖δ1‖ = 5
CORNERS = [[3.0, 0, 0, 0], [3.0, 4.0, 0, 0], [0, 4.0, 0, 0], [0, 5.0, 0, 0]]


def test_the_table_holds_the_path_epoch_by_epoch_and_part_by_part(tmp_path):
    table = projected(trained(tmp_path, CORNERS))
    assert table["path"].tolist() == pytest.approx([0, 0.6, 1.4, 2.0, 2.2])
    assert table["part"].tolist() == [0, 1, 2, 3, 4]
    assert table["parts_path"].tolist() == pytest.approx([0, 0.6, 1.4, 2.0, 2.2])
    assert set(table["phase"]) == {"first"} and table["cos_axes"].tolist() == [0.0] * 5


def test_more_epochs_of_the_same_path_do_not_make_its_parts_longer(tmp_path):
    """A training that takes a detour between the ends of parts: the path sees it, parts do not."""
    ends = [[1.0, 0, 0, 0], [2.0, 0, 0, 0], [3.0, 0, 0, 0], [4.0, 0, 0, 0], [5.0, 0, 0, 0]]
    detours = [[x, 10.0, 0, 0] for x in (0.5, 1.5, 2.5, 3.5, 4.5)]
    deltas = [place for both in zip(detours, ends) for place in both]
    table = projected(trained(tmp_path, deltas))
    at_ends = table[table["part"].notna()]
    assert at_ends["epoch"].tolist() == [0, 2, 4, 6, 8, 10]
    assert at_ends["part"].tolist() == [0, 1, 2, 3, 4, 5]
    assert at_ends["parts_path"].tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert table["parts_path"].isna().equals(table["part"].isna())
    assert table["path"].iloc[-1] > 20


def test_further_epochs_are_on_the_path_and_in_none_of_its_parts(tmp_path):
    """Parts compare trainings of their own length: Fig. 4's epochs beyond the end are no part."""
    further = [[0, 6.0, 0, 0], [0, 8.0, 0, 0]]
    folder = trained(tmp_path, CORNERS, further)
    table = projected(folder, "--further", folder / "further")
    assert table["phase"].tolist() == ["first"] * 5 + ["further"] * 2
    assert table["path"].tolist() == pytest.approx([0, 0.6, 1.4, 2.0, 2.2, 2.4, 2.8])
    assert table["part"].tolist()[:5] == [0, 1, 2, 3, 4] and table["part"][5:].isna().all()
    assert table["parts_path"].tolist()[:5] == pytest.approx([0, 0.6, 1.4, 2.0, 2.2])
    assert table["parts_path"][5:].isna().all()


def test_a_run_of_another_model_is_named(tmp_path):
    start = vector(tmp_path / "start", np.ones(4))
    other = vector(tmp_path / "other", np.ones(5))
    with pytest.raises(InputError, match=r"other.* b "):
        projection.products(start, [other], start, start)


def run_folder(folder, epochs, selected=3):
    (folder / "e3_lr1").mkdir(parents=True)
    for number in epochs:
        (folder / "e3_lr1" / f"epoch_{number:02d}.safetensors").touch()
    chosen = {"candidate": "e3_lr1", "epochs": selected}
    write_json(chosen, folder / "selected.json")
    return folder


def test_checkpoints_are_the_epochs_in_order(tmp_path):
    files, further = checkpoints.of_run(run_folder(tmp_path, [2, 1, 3]))
    assert [path.stem for path in files] == ["epoch_01", "epoch_02", "epoch_03"]
    assert further == []


def test_a_missing_epoch_is_not_passed_over(tmp_path):
    with pytest.raises(InputError, match="epoch_02"):
        checkpoints.of_run(run_folder(tmp_path, [1, 3]))


def test_epochs_beyond_99_come_in_order(tmp_path):
    """As text, epoch_100 comes before epoch_11."""
    files, _ = checkpoints.of_run(run_folder(tmp_path, range(1, 102), selected=101))
    assert [int(path.stem.removeprefix("epoch_")) for path in files] == [*range(1, 102)]


def test_further_epochs_of_an_older_longer_run_are_left_out(tmp_path):
    """Fewer further_epochs in the config leave the old files behind: they are of another run."""
    run_folder(tmp_path, [1, 2, 3])
    (tmp_path / "further").mkdir()
    for number in range(1, 6):
        (tmp_path / "further" / f"epoch_{number:02d}.safetensors").touch()
    log = pd.DataFrame({"epoch": [0.5, 1.0, 1.5, 2.0]})
    write_frame(log, tmp_path / "further/log.parquet")
    _, further = checkpoints.of_run(tmp_path, tmp_path / "further")
    assert [path.stem for path in further] == ["epoch_01", "epoch_02"]
