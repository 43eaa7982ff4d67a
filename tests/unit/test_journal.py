"""Finished rows of a killed step: taken up by the same step, and by no other."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from landscape.jobs import journal
from landscape.jobs.journal import Journal

ROWS = [{"alpha": 0.1, "loss": 1.5}, {"alpha": 0.30000000000000004, "loss": 2.5}]
SCRIPTS = Path(journal.__file__).parents[2]
KEY = {"files": {"end": "abc"}, "chunk": [0, 2]}


def rows_of(path, key=KEY):
    return Journal(path, key).rows


@pytest.fixture
def path(tmp_path):
    written = Journal(tmp_path / "deep" / "journal.jsonl", KEY)
    for row in ROWS:
        written.add(row)
    return written.path


def test_rows_are_on_disk_as_soon_as_they_are_added(path):
    """The journal above was never ended: its step was killed."""
    assert rows_of(path) == ROWS


def test_a_second_process_is_refused_and_takes_nothing(path):
    """Two calls, or two clones that share their results, at the same chunk of a surface."""
    first = Journal(path, KEY)
    program = "import sys; from landscape.jobs.journal import Journal; Journal(sys.argv[1], {})"
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        env={"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
    )
    assert f"{path}: another process is at work on this" in done.stderr
    first.add({"alpha": 0.5})
    del first
    assert rows_of(path) == [*ROWS, {"alpha": 0.5}]


def test_rows_of_other_inputs_are_dropped_for_good(path):
    assert rows_of(path, KEY | {"files": {"end": "abd"}}) == []
    assert rows_of(path) == []


def test_a_half_line_is_dropped_and_written_anew(path):
    path.write_text(path.read_text()[:-8])
    written = Journal(path, KEY)
    assert written.rows == ROWS[:1]
    written.add(ROWS[1])
    del written
    assert rows_of(path) == ROWS


def test_a_first_line_cut_short_starts_anew(path):
    path.write_text(path.read_text()[:10])
    assert rows_of(path) == []


@pytest.mark.parametrize("place", range(0, 150, 7))
def test_a_flipped_bit_anywhere_is_found(path, place):
    """A digit that became another one is a row like any other, but for its checksum."""
    content = bytearray(path.read_bytes())
    place %= len(content)
    content[place] ^= 1
    path.write_bytes(content)
    rows = rows_of(path)
    assert rows == ROWS[: len(rows)] and len(rows) < len(ROWS)


def test_what_is_no_text_starts_anew(path):
    path.write_bytes(b"\xff\xfe\x00" * 50)
    assert rows_of(path) == []


def test_results_that_are_not_finite_come_back(tmp_path):
    written = Journal(tmp_path / "journal.jsonl", KEY)
    written.add({"loss": math.nan, "dev_loss": math.inf, "landmark": None})
    del written
    (row,) = rows_of(tmp_path / "journal.jsonl")
    assert math.isnan(row["loss"]) and row["dev_loss"] == math.inf and row["landmark"] is None


def test_floats_come_back_with_all_their_bits(tmp_path):
    written = Journal(tmp_path / "journal.jsonl", KEY)
    values = [1 / 3, 1e-320, 0.1 + 0.2, 123456789.12345679]
    written.add(values)
    del written
    assert rows_of(tmp_path / "journal.jsonl") == [values]
