"""The fast evaluation against the plainest one, and what it makes of logits that are not finite."""

import copy
import math

import helpers
import numpy as np
import pytest
import torch
from landscape import models
from landscape.batches import Examples, packed
from landscape.evaluation import Evaluator, summary
from torch.nn.functional import cross_entropy

KINDS = {
    "bert": {},
    "roberta": {"pad_id": 1, "types": False},  # its positions start after the padding's id
    "distilbert": {"types": False},
}


def lengths(n, seed=0):
    """As MNLI's: mean 41 tokens, some as long as the 128 that the paper cuts at."""
    rng = np.random.default_rng(seed)
    return np.clip(rng.gamma(4.0, 10.4, n), 4, 128).astype(int)


@pytest.fixture(scope="module", params=KINDS)
def case(request, tmp_path_factory):
    """(model, tokenised split) of each architecture."""
    path = tmp_path_factory.mktemp(request.param) / "split.parquet"
    helpers.write_split(path, lengths(40), **KINDS[request.param])
    return helpers.classifier(request.param), path


def evaluator(model, path, budget=256, **more):
    return Evaluator(model, {"dev": packed(Examples(path), budget, "cpu")}, classes=3, **more)


def fast(model, path, **more):
    return evaluator(model, path, **more)("dev")


def test_equals_the_plain_forward_on_padded_batches(case):
    model, path = case
    logits, label = helpers.padded_logits(model, path)
    losses = cross_entropy(logits, label, reduction="none").double()
    predicted = logits.argmax(-1)
    n, error = len(label), (predicted != label).double().mean().item()
    got = fast(model, path, budget=256)
    assert got["loss"] == pytest.approx(losses.mean().item(), abs=1e-5)
    assert got["loss_se"] == pytest.approx(losses.std(correction=0).item() / n**0.5, abs=1e-5)
    assert got["error"] == error
    assert got["error_se"] == pytest.approx((error * (1 - error) / n) ** 0.5)
    assert got["n"] == n
    assert got["predicted"] == predicted.bincount(minlength=3).tolist()
    assert 0 < error < 1 and losses.std() > 0.1  # a case in which a mistake would show


def test_each_example_keeps_its_own_loss_and_label(case):
    """A mean may hide two examples whose labels were swapped by sorting."""
    model, path = case
    examples = Examples(path)
    logits, label = helpers.padded_logits(model, path)
    plain = cross_entropy(logits, label, reduction="none")
    with torch.no_grad():
        for batch, labels in packed(examples, 256, "cpu"):
            ids = batch["input_ids"]
            got = cross_entropy(model(**batch).logits, labels, reduction="none")
            for row in range(len(ids)):
                which = [
                    i
                    for i in range(len(examples))
                    if ids[row, : examples.lengths[i]].tolist()
                    == examples.batch(np.array([i]), "cpu")["input_ids"][0].tolist()
                ]
                assert len(which) == 1
                assert got[row].item() == pytest.approx(plain[which[0]].item(), abs=1e-5)


def test_the_budget_changes_nothing(case):
    model, path = case
    small, large = fast(model, path, budget=1), fast(model, path, budget=100_000)
    assert small["loss"] == pytest.approx(large["loss"], abs=1e-5)
    assert small["error"] == large["error"]
    assert small["predicted"] == large["predicted"]


def test_the_first_batch_does_not_decide_for_the_masked_ones(case, tmp_path):
    """What is tried out on the first batch must hold where the first has no padding, too."""
    model, kind = case[0], case[0].config.model_type
    path = helpers.write_split(
        tmp_path / "split.parquet", [5] * 8 + [7, 8, 9, 10] * 3, **KINDS[kind]
    )
    logits, label = helpers.padded_logits(model, path)
    assert fast(model, path, budget=40)["loss"] == pytest.approx(
        cross_entropy(logits, label).item(), abs=1e-5
    )


def test_the_model_itself_is_left_as_it_was(case):
    model, path = case
    before = helpers.padded_logits(model, path)[0]
    measure = evaluator(model, path, frozen=2)
    measure("dev")
    assert torch.equal(helpers.padded_logits(model, path)[0], before)


@pytest.mark.parametrize("frozen", [1, 2])
def test_what_never_moves_may_run_once(case, frozen):
    """With the lowest layers known, all else may move: the same bits as without, at each place."""
    path = case[1]
    model = copy.deepcopy(case[0])
    known, plain = evaluator(model, path, frozen=frozen), evaluator(model, path)
    start = known("dev")
    for seed in (1, 2):
        helpers.moved(model, seed, only=lambda name: (models.layer_of(name) or 0) >= frozen)
        now = known("dev")
        assert now == plain("dev")
        assert now != start


def test_logits_that_are_not_finite_are_errors_and_no_class():
    nan, inf = math.nan, math.inf
    # argmax of NaN is its place: class 0, 1, 1 here, which are the labels
    logits = [[nan, 0.0], [0.0, nan], [0.0, inf], [0.0, 1.0]]
    got = summary([(torch.tensor(logits), torch.tensor([0, 1, 1, 1]))], classes=2)
    assert math.isnan(got["loss"]) and math.isnan(got["loss_se"])
    assert (got["error"], got["predicted"], got["n"]) == (0.75, [0, 1], 4)


def test_an_infinite_loss_stays_infinite():
    logits = torch.tensor([[0.0, -math.inf], [0.0, 0.0]])
    got = summary([(logits, torch.tensor([1, 0]))], classes=2)
    assert got["loss"] == math.inf


def test_a_huge_but_finite_loss_is_not_turned_into_infinity():
    """float32 sums of 1e38 overflow; sums are kept in float64."""
    logits = torch.tensor([[3e38, 0.0]] * 4)
    got = summary([(logits, torch.tensor([1, 1, 1, 1]))], classes=2)
    assert got["loss"] == pytest.approx(3e38, rel=1e-6)


def test_little_is_padded(tmp_path):
    real = lengths(2000)
    assert 40 < real.mean() < 42 and max(real) > 120
    helpers.write_split(tmp_path / "split.parquet", real)
    batches = packed(Examples(tmp_path / "split.parquet"), 4096, "cpu")
    sizes = [inputs["input_ids"].numel() for inputs, _ in batches]
    assert sum(sizes) <= 1.07 * real.sum()  # the real MNLI: 1.048
    assert max(sizes) <= 4096
    assert len(batches) < 1.2 * real.sum() / 4096  # by few, full batches, not by one an example


def test_an_example_longer_than_the_budget_is_a_batch_of_its_own(tmp_path):
    helpers.write_split(tmp_path / "split.parquet", [30, 5, 40, 5])
    batches = packed(Examples(tmp_path / "split.parquet"), 20, "cpu")
    assert [tuple(inputs["input_ids"].shape) for inputs, _ in batches] == [(2, 5), (1, 30), (1, 40)]


def test_no_mask_where_nothing_is_padded(tmp_path):
    """A mask, even of ones, costs the model its quick attention."""
    helpers.write_split(tmp_path / "split.parquet", [5, 5, 9, 8])
    batches = packed(Examples(tmp_path / "split.parquet"), 18, "cpu")
    masked = {tuple(i["input_ids"].shape): "attention_mask" in i for i, _ in batches}
    assert masked == {(2, 5): False, (2, 9): True}
