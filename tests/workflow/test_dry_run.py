"""What would run: the jobs of the three studies, and the commands that the README promises.

Each call of Snakemake costs seconds: one a study, shared by the tests.
"""

import re

import helpers
import pytest
from helpers import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return helpers.copy_of_the_workflow(tmp_path_factory.mktemp("workflow"))


def planned(folder, *argv):
    """The jobs, by rule, of a dry run that must succeed."""
    done = helpers.snakemake(folder, *argv)
    assert done.returncode == 0, done.stdout
    return helpers.job_counts(done.stdout)


@pytest.fixture(scope="module")
def embedded(folder):
    return planned(folder, "-n")  # literally, as the README says it


@pytest.fixture(scope="module")
def workstation(folder):
    return planned(folder, "-n", "--configfile", "config/base.yaml")


@pytest.fixture(scope="module")
def paper(folder):
    return planned(folder, "--profile", "slurm", "all", "-n")


def test_the_papers_jobs(paper):
    """4 tasks and Fig. 4's; 3 candidates of each pretrained run, 1 of each from scratch.

    Full planes: 4 tasks × 2 inits and Fig. 4's one; curves: 4 × 2; layer groups: 2 tasks × 3.
    1,602 points of a plane make 8 chunks of 200, and the 9 + 6 planes 120; the curves 8 more.
    """
    assert paper == {
        "download_model": 1,
        "download_task": 5,
        "prepare_task": 5,
        "sample_examples": 5,
        "initial_model": 2,
        "train_3_epochs": 4,
        "train_4_epochs": 4,
        "train_5_epochs": 4 + 1,
        "train_8_epochs": 1,
        "train_16_epochs": 3,
        "train_further": 1,
        "select_run": 9,
        "direction": 7,  # of partners (mnli, sst2) and of trajectories (mnli, mrpc, Fig. 4's)
        "surface_chunk": (9 + 6) * 8 + 8,
        "surface": 9 + 8 + 6,
        "rollback": 4,
        "project_trajectory": 5,
        "evaluate_trajectory": 5,
        **{f"figure{number}": 1 for number in range(1, 8)},
        "table1": 1,
        "all": 1,
    }


def test_only_downloads_and_targets_run_on_the_head_node():
    """Compute nodes need no network, and the head node does no work.

    Read from the rules: a dry run does not tell where a job would run.
    """
    text = "".join(path.read_text() for path in [ROOT / "Snakefile", *ROOT.glob("rules/*.smk")])
    rules = re.findall(r"^ *rule (\w+):\n(.*?)(?=^ *rule |\Z)", text, re.MULTILINE | re.DOTALL)
    local = {name for name, body in rules if "localrule: True" in body}
    assert local == {"all", "figures", "tables", "download_model", "download_task"}
    assert len(rules) > 20  # the pattern still finds them


def test_the_embedded_study_needs_no_download(embedded):
    assert not [rule for rule in embedded if "download" in rule]
    assert embedded["language_text"] == embedded["pretrain"] == 1
    assert embedded["language_task"] == embedded["prepare_task"] == 4
    # one run for each task and init; Fig. 4's further epochs are apart
    assert sum(n for rule, n in embedded.items() if rule.endswith("_epochs")) == 8
    assert embedded["train_further"] == 1
    assert embedded["surface"] == 8 + 8 + 6  # planes, curves, layer groups
    assert {f"figure{number}" for number in range(1, 8)} | {"table1"} < set(embedded)


def test_the_workstation_study_downloads_one_model_and_trains_once_a_task(workstation):
    assert (workstation["download_model"], workstation["download_task"]) == (1, 5)
    assert "pretrain" not in workstation
    assert sum(n for rule, n in workstation.items() if rule.endswith("_epochs")) == 9
    assert workstation["surface_chunk"] == workstation["surface"] == 23


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
