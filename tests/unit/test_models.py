"""Names: θ0, checkpoints and directions agree, whatever the architecture."""

import direction
import helpers
import initial_model
import numpy as np
import pytest
from landscape.jobs.command import InputError
from landscape.models import classifiers
from safetensors.numpy import load_file

KINDS = ["bert", "roberta", "distilbert"]


@pytest.fixture(params=KINDS)
def start(request, tmp_path):
    """θ0 as the workflow makes it, from a random model's folder."""
    source = helpers.model_folder(tmp_path / "source", request.param)
    argv = ["--model", source, "--seed", "0", "--output", tmp_path / "s0"]
    initial_model.main(list(map(str, argv)))
    return tmp_path / "s0"


def test_a_direction_can_be_taken_and_is_what_training_changed(start, tmp_path):
    model = classifiers.load_classifier(start, 3)
    classifiers.save_checkpoint(model, tmp_path / "before.safetensors")
    classifiers.save_checkpoint(helpers.moved(model, seed=1), tmp_path / "after.safetensors")
    argv = ["--start", start / "model.safetensors", "--end", tmp_path / "after.safetensors"]
    direction.main(list(map(str, [*argv, "--output", tmp_path / "delta.safetensors"])))
    delta = load_file(tmp_path / "delta.safetensors")
    before, after = (load_file(tmp_path / f"{n}.safetensors") for n in ("before", "after"))
    encoder = [name for name in after if name.startswith("encoder.")]
    assert {f"encoder.{name}" for name in delta} == set(encoder)
    for name in encoder:
        np.testing.assert_array_equal(
            delta[name.removeprefix("encoder.")], after[name] - before[name]
        )


def test_the_encoder_of_a_classifier_is_θ0_bit_for_bit(start):
    theta = load_file(start / "model.safetensors")
    encoder = {
        name.removeprefix("encoder."): value
        for name, value in helpers.bits(classifiers.load_classifier(start, 3)).items()
        if name.startswith("encoder.")
    }
    assert {name: theta[name].tobytes() for name in encoder} == encoder


def test_the_head_is_seeded_and_is_no_part_of_the_encoder(start):
    one, same, other = (
        helpers.bits(classifiers.load_classifier(start, 3, seed)) for seed in (1, 1, 2)
    )
    assert one == same
    changed = {name for name in one if one[name] != other[name]}
    assert changed and all(name.startswith("head.") for name in changed)


def test_layers_are_found(start):
    names = list(load_file(start / "model.safetensors"))
    by_layer = [classifiers.names_of_layers(names, layer, layer) for layer in range(3)]
    assert len(set(map(len, by_layer))) == 1  # all layers are alike
    rest = set(names) - {name for layer in by_layer for name in layer}
    assert all("embed" in name or "pooler" in name for name in rest)
    with pytest.raises(InputError, match="layers 0 to 2"):
        classifiers.names_of_layers(names, 2, 3)


def test_a_checkpoint_comes_back(start, tmp_path):
    model = helpers.moved(classifiers.load_classifier(start, 3), seed=1)
    classifiers.save_checkpoint(model, tmp_path / "end.safetensors")
    again = classifiers.load_final(start, tmp_path / "end.safetensors", 3, "cpu")
    assert helpers.bits(again) == helpers.bits(model)
    assert not again.training


def test_a_checkpoint_of_another_model_is_named(tmp_path):
    """A head of one row would fit any number of classes by broadcasting, without a word."""
    start = helpers.model_folder(tmp_path / "s0")
    model = classifiers.load_classifier(start, 1)
    classifiers.save_checkpoint(model, tmp_path / "end.safetensors")
    with pytest.raises(InputError, match=r"end\.safetensors: .*head\.classifier"):
        classifiers.load_final(start, tmp_path / "end.safetensors", 3, "cpu")


def test_a_checkpoint_of_a_deeper_model_is_named(tmp_path):
    """All that the shallower one asks for is in it."""
    start, deep = (helpers.model_folder(tmp_path / f"{n}", layers=n) for n in (3, 4))
    classifiers.save_checkpoint(classifiers.load_classifier(deep, 3), tmp_path / "end.safetensors")
    with pytest.raises(InputError, match=r"end\.safetensors: .*layer\.3\."):
        classifiers.load_final(start, tmp_path / "end.safetensors", 3, "cpu")


def test_scratch_is_decided_by_the_seed_and_forgets_the_weights(tmp_path):
    """θ0 of scratch is one for all tasks of a seed: δ2 needs that."""
    source = helpers.model_folder(tmp_path / "source", seed=9)

    def theta(seed, random=True):
        encoder, _ = classifiers.initial_encoder(source, seed, random)
        return {name: p.detach().numpy().tobytes() for name, p in encoder.named_parameters()}

    assert theta(0) == theta(0)
    three = [theta(0), theta(1), theta(0, random=False)]
    assert len({of["encoder.layer.1.attention.self.query.weight"] for of in three}) == 3
    assert theta(0, random=False) == theta(1, random=False)  # nothing is missing from the folder
