"""One run of the tiny study that the tests share; it takes minutes."""

import subprocess

import helpers
import pytest
from filelock import FileLock


@pytest.fixture(scope="session")
def made(tmp_path_factory, worker_id):
    """A copy of the workflow in which `all` of the tiny study was made, once for all workers."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder if worker_id == "master" else folder.parent) / "study"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            part = helpers.copy_of_the_workflow(folder.with_name("study.part"))
            done = helpers.snakemake(
                part, "all", "--cores", 2, "--configfile", "tests/tiny.yaml", **helpers.watch(part)
            )
            assert done.returncode == 0, done.stdout[-5000:]
            part.rename(folder)
    return folder


@pytest.fixture(scope="session")
def study(made, tmp_path_factory):
    """This worker's own copy of it, whose files the tests may change and put back."""
    folder = tmp_path_factory.mktemp("own") / "study"
    subprocess.run(["cp", "-a", made, folder], check=True)  # links stay links, times stay
    return folder


@pytest.fixture(scope="session")
def results(study):
    return study / "results/tiny"
