"""θ0 of a pretrained start: every tensor is the folder's own, or one line says which is not."""

import json

import direction
import helpers
import initial_model
import numpy as np
import pytest
from landscape.models import classifiers
from safetensors.numpy import load_file, save_file

WEIGHTS = "model.safetensors"


@pytest.fixture
def folder(tmp_path):
    return helpers.model_folder(tmp_path / "model")


def start(folder, seed=0):
    """θ0 by the command; the folder that it wrote."""
    output = folder.with_name(f"{folder.name}_s{seed}")
    argv = ["--model", folder, "--seed", seed, "--output", output]
    initial_model.main(list(map(str, argv)))
    return output


def error(folder):
    argv = ["--model", folder, "--seed", 0, "--output", f"{folder}_s0"]
    line = helpers.error_of(initial_model.main, argv)
    assert str(folder) in line
    return line


def tensors(folder):
    return load_file(folder / WEIGHTS)


def write(folder, tensors):
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def configure(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def classifier_folder(folder, kind="AutoModelForSequenceClassification", **more):
    import transformers

    made = getattr(transformers, kind).from_config(helpers.config(**more))
    made.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("wrapper", ["module.", "_orig_mod.", "model.", "module._orig_mod."])
def test_what_a_wrapper_put_before_all_names_is_taken_off(folder, wrapper):
    own = tensors(folder)
    write(folder, {wrapper + name: value for name, value in own.items()})
    made = tensors(start(folder))
    assert all(np.array_equal(made[name], own[name]) for name in own) and len(made) == len(own)


@pytest.mark.parametrize("kind", ["AutoModelForSequenceClassification", "AutoModelForMaskedLM"])
def test_a_head_is_dropped_whatever_its_size(tmp_path, kind):
    folder = classifier_folder(tmp_path / "model", kind, num_labels=7)
    own, made = tensors(folder), tensors(start(folder))
    kept = {name.removeprefix("bert."): v for name, v in own.items() if name.startswith("bert.")}
    assert all(np.array_equal(made[name], kept[name]) for name in kept)
    assert all("pooler" in name for name in set(made) - set(kept))


def test_a_missing_pooler_is_made_from_the_seed_and_said(folder, capsys):
    """A masked-language model's folder has none."""
    write(folder, {name: v for name, v in tensors(folder).items() if "pooler" not in name})
    one, other = start(folder), start(folder, seed=1)
    assert "pooler.dense.weight" in capsys.readouterr().out
    assert classifiers.made_by_seed(one) == ["pooler.dense.bias", "pooler.dense.weight"]
    same = {name: np.array_equal(v, tensors(other)[name]) for name, v in tensors(one).items()}
    assert [name for name, equal in same.items() if not equal] == ["pooler.dense.weight"]
    again = start(folder).joinpath(WEIGHTS).read_bytes()
    assert again == one.joinpath(WEIGHTS).read_bytes()


def test_of_a_whole_folder_nothing_is_made(folder):
    assert classifiers.made_by_seed(start(folder)) == []


LAYER = "encoder.layer.1.output.dense.weight"


def without_a_layer(folder):
    write(folder, {name: v for name, v in tensors(folder).items() if ".layer.1." not in name})


def other_names(folder):
    write(folder, {f"net.{name}": v for name, v in tensors(folder).items()})


def one_more(folder):
    write(folder, tensors(folder) | {"encoder.layer.1.adapter.weight": np.ones((2, 2), "f4")})


def not_finite(folder):
    own = tensors(folder)
    own[LAYER][0, 0] = np.nan
    write(folder, own)


def integers(folder):
    """As a quantised model's: copied as they are, they would be numbers from −128 to 127."""
    own = tensors(folder)
    write(folder, own | {LAYER: (100 * own[LAYER]).astype("i1")})


def sharded(folder, spoil=lambda shards: None):
    own = tensors(folder)
    (folder / WEIGHTS).unlink()
    names = sorted(own)
    shards = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for shard, of in shards.items():
        save_file({name: own[name] for name in of}, folder / shard, metadata={"format": "pt"})
    index = {"weight_map": {name: shard for shard, of in shards.items() for name in of}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    spoil(folder)


WRONG = {
    "a layer is missing": (without_a_layer, "encoder.layer.1."),
    "names of another program": (other_names, "net."),
    "a tensor too many in a layer": (one_more, "adapter"),
    "more layers in config.json": (lambda f: configure(f, num_hidden_layers=4), "layer.3"),
    "fewer layers in config.json": (lambda f: configure(f, num_hidden_layers=2), "layer.2"),
    "another size in config.json": (lambda f: configure(f, intermediate_size=40), "[40]"),
    "another vocabulary": (lambda f: configure(f, vocab_size=60), "[60, 16]"),
    "another architecture": (lambda f: configure(f, model_type="distilbert"), "transformer.layer"),
    "no such architecture": (lambda f: configure(f, model_type="bort"), "bort"),
    "code of its own": (
        lambda f: configure(
            f, model_type="mine", auto_map={"AutoConfig": "mine.Config", "AutoModel": "mine.Model"}
        ),
        "auto_map",
    ),
    "quantised": (lambda f: configure(f, quantization_config={"bits": 4}), "quantization_config"),
    "integers for weights": (integers, LAYER),
    "not finite": (not_finite, LAYER),
    "config.json is a list": (lambda f: (f / "config.json").write_text("[]"), "list"),
    "a shard cut short": (
        lambda f: sharded(f, lambda f: helpers.cut_short(f / "b.safetensors")),
        "b.safetensors",
    ),
    "a shard missing": (
        lambda f: sharded(f, lambda f: (f / "b.safetensors").unlink()),
        "b.safetensors",
    ),
    "an index that is none": (
        lambda f: sharded(f, lambda f: (f / "model.safetensors.index.json").write_text("[]")),
        "index.json",
    ),
    "weights of torch.save": (
        lambda f: (f / WEIGHTS).rename(f / "pytorch_model.bin"),
        "safetensors",
    ),
    "no tensor at all": (lambda f: write(f, {"a": np.ones(1, "f4")}), "embeddings"),
}


@pytest.mark.parametrize("spoil, word", WRONG.values(), ids=WRONG)
def test_one_line_names_what_is_not_the_folders_own(folder, spoil, word):
    spoil(folder)
    assert word in error(folder).replace(str(folder), "", 1)
    assert not folder.with_name(f"{folder.name}_s0").exists()


def test_shards_are_one_model(folder):
    own = tensors(folder)
    sharded(folder)
    made = tensors(start(folder))
    assert set(made) == set(own) and all(np.array_equal(made[name], own[name]) for name in own)


def test_a_folders_own_code_never_runs(folder):
    """Whatever standard input says: transformers would ask there."""
    (folder / "mine.py").write_text(f"open({str(folder / 'ran')!r}, 'w')\n")
    configure(folder, model_type="mine", auto_map={"AutoConfig": "mine.Config"})
    argv = ["--model", folder, "--seed", 0, "--output", folder / "s0"]
    assert helpers.call("initial_model.py", *argv, input="y\n" * 9).returncode == 1
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("kind", ["esm", "nomic_bert", "roberta", "xlnet"])
def test_a_direction_can_be_taken_whatever_save_pretrained_renames(tmp_path, kind):
    if kind == "xlnet":
        sizes = {"d_model": 16, "n_layer": 3, "n_head": 2, "d_inner": 32, "vocab_size": 50}
        from transformers import AutoConfig, AutoModel

        AutoModel.from_config(AutoConfig.for_model(kind, **sizes)).save_pretrained(
            tmp_path / "model"
        )
        folder = tmp_path / "model"
    else:
        folder = helpers.model_folder(tmp_path / "model", kind)
    theta = start(folder)
    model = helpers.moved(classifiers.load_classifier(theta, 3), seed=1)
    classifiers.save_checkpoint(model, tmp_path / "end.safetensors")
    argv = ["--start", theta / WEIGHTS, "--end", tmp_path / "end.safetensors"]
    direction.main(list(map(str, [*argv, "--output", tmp_path / "delta.safetensors"])))
    encoder = {name for name in classifiers.parameters(model) if name.startswith("encoder.")}
    assert {f"encoder.{name}" for name in load_file(tmp_path / "delta.safetensors")} == encoder
