"""The fast evaluation against the plainest one, and what it makes of logits that are not finite."""

import copy
import math

import helpers
import numpy as np
import pytest
import torch
from landscape.data.examples import Examples
from landscape.jobs.command import InputError
from landscape.models import classifiers
from landscape.surfaces import batches, folds, outcomes, packing
from landscape.surfaces.evaluation import Evaluator
from torch.nn.functional import cross_entropy

KINDS = {
    "bert": {},
    "roberta": {"pad_id": 1, "types": False},  # its positions start after the padding's id
    "electra": {},
    "distilbert": {"types": False},  # not BERT's layers
    "modernbert": {"types": False},  # some layers attend to a window only
    "deberta-v2": {"types": False},  # attention of its own: evaluated by the plain forward pass
}
PLAIN = "deberta-v2"


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


def evaluator(model, path, budget=256, keep=1.0, **more):
    return Evaluator(model, {"dev": Examples(path)}, budget, keep=keep, **more)


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
    """A mean may hide two examples whose labels were swapped, or that saw each other's tokens."""
    model, path = case
    examples, measure = Examples(path), evaluator(model, path)
    logits, label = helpers.padded_logits(model, path)
    seen = []
    hook = model.register_forward_hook(lambda model, inputs, output: seen.append(output.logits))
    measure("dev")
    hook.remove()
    order = examples.by_length()
    torch.testing.assert_close(torch.cat(seen), logits[order], rtol=1e-5, atol=1e-5)
    (block,) = measure.blocks["dev"]
    assert torch.equal(torch.cat([batch.labels for batch in block]), label[order])


def without_folds(values):
    """The plain way: a mean over the examples outside each fold, in the file's order."""
    of = folds.of_examples(len(values))
    return [values[of != fold].mean().item() for fold in range(folds.FOLDS)]


@pytest.mark.parametrize("in_blocks", [[], ["dev"]], ids=["by length", "in blocks"])
@pytest.mark.parametrize("budget", [64, 256])
def test_each_fold_leaves_out_its_own_examples(case, monkeypatch, budget, in_blocks):
    """Batches are sorted by length and files are not: folds must follow their examples."""
    monkeypatch.setattr(batches, "BLOCK", 16)
    model, path = case
    logits, label = helpers.padded_logits(model, path)
    losses = cross_entropy(logits, label, reduction="none").double()
    wrong = (logits.argmax(-1) != label).double()
    got = fast(model, path, budget=budget, in_blocks=in_blocks)
    assert got["loss_without"] == pytest.approx(without_folds(losses), abs=1e-5)
    assert got["error_without"] == pytest.approx(without_folds(wrong), abs=1e-12)
    assert np.ptp(got["loss_without"]) > 1e-3 and np.ptp(got["error_without"]) > 1e-3


@pytest.mark.parametrize("in_blocks", [[], ["dev"]], ids=["by length", "in blocks"])
@pytest.mark.parametrize("budget", [1, 64, 256])
def test_which_examples_are_right_is_told_in_the_splits_own_order(
    case, monkeypatch, budget, in_blocks
):
    """Batches are sorted by length and files are not: right answers must follow their examples.

    Verdicts pair the same example under two models, and would pair others without a word.
    """
    monkeypatch.setattr(batches, "BLOCK", 16)
    model, path = case
    logits, label = helpers.padded_logits(model, path)
    measure = evaluator(model, path, budget=budget, in_blocks=in_blocks)
    score, right = measure.each("dev")
    wanted = "".join(map(str, (logits.argmax(-1) == label).int().tolist()))
    assert right == wanted
    assert score == measure("dev")
    assert score["error"] == right.count("0") / score["n"] and len(right) == score["n"]
    # neither as evaluated nor by length: a text in that order would not pass for it
    order = np.concatenate(measure.chosen["dev"])
    assert "".join(np.array(list(right))[order]) != right


def test_each_split_tells_of_its_own_examples(tmp_path):
    """With two splits at hand, as a command has them, and one that is far larger."""
    model = helpers.classifier()
    paths = {
        "train": helpers.write_split(tmp_path / "train.parquet", lengths(30, seed=1), seed=1),
        "dev": helpers.write_split(tmp_path / "dev.parquet", lengths(12, seed=2), seed=2),
    }
    splits = {split: Examples(path) for split, path in paths.items()}
    measure = Evaluator(model, splits, 128)
    for split, path in paths.items():
        logits, label = helpers.padded_logits(model, path)
        score, right = measure.each(split)
        assert [*map(int, right)] == (logits.argmax(-1) == label).int().tolist()
        assert score == measure(split)


def test_an_example_of_no_predicted_class_is_not_right(tmp_path):
    """argmax of NaN is the place of the NaN, class 0, and some examples have that label."""
    path = helpers.write_split(tmp_path / "s.parquet", lengths(12))
    model = helpers.classifier()
    with torch.no_grad():
        model.classifier.bias[0] = math.nan
    score, right = evaluator(model, path).each("dev")
    assert right == "0" * 12 and score["error"] == 1.0


def test_which_models_run_on_packed_rows(case, capsys):
    """The quick way must not be lost unseen, and the slow one is said."""
    model, path = case
    kind = model.config.model_type
    way = evaluator(model, path).way
    if kind == PLAIN:
        assert way is None and "plain forward" in capsys.readouterr().out
    elif kind in ("bert", "roberta", "electra"):
        assert way.last is packing.first_tokens_only
    else:
        assert way.last is packing.first_tokens_of_all


def test_attention_to_a_window_is_left_to_the_model(tmp_path, capsys):
    path = helpers.write_split(tmp_path / "s.parquet", [5, 9, 30], **KINDS["modernbert"])
    model = helpers.classifier("modernbert", local_attention=16)
    got = fast(model, path)
    assert "plain forward" in capsys.readouterr().out
    logits, label = helpers.padded_logits(model, path)
    assert got["loss"] == pytest.approx(cross_entropy(logits, label).item(), abs=1e-5)


def spoil_attention(monkeypatch, when):
    """Packed attention with a mistake in examples of some lengths, such as a kernel may have."""
    attend = packing.attend

    def spoilt(*inputs, spans=(), **more):
        attended, weights = attend(*inputs, spans=spans, **more)
        return attended * (1 + 0.3 * any(when(length) for _, length in spans)), weights

    monkeypatch.setattr(packing, "attend", spoilt)


def test_a_mistake_in_any_example_of_the_data_is_found(tmp_path, monkeypatch, capsys):
    """In neither the shortest nor the longest: of some lengths only."""
    path = helpers.write_split(tmp_path / "s.parquet", [4, 9, 13, 13, 30])
    model = helpers.classifier()
    exact = fast(model, path)
    spoil_attention(monkeypatch, lambda length: length == 13)
    assert fast(model, path) == {
        key: pytest.approx(value, abs=1e-6) for key, value in exact.items()
    }
    assert "plain forward" in capsys.readouterr().out


def test_a_mistake_that_shows_at_other_parameters_only_is_found_there(tmp_path, monkeypatch):
    path = helpers.write_split(tmp_path / "s.parquet", lengths(20))
    model = helpers.classifier()
    bias = model.bert.encoder.layer[0].attention.output.dense.bias
    spoil_attention(monkeypatch, lambda length: bool(bias[0] > 10))
    measure = evaluator(model, path)
    measure.prove()
    assert measure.forward == "packed"
    with torch.no_grad():
        bias[0] = 11
    measure.prove()
    assert measure.forward == "plain"
    logits, label = helpers.padded_logits(model, path)
    assert measure("dev")["loss"] == pytest.approx(cross_entropy(logits, label).item(), abs=1e-5)


def one_by_one(model, path):
    """Logits of each example alone, without any padding; and labels."""
    return helpers.padded_logits(model, path, size=1)


def test_a_tokenizer_that_pads_left(tmp_path):
    """XLNet reads the last token: with padding behind it, it would read that."""
    path = helpers.write_split(tmp_path / "s.parquet", lengths(30), side="left")
    model = helpers.classifier("xlnet")
    logits, label = one_by_one(model, path)
    for budget in (60, 300, 20_000):
        got = fast(model, path, budget=budget)
        assert got["loss"] == pytest.approx(cross_entropy(logits, label).item(), abs=1e-5)
        assert got["error"] == (logits.argmax(-1) != label).double().mean().item()


def test_positions_that_the_model_counts_by_another_padding_id(tmp_path):
    """A RoBERTa skips its config's padding id, which here is a token like any other."""
    path = helpers.write_split(tmp_path / "s.parquet", lengths(30), types=False, pad_id=0)
    model = helpers.classifier("roberta", pad_token_id=7)
    logits, label = one_by_one(model, path)
    assert fast(model, path)["loss"] == pytest.approx(cross_entropy(logits, label).item(), abs=1e-5)


def test_a_model_that_looks_at_the_whole_batch_is_named(tmp_path, capsys):
    """FNet mixes an example with its padding: the same example in another batch, another loss."""
    path = helpers.write_split(tmp_path / "s.parquet", [4, 9, 13, 30])
    measure = evaluator(helpers.classifier("fnet"), path, budget=200)
    assert measure.forward == "plain, examples depend on their batch"
    said = capsys.readouterr().out
    assert "FNet" in said and "depends on its batch, by up to" in said


def test_the_budget_changes_nothing(case):
    model, path = case
    small, large = fast(model, path, budget=1), fast(model, path, budget=100_000)
    assert small["loss"] == pytest.approx(large["loss"], abs=1e-5)
    assert small["error"] == large["error"]
    assert small["predicted"] == large["predicted"]


def test_the_model_itself_is_left_as_it_was(case):
    model, path = case
    before = helpers.padded_logits(model, path)[0]
    measure = evaluator(model, path, frozen=2)
    measure("dev")
    assert torch.equal(helpers.padded_logits(model, path)[0], before)


@pytest.mark.parametrize("keep", [1.0, 5e-5, 0.0], ids=["all", "some", "none"])
@pytest.mark.parametrize("frozen", [1, 2])
def test_what_never_moves_may_run_once(case, frozen, keep):
    """With the lowest layers known, all else may move: the same bits as without, at each place."""
    path = case[1]
    model = copy.deepcopy(case[0])
    known, plain = evaluator(model, path, keep=keep, frozen=frozen), evaluator(model, path)
    start = known("dev")
    if model.config.model_type != PLAIN:  # whose layers give tuples
        kept = [batch.known is not None for batch in known.blocks["dev"][0]]
        assert {1.0: all(kept), 0.0: not any(kept)}.get(keep, any(kept) and not all(kept))
    for seed in (1, 2):
        helpers.moved(model, seed, only=lambda name: (classifiers.layer_of(name) or 0) >= frozen)
        now = known("dev")
        assert now == plain("dev")
        assert now != start


@pytest.mark.parametrize("frozen", [0, 2])
def test_bfloat16(case, frozen):
    """Near the float32 result, and with frozen layers the same as without."""
    path = case[1]
    measure = evaluator(copy.deepcopy(case[0]), path, frozen=frozen)
    exact = measure("dev")
    measure.cast("bfloat16")
    assert all(parameter.dtype == torch.bfloat16 for parameter in measure.model.parameters())
    got = measure("dev")
    assert got["loss"] != exact["loss"]
    assert got["loss"] == pytest.approx(exact["loss"], abs=exact["loss_se"])
    assert abs(got["error"] - exact["error"]) <= 0.1
    unfrozen = evaluator(copy.deepcopy(case[0]), path)
    unfrozen.cast("bfloat16")
    assert got == unfrozen("dev")


def gradient(model):
    """{checkpoint name: gradient}, which is then taken away; a parameter without one has zero."""
    held = classifiers.parameters(model)
    found = {n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in held.items()}
    model.zero_grad()
    return found


@pytest.mark.parametrize("budget", [64, 100_000])
def test_the_gradient_is_that_of_the_plain_forward_on_padded_batches(case, budget):
    model, path = case
    cross_entropy(*helpers.padded_logits(model, path, grad=True)).backward()
    plain = gradient(model)
    evaluator(model, path).add_gradient("dev", budget)
    for name, value in gradient(model).items():
        size = plain[name].norm()
        assert (value - plain[name]).norm() <= 1e-4 * size + 1e-6, name
    assert sum(value.norm() > 0.01 for value in plain.values()) > len(plain) / 2  # it would show


def test_the_gradient_is_added_has_always_the_same_bits_and_changes_nothing_else(case):
    model, path = case
    before, measure = helpers.bits(model), evaluator(model, path)
    loss = measure("dev")
    measure.add_gradient("dev", 256)
    first = gradient(model)
    measure.add_gradient("dev", 256)
    assert all(torch.equal(value, first[name]) for name, value in gradient(model).items())
    for _ in range(2):
        measure.add_gradient("dev", 256)
    for name, value in gradient(model).items():
        torch.testing.assert_close(value, 2 * first[name], rtol=1e-4, atol=1e-5)
    assert measure("dev") == loss and helpers.bits(model) == before


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A split of several blocks, the last one not full."""
    path = tmp_path_factory.mktemp("many") / "split.parquet"
    return helpers.write_split(path, lengths(5 * batches.BLOCK // 2) // 4 + 2)


def test_a_tolerance_stops_at_the_first_block_that_meets_it(many):
    model = helpers.classifier()
    whole = fast(model, many, budget=4096)
    measure = evaluator(model, many, budget=4096, in_blocks=["dev"])
    relative = whole["loss_se"] / whole["loss"]
    assert measure("dev", tolerance=relative / 2)["n"] == whole["n"] == 640
    loose = measure("dev", tolerance=3 * relative)
    assert loose["n"] == batches.BLOCK
    middle = measure("dev", tolerance=1.2 * relative)
    assert middle["n"] == 2 * batches.BLOCK
    assert middle["loss_se"] < 1.2 * relative * middle["loss"] < loose["loss_se"]
    assert abs(loose["loss"] - whole["loss"]) < 3 * loose["loss_se"]


def test_a_tolerance_of_the_error_stops_where_the_error_is_known(many):
    model = helpers.classifier()
    whole = fast(model, many, budget=4096)
    measure = evaluator(model, many, budget=4096, in_blocks=["dev"])
    se = whole["error_se"]
    assert measure("dev", se / 2, "error")["n"] == 640
    loose = measure("dev", 2 * se, "error")
    assert loose["n"] == batches.BLOCK and loose["error_se"] < 2 * se
    assert abs(loose["error"] - whole["error"]) < 3 * loose["error_se"]


def test_an_error_of_none_is_not_known_by_its_standard_error(monkeypatch):
    """Nothing wrong among few: their standard error is 0, and the error need not be."""
    right = outcomes.Outcome(torch.zeros(20), torch.ones(20), torch.ones(20), torch.zeros(20))
    assert not outcomes.error_known(0.05, [right])
    assert outcomes.error_known(0.05, [right] * 10)


def test_with_a_tolerance_folds_are_of_the_examples_that_were_used(many):
    model = helpers.classifier()
    got = evaluator(model, many, budget=4096, in_blocks=["dev"])("dev", tolerance=1.0)
    used = batches.blocks(Examples(many))[0]
    logits, label = helpers.padded_logits(model, many, size=64)
    losses = cross_entropy(logits, label, reduction="none").double()[used]
    of = folds.of_examples(640)[used]
    assert got["n"] == len(used) and set(of) == set(range(folds.FOLDS))
    left = [losses[of != fold].mean().item() for fold in range(folds.FOLDS)]
    assert got["loss_without"] == pytest.approx(left, abs=1e-5)


def test_without_a_tolerance_blocks_are_all_examples(many):
    model = helpers.classifier()
    whole = fast(model, many, budget=4096)
    in_blocks = fast(model, many, budget=4096, in_blocks=["dev"])
    assert in_blocks == whole | {
        "loss": pytest.approx(whole["loss"], abs=1e-6),
        "loss_se": pytest.approx(whole["loss_se"], abs=1e-6),
        "loss_without": pytest.approx(whole["loss_without"], abs=1e-6),
    }


def test_blocks_are_a_random_order_that_is_always_the_same(many):
    examples = Examples(many)
    blocks = batches.blocks(examples)
    assert [len(block) for block in blocks] == [256, 256, 128]
    assert sorted(np.concatenate(blocks)) == list(range(640))
    assert all((np.diff(examples.lengths[block]) >= 0).all() for block in blocks)
    means = [examples.lengths[block].mean() for block in blocks]
    assert np.ptp(means) < 2  # none holds the long ones
    again = batches.blocks(Examples(many))
    assert all(np.array_equal(a, b) for a, b in zip(blocks, again))


def test_a_loss_that_is_not_a_number_is_never_known_well_enough(many):
    model = helpers.classifier()
    with torch.no_grad():
        model.classifier.bias[0] = math.nan
    got = evaluator(model, many, in_blocks=["dev"])("dev", tolerance=0.5)
    assert math.isnan(got["loss"]) and got["n"] == 640 and got["error"] == 1.0


def summary(logits, labels, of=None):
    """Of one batch of two classes; `of`: the fold of each example."""
    of = torch.arange(len(labels)) if of is None else torch.tensor(of)
    made = outcomes.outcome(torch.tensor(logits), torch.tensor(labels), of)
    return outcomes.summary([made], classes=2)


def test_logits_that_are_not_finite_are_errors_and_no_class():
    nan, inf = math.nan, math.inf
    # argmax of NaN is its place: class 0, 1, 1 here, which are the labels
    logits = [[nan, 0.0], [0.0, nan], [0.0, inf], [0.0, 1.0]]
    got = summary(logits, [0, 1, 1, 1])
    assert math.isnan(got["loss"]) and math.isnan(got["loss_se"])
    assert (got["error"], got["predicted"], got["n"]) == (0.75, [0, 1], 4)


def test_an_infinite_loss_stays_infinite():
    got = summary([[0.0, -math.inf], [0.0, 0.0]], [1, 0])
    assert got["loss"] == math.inf


@pytest.mark.parametrize("lost", [math.nan, -math.inf])
def test_only_the_fold_of_a_loss_that_is_not_finite_has_a_mean_without_it(lost):
    got = summary([[0.0, lost], [0.0, 0.0], [0.0, 1.0]], [1, 1, 1], of=[2, 0, 1])
    finite = [math.isfinite(loss) for loss in got["loss_without"]]
    assert finite == [fold == 2 for fold in range(folds.FOLDS)]
    assert got["loss_without"][2] == pytest.approx((math.log(2) + math.log1p(math.exp(-1))) / 2)
    assert got["error_without"][:3] == [0.5, 1.0, 0.5] and got["error"] == 2 / 3


def test_without_an_empty_fold_is_the_mean_of_all_and_without_all_there_is_none():
    got = summary([[0.0, 1.0], [0.0, 3.0]], [1, 0], of=[7, 7])
    others = [loss for fold, loss in enumerate(got["loss_without"]) if fold != 7]
    assert others == [pytest.approx(got["loss"], rel=1e-12)] * 19
    assert math.isnan(got["loss_without"][7]) and math.isnan(got["error_without"][7])


@pytest.mark.parametrize("n, sizes", [(1, {0, 1}), (7, {0, 1}), (20, {1}), (195, {9, 10})])
def test_folds_are_alike_in_size_and_always_the_same(n, sizes):
    of = folds.of_examples(n)
    assert set(np.bincount(of, minlength=folds.FOLDS)) == sizes
    assert np.array_equal(of, folds.of_examples(n))
    assert n < 20 or not np.array_equal(of, np.sort(of))  # chosen at random


def test_a_huge_but_finite_loss_is_not_turned_into_infinity():
    """float32 sums of 1e38 overflow; sums are kept in float64."""
    got = summary([[3e38, 0.0]] * 4, [1, 1, 1, 1])
    assert got["loss"] == pytest.approx(3e38, rel=1e-6)


def sizes(made):
    return [batch.inputs["input_ids"].numel() for batch in made]


def test_nothing_is_padded(tmp_path):
    real = lengths(2000)
    assert 40 < real.mean() < 42 and max(real) > 120
    helpers.write_split(tmp_path / "split.parquet", real)
    examples = Examples(tmp_path / "split.parquet")
    packed = batches.packed(examples, examples.by_length(), 4096, "cpu", 0)
    assert sum(sizes(packed)) == real.sum()
    assert max(sizes(packed)) <= 4096
    assert len(packed) < 1.05 * real.sum() / 4096 + 1
    # and for models that cannot, little
    padded = batches.padded(examples, examples.by_length(), 4096, "cpu")
    assert sum(sizes(padded)) <= 1.07 * real.sum()  # the real MNLI: 1.048
    assert max(sizes(padded)) <= 4096
    assert len(padded) < 1.2 * real.sum() / 4096  # few, full batches, not one an example


def test_an_example_longer_than_the_budget_is_a_batch_of_its_own(tmp_path):
    helpers.write_split(tmp_path / "split.parquet", [30, 5, 40, 5])
    examples = Examples(tmp_path / "split.parquet")
    padded = batches.padded(examples, examples.by_length(), 20, "cpu")
    assert [tuple(batch.inputs["input_ids"].shape) for batch in padded] == [
        (2, 5),
        (1, 30),
        (1, 40),
    ]
    packed = batches.packed(examples, examples.by_length(), 20, "cpu", 0)
    assert sizes(packed) == [10, 30, 40]


def test_no_mask_where_nothing_is_padded(tmp_path):
    """A mask, even of ones, costs the model its quick attention."""
    helpers.write_split(tmp_path / "split.parquet", [5, 5, 9, 8])
    examples = Examples(tmp_path / "split.parquet")
    padded = batches.padded(examples, examples.by_length(), 18, "cpu")
    masked = {
        tuple(batch.inputs["input_ids"].shape): "attention_mask" in batch.inputs for batch in padded
    }
    assert masked == {(2, 5): False, (2, 9): True}


@pytest.mark.parametrize("other", [{"vocab_size": 20}, {"labels": 2}], ids=str)
def test_examples_of_another_model_are_refused(many, other):
    with pytest.raises(InputError, match=str(many)):
        Examples(many).check(helpers.classifier(**other))
