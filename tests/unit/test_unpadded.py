"""Batches of training without padding: the loss and gradients of padded ones."""

import helpers
import numpy as np
import pytest
import torch
from landscape.data.examples import Examples
from landscape.models import classifiers
from landscape.runs.unpadded import batches_for
from torch.nn.functional import cross_entropy

KINDS = {
    "bert": {},
    "roberta": {"pad_id": 1, "types": False},  # its positions start after the padding's id
    "distilbert": {"types": False},
    "modernbert": {"types": False},
    "deberta-v2": {"types": False},  # attention of its own: trained on padded batches
}


def split(folder, kind):
    lengths = np.random.default_rng(0).integers(4, 60, 40)
    return Examples(helpers.write_split(folder / "train.parquet", lengths, **KINDS[kind]))


def gradients(model, batch, label):
    model.zero_grad()
    loss = cross_entropy(model(**batch).logits, label)
    loss.backward()
    return loss.item(), {
        name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None
    }


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_a_padded_batch(kind, tmp_path, capsys):
    examples, model = split(tmp_path, kind), helpers.classifier(kind)
    chosen = np.array([7, 0, 21, 3, 39])  # in an order of its own, and of all lengths
    label = examples.labels[chosen]
    expected, padded = gradients(model, examples.batch(chosen, "cpu"), label)
    with batches_for(model, examples) as batch_of:
        batch = batch_of(chosen, "cpu")
        loss, unpadded = gradients(model, batch, label)
    assert loss == pytest.approx(expected, abs=1e-6)
    assert unpadded.keys() == padded.keys()
    for name, gradient in padded.items():
        torch.testing.assert_close(unpadded[name], gradient, rtol=1e-3, atol=1e-5)
    in_rows = kind != "deberta-v2"
    assert (batch["input_ids"].numel() == examples.lengths[chosen].sum()) == in_rows
    assert ("trained on padded batches" in capsys.readouterr().out) != in_rows


def test_afterwards_the_model_takes_padded_batches_as_before(tmp_path):
    examples, model = split(tmp_path, "bert"), helpers.classifier()
    batch = examples.batch(np.arange(5), "cpu")
    before = model(**batch).logits
    with batches_for(model, examples):
        pass
    assert torch.equal(model(**batch).logits, before)


def test_a_window_that_an_example_is_longer_than_is_left_to_the_model(tmp_path, capsys):
    examples = split(tmp_path, "modernbert")
    with batches_for(helpers.classifier("modernbert", local_attention=16), examples):
        assert "trained on padded batches" in capsys.readouterr().out


def test_dropout_falls_on_attention_too(tmp_path):
    """As much of it as of padded batches: with all else off, two passes still differ."""
    examples = split(tmp_path, "bert")
    model = helpers.classifier(attention_probs_dropout_prob=0.5, hidden_dropout_prob=0.0)
    with batches_for(model, examples) as batch_of:
        model.train()
        batch = batch_of(np.arange(9), "cpu")
        assert not torch.equal(model(**batch).logits, model(**batch).logits)
        model.eval()
        assert torch.equal(model(**batch).logits, model(**batch).logits)


def test_the_parameters_are_not_touched(tmp_path):
    examples, model = split(tmp_path, "bert"), helpers.classifier()
    before = helpers.bits(model)
    with batches_for(model, examples):
        pass
    assert helpers.bits(model) == before
    assert classifiers.layers(model)[-1].forward.__self__ is classifiers.layers(model)[-1]
