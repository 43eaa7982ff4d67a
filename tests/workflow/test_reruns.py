"""What runs again after a change, and what is spared."""

import os
import shutil

import helpers
import pytest


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
    """mnli's run from scratch; and sst2's planes, whose δ2 it is, but not sst2's training."""
    jobs, files = planned(study, {"tasks.mnli.runs.scratch.learning_rate": [2.0e-3]})
    assert jobs == {
        "train_2_epochs": 1,
        "score_run": 1,
        "finish_run": 1,
        "direction": 1,
        "curves": 1 + 1,  # mnli's; sst2's, with the plane about its end
        "surface_chunk": 2 + 1 + 2,  # mnli: the full plane in two chunks, the control; sst2: full
        "surface": 1 + 1 + 1,
        "sharpness": 1,
        "project_trajectory": 1 + 1,
        "evaluate_trajectory": 1 + 1,
        **{f"figure{number}": 1 for number in (1, 2, 3, 5, 6)},
        "paper_vs_ours": 1,
        "runs_table": 1,
        "claims": 1,
        "report_page": 1,
    }
    drawn = ("figures/", "tables/", "report.html")
    made = [file for file in files if not any(part in file for part in drawn)]
    assert all("/scratch/" in file for file in made)
    assert not [file for file in made if "/runs/scratch/sst2/" in file]


def test_more_points_evaluate_only(study):
    """A curve comes with the other small planes of its run; more is not evaluated again."""
    jobs, _ = planned(study, {"planes.curve.points": 11})
    drawn = dict.fromkeys(["figure1", "figure5", "claims", "runs_table", "report_page"], 1)
    assert jobs == {"curves": 4} | drawn
    jobs, _ = planned(study, {"planes.control.points": 4})
    assert jobs == {"surface_chunk": 4, "surface": 4, "claims": 1, "report_page": 1}


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
        pytest.param(
            "landscape/figures/style.py", {"figure1", "figure7"}, {"surface"}, id="figures"
        ),
        pytest.param(
            "landscape/surfaces/plane.py",
            {"surface_chunk", "curves", "rollback"},
            {"finish_run"},
            id="plane",
        ),
        pytest.param(
            "landscape/runs/training.py",
            {"train_2_epochs", "train_further", "score_run"},
            {"pretrain"},
            id="training",
        ),
        pytest.param(
            "landscape/surfaces/packing.py",
            {"score_run", "finish_run", "surface_chunk", "curves", "rollback", "sharpness"},
            {"prepare_task", "initial_model"},
            id="packing",
        ),
        pytest.param(
            "landscape/claims/measures.py",
            {"claims", "runs_table"},
            {"figure1", "surface_chunk", "score_run", "table1"},
            id="a measure",
        ),
        pytest.param(
            "landscape/study.py",
            {"paper_vs_ours", "report_page"},
            {"surface_chunk", "rollback", "claims", "figure1", "prepare_task"},
            id="what a study is",
        ),
        pytest.param("landscape/data/readers/tsv.py", set(), {"prepare_task"}, id="other reader"),
        pytest.param(
            "landscape/data/readers/parquet.py", {"prepare_task"}, {"language_task"}, id="reader"
        ),
        pytest.param(
            "landscape/jobs/journal.py",
            {"surface_chunk", "curves"},
            {"rollback", "direction"},
            id="journal",
        ),
        pytest.param(
            "landscape/data/language.py", {"language_task", "language_text"}, set(), id="grammar"
        ),
    ],
)
def test_a_change_of_code_reruns_what_imports_it(study, kept, module, reruns, spares):
    with open(kept(study / "workflow/scripts" / module), "a", encoding="utf-8") as file:
        file.write("CHANGED = True\n")
    jobs, _ = planned(study)
    assert reruns <= set(jobs)
    assert not spares & set(jobs)
    trains = module.startswith(("landscape/data", "landscape/runs")) and bool(reruns)
    assert trains == any(rule.startswith("train") for rule in jobs)


@pytest.mark.parametrize(
    "file, reruns, spares",
    [
        ("results/tiny/language/tokenizer/tokenizer_config.json", ["prepare_task", "pretrain"], []),
        (
            "results/tiny/models/random/s0/config.json",
            ["train_2_epochs", "rollback"],
            ["pretrain"],
        ),
        (
            "results/tiny/runs/pretrained/sst2/s0/further/log.parquet",
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
