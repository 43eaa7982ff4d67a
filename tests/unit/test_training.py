"""The training loop: interrupted = uninterrupted, every example once an epoch, the schedule."""

from dataclasses import replace
from io import StringIO

import helpers
import numpy as np
import pandas as pd
import pytest
import torch
from accelerate import Accelerator
from landscape.data.examples import Examples
from landscape.jobs import provenance
from landscape.models import classifiers, state
from landscape.models.optimizer import adamw
from landscape.runs import training
from landscape.runs.training import Recipe
from safetensors.numpy import load_file
from torch.nn.functional import cross_entropy

RECIPE = Recipe(
    epochs=4,
    batch_size=7,  # does not divide the 20 examples
    learning_rate=1e-3,
    weight_decay=0.01,
    warmup=0.2,
    max_grad_norm=1.0,
    precision="float32",
    seed=3,
)


class Killed(BaseException):
    """Ends a run at any place, as a time limit does; nothing may catch it."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    lengths = np.random.default_rng(0).integers(4, 20, 20)
    return {
        "start": helpers.model_folder(folder / "start", layers=2),
        "train": helpers.write_split(folder / "train.parquet", lengths, seed=1),
    }


def train(inputs, state, recipe=RECIPE, key=None):
    """What train.py does, in this process. Returns (log, hash of each epoch's file)."""
    model = classifiers.load_classifier(inputs["start"], 3, recipe.seed)
    examples, key = Examples(inputs["train"]), key or {"data": "1"}
    log = training.train(model, examples, recipe, state, Accelerator(cpu=True), key)
    files = {path.name: provenance.fingerprint(path) for path in sorted(state.glob("epoch_*"))}
    return log.to_csv(), files


@pytest.fixture(scope="module")
def uninterrupted(inputs, tmp_path_factory):
    return train(inputs, tmp_path_factory.mktemp("whole"))


def killed_at(monkeypatch, owner, name, call, *, after):
    """The run ends in the `call`-th call of a function: before or after it has done its work."""
    plain, calls = getattr(owner, name), []

    def killing(*args, **kwargs):
        calls.append(None)
        if len(calls) == call and not after:
            raise Killed
        result = plain(*args, **kwargs)
        if len(calls) == call:
            raise Killed
        return result

    monkeypatch.setattr(owner, name, killing)


def test_training_changes_the_model_at_every_epoch(uninterrupted):
    """Else all that follows would hold for a loop that does nothing."""
    _, files = uninterrupted
    assert list(files) == [f"epoch_{number:02d}.safetensors" for number in range(1, 5)]
    assert len(set(files.values())) == 4


def test_a_second_run_gives_the_same_bits(inputs, uninterrupted, tmp_path):
    assert train(inputs, tmp_path) == uninterrupted


@pytest.mark.parametrize(
    "owner, name, call, after",
    [
        pytest.param(Examples, "row_of", 12, False, id="within epoch 3"),
        pytest.param(classifiers, "save_checkpoint", 3, True, id="between checkpoint and state"),
        pytest.param(training.State, "save", 2, True, id="after epoch 2"),
        pytest.param(training.State, "save", 4, True, id="after the last epoch"),
        pytest.param(training.State, "save", 1, False, id="before any state"),
    ],
)
def test_interrupted_is_uninterrupted(
    inputs, uninterrupted, tmp_path, monkeypatch, owner, name, call, after
):
    with monkeypatch.context() as patch:
        killed_at(patch, owner, name, call, after=after)
        with pytest.raises(Killed):
            train(inputs, tmp_path)
    assert train(inputs, tmp_path) == uninterrupted


@pytest.fixture
def interrupted(inputs, tmp_path, monkeypatch):
    """The state folder of a run that was killed after its second epoch."""
    with monkeypatch.context() as patch:
        killed_at(patch, training.State, "save", 2, after=True)
        with pytest.raises(Killed):
            train(inputs, tmp_path / "state")
    return tmp_path / "state"


def epochs_trained(monkeypatch):
    """The epochs that are trained from now on, as a list that grows."""
    trained, shuffled = [], training.shuffled

    def watched(examples, size, seed, epoch):
        trained.append(epoch + 1)
        return shuffled(examples, size, seed, epoch)

    monkeypatch.setattr(training, "shuffled", watched)
    return trained


def test_finished_epochs_are_not_trained_again(inputs, interrupted, monkeypatch):
    trained = epochs_trained(monkeypatch)
    train(inputs, interrupted)
    assert trained == [3, 4]


@pytest.mark.parametrize(
    "change", [{"learning_rate": 2e-3}, {"weight_decay": 0.0}, {"seed": 4}, {"epochs": 1}]
)
def test_the_state_of_another_recipe_is_not_taken_up(inputs, interrupted, tmp_path, change):
    """Nor are its epochs left lying among the new ones."""
    recipe = replace(RECIPE, **change)
    assert train(inputs, interrupted, recipe) == train(inputs, tmp_path / "fresh", recipe)


def test_the_state_of_other_data_is_not_taken_up(inputs, interrupted, monkeypatch):
    trained = epochs_trained(monkeypatch)
    train(inputs, interrupted, key={"data": "2"})
    assert trained == [1, 2, 3, 4]


@pytest.mark.parametrize("share", [0.0, 0.05, 0.9])
@pytest.mark.parametrize("name", ["state.json", "moments_*.safetensors"])
def test_a_state_cut_short_is_not_taken_up(inputs, uninterrupted, interrupted, name, share):
    (path,) = interrupted.glob(name)
    helpers.cut_short(path, share)
    assert train(inputs, interrupted) == uninterrupted


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_state_without_its_whole_epochs_is_not_taken_up(
    inputs, uninterrupted, interrupted, epoch
):
    helpers.cut_short(interrupted / f"epoch_0{epoch}.safetensors")
    assert train(inputs, interrupted) == uninterrupted
    (interrupted / "epoch_01.safetensors").unlink(missing_ok=True)
    assert train(inputs, interrupted) == uninterrupted


def test_random_numbers_of_another_kind_of_device_are_left_alone():
    """A run that was begun on the CPU may go on on a GPU."""
    cpu = torch.device("cpu")
    torch.manual_seed(3)
    state.set_random_state(cpu, ["cuda", "00" * 16])
    untouched = torch.rand(4)
    torch.manual_seed(3)
    saved = state.random_state(cpu)
    assert torch.equal(torch.rand(4), untouched)
    state.set_random_state(cpu, saved)
    assert torch.equal(torch.rand(4), untouched)


def test_parameters_that_no_logit_depends_on_are_left_alone(inputs, tmp_path):
    """Some models have such; their optimizer has nothing to save for them."""
    model = classifiers.load_classifier(inputs["start"], 3, 0)
    model.idle = torch.nn.Linear(2, 2)
    before = model.idle.weight.clone()
    training.train(model, Examples(inputs["train"]), RECIPE, tmp_path, Accelerator(cpu=True), {})
    assert torch.equal(model.idle.weight, before)


def test_every_example_is_seen_once_an_epoch_in_an_order_of_its_own(
    inputs, uninterrupted, tmp_path, monkeypatch
):
    seen, row_of = [], Examples.row_of

    def watched(self, chosen, *more):
        seen.extend(chosen.tolist())
        return row_of(self, chosen, *more)

    monkeypatch.setattr(Examples, "row_of", watched)
    log, *_ = train(inputs, tmp_path)
    seen = seen[20:]  # all are tried first, as rows and padded
    epochs = [seen[i : i + 20] for i in range(0, len(seen), 20)]
    assert len(epochs) == 4
    assert all(sorted(epoch) == list(range(20)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert log == uninterrupted[0]  # looking on changes nothing


def test_the_log_counts_examples_and_epochs(inputs, tmp_path):
    log = pd.read_csv(StringIO(train(inputs, tmp_path, replace(RECIPE, epochs=2))[0]))
    assert log["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert log["examples"].tolist() == [7, 14, 20, 27, 34, 40]
    assert log["epoch"].tolist() == pytest.approx([0.35, 0.7, 1.0, 1.35, 1.7, 2.0])


def test_the_logged_loss_is_the_mean_over_the_batch(inputs, tmp_path):
    """First step of a model without dropout: its plain loss on the examples of that step."""
    recipe = replace(RECIPE, epochs=1, batch_size=20)
    none = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    start = helpers.model_folder(tmp_path / "start", layers=2, **none)
    log = pd.read_csv(StringIO(train(inputs | {"start": start}, tmp_path / "state", recipe)[0]))
    model = classifiers.load_classifier(start, 3, recipe.seed)
    logits, labels = helpers.padded_logits(model.eval(), inputs["train"])
    assert log["loss"][0] == pytest.approx(cross_entropy(logits, labels).item(), abs=1e-5)


def test_the_schedule_rises_to_the_full_rate_and_falls(inputs, tmp_path):
    """As BERT's: from 0 through a tenth of the steps, then in a line to 0 behind the last."""
    recipe = replace(RECIPE, epochs=10, warmup=0.1)
    log = pd.read_csv(StringIO(train(inputs, tmp_path / "state", recipe)[0]))
    rates = log["learning_rate"] / recipe.learning_rate
    rising = round(0.1 * len(rates))
    assert rates[0] == 0 and rates[rising] == rates.max() == pytest.approx(1.0)
    assert np.diff(rates[: rising + 1]) == pytest.approx(1 / rising)
    assert np.diff(rates[rising:]) == pytest.approx(-1 / (len(rates) - rising))
    assert rates.iloc[-1] > 0


def test_further_epochs_have_an_order_and_dropout_of_their_own(inputs, tmp_path):
    first = train(inputs, tmp_path / "first", RECIPE)[0]
    again = train(inputs, tmp_path / "again", replace(RECIPE, epochs_before=0))[0]
    further = train(inputs, tmp_path / "further", replace(RECIPE, epochs_before=2))[0]
    assert first == again != further


def test_gradients_are_clipped(inputs, tmp_path):
    """To almost nothing here: Adam then stands still, as its own epsilon outweighs them."""

    def distance(norm):
        recipe = replace(RECIPE, epochs=1, weight_decay=0.0, max_grad_norm=norm)
        train(inputs, tmp_path / str(norm), recipe)
        end = load_file(tmp_path / str(norm) / "epoch_01.safetensors")
        start = load_file(inputs["start"] / "model.safetensors")
        return max(np.abs(end[f"encoder.{name}"] - start[name]).max() for name in start)

    assert distance(1e-12) < 1e-6 < 1e-4 < distance(1.0)


def test_biases_and_normalisations_do_not_decay():
    model = helpers.classifier(layers=1)
    decayed, others = adamw(model, 1e-3, 0.01).param_groups
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.01, 0.0)
    names = {id(p): name for name, p in model.named_parameters()}
    still = [names[id(p)] for p in others["params"]]
    assert all(name.endswith("bias") or "LayerNorm" in name for name in still)
    assert len(still) + len(decayed["params"]) == len(names)
