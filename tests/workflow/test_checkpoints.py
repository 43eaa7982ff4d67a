"""`keep_checkpoints: false`: what goes, what stays, and what may run again afterwards."""

import subprocess

import helpers
import pandas as pd
import pytest
from landscape.jobs.provenance import fingerprint

FALSE = {"keep_checkpoints": False}


@pytest.fixture(scope="module")
def emptied(study, tmp_path_factory):
    """A copy of the finished study whose checkpoints were then deleted; and what that printed."""
    folder = tmp_path_factory.mktemp("emptied")
    subprocess.run(["cp", "-a", f"{study}/.", folder], check=True)  # links stay links
    before = {path: fingerprint(path) for path in (folder / "results").rglob("final.safetensors")}
    done = helpers.snakemake(folder, "all", "--cores", 2, *helpers.changed(folder, FALSE))
    assert done.returncode == 0, done.stdout[-5000:]
    assert before == {path: fingerprint(path) for path in before}
    return folder


def planned(folder, changes=None):
    jobs = helpers.counts(
        helpers.dry_run(folder, *helpers.changed(folder, FALSE | (changes or {})))
    )
    jobs.pop("all", None)
    return jobs


def test_checkpoints_are_empty_and_what_was_chosen_is_whole(study, emptied):
    runs = emptied / "results/tiny/runs"
    epochs = sorted(runs.rglob("epoch_*.safetensors"))
    assert len(epochs) == len(list((study / "results/tiny/runs").rglob("epoch_*.safetensors")))
    whole = [path for path in epochs if path.stat().st_size]
    finals = list(runs.rglob("final.safetensors"))
    assert len(whole) == len(finals) == 4
    assert all(any(path.samefile(final) for final in finals) for path in whole)


def test_nothing_runs_for_them_again(emptied):
    assert planned(emptied) == {}


def test_a_candidate_that_is_added_is_trained_alone(emptied):
    """The others are known by their scores; the chosen one is still there."""
    jobs = planned(emptied, {"tasks.mnli.runs.pretrained.epochs": [1, 2, 3]})
    assert [rule for rule in jobs if rule.startswith("train_")] == ["train_3_epochs"]
    assert jobs["train_3_epochs"] == 1


def test_what_needs_them_says_that_they_were_deleted(emptied):
    """A trajectory asked for again must not train for days without a word."""
    module = emptied / "workflow/scripts/landscape/runs/checkpoints.py"
    text = module.read_text()
    module.write_text(text + "CHANGED = True\n")
    assert not [rule for rule in planned(emptied) if rule.startswith(("train", "surface"))]
    done = helpers.snakemake(
        emptied, "figures", "--cores", 1, *helpers.changed(emptied, FALSE), "--quiet", "progress"
    )
    module.write_text(text)
    assert done.returncode == 1
    (line,) = {line.strip() for line in done.stdout.splitlines() if "error: " in line}
    assert "epoch_01.safetensors: empty" in line and "keep_checkpoints" in line


def test_the_plan_knows_the_jobs_and_the_disk(study, tmp_path):
    """Counted from the study's own files, where the config does not say the sizes."""
    for changes in ({}, FALSE):
        arguments = helpers.changed(study, changes)
        done = helpers.snakemake(study, "plan", "--cores", 1, *arguments)
        assert done.returncode == 0, done.stdout
        fresh = helpers.copy_of_the_workflow(tmp_path / str(bool(changes)))
        would = helpers.counts(helpers.dry_run(fresh, *helpers.changed(fresh, changes)))
        planned = helpers.by_stage(would, waiting=1)  # mnli's fine-tuning has candidates
        assert helpers.jobs_of_plan(study / "results/tiny") == planned
        if not changes:
            plan = pd.read_csv(study / "results/tiny/plan.csv").set_index("stage")
    used = subprocess.run(
        ["du", "-sb", *(f"results/tiny/{part}" for part in ("runs", "directions", "models"))],
        cwd=study,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    used = sum(int(line.split()[0]) for line in used.splitlines()) / 1e9
    stages = plan.loc[["training", "directions", "models"], "disk_end_gb"]
    assert stages.sum() == pytest.approx(used, rel=0.2)
