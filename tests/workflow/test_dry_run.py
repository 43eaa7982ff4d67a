"""What would run: the jobs of the three studies, and the commands that the README promises.

Each call of Snakemake costs seconds: one a study, shared by the tests.
"""

import re

import helpers
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return helpers.copy_of_the_workflow(tmp_path_factory.mktemp("workflow"))


@pytest.fixture(scope="module")
def embedded(folder):
    return helpers.counts(helpers.dry_run(folder))  # `snakemake -n`, as the README says it


@pytest.fixture(scope="module")
def workstation(folder):
    return helpers.counts(helpers.dry_run(folder, "--configfile", "config/base.yaml"))


@pytest.fixture(scope="module")
def jobs(folder):
    """The paper's, as the README calls them."""
    return helpers.dry_run(folder, "--profile", "slurm", "all")


@pytest.fixture(scope="module")
def paper(jobs):
    return helpers.counts(jobs)


def test_the_papers_jobs(paper):
    """4 tasks and Fig. 4's, 2 arms, 3 seeds; 3 candidates of each arm on a seed of their own.

    Which candidate the runs are trained with is known when all have been tried: the runs' trainings
    are not yet in the list, but for Fig. 4's. Full planes, of the first seed: 4 tasks × 2 arms and
    Fig. 4's one; layer groups: 2 tasks × 3. 1,600 points of a plane are 4 chunks of 400, and the 8
    controls of 289 points one each. Two finer levels of a plane are a chunk of 200 points each. The
    small planes of a run are one job.
    """
    assert paper == {
        "download_model": 1,
        "download_task": 5,
        "prepare_task": 5,
        "sample_examples": 5,
        "try_model": 5,
        "initial_model": 2 * (3 + 1),
        "train_3_epochs": 4,
        "train_4_epochs": 4 + 1,
        "train_5_epochs": 4 + 3,  # and Fig. 4's, of each seed
        "train_6_epochs": 1,
        "train_8_epochs": 4,
        "train_12_epochs": 3,
        "train_16_epochs": 3,
        "train_further": 3,
        "score_run": 4 * 2 * 3 + 3 + 3,  # each candidate, Fig. 4's runs and what follows them
        "choose_candidate": 4 * 2,
        "finish_run": 4 * 2 * 3 + 3,
        "delete_checkpoints": 4 * 2 * 3 + 3 + 4 * 2,
        "direction": 4 * 2 * 3 + 3,
        "random_directions": 1,
        "surface_chunk": (9 + 6) * (4 + 2) + 8,
        "surface": 9 + 6 + 8,
        "curves": 4 * 2 * 3,
        "group_lines": 2 * 3,
        "rollback": 4 * 3,
        "sharpness": 4 * 2 * 3,
        "project_trajectory": 4 * 2 * 3 + 3,
        "evaluate_trajectory": 4 * 2 + 1,
        **{f"figure{number}": 1 for number in range(1, 8)},
        "table1": 1,
        "paper_vs_ours": 1,
        "runs_table": 1,
        "claims": 1,
        "report_page": 1,
        "all": 1,
    }


def test_only_downloads_and_renaming_run_on_the_head_node(jobs):
    """Compute nodes need no network, and the head node does no work."""
    local = {job["rule"] for job in jobs if job["local"]}
    assert local == {"all", "download_model", "download_task", "delete_checkpoints"}


GPU_RULES = ("train_", "score_run", "surface_chunk", "curves", "group_lines", "rollback")
GPU_RULES += ("sharpness",)
GPU_RULES += ("evaluate_trajectory", "try_model")


def test_every_job_of_the_paper_asks_for_what_it_needs(jobs):
    """GPUs where a model computes; memory and time for the model and the task at hand."""
    for job in jobs:
        if not job["local"]:
            asked = job["resources"]
            assert asked.get("gpu", 0) == job["rule"].startswith(GPU_RULES), job
            assert 1000 <= asked["mem_mb"] <= 64_000, job
            assert 30 <= asked["runtime"] <= 24 * 60, job
            assert "mem_mib" in asked and "gres" not in asked


def test_more_work_asks_for_more_time(jobs):
    """A study of days must not ask for days for each of its jobs."""

    def time(task, arm, epochs):
        (job, *_) = [  # of the seeds that are alike
            job
            for job in jobs
            if job["rule"] == f"train_{epochs}_epochs"
            and job["message"].startswith(f"{task} {arm} ")
        ]
        return job["resources"]["runtime"]

    assert time("mnli", "scratch", 16) > 2 * time("mnli", "pretrained", 5)
    assert time("mnli", "pretrained", 5) > 2 * time("rte", "pretrained", 5)


@pytest.mark.parametrize("gpus", [2, 4])
def test_more_gpus_a_run_are_for_training_alone(folder, gpus, jobs):
    more = helpers.dry_run(folder, "--profile", "slurm", "all", "--config", f"gpus_per_run={gpus}")
    of_one = {job["message"]: job["resources"] for job in jobs}
    for job in more:
        asked, one = job["resources"], of_one[job["message"]]
        wanted = gpus if job["rule"].startswith("train") else 1
        if one.get("gpu"):
            assert asked["gpu"] == wanted
            assert asked.get("processes", 1) == wanted
            assert asked["runtime"] <= one["runtime"]


@pytest.mark.parametrize("study", ["base", "paper"])
def test_the_plan_counts_the_jobs_that_would_run(folder, study, workstation, paper):
    """From the config alone: nothing is downloaded for it."""
    would, waiting = {"base": (workstation, 0), "paper": (paper, 4 * 2 * 3)}[study]
    done = helpers.snakemake(folder, "--cores", 1, "plan", "--configfile", f"config/{study}.yaml")
    assert done.returncode == 0, done.stdout
    results = folder / "results" / study
    assert (results / "plan.md").read_text() in done.stdout  # a person sees it
    assert helpers.jobs_of_plan(results) == helpers.by_stage(would, waiting)
    assert not (results / "downloads").exists()


def test_the_papers_plan_fits_a_usual_disk(folder):
    table = pd.read_csv(folder / "results/paper/plan.csv").set_index("stage").loc["all"]
    assert 300 < table["disk_peak_gb"] < 900
    assert 20 < table["disk_end_gb"] < 100
    assert 20 < table["device_hours"] < 100


def test_the_embedded_study_needs_no_download(embedded):
    assert not [rule for rule in embedded if "download" in rule]
    assert embedded["language_text"] == embedded["pretrain"] == 1
    assert embedded["language_task"] == embedded["prepare_task"] == 4
    # one run for each task, arm and seed, and one from scratch trained as fine-tuning is; Fig. 4's
    # further epochs are apart
    assert sum(n for rule, n in embedded.items() if rule.endswith("_epochs")) == 4 * 3 * 3
    assert embedded["train_further"] == 3
    assert embedded["surface"] == 8 + 6 + 8  # planes, layer groups, controls
    assert (embedded["curves"], embedded["group_lines"]) == (4 * 2 * 3, 2 * 3)
    assert {f"figure{number}" for number in range(1, 8)} | {"table1"} < set(embedded)


def test_the_workstation_study_downloads_one_model_and_trains_once_a_task(workstation):
    assert (workstation["download_model"], workstation["download_task"]) == (1, 5)
    assert "pretrain" not in workstation
    assert sum(n for rule, n in workstation.items() if rule.endswith("_epochs")) == 4 * 3 * 3 + 3
    assert workstation["surface_chunk"] == workstation["surface"] == 9 + 6 + 8


def test_more_seeds_train_and_measure_lines_but_no_more_planes(folder, embedded):
    """Fig. 2, the tables and the claims are of all seeds, the pictures of the first."""
    text = (folder / "config/config.yaml").read_text()
    (folder / "seed.yaml").write_text(text.replace("seeds: [0, 1, 2]", "seeds: [0]"))
    one = helpers.counts(helpers.dry_run(folder, "--configfile", "seed.yaml"))
    for rule in ("train_16_epochs", "finish_run", "direction", "rollback", "curves", "sharpness"):
        assert embedded[rule] == 3 * one[rule]
    for rule in ("surface", "evaluate_trajectory", "pretrain"):
        assert embedded[rule] == one[rule]
    assert embedded["initial_model"] == 3 * one["initial_model"] == 3 * 2


@pytest.mark.parametrize("study", ["config", "paper"])
def test_lint_is_clean(folder, study):
    """The two differ in their rules: a language and pre-training, or downloads."""
    done = helpers.snakemake(folder, "--lint", "--configfile", f"config/{study}.yaml")
    assert done.returncode == 0, done.stdout


def test_a_wrong_config_stops_snakemake_in_one_line(folder):
    done = helpers.snakemake(folder, "-n", "--config", "threads=0")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert "threads" in line and "config/config.yaml" in line


def test_numbers_reach_commands_with_all_their_digits(folder):
    """Rates in recipes and in names; a small range, whose exponent would look like an option."""
    rates = [1.0e-5, 1.0000001e-5, 1.0000002e-5, 2.0**-16]
    changes = {"tasks.mnli.runs.scratch.learning_rate": rates, "surfaces.range": [-1.0e-5, 1.0e-5]}
    changes["surfaces.tolerance"] = 1.23456789e-5
    arguments = helpers.changed(folder, changes)
    done = helpers.snakemake(folder, "-n", "-p", *arguments)
    assert done.returncode == 0, done.stdout
    trained = dict(
        re.findall(r'"learning_rate": (\S+?),.*/scratch/mnli/s7/e2_lr([^/]+)/log', done.stdout)
    )
    assert {float(rate): float(name) for rate, name in trained.items()} == dict(zip(rates, rates))
    assert (
        "/scratch/mnli/s7/e2_lr1e-05/log.parquet" in done.stdout
    )  # as it was: nothing is trained again
    assert '"range": [-1e-05, 1e-05]' in done.stdout
    assert "--tolerance 1.23456789e-05 " in done.stdout


def test_no_command_line_holds_the_config(folder):
    """It is printed where the command fails."""
    done = helpers.snakemake(folder, "-n", "-p", "all", "plan")
    assert done.returncode == 0, done.stdout
    assert "make_report.py" in done.stdout and "plan.py" in done.stdout
    assert "paragraphs" not in done.stdout.replace("--paragraphs", "")
