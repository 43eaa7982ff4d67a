"""A branch on the Hub is one commit for a whole study, whatever the Hub does meanwhile."""

import json

import pytest
from landscape.jobs import revisions
from landscape.jobs.command import InputError

OLD, NEW = "a" * 40, "b" * 40


def never():
    raise AssertionError("asked the Hub")


def test_what_was_asked_once_stays(tmp_path):
    path = tmp_path / "results/revisions.json"
    assert revisions.pinned(path, "models/some/bert", "main", lambda: OLD) == OLD
    assert revisions.pinned(path, "models/some/bert", "main", never) == OLD
    assert revisions.pinned(path, "datasets/some/bert", "main", lambda: NEW) == NEW
    assert json.loads(path.read_text()) == {
        "datasets/some/bert@main": NEW,
        "models/some/bert@main": OLD,
    }


def test_a_commit_is_itself(tmp_path):
    assert revisions.pinned(tmp_path / "none.json", "models/x", OLD, never) == OLD
    assert not (tmp_path / "none.json").exists()


@pytest.mark.parametrize("text", ["[]", "{", '{"models/x@main": "main"}', '{"models/x@main": 3}'])
def test_a_file_of_anything_else_is_refused(tmp_path, text):
    path = tmp_path / "revisions.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"revisions\.json: expected"):
        revisions.pinned(path, "models/x", "main", never)


def test_nothing_is_written_where_the_hub_does_not_answer(tmp_path):
    def silent():
        raise OSError("no network")

    with pytest.raises(OSError):
        revisions.pinned(tmp_path / "revisions.json", "models/x", "main", silent)
    assert not (tmp_path / "revisions.json").exists()
