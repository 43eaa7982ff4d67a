"""The tiny study, run for real once, and what must be true of its results.

The run takes minutes (75 jobs); all tests share it, and leave it as they found it.
"""

import json
import os
import shutil

import helpers
import numpy as np
import pandas as pd
import pytest
import torch
from landscape import folds, models, surface, tasks
from landscape.journal import Journal
from landscape.parquet import read_frame
from landscape.provenance import fingerprint
from safetensors.numpy import load_file
from torch.nn.functional import cross_entropy

import evaluate_surface
import gather_surface
import make_language
import prepare_task

RUNS = [(init, task) for init in ("scratch", "pretrained") for task in ("mnli", "sst2")]
RANGE, POINTS, TOKENS = (-4.0, 4.0), 5, 1024  # of tests/tiny.yaml
PARTNER = {"mnli": "sst2", "sst2": "mnli"}


# what is there


def test_every_figure_and_table_is_there(results):
    for number in range(1, 8):
        figure = results / f"figures/fig{number}"
        assert figure.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
        assert figure.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
        assert len(pd.read_csv(figure.with_suffix(".csv"))) > 0
    assert len(pd.read_csv(results / "tables/table1.csv")) == 2 * 4  # tasks × (whole, 3 groups)
    for suffix, task in (("md", "MNLI"), ("tex", "SST-2")):
        assert task in (results / f"tables/table1.{suffix}").read_text()


def test_every_claim_has_a_verdict_on_each_task_that_it_is_about(results):
    table = pd.read_csv(results / "tables/claims.csv")
    about = table.groupby(["claim", "measure"])["task"].agg(set)
    assert len(about) == 24 and about.max() == {"mnli", "sst2"}
    assert about.min() < {"mnli", "sst2"}  # Fig. 4's task, and those of the layer groups
    assert set(table["verdict"]) <= {"holds", "does not hold", "cannot tell"}
    untold = table["verdict"] == "cannot tell"
    assert table["reason"].notna().equals(untold)
    text = (results / "tables/claims.md").read_text()
    assert all(claim in text for claim in table["claim"])


def test_nothing_left_the_machine(study):
    assert not (study / "connections").exists()


def test_no_half_files_and_no_states_are_left(results):
    assert [path for path in results.rglob("*.part*")] == []
    assert [path for path in results.rglob(".state/**/*") if path.is_file()] == []


# what runs again


def planned(study, changes=None, target="all", **style):
    """({rule: number of jobs}, output files) that a dry run would make, with another config."""
    jobs = helpers.dry_run(study, target, *helpers.changed(study, changes or {}, **style))
    jobs = [job for job in jobs if job["rule"] != "all"]
    return helpers.counts(jobs), [file for job in jobs for file in job["output"]]


def test_a_second_run_has_nothing_to_do(study):
    assert planned(study) == ({}, [])


def test_the_order_of_keys_in_the_config_reruns_nothing(study):
    """A config tidied up must not train again."""
    assert planned(study, sort_keys=True) == ({}, [])


def test_another_colour_map_draws_again_and_nothing_more(study):
    jobs, _ = planned(study, {"figures.colour_map": "magma"})
    figures = {f"figure{number}": 1 for number in (1, 3, 4, 6, 7)}  # 2 and 5 are lines
    assert jobs == figures | {"report_page": 1}


def test_another_learning_rate_reruns_that_run_and_what_depends_on_it(study):
    """mnli's pretrained run; and sst2's full plane, whose δ2 it is, but not sst2's training."""
    jobs, files = planned(study, {"tasks.mnli.pretrained.learning_rate": [2.0e-3]})
    assert jobs == {
        "train_1_epochs": 1,
        "train_2_epochs": 1,
        "select_run": 1,
        "direction": 1,
        # mnli: 2 chunks of the full plane and of each group, 1 of the curve and of the control;
        # sst2: the full plane
        "surface_chunk": 2 + 3 * 2 + 1 + 1 + 2,
        "surface": 1 + 3 + 1 + 1 + 1,
        "rollback": 1,
        "sharpness": 1,
        "project_trajectory": 3,  # mnli; sst2, and its longer one
        "evaluate_trajectory": 3,
        **{f"figure{number}": 1 for number in range(1, 8)},
        "table1": 1,
        "paper_vs_ours": 1,
        "runs_table": 1,
        "claims": 1,
        "report_page": 1,
    }
    drawn = ("figures/", "tables/", "report.html")
    made = [file for file in files if not any(part in file for part in drawn)]
    assert all("/pretrained/" in file for file in made)
    assert not [file for file in made if "/runs/pretrained/sst2/" in file]


def test_more_points_evaluate_only(study):
    jobs, _ = planned(study, {"surfaces.curve_points": 11})
    drawn = dict.fromkeys(["figure1", "figure5", "claims", "runs_table", "report_page"], 1)
    assert jobs == {"surface_chunk": 4, "surface": 4} | drawn


@pytest.fixture
def kept(study, tmp_path):
    """Puts files back that a test deletes or changes: file and time."""
    saved = {}

    def keep(path):
        saved[path] = shutil.copy2(path, tmp_path / f"{len(saved)}")
        return path

    yield keep
    for path, copy in saved.items():
        shutil.copy2(copy, path)


def test_a_lost_chunk_is_evaluated_alone(study, results, kept):
    folder = results / "surfaces/scratch/mnli/s0/full"
    for name in ("chunk_1_of_2.parquet", "surface.parquet"):
        kept(folder / name).unlink()
    target = (folder / "surface.parquet").relative_to(study)
    jobs, files = planned(study, target=target)
    assert jobs == {"surface_chunk": 1, "surface": 1}
    assert set(files) == {str(target.with_name("chunk_1_of_2.parquet")), str(target)}


def scripts(study):
    return [path for path in (study / "workflow").rglob("*.py") if "__pycache__" not in str(path)]


def test_touching_scripts_reruns_nothing(study):
    """As a checkout does: it must not throw away days of training."""
    for path in scripts(study):
        os.utime(path)
    assert planned(study) == ({}, [])


@pytest.mark.parametrize(
    "module, reruns, spares",
    [
        pytest.param("landscape/figures.py", {"figure1", "figure7"}, {"surface"}, id="figures"),
        pytest.param(
            "landscape/plane.py", {"surface_chunk", "rollback"}, {"select_run"}, id="plane"
        ),
        pytest.param(
            "landscape/training.py",
            {"train_2_epochs", "train_further"},
            {"pretrain"},
            id="training",
        ),
        pytest.param(
            "landscape/journal.py", {"surface_chunk"}, {"rollback", "direction"}, id="journal"
        ),
        pytest.param(
            "landscape/grammar.py", {"language_task", "language_text"}, set(), id="grammar"
        ),
    ],
)
def test_a_change_of_code_reruns_what_imports_it(study, kept, module, reruns, spares):
    with open(kept(study / "workflow/scripts" / module), "a", encoding="utf-8") as file:
        file.write("CHANGED = True\n")
    jobs, _ = planned(study)
    assert reruns <= set(jobs)
    assert not spares & set(jobs)
    if module != "landscape/training.py" and module != "landscape/grammar.py":
        assert not [rule for rule in jobs if rule.startswith("train")]


@pytest.mark.parametrize(
    "file, reruns, spares",
    [
        ("results/tiny/language/tokenizer/tokenizer_config.json", ["prepare_task", "pretrain"], []),
        (
            "results/tiny/models/scratch/s0/config.json",
            ["train_2_epochs", "rollback"],
            ["pretrain"],
        ),
        (
            "results/tiny/runs/pretrained/sst2/s0/further/scores.parquet",
            ["project_trajectory"],
            ["surface"],
        ),
        ("results/tiny/figures/fig2.csv", ["report_page"], ["figure2"]),
        ("config/accelerate.yaml", ["train_2_epochs", "train_further"], ["pretrain"]),
        ("results/tiny/study.json", [], []),
    ],
)
def test_a_change_of_what_a_step_reads_is_seen(study, kept, file, reruns, spares):
    with open(kept(study / file), "a", encoding="utf-8") as changed:
        changed.write("\n")
    jobs, _ = planned(study)
    assert set(reruns) <= set(jobs) and not set(spares) & set(jobs)
    assert reruns or not jobs


# what must be true of the numbers


def read(results, init, task, plane):
    table, made_by = surface.read(results / f"surfaces/{init}/{task}/s0/{plane}/surface.parquet")
    return table, made_by


def landmark(results, init, task, plane, name):
    table, _ = read(results, init, task, plane)
    (row,) = table[table["landmark"] == name].to_dict("records")
    return row


@pytest.mark.parametrize("init, task", RUNS)
@pytest.mark.parametrize("plane", ["full", "curve"])
def test_the_end_of_a_surface_is_what_the_trainer_measured(results, init, task, plane):
    scores = read_frame(results / f"runs/{init}/{task}/s0/scores.parquet").iloc[-1]
    end = landmark(results, init, task, plane, "end")
    assert (end["alpha"], end["beta"]) == (1.0, 0.0)
    assert end["dev_error"] == scores["dev_error"]
    assert end["dev_n"] == scores["dev_n"]
    assert end["dev_loss"] == pytest.approx(scores["dev_loss"], abs=1e-6)


@pytest.mark.parametrize("group", ["low", "middle", "high"])
def test_the_rollback_of_a_group_is_what_table_1_says(results, group):
    table = read_frame(results / "rollbacks/pretrained/mnli/s0.parquet").set_index("group")
    point = landmark(results, "pretrained", "mnli", group, "rollback")
    assert (point["alpha"], point["beta"]) == (-1.0, 0.0)
    n, correct = table.loc[group, ["dev_n", "dev_correct"]]
    assert point["dev_error"] == (n - correct) / n
    for name in folds.columns("dev"):
        assert table.loc[group, name] == pytest.approx(point[name], abs=1e-12)
    end = landmark(results, "pretrained", "mnli", group, "end")
    n, correct = table.loc["none", ["dev_n", "dev_correct"]]
    assert end["dev_error"] == (n - correct) / n
    shown = pd.read_csv(results / "tables/table1.csv").set_index(["task", "group"])
    assert shown.loc[("mnli", group), "accuracy"] == pytest.approx(100 * (1 - point["dev_error"]))


def test_landmarks_of_full_planes_and_curves_agree(results):
    """One point, reached by two planes: all its numbers, bit for bit."""
    for init, task in RUNS:
        for name in ("start", "end"):
            assert landmark(results, init, task, "full", name) | {"plane": ""} == (
                landmark(results, init, task, "curve", name) | {"plane": ""}
            )


def test_all_scratch_runs_share_one_start(results):
    start = results / "models/scratch/s0/model.safetensors"
    for task in ("mnli", "sst2"):
        _, made_by = read(results, "scratch", task, "full")
        assert made_by["files"]["start"] == fingerprint(start)
        # and training did begin there: a direction is where it went from there
        end = load_file(results / f"runs/scratch/{task}/s0/final.safetensors")
        delta = load_file(results / f"directions/scratch/{task}/s0.safetensors")
        for name, theta in load_file(start).items():
            np.testing.assert_array_equal(delta[name], end[f"encoder.{name}"] - theta)


def test_the_best_candidate_was_kept(results):
    folder = results / "runs/pretrained/mnli/s0"
    errors = {
        path.parent.name: read_frame(path)["dev_error"].iloc[-1]
        for path in folder.glob("e*_lr*/scores.parquet")
    }
    assert len(errors) == 2
    chosen = json.loads((folder / "selected.json").read_text())["candidate"]
    assert errors[chosen] == min(errors.values())
    last = sorted((folder / chosen).glob("epoch_*.safetensors"))[-1]
    assert fingerprint(folder / "final.safetensors") == fingerprint(last)


@pytest.mark.parametrize("init, task", RUNS)
def test_the_trajectory_ends_at_the_end_of_the_surface(results, init, task):
    table = read_frame(results / f"trajectories/{init}/{task}/s0/run/trajectory.parquet")
    start, end = table.iloc[0], table.iloc[-1]
    assert (end["alpha"], end["beta"]) == pytest.approx((1.0, 0.0), abs=1e-5)
    assert end["cos"] == pytest.approx(1.0, abs=1e-6) and end["length"] == pytest.approx(1.0)
    for point, name in ((start, "start"), (end, "end")):
        there = landmark(results, init, task, "full", name)
        assert point["train_loss"] == pytest.approx(there["train_loss"], abs=1e-5)
        assert point["plane_train_loss"] == pytest.approx(there["train_loss"], abs=1e-5)
        assert point["dev_error"] == point["plane_dev_error"] == there["dev_error"]


def place(results, init, task, layers, alpha, beta):
    """θ(α, β) by numpy in float64 from the files, in a model of transformers' own."""
    files = {
        "start": f"models/{init}/s0/model.safetensors",
        "end": f"runs/{init}/{task}/s0/final.safetensors",
        "second": f"directions/{init}/{PARTNER[task]}/s0.safetensors",
    }
    start, end, second = (load_file(results / path) for path in files.values())
    moving = [n for n in start if layers is None or f"layer.{layers}." in n]
    delta1 = {n: end[f"encoder.{n}"].astype(float) - start[n] for n in moving}
    delta2 = {n: second[n].astype(float) for n in moving}
    one, two = (np.sqrt(sum(np.square(v).sum() for v in d.values())) for d in (delta1, delta2))
    theta = dict(end)
    for n in moving:
        anchor = start[n] if layers is None else end[f"encoder.{n}"]
        theta[f"encoder.{n}"] = anchor + alpha * delta1[n] + beta * delta2[n] * one / two
    model = models.load_classifier(results / f"models/{init}/s0", len(end["head.classifier.bias"]))
    names = {"encoder.": "bert.", "head.": ""}
    state = {
        names[prefix] + name.removeprefix(prefix): torch.tensor(value, dtype=torch.float32)
        for name, value in theta.items()
        for prefix in names
        if name.startswith(prefix)
    }
    model.load_state_dict(state)
    return model.eval()


@pytest.mark.parametrize(
    "init, task, plane, layers",
    [
        ("scratch", "mnli", "full", None),
        ("pretrained", "sst2", "full", None),
        ("pretrained", "mnli", "middle", 1),
        ("pretrained", "mnli", "high", 2),
    ],
)
def test_points_of_a_surface_equal_a_plain_computation(results, init, task, plane, layers):
    table, _ = read(results, init, task, plane)
    grid = table[table["landmark"].isna()].set_index(["alpha", "beta"])
    for alpha, beta in [(-4.0, 4.0), (0.0, -2.0), (2.0, 2.0)]:
        model, point = place(results, init, task, layers, alpha, beta), grid.loc[(alpha, beta)]
        for split, name in (("train", "sample"), ("dev", "dev")):
            logits, labels = helpers.padded_logits(model, results / f"data/{task}/{name}.parquet")
            loss = cross_entropy(logits, labels).item()
            assert point[f"{split}_loss"] == pytest.approx(loss, rel=1e-5, abs=1e-5)
            assert point[f"{split}_error"] == (logits.argmax(-1) != labels).double().mean().item()
            assert point[f"{split}_n"] == len(labels)


# chunks and interruptions


def evaluated(results, folder, chunk=0, chunks=1, train="data/mnli/sample.parquet", **options):
    """One chunk of mnli's full plane by the command itself, beside the study's own."""
    base = results
    argv = ["--start", base / "models/pretrained/s0"]
    argv += ["--end", base / "runs/pretrained/mnli/s0/final.safetensors"]
    argv += ["--second", base / "directions/pretrained/sst2/s0.safetensors"]
    argv += ["--train", base / train, "--dev", base / "data/mnli/dev.parquet"]
    argv += ["--labels", "pretrained", "mnli", 0, "--plane", "full", "--range", *RANGE]
    argv += ["--points", POINTS, "--chunk", chunk, chunks, "--batch-tokens", TOKENS]
    argv += [word for name, value in options.items() for word in (f"--{name}", value)]
    output = folder / f"{chunk}_of_{chunks}.parquet"
    argv += ["--state", folder / f"{chunk}_of_{chunks}.jsonl", "--output", output]
    evaluate_surface.main(list(map(str, argv)))
    return output


def gathered(folder, chunks):
    argv = ["--chunks", *map(str, chunks), "--output", str(folder / "surface.parquet")]
    gather_surface.main(argv)
    return (folder / "surface.parquet").read_bytes()


@pytest.mark.parametrize("chunks", [1, 3])
def test_a_surface_does_not_depend_on_its_chunks(results, tmp_path, chunks):
    whole = results / "surfaces/pretrained/mnli/s0/full/surface.parquet"
    made = [evaluated(results, tmp_path, chunk, chunks) for chunk in range(chunks)]
    assert gathered(tmp_path, made) == whole.read_bytes()


REDUCED = {"dtype": "bfloat16", "tolerance": 0.2, "train": "data/mnli/train.parquet"}


def test_a_surface_in_bfloat16_has_its_landmarks_in_both_dtypes(results, tmp_path, capsys):
    """And neither they nor the grid depend on the chunks."""
    whole = gathered(tmp_path, [evaluated(results, tmp_path, **REDUCED)])
    chunks = [evaluated(results, tmp_path, chunk, 3, **REDUCED) for chunk in range(3)]
    assert gathered(tmp_path, chunks) == whole
    assert "warning" not in capsys.readouterr().out
    table, made_by = surface.read(tmp_path / "surface.parquet")
    assert made_by["settings"]["dtype"] == "bfloat16"
    landmarks = table[table["landmark"].notna()].set_index(["landmark", "dtype"])
    assert len(landmarks) == 4 and set(table["dtype"][table["landmark"].isna()]) == {"bfloat16"}
    for name in ("start", "end"):
        both = landmarks.loc[name]
        exact = landmark(results, "pretrained", "mnli", "full", name)
        assert both.loc["float32", "dev_loss"] == exact["dev_loss"]
        assert both.loc["bfloat16", "dev_loss"] != exact["dev_loss"]
        assert both.loc["bfloat16", "dev_loss"] == pytest.approx(exact["dev_loss"], abs=0.02)


class Killed(BaseException):
    """Ends the command at any place, as a time limit does; nothing may catch it."""


@pytest.mark.parametrize("points, options", [(1, {}), (7, {}), (3, REDUCED)])
def test_a_chunk_killed_midway_ends_with_the_same_bytes(
    results, tmp_path, monkeypatch, points, options
):
    whole = evaluated(results, tmp_path, 0, 2, **options).read_bytes()
    add, rows = Journal.add, []

    def killing(self, row):
        add(self, row)
        rows.append(row)
        if len(rows) == points:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", killing)
        with pytest.raises(Killed):
            evaluated(results, tmp_path, 0, 2, **options)
    monkeypatch.setattr(Journal, "add", lambda self, row: (rows.append(row), add(self, row)))
    again = evaluated(results, tmp_path, 0, 2, **options)
    assert len(rows) == (15 if options else 14)  # half of all points: none was measured twice
    assert again.read_bytes() == whole
    assert not (tmp_path / "0_of_2.jsonl").exists()
    if not options:
        chunk = results / "surfaces/pretrained/mnli/s0/full/chunk_0_of_2.parquet"
        assert whole == chunk.read_bytes()


# a tolerance


@pytest.fixture(scope="session")
def many_examples(results, tmp_path_factory):
    """4,096 training examples of mnli in several orders of their own: as many random samples."""
    folder = tmp_path_factory.mktemp("many")
    argv = ["task", "mnli", "--seed", 0, "--train", 4096, "--dev", 60]
    argv += ["--output-train", folder / "train.parquet", "--output-dev", folder / "dev.parquet"]
    make_language.main(list(map(str, argv)))
    argv = [
        "--train",
        folder / "train.parquet",
        "--dev",
        folder / "dev.parquet",
        "--max-length",
        64,
    ]
    argv += ["--text", "sentence1", "sentence2", "--label", "label"]
    argv += ["--tokenizer", results / "language/tokenizer"]
    argv += ["--output-train", folder / "train.parquet", "--output-dev", folder / "dev.parquet"]
    prepare_task.main(list(map(str, argv)))
    table, facts = tasks.read(folder / "train.parquet")
    orders = [folder / f"{seed}.parquet" for seed in range(10)]
    for seed, path in enumerate(orders):
        order = np.random.default_rng(seed).permutation(len(table))
        tasks.write(table.take(order), facts, path)
    return orders


def test_stopped_losses_lie_within_their_stated_errors(results, many_examples, tmp_path):
    """95 % intervals hold the loss over all examples at about 95 % of points.

    Over several orders: all points of one surface see the same examples, so they err together.
    """

    def losses(path, **options):
        evaluated(results, tmp_path, train=path, **options)
        table, _ = surface.read(tmp_path / "0_of_1.parquet")
        return table

    whole = losses(many_examples[0])
    held, used = [], []
    for path in many_examples:
        stopped = losses(path, tolerance=0.05)
        grid = stopped["landmark"].isna()
        assert (stopped["train_n"][~grid] == 4096).all()
        np.testing.assert_allclose(
            stopped["train_loss"][~grid], whole["train_loss"][~grid], rtol=1e-5
        )
        stopped, all_examples = stopped[grid], whole[grid]
        assert (stopped["train_loss_se"] < 0.05 * stopped["train_loss"]).all()
        assert (stopped["dev_error"] == all_examples["dev_error"]).all()
        away = (stopped["train_loss"] - all_examples["train_loss"]).abs()
        held.append((away < 1.96 * stopped["train_loss_se"]).mean())
        used.append(stopped["train_n"].mean() / 4096)
    assert 0.9 <= np.mean(held) <= 0.99
    assert np.mean(used) < 0.3
