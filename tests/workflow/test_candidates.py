"""A candidate that is added to a finished study: what follows the choice runs where it changes."""

import subprocess

import helpers
import pytest
from landscape.jobs import parquet, sealed

RUNS = "results/tiny/runs/pretrained/mnli"
RUN = f"{RUNS}/s0"
SURFACE = "results/tiny/surfaces/pretrained/mnli/s0/full/surface.parquet"
OF_ANOTHER = "results/tiny/surfaces/pretrained/sst2/s0/full/surface.parquet"  # δ2 is of mnli


@pytest.fixture(scope="module")
def added(study, tmp_path_factory):
    """A copy of the finished study, and candidates added to it that are wrong on all examples."""
    folder = tmp_path_factory.mktemp("added")
    subprocess.run(["cp", "-a", f"{study}/.", folder], check=True)  # links stay links
    config = helpers.changed(
        folder, {"tasks.mnli.runs.pretrained.learning_rate": [1.0e-3, 1.0e-12]}
    )
    scores = [f"{RUNS}/s7/e{epochs}_lr1e-12/scores.parquet" for epochs in (1, 2)]
    done = helpers.snakemake(folder, *scores, "--cores", 2, *config)
    assert done.returncode == 0, done.stdout[-5000:]
    for path in scores:  # what two epochs of the tiny study come to is luck
        parquet.write_frame(parquet.read_frame(folder / path).assign(dev_error=1.0), folder / path)
    said = done.stdout
    done = helpers.snakemake(folder, SURFACE, OF_ANOTHER, "--cores", 2, *config)
    assert done.returncode == 0, done.stdout[-5000:]
    return folder, config, said + done.stdout


def test_the_new_ones_are_trained_and_the_choice_is_made_anew(study, added):
    folder, _, said = added
    chosen = sealed.read_json(folder / RUNS / "chosen.json", "candidate")
    assert chosen == sealed.read_json(study / RUNS / "chosen.json", "candidate")
    assert (folder / RUNS / "s7/e2_lr1e-12/scores.parquet").exists()
    assert "(Rule: train_2_epochs)" in said and "(Rule: choose_candidate)" in said


def test_the_surfaces_of_the_one_that_stays_are_not_evaluated_again(study, added):
    folder, config, said = added
    for rule in ("surface", "direction", "finish_run"):
        assert f"(Rule: {rule}" not in said
    for surface in (SURFACE, OF_ANOTHER):
        assert (folder / surface).stat().st_mtime == (study / surface).stat().st_mtime
    assert helpers.dry_run(folder, SURFACE, OF_ANOTHER, *config) == []


def test_another_choice_evaluates_them_again(added):
    folder, config, _ = added
    chosen = sealed.read_json(folder / RUN / "selected.json", "candidate")
    chosen.pop("checksum", None)
    sealed.write_json(chosen | {"weights": "others"}, folder / RUN / "selected.json")
    jobs = helpers.counts(helpers.dry_run(folder, SURFACE, OF_ANOTHER, *config))
    assert jobs == {"direction": 1, "surface_chunk": 4, "surface": 2}
