"""Finished rows of a killed step: taken up by the same step, and by no other."""

import math

import pytest
from landscape.journal import Journal

ROWS = [{"alpha": 0.1, "loss": 1.5}, {"alpha": 0.30000000000000004, "loss": 2.5}]
KEY = {"files": {"end": "abc"}, "chunk": [0, 2]}


@pytest.fixture
def path(tmp_path):
    journal = Journal(tmp_path / "deep" / "journal.jsonl", KEY)
    for row in ROWS:
        journal.add(row)
    return journal.path


def test_rows_are_on_disk_as_soon_as_they_are_added(path):
    """The journal above was never closed: its step was killed."""
    assert Journal(path, KEY).rows == ROWS


def test_rows_of_other_inputs_are_dropped_for_good(path):
    assert Journal(path, KEY | {"files": {"end": "abd"}}).rows == []
    assert Journal(path, KEY).rows == []


def test_a_half_line_is_dropped_and_written_anew(path):
    path.write_text(path.read_text()[:-8])
    journal = Journal(path, KEY)
    assert journal.rows == ROWS[:1]
    journal.add(ROWS[1])
    assert Journal(path, KEY).rows == ROWS


def test_a_first_line_cut_short_starts_anew(path):
    path.write_text(path.read_text()[:10])
    assert Journal(path, KEY).rows == []


@pytest.mark.parametrize("place", range(0, 150, 7))
def test_a_flipped_bit_anywhere_is_found(path, place):
    """A digit that became another one is a row like any other, but for its checksum."""
    content = bytearray(path.read_bytes())
    place %= len(content)
    content[place] ^= 1
    path.write_bytes(content)
    rows = Journal(path, KEY).rows
    assert rows == ROWS[: len(rows)] and len(rows) < len(ROWS)


def test_what_is_no_text_starts_anew(path):
    path.write_bytes(b"\xff\xfe\x00" * 50)
    assert Journal(path, KEY).rows == []


def test_results_that_are_not_finite_come_back(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl", KEY)
    journal.add({"loss": math.nan, "dev_loss": math.inf, "landmark": None})
    (row,) = Journal(journal.path, KEY).rows
    assert math.isnan(row["loss"]) and row["dev_loss"] == math.inf and row["landmark"] is None


def test_floats_come_back_with_all_their_bits(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl", KEY)
    values = [1 / 3, 1e-320, 0.1 + 0.2, 123456789.12345679]
    journal.add(values)
    assert Journal(journal.path, KEY).rows == [values]
