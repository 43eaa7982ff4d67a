"""Files that a step reads and that were damaged after they were written: refused by name."""

from types import SimpleNamespace

import helpers
import make_language
import make_report
import numpy as np
import pandas as pd
import pytest
import yaml
from landscape.data import tokenised
from landscape.figures import style
from landscape.jobs import parquet, sealed
from landscape.jobs.command import InputError
from landscape.models import classifiers, vectors
from landscape.models.state import State
from landscape.study import Study
from landscape.surfaces import surface
from matplotlib.figure import Figure
from PIL import Image


def truncated(share):
    return lambda content: content[: int(len(content) * share)]


def zeroed(content):
    return content[: len(content) // 2] + bytes(len(content) - len(content) // 2)


def flipped(share):
    def damage(content):
        place = min(int(len(content) * share), len(content) - 1)
        return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]

    return damage


DAMAGES = {
    "second half zeroed": zeroed,
    **{f"cut at {share}": truncated(share) for share in (0.1, 0.5, 0.99)},
    **{f"a bit flipped at {share}": flipped(share) for share in np.linspace(0, 1, 25).round(2)},
    "text of another encoding": lambda content: b"\xff\xfe" * 100,
    "a JSON list": lambda content: b"[1, 2]",
}


def checkpoint(path):
    classifiers.save_checkpoint(helpers.classifier(), path)
    return lambda: {name: v[name].tobytes() for v in [vectors.Vector(path)] for name in v.names}


def split(path):
    helpers.write_split(path, [4, 9, 30, 12] * 20)

    def read():
        table, facts = tokenised.read(path)
        return table.to_pydict(), facts

    return read


def measured(path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"alpha": rng.random(200), "landmark": None, "train_loss": rng.random(200)}
    )
    surface.write(table, {"files": {"start": "abc"}}, path)

    def read():
        table, made_by = surface.read(path)
        return table.to_csv(), made_by

    return read


def log(path):
    """Of a training, as of all tables that no person reads: text, numbers and what is missing."""
    rng = np.random.default_rng(0)
    columns = {"task": "sst2", "step": range(300), "loss": rng.random(300)}
    table = pd.DataFrame(columns | {"landmark": None})
    table.loc[7, "landmark"] = "end"
    parquet.write_frame(table, path)
    return lambda: parquet.read_frame(path).to_csv()


def chosen(path):
    """As all JSON of ours."""
    facts = {"candidate": "e3_lr1e-05", "epochs": 3, "weights": "0123456789abcdef" * 4}
    sealed.write_json(facts, path)
    return lambda: sealed.read_json(path)


def page(path):
    """As the tables that the report shows."""
    sealed.write_page("# Runs\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", path)
    return lambda: sealed.read_page(path)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("suffix", [".png", ".csv"])
def test_the_report_shows_no_damaged_figure(tmp_path, suffix, damage):
    study = Study(yaml.safe_load((helpers.ROOT / "tests/tiny.yaml").read_text()))
    paths = {kind: tmp_path / f"fig1.{kind}" for kind in ("pdf", "png", "csv")}
    drawn = pd.DataFrame({"task": "sst2", "arm": "scratch", "train_loss": np.arange(50) / 7})
    style.save(Figure(figsize=(2, 2)), SimpleNamespace(**paths), drawn, ["train_loss"])
    (tmp_path / "fig1.rst").write_text("Title\n\nCaption\n")
    assert "<td>3.5</td>" in make_report.figure(paths["png"], tmp_path, study)["numbers"]
    picture = np.asarray(Image.open(paths["png"]))
    path = tmp_path / f"fig1{suffix}"
    path.write_bytes(damage(path.read_bytes()))
    try:
        make_report.figure(paths["png"], tmp_path, study)
    except InputError as error:
        assert str(path) in str(error)
    else:  # the checksum of the empty part at a PNG's end may be another
        assert suffix == ".png" and (np.asarray(Image.open(path)) == picture).all()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("made", [checkpoint, split, measured, log, chosen, page])
def test_damage_is_refused_by_name_or_changed_nothing(tmp_path, made, damage):
    """A flipped bit in a comment of the format's own may change nothing: then nothing is lost."""
    path = tmp_path / "file"
    read = made(path)
    before = read()
    path.write_bytes(damage(path.read_bytes()))
    try:
        after = read()
    except InputError as error:
        assert str(path) in str(error)
    else:
        assert after == before


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "tokenizer_config.json"])
def test_damage_in_a_folder_of_ours_is_refused_by_name(tmp_path, file, damage):
    """θ0's config and a tokenizer: what transformers reads has no place for a checksum."""
    classifiers.save_encoder(helpers.classifier().base_model, tmp_path)
    make_language.write_tokenizer(tmp_path, ["a", "b"])
    sealed.write_sums(tmp_path)
    path = tmp_path / file
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError) as error:
        classifiers.check_folder(tmp_path)
    assert str(path) in str(error.value)
    with pytest.raises(InputError) as error:
        classifiers.load_tokenizer(tmp_path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_weights_of_a_folder_of_ours_are_not_started_from(tmp_path, damage):
    """As pre-training writes it, by `save_pretrained`: its safetensors have no checksum."""
    helpers.model_folder(tmp_path)
    sealed.write_sums(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError) as error:
        classifiers.initial_encoder(tmp_path, 0)
    assert str(path) in str(error.value)


@pytest.fixture
def saved(tmp_path):
    """A state folder in the middle of an epoch, and a function that loads it into a fresh model."""
    import torch
    from landscape.models.optimizer import adamw

    def fresh():
        model = helpers.classifier()
        return model, adamw(model, 1e-3, 0.01)

    model, adam = fresh()
    sum(p.sum() for p in model.parameters()).backward()
    adam.step()
    state = State(tmp_path / "state", {"a": 1})
    random = [["cpu", bytes(torch.get_rng_state().tolist()).hex()]]
    state.save(model, adam, [{"step": 1, "loss": 0.5}], 0, random)

    def load():
        model, adam = fresh()
        clean = helpers.bits(model)
        log, _ = State(tmp_path / "state", {"a": 1}).load(model, adam)
        return log, helpers.bits(model) == clean

    assert load() == ([{"step": 1, "loss": 0.5}], False)
    return tmp_path / "state", load


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("file", ["state.json", "step_*", "moments_*"])
def test_a_damaged_state_starts_anew_from_clean_weights(saved, file, damage):
    folder, load = saved
    (path,) = folder.glob(file)
    path.write_bytes(damage(path.read_bytes()))
    log, clean = load()
    assert (log == [] and clean) or (log == [{"step": 1, "loss": 0.5}] and not clean)
