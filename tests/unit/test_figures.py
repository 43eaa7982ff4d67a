"""The figures draw what was measured, all of it, and nothing else."""

import subprocess
import sys
from pathlib import Path

import figure1_surfaces
import figure2_training_loss
import figure3_trajectories
import figure4_overfitting
import figure5_curves
import figure6_error_surfaces
import figure7_layer_groups
import helpers
import numpy as np
import pandas as pd
import pytest
import table1_rollback
from landscape.claims import tables
from landscape.figures import legends, panels, scales, style
from landscape.jobs.command import InputError
from landscape.jobs.parquet import write_frame
from landscape.jobs.sealed import read_page
from matplotlib.figure import Figure
from scipy.stats import t as student

LANDMARKS = {"start": (0.0, 0.0), "end": (1.0, 0.0)}
GROUP_LANDMARKS = {"end": (0.0, 0.0), "rollback": (-1.0, 0.0)}
GROUPS = ("low", "middle", "high")
GRID = np.linspace(-2, 2, 5)


def surface(arm="pretrained", task="mrpc", seed=1, plane="full", classes=2, grid=GRID):
    """A bowl around (1, 0) as evaluate_surface.py would write it."""
    named = GROUP_LANDMARKS if plane in GROUPS else LANDMARKS
    betas = [0.0] if plane == "curve" else grid
    points = [(alpha, beta, None) for alpha in grid for beta in betas]
    points += [(*place, name) for name, place in named.items()]
    table = pd.DataFrame(points, columns=["alpha", "beta", "landmark"])
    table["dtype"] = "float32"
    bowl = 0.1 + 0.2 * ((table["alpha"] - 1) ** 2 + table["beta"] ** 2)
    table = table.assign(arm=arm, task=task, seed=seed, plane=plane, train_loss=bowl)
    table["dev_error"] = bowl.clip(upper=0.6)
    return table.assign(**{f"train_predicted_{label}": 7 for label in range(classes)})


def trajectory(arm="pretrained", task="mrpc", seed=1, epochs=2, further=0):
    epoch = np.arange(epochs + further + 1)
    along = np.minimum(epoch / epochs, 1)
    table = pd.DataFrame({"epoch": epoch, "alpha": along, "beta": -0.1, "eq4_alpha": along})
    table["phase"] = np.where(epoch > epochs, "further", "first")
    return table.assign(arm=arm, task=task, seed=seed, eq5_beta=0.2, train_loss=0.4, dev_error=0.3)


@pytest.fixture
def write(tmp_path):
    """Write tables as files; gives their paths."""

    def to_files(*tables):
        paths = []
        for table in tables:
            paths.append(str(tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"))
            write_frame(table, paths[-1])
        return paths

    return to_files


@pytest.fixture
def draw(tmp_path):
    """Run a figure script; gives what it wrote as CSV, with empty cells apart from NaN."""

    def run(script, *flags, name="figure"):
        outputs = {kind: tmp_path / "out" / f"{name}.{kind}" for kind in ("pdf", "png", "csv")}
        flags = [str(flag) for flag in flags]
        script.main([*flags, *(str(x) for kind in outputs for x in (f"--{kind}", outputs[kind]))])
        assert all(path.stat().st_size for path in outputs.values())
        assert sorted(outputs.values()) == sorted((tmp_path / "out").glob(f"*{name}*"))
        return pd.read_csv(outputs["csv"], keep_default_na=False)

    return run


def test_csv_holds_the_wanted_surfaces_in_order_and_nothing_else(write, draw):
    files = write(
        surface(task="mrpc"),
        surface(task="mrpc", seed=2),
        surface(task="rte"),
        surface(task="sst2"),
    )
    drawn = draw(figure6_error_surfaces, "--surfaces", *files, "--tasks", "rte", "mrpc")
    assert list(drawn) == ["arm", "task", "seed", "alpha", "beta", "landmark", "dev_error"]
    assert list(drawn["task"].unique()) == ["rte", "mrpc"]
    assert set(drawn["seed"]) == {1}
    assert len(drawn) == 2 * (len(GRID) ** 2 + 2)
    expected = surface(task="mrpc")["dev_error"]
    assert np.array_equal(drawn.loc[drawn["task"] == "mrpc", "dev_error"], expected)


def test_landmarks_are_drawn_from_float32(tmp_path):
    """A surface in bfloat16 holds each landmark twice; two rows would draw it twice."""
    table = surface().assign(dtype="bfloat16")
    exact = table[table["landmark"].notna()].assign(dtype="float32", dev_error=0.25)
    write_frame(pd.concat([table, exact]), tmp_path / "both.parquet")
    points = tables.read_surfaces([tmp_path / "both.parquet"], "dev_error")
    landmarks = points[points["landmark"] != ""]
    assert len(landmarks) == len(LANDMARKS) and (landmarks["dev_error"] == 0.25).all()
    assert len(points) == len(GRID) ** 2 + len(LANDMARKS)


def test_non_finite_points_stay_in_the_csv(write, draw):
    table = surface(plane="low")
    table.loc[3, "train_loss"], table.loc[4, "train_loss"] = np.nan, np.inf
    files = write(table, surface(plane="middle"), surface(plane="high"))
    drawn = draw(figure7_layer_groups, "--surfaces", *files)
    assert list(drawn.loc[3:4, "train_loss"]) == ["NaN", "inf"]
    assert set(drawn["landmark"]) == {"", "end", "rollback"}


def with_holes(tmp_path):
    table = surface()
    table.loc[(table["alpha"] == 0) & (table["beta"] == 1), "train_loss"] = np.nan
    table.loc[(table["alpha"] == -1) & (table["beta"] == -1), "train_loss"] = np.inf
    write_frame(table, tmp_path / "holes.parquet")
    points = tables.read_surfaces([tmp_path / "holes.parquet"], "train_loss")
    return points, scales.loss_scale(points, "viridis", 2.0)


def test_contour_marks_non_finite_points_and_draws_nothing_around_them(tmp_path):
    points, scale = with_holes(tmp_path)
    axes = Figure().subplots()
    panels.contour(axes, points, "train_loss", scale)
    marks = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines}
    assert marks == {"x": [[0, 1]], "+": [[-1, -1]]}
    (filled,) = axes.collections
    covered = [path.contains_point for path in filled.get_paths()]
    for near in ((0, 1), (0.4, 1), (0, 0.6), (-1, -1), (-1.4, -1)):
        assert not any(covers(near) for covers in covered)
    assert any(covers((1.5, -1.5)) for covers in covered)
    assert axes.patch.get_hatch()


def test_what_is_filled_in_is_drawn_but_no_number_and_no_mark(tmp_path, write, draw):
    """Its NaN says that nothing is known there, not that NaN was measured."""
    table = surface(plane="low").assign(filled=False)
    table.loc[3:4, "train_loss"], table.loc[4:6, "filled"] = np.nan, True
    files = write(table, surface(plane="middle"), surface(plane="high"))
    drawn = draw(figure7_layer_groups, "--surfaces", *files)
    assert len(drawn) == 3 * len(table) - 3
    assert (drawn["train_loss"] == "NaN").sum() == 1
    points = tables.read_surfaces(files[:1], "train_loss")
    axes = Figure().subplots()
    panels.contour(axes, points, "train_loss", scales.loss_scale(points, "viridis", 2.0))
    marks = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines}
    assert marks == {"x": [table.loc[3, ["alpha", "beta"]].tolist()], "+": []}


def test_surface_marks_non_finite_points_and_ends_at_the_top_of_the_scale(tmp_path):
    points, _ = with_holes(tmp_path)
    scale = scales.loss_scale(points, "viridis", 1.0)
    axes = Figure().add_subplot(projection="3d")
    panels.surface(axes, points, "train_loss", scale)
    marks = {line.get_marker(): np.ravel(line.get_data_3d()).tolist() for line in axes.lines}
    assert marks == {"x": [0, 1, 0], "+": [-1, -1, 0]}
    assert axes.get_zlim() == (0, pytest.approx(np.log(2)))


def test_bands_cut_a_facet_without_gap_or_overlap():
    facet = np.array([(0, 0, 0.0), (1, 0, 1.0), (1, 1, 1.0), (0, 1, 0.0)])
    area = 0.0
    for low, high in ((0, 0.25), (0.25, 0.7), (0.7, 0.8)):
        piece = panels._between(facet, low, high)
        assert piece[:, 2].min() == pytest.approx(low)
        assert piece[:, 2].max() == pytest.approx(high)
        area += np.ptp(piece[:, 0]) * np.ptp(piece[:, 1])
    assert area == pytest.approx(0.8)  # what lies above the last band is cut away


def test_same_command_same_bytes(tmp_path, write, draw):
    files = write(surface(), surface(arm="scratch"))
    for name in ("once", "again"):
        draw(figure1_surfaces, "--surfaces", *files, name=name)
    for kind in ("pdf", "png", "csv"):
        once, again = (tmp_path / "out" / f"{name}.{kind}" for name in ("once", "again"))
        assert once.read_bytes() == again.read_bytes(), kind
    assert b"/FontFile2" in (tmp_path / "out" / "once.pdf").read_bytes()  # embedded TrueType


def test_a_figure_of_one_seed_says_which(tmp_path, write, draw):
    for seed in (1, 2):
        draw(figure6_error_surfaces, "--surfaces", *write(surface(seed=seed)), name=f"s{seed}")
    one, two = ((tmp_path / f"out/s{seed}.png").read_bytes() for seed in (1, 2))
    assert one != two  # the points are the same


def test_path_of_figure_1_takes_from_the_curve_what_lies_between_start_and_end(write, draw):
    curve = surface(plane="curve", grid=np.linspace(-2, 2, 17))
    (full,), (line,) = write(surface()), write(curve)
    drawn = draw(figure1_surfaces, "--surfaces", full, "--curves", line)
    taken = drawn[(drawn["plane"] == "curve") & (drawn["landmark"] == "")]
    assert list(taken["alpha"]) == [0, 0.25, 0.5, 0.75, 1]


def test_scales_are_shared_by_both_inits_and_centred_on_guessing(tmp_path):
    table = surface(classes=3)
    write_frame(table, tmp_path / "three.parquet")
    points = tables.read_surfaces([tmp_path / "three.parquet"], "train_loss")
    scale = scales.loss_scale(points, "viridis", 2.0)
    assert scale.top == pytest.approx(2 * np.log(3))
    below, above = scale.levels[scale.levels < np.log(3)][-1], scale.levels[8]
    assert below < np.log(3) < above


def test_training_loss_is_the_mean_of_bins_with_the_range_of_seeds(write, draw):
    def log(seed, losses):
        epochs = np.arange(1, len(losses) + 1) / 4
        keys = {"arm": "scratch", "task": "mrpc", "seed": seed}
        return pd.DataFrame({**keys, "epoch": epochs, "loss": losses})

    files = write(log(1, [4, 2, 1, 1]), log(2, [6, 4, 1, np.nan]))
    drawn = draw(figure2_training_loss, "--logs", *files, "--bins", 2)
    assert list(drawn["epoch"]) == [0.25, 0.75]
    assert list(drawn.iloc[0][["loss", "low", "high", "seeds"]]) == ["4.0", 3, 5, 2]
    assert drawn["loss"][1] == "NaN"


def test_trajectory_lies_within_the_drawn_window(write, draw):
    grid = np.linspace(-4, 4, 9)
    surfaces = write(surface(grid=grid), surface(arm="scratch", grid=grid))
    paths = write(trajectory(further=3), trajectory(arm="scratch"))
    drawn = draw(figure3_trajectories, "--surfaces", *surfaces, "--trajectories", *paths)
    points, epochs = (drawn[drawn["drawn"] == kind] for kind in ("surface", "trajectory"))
    assert sorted(points["alpha"].unique()) == [-1, 0, 1, 2]
    assert sorted(points["beta"].unique()) == [-2, -1, 0, 1, 2]
    assert set(epochs["phase"]) == {"first"}
    assert set(points["eq4_alpha"]) == {""}


def test_the_window_holds_both_lines_of_a_trajectory(write, draw):
    """Eq. 5 is unsigned and may lie far above the signed coordinates: neither is cut off."""
    grid = np.linspace(-4, 4, 9)
    surfaces = write(surface(grid=grid), surface(arm="scratch", grid=grid))
    paths = write(
        trajectory().assign(eq5_beta=[0.0, 2.4, 0.0]),
        trajectory(arm="scratch").assign(beta=[0.0, -2.4, 0.0]),
    )
    drawn = draw(figure3_trajectories, "--surfaces", *surfaces, "--trajectories", *paths)
    betas = drawn.loc[drawn["drawn"] == "surface", "beta"]
    assert betas.min() <= -2.4 and betas.max() >= 2.4
    assert {-2.4, -0.1} <= set(drawn.loc[drawn["drawn"] == "trajectory", "beta"].astype(float))


def drawn_trajectory(colour="white"):
    """(main line, dashed line, points, epochs) of a trajectory in a panel."""
    epochs = pd.DataFrame(
        {
            "alpha": [0.0, 0.4, 1.0],
            "beta": [0.0, -0.7, 0.0],
            "eq4_alpha": [0.0, 0.5, 1.0],
            "eq5_beta": [0.0, 0.9, 0.0],
            "train_loss": [1.1, 0.6, 0.2],
        }
    )
    points = surface().assign(classes=2, landmark="")
    axes = Figure().subplots()
    panels.trajectory(axes, epochs, "train_loss", scales.loss_scale(points, "viridis", 2.0), colour)
    (dashed,) = [line for line in axes.lines if line.is_dashed()]
    (main,) = [line for line in axes.lines if not line.is_dashed()]
    (shown,) = axes.collections
    return main, dashed, shown, epochs


def test_epochs_lie_at_their_signed_coordinates_and_eqs_4_and_5_are_dashed():
    """Eq. 5 knows no sign: as the main line it drew a path above the axis that went below."""
    main, dashed, shown, epochs = drawn_trajectory()
    assert np.array_equal(main.get_xydata(), epochs[["alpha", "beta"]])
    assert np.array_equal(dashed.get_xydata(), epochs[["eq4_alpha", "eq5_beta"]])
    assert np.array_equal(shown.get_offsets(), epochs[["alpha", "beta"]])
    assert shown.get_array().tolist() == epochs["train_loss"].tolist()
    assert main.get_linewidth() > dashed.get_linewidth()
    assert shown.get_zorder() > main.get_zorder() > dashed.get_zorder()
    assert not any(artist.get_clip_on() for artist in (main, dashed, shown))


def test_the_legend_names_the_lines_as_they_are_drawn():
    """Its two entries must not be swapped: dashes for what the legend calls the epochs."""
    main, dashed, *_ = drawn_trajectory(colour=style.ORANGE)
    entries = legends.trajectory_entries({"further epochs": style.ORANGE})
    assert [entry.get_label() for entry in entries] == ["further epochs", "by Eqs. 4, 5"]
    for entry, line in zip(entries, (main, dashed)):
        assert entry.is_dashed() == line.is_dashed()
        assert entry.get_linewidth() == line.get_linewidth()
    assert entries[0].get_color() == main.get_color() == dashed.get_color() == style.ORANGE


@pytest.mark.parametrize("script", [figure3_trajectories, figure4_overfitting])
def test_both_lines_are_in_the_numbers_and_in_the_picture(tmp_path, write, draw, script):
    """A trajectory that differs in Eq. 5 alone, or in the sign of β alone, is another picture."""
    surfaces = write(surface(), surface(arm="scratch"))
    given = {
        "plain": {},
        "eq5": {"eq5_beta": [0.0, 0.9, 0.0, 0.0]},
        "sign": {"beta": [0.0, 0.1, 0.1, 0.1]},
    }
    for name, change in given.items():
        change = {"beta": [0.0, -0.1, -0.1, -0.1]} | change
        both = [trajectory(arm=arm, further=1) for arm in ("pretrained", "scratch")]
        paths = write(*(table.assign(**change) for table in both))
        drawn = draw(script, "--surfaces", *surfaces, "--trajectories", *paths, name=name)
        epochs = drawn[drawn["drawn"] == "trajectory"]
        assert {"alpha", "beta", "eq4_alpha", "eq5_beta"} <= set(epochs)
        assert (epochs["eq5_beta"] != "").all() and (epochs["eq4_alpha"] != "").all()
    pictures = {(tmp_path / f"out/{name}.png").read_bytes() for name in given}
    assert len(pictures) == 3


def test_trajectory_of_another_seed_than_the_surface_is_refused(write, draw):
    surfaces, paths = write(surface(seed=1)), write(trajectory(seed=2))
    with pytest.raises(InputError, match="no rows with arm pretrained, task mrpc, seed 1"):
        draw(figure3_trajectories, "--surfaces", *surfaces, "--trajectories", *paths)


def test_overfitting_draws_both_phases_of_one_init(write, draw):
    surfaces = write(surface(), surface(arm="scratch"))
    paths = write(trajectory(further=3))
    drawn = draw(figure4_overfitting, "--surfaces", *surfaces, "--trajectories", *paths)
    epochs = drawn[drawn["drawn"] == "trajectory"]
    assert list(epochs["phase"]) == ["first"] * 3 + ["further"] * 3
    assert set(drawn["arm"]) == {"pretrained"}


def test_curves_run_from_their_own_minimum_to_a_shared_ceiling(write, draw):
    sharp = surface(arm="scratch", plane="curve")
    sharp["train_loss"] = 10 * sharp["train_loss"] - 0.9
    sharp.loc[0, "train_loss"] = np.inf
    drawn = draw(figure5_curves, "--curves", *write(surface(plane="curve"), sharp))
    assert list(drawn["alpha"]) == sorted(drawn["alpha"])
    for arm, curve in drawn.groupby("arm"):
        normalised = curve["normalised_loss"].astype(float)
        assert normalised.min() == 0
        at_start = curve["landmark"] == "start"
        loss = 0.3 if arm == "pretrained" else 2.1
        expected = (loss - 0.1) / (2 * np.log(2) - 0.1)
        assert normalised[at_start].item() == pytest.approx(expected)
    assert "inf" in set(drawn["train_loss"].astype(str))


def rollback(task="mrpc", seed=1, correct=(368, 359, 327, 319), n=408):
    groups, layers = ["none", "low", "middle", "high"], ["", "0-7", "8-15", "16-23"]
    keys = {"arm": "pretrained", "task": task, "seed": seed}
    right = ["1" * some + "0" * (n - some) for some in correct]
    counts = {"dev_correct": correct, "dev_n": n, "dev_right": right}
    return pd.DataFrame({**keys, "group": groups, "layers": layers} | counts)


def make_table(tmp_path, files, *flags):
    outputs = {kind: tmp_path / f"table.{kind}" for kind in ("csv", "markdown", "latex")}
    paths = [str(x) for kind in outputs for x in (f"--{kind}", outputs[kind])]
    table1_rollback.main(["--rollbacks", *files, *flags, *paths])
    texts = read_page(outputs["markdown"]), outputs["latex"].read_text()
    return pd.read_csv(outputs["csv"], keep_default_na=False), *texts


def test_table_gives_the_papers_numbers_from_its_counts(tmp_path, write):
    table, markdown, latex = make_table(tmp_path, write(rollback()))
    assert markdown.splitlines() == [
        "| Dataset | Whole model | Layers 0-7 | Layers 8-15 | Layers 16-23 |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| MRPC | 90.20 | 87.99 (-2.21) | 80.15 (-10.05) | 78.19 (-12.01) |",
    ]
    assert "Dataset & Whole model & 0--7 & 8--15 & 16--23 \\\\" in latex
    assert "MRPC & 90.20 & 87.99 ($-$2.21) & 80.15 ($-$10.05) & 78.19 ($-$12.01) \\\\" in latex
    whole = table.iloc[0]
    assert (whole["n"], whole["seeds"]) == (408, 1)
    assert whole["accuracy"] == pytest.approx(100 * 368 / 408)
    for bound in whole[["low", "high"]] / 100:  # from where the share is 1.96 deviations off
        deviation = np.sqrt(bound * (1 - bound) / 408)
        assert abs(368 / 408 - bound) == pytest.approx(1.96 * deviation, rel=1e-4)


def test_table_is_the_mean_over_seeds_in_the_order_of_the_tasks(tmp_path, write):
    files = write(
        rollback(correct=(300, 200, 100, 0)),
        rollback(correct=(302, 200, 100, 0), seed=2),
        rollback("sst2"),
    )
    table, markdown, _ = make_table(tmp_path, files, "--tasks", "sst2", "mrpc")
    assert [line.split()[1] for line in markdown.splitlines()[2:]] == ["SST-2", "MRPC"]
    mean = table[(table["task"] == "mrpc") & (table["group"] == "none")].iloc[0]
    assert mean["accuracy"] == pytest.approx(100 * 301 / 408)
    assert (mean["n"], mean["seeds"]) == (408, 2)
    assert table["low"].min() == pytest.approx(0) and table["high"].max() < 100


def test_the_interval_of_several_seeds_is_over_runs_and_examples(tmp_path, write):
    """By hand: the variance of the runs' mean, and that of the examples' mean right answers.

    Wilson's of one run would be far too narrow where runs differ by more than their examples do.
    """
    counts = (300, 340, 360)
    files = write(*(rollback(correct=(n, 200, 100, 0), seed=n) for n in counts))
    table, *_ = make_table(tmp_path, files)
    whole = table[table["group"] == "none"].iloc[0]
    assert whole["accuracy"] == pytest.approx(100 * np.mean(counts) / 408)
    runs = np.var(np.array(counts) / 408, ddof=1) / 3
    right = np.mean([np.arange(408) < n for n in counts], axis=0)  # of each example, over runs
    examples = np.var(right, ddof=1) / 408
    freedom = (runs + examples) ** 2 / (runs**2 / 2 + examples**2 / 407)
    half = 100 * student.ppf(0.975, freedom) * np.sqrt(runs + examples)
    assert whole["accuracy"] - whole["low"] == pytest.approx(half, rel=1e-6)
    assert min(100.0, whole["accuracy"] + half) == pytest.approx(whole["high"], rel=1e-6)
    alone, *_ = make_table(tmp_path, write(rollback(correct=(333, 200, 100, 0))))
    assert whole["high"] - whole["low"] > 2 * np.ptp(alone.iloc[0][["low", "high"]])


def test_which_examples_are_right_matters_only_where_runs_share_them(tmp_path, write):
    """Two runs that fail on the same examples tell less than two that fail on others."""
    same = rollback(correct=(204, 200, 100, 0))
    other = same.assign(seed=2, dev_right=same["dev_right"].str[::-1])
    alike, *_ = make_table(tmp_path, write(same, same.assign(seed=2)))
    apart, *_ = make_table(tmp_path, write(same, other))
    widths = [np.ptp(table.iloc[0][["low", "high"]].astype(float)) for table in (alike, apart)]
    assert alike["accuracy"].tolist() == apart["accuracy"].tolist()
    five = 2.571  # of Student's t: two runs never count for more degrees of freedom
    assert widths[0] == pytest.approx(100 * 2 * five * np.sqrt(0.25 / 408), rel=0.01)
    assert widths[1] < widths[0]


def test_table_refuses_a_run_without_one_of_its_groups(tmp_path, write):
    files = write(rollback().iloc[:3], rollback(seed=2))
    with pytest.raises(
        InputError, match="mrpc, seed 1: groups none, low, middle, expected none, low, middle, high"
    ):
        make_table(tmp_path, files[::-1])


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda table: table.drop(columns="dev_error"), "no column dev_error"),
        (lambda table: table[:0], "no rows"),
        (lambda table: table.assign(dev_error="high"), "column dev_error holds text"),
        (lambda table: table.drop(index=3), "24 grid points for 5 alphas and 5 betas"),
        (lambda table: table[table["landmark"] != "start"], "no rows with landmark start"),
        (
            lambda table: pd.concat([table, table.assign(plane="low")]),
            "50 grid points for 5 alphas",
        ),
    ],
)
def test_bad_surfaces_are_named_with_what_is_wrong(write, draw, spoil, message):
    (file,) = write(spoil(surface()))
    with pytest.raises(InputError, match=message) as raised:
        draw(figure6_error_surfaces, "--surfaces", file)
    assert str(raised.value).startswith(f"{file}: ")


def test_bad_file_ends_the_command_with_one_line(tmp_path):
    (tmp_path / "empty.parquet").touch()
    script = Path(table1_rollback.__file__)
    outputs = [x for kind in ("csv", "markdown", "latex") for x in (f"--{kind}", f"out.{kind}")]
    ended = subprocess.run(
        [sys.executable, script, "--rollbacks", "empty.parquet", *outputs],
        cwd=tmp_path,
        env=helpers.environment(),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: empty.parquet: ")
    assert ended.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["empty.parquet"]
