"""The Accelerate loop: epochs, schedule, logs, and going on after an interruption."""

import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from torch.nn.functional import cross_entropy

from . import models, vectors
from .batches import shuffled
from .evaluation import Evaluator
from .optimizer import adamw


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained: AdamW with bias correction, warm-up, linear decay to 0."""

    epochs: int
    batch_size: int  # examples a step, over all processes
    learning_rate: float
    weight_decay: float
    warmup: float  # share of the steps
    max_grad_norm: float
    precision: str  # of the matrix products: float32 or bfloat16; parameters are float32
    seed: int


def rate(step, total, warmup):
    """Factor on the learning rate at `step` (from 0) of `total`: linear up, then linear to 0."""
    rising = max(1, round(warmup * total))
    return (step + 1) / rising if step < rising else (total - step) / max(1, total - rising)


class State:
    """What goes on after an interruption: parameters, Adam's moments, epoch, rows of the logs.

    Kept in a folder outside the declared outputs, as safetensors and written whole; a state of
    another recipe, or one that was cut short, is not taken up.
    """

    MOMENTS = ("step", "exp_avg", "exp_avg_sq")

    def __init__(self, folder, key):
        self.folder, self.path = Path(folder), Path(folder) / "state.safetensors"
        self.key = json.dumps(key, sort_keys=True)

    def epoch_path(self, epoch):
        return self.folder / f"epoch_{epoch:02d}.safetensors"

    def save(self, model, adam, epoch, log, scores):
        tensors = {}
        for name, parameter in models.parameters(model).items():
            tensors[f"parameter/{name}"] = parameter.detach()
            for key in self.MOMENTS:
                tensors[f"{key}/{name}"] = adam.state[parameter][key]
        facts = {"key": self.key, "epoch": str(epoch)}
        facts |= {"log": json.dumps(log), "scores": json.dumps(scores)}
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        vectors.write(self.path, shapes, lambda name: tensors[name].float().cpu().numpy(), facts)

    def load(self, model, adam):
        """(epochs done, log, scores); fills model and optimizer. (0, [], []) to start anew."""
        if found := self._load(model, adam):
            return found
        shutil.rmtree(self.folder, ignore_errors=True)
        return 0, [], []

    def _load(self, model, adam):
        try:
            with safe_open(self.path, framework="pt") as state:
                facts = state.metadata()
                if facts["key"] != self.key:
                    return None
                epoch = int(facts["epoch"])
                if not all(self.epoch_path(i + 1).is_file() for i in range(epoch)):
                    return None
                with torch.no_grad():
                    for name, parameter in models.parameters(model).items():
                        parameter.copy_(state.get_tensor(f"parameter/{name}"))
                        for key in self.MOMENTS:
                            value = state.get_tensor(f"{key}/{name}")
                            adam.state[parameter][key] = value.to(parameter.device)
                return epoch, json.loads(facts["log"]), json.loads(facts["scores"])
        except (OSError, SafetensorError, KeyError):
            return None


def train(model, train_examples, dev_examples, recipe, state_folder, budget, accelerator, key):
    """Train `model`; returns (log, scores) as tables, checkpoints stay in the state folder.

    log has one row a step: step, epoch, examples, loss (mean over the global batch),
    learning_rate. scores one row an epoch: dev_loss, dev_error and their standard errors, by the
    code that evaluates landscapes. Each epoch draws its order and its dropout from (seed, epoch),
    so that a run that was interrupted ends with the bits of one that was not.

    budget: tokens a batch of the dev evaluation; key: what else a state must agree in to go on.
    """
    model.to(accelerator.device)
    adam = adamw(model, recipe.learning_rate, recipe.weight_decay)
    state = State(state_folder, {**asdict(recipe), **key})
    done, log, scores = state.load(model, adam)
    if done:
        accelerator.print(f"going on after epoch {done}", flush=True)
    wrapped, adam = accelerator.prepare(model, adam)
    if accelerator.is_main_process:
        evaluate = Evaluator(model.eval(), {"dev": dev_examples}, budget)
    for epoch in range(done, recipe.epochs):
        rows = one_epoch(wrapped, adam, train_examples, recipe, epoch, accelerator)
        log += rows
        if accelerator.is_main_process:
            model.eval()
            score = evaluate("dev")
            columns = {f"dev_{k}": value for k, value in score.items() if k != "predicted"}
            scores.append({"epoch": epoch + 1} | columns)
            models.save_checkpoint(model, state.epoch_path(epoch + 1))
            state.save(model, adam, epoch + 1, log, scores)
            loss = sum(row["loss"] for row in rows) / len(rows)
            print(
                f"epoch {epoch + 1}/{recipe.epochs}  training loss {loss:.4f}  "
                f"dev loss {score['loss']:.4f}  dev accuracy {100 * (1 - score['error']):.2f} %",
                flush=True,
            )
        accelerator.wait_for_everyone()
    return pd.DataFrame(log), pd.DataFrame(scores)


def one_epoch(model, adam, examples, recipe, epoch, accelerator):
    """One pass over the examples; returns the rows of the log, one a step."""
    device = accelerator.device
    rank, world = accelerator.process_index, accelerator.num_processes
    torch.manual_seed((recipe.seed * 1000 + epoch) * 64 + rank)
    model.train()
    steps = shuffled(examples, recipe.batch_size, recipe.seed, epoch)
    rows, losses, seen = [], [], epoch * len(examples)
    reported = time.monotonic()
    for step, chosen in enumerate(steps, start=epoch * len(steps)):
        factor = rate(step, len(steps) * recipe.epochs, recipe.warmup)
        for group in adam.param_groups:
            group["lr"] = recipe.learning_rate * factor
        mine = chosen[rank::world]
        label = examples.labels[mine].to(device)
        with torch.autocast(device.type, torch.bfloat16, recipe.precision == "bfloat16"):
            logits = model(**examples.batch(mine, device)).logits
        # this process's share of the mean over the global batch; the wrapper averages gradients
        # over processes, so that is undone
        loss = cross_entropy(logits.float(), label, reduction="sum") / len(chosen)
        accelerator.backward(loss * world)
        accelerator.clip_grad_norm_(model.parameters(), recipe.max_grad_norm)
        adam.step()
        adam.zero_grad()
        losses.append(loss.detach())
        seen += len(chosen)
        if time.monotonic() - reported > 30:
            reported = time.monotonic()
            accelerator.print(f"epoch {seen / len(examples):.2f}  loss {loss:.4f}", flush=True)
        rows.append(
            {
                "step": step + 1,
                "epoch": seen / len(examples),
                "examples": seen,
                "learning_rate": recipe.learning_rate * factor,
            }
        )
    losses = accelerator.reduce(torch.stack(losses), "sum").tolist()
    return [row | {"loss": loss} for row, loss in zip(rows, losses)]
