"""One run of the tiny study that the tests share; it takes minutes."""

import helpers
import pytest

# imported by every Python process of the run: says who wants to reach another machine
WATCH = """
import os, socket
connect = socket.socket.connect
def watched(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        with open(os.environ["CONNECTIONS"], "a") as file:
            file.write(f"{address}\\n")
    return connect(self, address)
socket.socket.connect = watched
"""


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """A copy of the workflow in which `all` of the tiny study was made, and a second time."""
    folder = helpers.copy_of_the_workflow(tmp_path_factory.mktemp("study"))
    (folder / "watch").mkdir()
    (folder / "watch/sitecustomize.py").write_text(WATCH)
    watch = {"PYTHONPATH": str(folder / "watch"), "CONNECTIONS": str(folder / "connections")}
    done = helpers.snakemake(
        folder, "all", "--cores", 2, "--configfile", "tests/tiny.yaml", **watch
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return folder


@pytest.fixture(scope="session")
def results(study):
    return study / "results/tiny"
