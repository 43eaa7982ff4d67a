"""One run of the tiny study that the tests share; it takes minutes."""

import helpers
import pytest


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """A copy of the workflow in which `all` of the tiny study was made, and a second time."""
    folder = helpers.copy_of_the_workflow(tmp_path_factory.mktemp("study"))
    watch = helpers.watch(folder)
    done = helpers.snakemake(
        folder, "all", "--cores", 2, "--configfile", "tests/tiny.yaml", **watch
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return folder


@pytest.fixture(scope="session")
def results(study):
    return study / "results/tiny"
