"""Planes measured in one process or in several, whole or in chunks: the same bytes in each file."""

import json

import direction
import evaluate_surface
import gather_surface
import helpers
import pandas as pd
import pytest
import random_directions
from landscape.jobs.command import InputError
from landscape.jobs.journal import Journal
from landscape.models import classifiers
from landscape.surfaces import folds, plane, surface


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """θ0, θ1, a direction δ2, two random ones and data of one tiny run."""
    folder = tmp_path_factory.mktemp("made")
    helpers.model_folder(folder / "s0")
    start = folder / "s0/model.safetensors"
    for seed, name in ((1, "final"), (2, "other")):
        model = helpers.moved(classifiers.load_classifier(folder / "s0", 3), seed)
        classifiers.save_checkpoint(model, folder / f"{name}.safetensors")
    ends = ["--start", start, "--end", folder / "other.safetensors"]
    direction.main(list(map(str, [*ends, "--output", folder / "delta.safetensors"])))
    files = [folder / "random_1.safetensors", folder / "random_2.safetensors"]
    drawn = ["--like", start, "--seed", 0, "--output", *files]
    random_directions.main(list(map(str, drawn)))
    for split in ("train", "dev"):
        helpers.write_split(folder / f"{split}.parquet", [6, 9, 12, 7, 30, 5, 8, 8] * 5)
    return folder


@pytest.fixture
def planes(made):
    """Planes of all kinds, as --plane takes them: {name: settings}."""
    partner = ["partner", str(made / "delta.safetensors")]
    random = [["random", str(made / f"random_{number}.safetensors")] for number in (1, 2)]
    both = ["train_loss", "dev_error"]
    settings = [
        {"name": "curve", "axes": [["own"]], "range": [-1, 2], "points": 7},
        {"name": "full", "axes": [["own"], partner], "range": [-1, 1], "points": 3}
        | {"measures": both},
        {"name": "middle", "axes": [["own"], partner], "range": [-1, 1], "points": 3}
        | {"anchor": "end", "layers": [1, 1], "measures": ["train_loss"]},
        {"name": "control", "axes": random, "range": [-1, 1], "points": 2}
        | {"anchor": "end", "measures": ["dev_error"]},
    ]
    return {plane["name"]: plane for plane in settings}


def output_of(folder, name):
    return folder / f"{name}.parquet"


def evaluated(made, folder, planes, **options):
    """The planes of one process; gives the bytes of each file, in order."""
    argv = ["--start", made / "s0", "--end", made / "final.safetensors"]
    argv += ["--train", made / "train.parquet", "--dev", made / "dev.parquet"]
    argv += ["--labels", "scratch", "mine", 0, "--batch-tokens", 100, "--state", folder / "state"]
    for name, value in options.items():
        argv += [f"--{name}", *(value if isinstance(value, tuple) else [value])]
    argv += [word for plane in planes for word in ("--plane", json.dumps(plane))]
    outputs = [output_of(folder, plane["name"]) for plane in planes]
    evaluate_surface.main(list(map(str, [*argv, "--output", *outputs])))
    return [path.read_bytes() for path in outputs]


LOOSE = {"tolerance": 0.5, "dev-tolerance": 0.4, "keep": 1.0}
DTYPES = [{}, {"dtype": "bfloat16"}, {"dtype": "bfloat16", **LOOSE}]


@pytest.mark.parametrize("options", DTYPES, ids=str)
def test_several_planes_in_one_process_are_as_each_in_its_own(made, planes, tmp_path, options):
    """A plane in bfloat16 leaves the model rounded, and each leaves it elsewhere than it was.

    Whatever the order: no plane may depend on those before it.
    """
    alone = {
        name: evaluated(made, tmp_path / name, [settings], **options)[0]
        for name, settings in planes.items()
    }
    assert len(set(alone.values())) == len(planes)
    for number, names in enumerate((list(planes), list(planes)[::-1])):
        together = evaluated(made, tmp_path / f"{number}", [planes[n] for n in names], **options)
        assert together == [alone[name] for name in names]
        assert not list((tmp_path / f"{number}/state").iterdir())


@pytest.mark.parametrize("options", [{}, {"dtype": "bfloat16"}], ids=str)
def test_one_chunk_is_the_whole_surface_in_order(made, planes, tmp_path, options):
    """Nothing gathers it: what is read by its place would be that of another point."""
    (whole,) = evaluated(made, tmp_path, [planes["full"]], **options)
    table, made_by = surface.read(output_of(tmp_path, "full"))
    grid = table["landmark"].isna()
    n = 2 * len({"float32", made_by["settings"]["dtype"]})  # landmarks in each dtype
    assert not grid[:n].any() and grid[n:].all() and len(table) == n + 9
    places = list(table[["alpha", "beta"]][n:].itertuples(index=False, name=None))
    assert places == [(a, b) for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0)]
    assert set(table["plane"]) == {"full"}

    chunks = []
    for chunk in range(3):
        folder = tmp_path / f"{chunk}"
        evaluated(made, folder, [planes["full"]], chunk=(chunk, 3), **options)
        chunks.append(output_of(folder, "full"))
    gathered = tmp_path / "gathered.parquet"
    gather_surface.main(["--chunks", *map(str, chunks), "--output", str(gathered)])
    assert gathered.read_bytes() == whole


def test_each_file_is_of_its_own_plane(made, planes, tmp_path):
    """Files and planes are matched by their order alone."""
    evaluated(made, tmp_path, planes.values())
    for name, wanted in planes.items():
        table, made_by = surface.read(output_of(tmp_path, name))
        settings = made_by["settings"]
        assert set(table["plane"]) == {settings["plane"]} == {name}
        assert settings["axes"] == [kind for kind, *_ in wanted["axes"]]
        for key, default in {"range": None, "points": None, "anchor": "start"}.items():
            assert settings[key] == wanted.get(key, default)
        assert settings["layers"] == wanted.get("layers")
        named = [axis[1] for axis in wanted["axes"] if len(axis) > 1]
        assert len({"first", "second"} & set(made_by["files"])) == len(named)


def test_off_the_landmarks_there_is_what_the_plane_measures(made, planes, tmp_path):
    """All of it where nothing is said, and at the landmarks always."""
    evaluated(made, tmp_path, planes.values())
    of = {"train_loss": folds.columns("train"), "dev_error": folds.columns("dev")}
    for name, wanted in planes.items():
        table, _ = surface.read(output_of(tmp_path, name))
        grid = table["landmark"].isna()
        for measure, columns in of.items():
            there = table[[measure, *columns]].notna()
            assert there[~grid].all(axis=None)
            assert (there[grid] == (measure in wanted.get("measures", of))).all(axis=None)


def test_only_a_whole_surface_warns_where_bfloat16_moves_a_landmark(
    made, planes, tmp_path, monkeypatch, capsys
):
    """A chunk holds some of the landmarks, and who gathers them warns for all."""
    monkeypatch.setattr(surface, "disagreements", lambda table: [f"{len(table)} points"])
    evaluated(made, tmp_path / "chunk", [planes["curve"]], chunk=(0, 2))
    assert "warning" not in capsys.readouterr().out
    evaluated(made, tmp_path, [planes["curve"], planes["control"]])
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "warning" in line] == [
        "warning: 9 points",  # 7 and two landmarks
        "warning: 5 points",
    ]


class Killed(BaseException):
    """Ends the command at any place, as a time limit does; nothing may catch it."""


def kill_after(monkeypatch, plane, points):
    """Have the command end when so many points of a plane are in its journal."""
    add, rows = Journal.add, []

    def killing(self, row):
        add(self, row)
        if self.path.name.startswith(f"{plane}_"):
            rows.append(row)
            if len(rows) == points:
                raise Killed

    monkeypatch.setattr(Journal, "add", killing)


@pytest.mark.parametrize("options", [{}, {"dtype": "bfloat16"}], ids=str)
def test_a_process_killed_in_its_second_plane_ends_with_the_same_bytes(
    made, planes, tmp_path, monkeypatch, options
):
    both = [planes["curve"], planes["full"]]
    whole = evaluated(made, tmp_path / "whole", both, **options)
    with monkeypatch.context() as patch:
        kill_after(patch, "full", 6)
        with pytest.raises(Killed):
            evaluated(made, tmp_path, both, **options)
    assert [path.name for path in (tmp_path / "state").glob("full*")] == ["full_0_of_1.jsonl"]
    assert not output_of(tmp_path, "full").exists()
    measured, place = [], plane.Plane.place

    def noting(self, alpha, beta):
        if len(self.axes) == 2:
            measured.append((alpha, beta))
        place(self, alpha, beta)

    monkeypatch.setattr(plane.Plane, "place", noting)
    assert evaluated(made, tmp_path, both, **options) == whole
    proved = 1  # at the start, where the packed pass is held against the plain one
    assert len(measured) == proved + 9 + (4 if options else 2) - 6  # none is measured twice


def test_chunks_of_several_planes_share_a_folder_for_going_on(made, planes, tmp_path, monkeypatch):
    """Jobs of one run are given the same folder, and may run at once."""
    for name, chunk in (("full", (0, 2)), ("full", (1, 2)), ("curve", (0, 2))):
        with monkeypatch.context() as patch:
            kill_after(patch, name, 2)
            with pytest.raises(Killed):
                evaluated(made, tmp_path, [planes[name]], chunk=chunk)
    there = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert there == ["curve_0_of_2.jsonl", "full_0_of_2.jsonl", "full_1_of_2.jsonl"]
    (chunk,) = evaluated(made, tmp_path, [planes["full"]], chunk=(1, 2))
    assert chunk == evaluated(made, tmp_path / "alone", [planes["full"]], chunk=(1, 2))[0]
    there = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert there == ["curve_0_of_2.jsonl", "full_0_of_2.jsonl"]


# a plane of 3 × 3 points, and of 40 on each of two finer lattices: with landmarks 91 and, beyond
# the level before, 16 of 25 and 40 of 81
LEVELS = [(1, 16), (2, 40)]


def chunk_of(folder, level, chunk, chunks):
    return folder / f"{level}_{chunk}_of_{chunks}.parquet"


def in_levels(made, folder, settings, chunks=1, **options):
    """All chunks of a plane that is measured on finer levels too; gives the gathered surface."""
    done = []
    for level in [None, *LEVELS]:
        finer = {"finer": level, "before": tuple(done)} if level else {}
        new = []
        for chunk in range(chunks):
            evaluated(made, folder, [settings], chunk=(chunk, chunks), **finer, **options)
            new.append(chunk_of(folder, level and level[0], chunk, chunks))
            output_of(folder, settings["name"]).rename(new[-1])
        done += new
    argv = ["--chunks", *done, "--levels", len(LEVELS), "--output", folder / "gathered.parquet"]
    gather_surface.main(list(map(str, argv)))
    return (folder / "gathered.parquet").read_bytes()


@pytest.mark.parametrize("options", DTYPES, ids=str)
def test_finer_levels_do_not_depend_on_their_chunks(made, planes, tmp_path, options):
    whole = in_levels(made, tmp_path / "whole", planes["full"], **options)
    assert in_levels(made, tmp_path / "chunks", planes["full"], chunks=3, **options) == whole
    table, made_by = surface.read(tmp_path / "whole/gathered.parquet")
    assert made_by["settings"]["levels"] == len(LEVELS)
    measured = table[~table["filled"]]
    grid = measured[measured["landmark"].isna()]
    assert len(grid) == 9 + 16 + 40 and table["landmark"].isna().sum() == 81
    assert grid[["dev_error", "train_n", *folds.columns("train")]].notna().all(axis=None)
    assert table.loc[table["filled"], ["train_loss", "dev_error"]].notna().all(axis=None)
    assert table.loc[table["filled"], "train_n"].isna().all()


def test_a_point_of_a_finer_level_is_measured_as_that_of_a_finer_grid(made, planes, tmp_path):
    in_levels(made, tmp_path, planes["middle"])
    table, _ = surface.read(tmp_path / "gathered.parquet")
    evaluated(made, tmp_path, [planes["middle"] | {"points": 9}])
    fine, _ = surface.read(output_of(tmp_path, "middle"))
    known = table[~table["filled"]].drop(columns="filled").reset_index(drop=True)
    there = fine.merge(known[["alpha", "beta"]].drop_duplicates())
    assert len(known) == 2 + 9 + 16 + 40
    pd.testing.assert_frame_equal(
        known,
        surface.in_order(there)[list(known)],
        check_dtype=False,  # of counts
    )


@pytest.mark.parametrize("options", [{}, {"dtype": "bfloat16"}], ids=str)
def test_a_level_killed_midway_ends_with_the_same_bytes(
    made, planes, tmp_path, monkeypatch, options
):
    in_levels(made, tmp_path, planes["full"], **options)
    before = (chunk_of(tmp_path, None, 0, 1), chunk_of(tmp_path, 1, 0, 1))
    options = options | {"finer": LEVELS[1], "before": before}
    with monkeypatch.context() as patch:
        add, rows = Journal.add, []

        def killing(self, row):
            add(self, row)
            rows.append(row)
            if len(rows) == 15:
                raise Killed

        patch.setattr(Journal, "add", killing)
        with pytest.raises(Killed):
            evaluated(made, tmp_path, [planes["full"]], **options)
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["level_2_full_0_of_1.jsonl"]
    add, rows = Journal.add, []
    monkeypatch.setattr(Journal, "add", lambda self, row: (rows.append(row), add(self, row)))
    (again,) = evaluated(made, tmp_path, [planes["full"]], **options)
    assert len(rows) == 40 - 15  # none is measured twice
    assert again == chunk_of(tmp_path, 2, 0, 1).read_bytes()


def test_levels_before_of_other_inputs_are_refused(made, planes, tmp_path):
    """What tells where to measure is of the same model, data and plane."""
    evaluated(made, tmp_path, [planes["middle"]])
    other = output_of(tmp_path, "middle")
    with pytest.raises(InputError, match=r"middle.parquet: not from the same inputs; delete it"):
        evaluated(made, tmp_path, [planes["full"]], finer=(1, 16), before=(other,))
    with pytest.raises(InputError, match="go together"):
        evaluated(made, tmp_path, [planes["full"]], finer=(1, 16))
