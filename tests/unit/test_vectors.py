"""Arithmetic on safetensors files: right in the last digit, and never a whole model in memory."""

import subprocess
import sys

import helpers
import numpy as np
import pytest
from landscape.jobs.command import InputError
from landscape.models import vectors
from landscape.models.vectors import Vector
from safetensors.numpy import load_file, save_file


def arrays(seed, prefix=""):
    rng = np.random.default_rng(seed)
    shapes = {"a.weight": (7, 5), "b.bias": (3,), "c": (2, 3, 4)}
    return {prefix + n: rng.standard_normal(s).astype(np.float32) for n, s in shapes.items()}


@pytest.fixture
def files(tmp_path):
    save_file(arrays(1), tmp_path / "start.safetensors")
    head = {"head.weight": np.ones((2, 2), np.float32)}
    save_file(arrays(2, "encoder.") | head, tmp_path / "end.safetensors")
    return tmp_path


def difference(folder):
    start, end = (
        Vector(folder / "start.safetensors"),
        Vector(folder / "end.safetensors", "encoder."),
    )
    vectors.write_difference(end, start, folder / "delta.safetensors")
    return folder / "delta.safetensors"


def test_difference_of_the_encoder_alone(files):
    got = load_file(difference(files))
    start, end = arrays(1), arrays(2)
    assert sorted(got) == sorted(start)  # no head, no prefix
    for name in start:
        assert got[name].dtype == np.float32
        np.testing.assert_array_equal(got[name], end[name] - start[name])


def test_difference_is_readable_by_torch(files):
    """The header is written by hand: another reader must agree with it."""
    from safetensors.torch import load_file as load_torch

    got = load_torch(difference(files))
    np.testing.assert_array_equal(got["c"].numpy(), arrays(2)["c"] - arrays(1)["c"])


def test_dot_against_numpy():
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((300, 7)).astype(np.float32) for _ in range(2))
    want = a.ravel().astype(float) @ b.ravel().astype(float)
    assert vectors.dot(a, b) == pytest.approx(want, rel=1e-12)


def test_dot_goes_on_beyond_one_block(monkeypatch):
    monkeypatch.setattr(vectors, "BLOCK", 10)
    a, b = np.arange(23, dtype=np.float32), np.ones(23, np.float32)
    assert vectors.dot(a, b) == 253.0


def test_sums_run_in_float64():
    """One large number and many small ones, as an embedding beside its layers' biases."""
    a = np.full(1 << 16, 1e-2, np.float32)
    a[0] = 1e3
    exact = np.square(a.astype(np.float64)).sum()
    assert abs(np.dot(a, a) / exact - 1) > 1e-8  # the case is a real one
    assert vectors.dot(a, a) == pytest.approx(exact, rel=1e-12)


def test_opposite_signs_do_not_cancel_to_noise():
    a = np.array([1e4, 1.0, -1e4], np.float32)
    b = np.array([1e4, 1.0, 1e4], np.float32)
    assert vectors.dot(a, b) == 1.0


def test_squared_norms_are_by_tensor(files):
    got = vectors.squared_norms(Vector(files / "end.safetensors", "encoder."))
    want = {name: np.square(value.astype(float)).sum() for name, value in arrays(2).items()}
    assert got == pytest.approx(want, rel=1e-12)


def test_a_checkpoint_that_was_deleted_after_use_is_told_from_a_broken_one(files):
    helpers.cut_short(files / "end.safetensors", 0.0)
    with pytest.raises(InputError, match=r"end\.safetensors: empty, as keep_checkpoints"):
        Vector(files / "end.safetensors")


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_file_cut_short_is_named_in_one_line(files, share):
    helpers.cut_short(files / "end.safetensors", share)
    with pytest.raises(InputError, match=r"end\.safetensors: not a whole") as error:
        difference(files)
    assert "\n" not in str(error.value)


def test_a_file_of_another_kind_is_named(files):
    (files / "end.safetensors").write_text("epoch,loss\n1,0.5\n" * 100)
    with pytest.raises(InputError, match=r"end\.safetensors: not a whole"):
        difference(files)


def test_a_file_without_an_encoder_is_named(files):
    with pytest.raises(InputError, match=r"start\.safetensors: no tensor .*'encoder\.'"):
        Vector(files / "start.safetensors", "encoder.")


@pytest.mark.parametrize(
    "change, word",
    [
        pytest.param({"encoder.c": None}, "c", id="missing"),
        pytest.param({"encoder.d": np.ones(1, np.float32)}, "d", id="one more"),
        pytest.param({"encoder.c": np.ones((4, 3, 2), np.float32)}, "c", id="shape"),
        pytest.param({"encoder.c": np.full((2, 3, 4), np.nan, np.float32)}, "c", id="nan"),
        pytest.param({"encoder.c": np.full((2, 3, 4), -np.inf, np.float32)}, "c", id="inf"),
    ],
)
def test_models_that_do_not_match_are_named_and_nothing_is_written(files, change, word):
    tensors = arrays(2, "encoder.") | change
    save_file({n: t for n, t in tensors.items() if t is not None}, files / "end.safetensors")
    with pytest.raises(InputError, match=rf"end\.safetensors.* {word}\b"):
        difference(files)
    assert sorted(path.name for path in files.iterdir()) == [
        "end.safetensors",
        "start.safetensors",
    ]


# Run in a process of its own: the peak of this one holds whatever ran before. VmHWM counts only
# what is not backed by a file once RssFile is taken off, as safetensors may map its files.
PEAK = """
import re, sys
from pathlib import Path
from landscape.models import vectors
from landscape.surfaces import projection
from landscape.models.vectors import Vector

def anonymous():
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

peak, before = 0.0, anonymous()
def watch(function):
    def watched(*args):
        global peak
        result = function(*args)
        peak = max(peak, anonymous() - before)
        return result
    return watched

folder, names = Path(sys.argv[2]), sys.argv[3:]
Vector.__getitem__ = watch(Vector.__getitem__)
vectors.dot = projection.dot = watch(vectors.dot)
files = [Vector(folder / name) for name in names]
if sys.argv[1] == "difference":
    vectors.write_difference(*files, folder / "delta.safetensors")
else:
    start, delta1, delta2, *epochs = files
    projection.products(start, epochs, delta1, delta2)
print(peak)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("what, number", [("difference", 2), ("products", 6)])
def test_a_whole_model_is_never_in_memory(tmp_path, what, number):
    """Files of 64 MB made of 16 tensors: a few tensors of 4 MB may be held, not a file."""
    names = [f"{i}.safetensors" for i in range(number)]
    for i, name in enumerate(names):
        tensors = {f"t{j:02d}": np.full(1 << 20, i + j, np.float32) for j in range(16)}
        save_file(tensors, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, what, str(tmp_path), *names],
        env=helpers.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert 4 < float(done.stdout) < 60  # MB; below 4 the measure would be blind
