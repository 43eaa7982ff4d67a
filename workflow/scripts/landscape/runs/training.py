"""The Accelerate loop: epochs, schedule, logs, and going on after an interruption."""

import time
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import torch
from accelerate.utils import gather_object
from landscape.data.examples import shuffled
from landscape.jobs.stopping import asked_to_stop
from landscape.models.optimizer import adamw, linear_schedule
from landscape.models.state import State, random_state, set_random_state
from landscape.runs.unpadded import batches_for
from torch.nn.functional import cross_entropy


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
    epochs_before: int = 0  # of the training that this goes on from: order and dropout are others


class Stopped(Exception):
    """Training was asked to stop and has saved its step."""


def train(model, examples, recipe, state_folder, accelerator, key):
    """Train `model`; returns the log as a table, checkpoints stay in the state folder.

    The log has one row a step: step, epoch, examples, loss (mean over the global batch),
    learning_rate. Each epoch draws its order and its dropout from (seed, epoch), so that a run
    that was interrupted ends with the bits of one that was not.

    key: what else a state must agree in to go on.
    Raises Stopped, with the step saved, after SIGTERM, SIGINT or SIGHUP.
    """
    model.to(accelerator.device)
    freeze_unused(model, examples)
    adam = adamw(model, recipe.learning_rate, recipe.weight_decay)
    state = State(state_folder, {**asdict(recipe), **key})
    log, random = state.load(model, adam)
    accelerator.wait_for_everyone()  # all have looked
    if accelerator.is_main_process and not log:
        state.clear()
    wrapped, wrapped_adam = accelerator.prepare(model, adam)
    steps = -(-len(examples) // recipe.batch_size)
    schedule = linear_schedule(adam, recipe.warmup, steps * recipe.epochs, done=len(log))
    if log:
        accelerator.print(f"going on after {len(log) / steps:.2f} epochs", flush=True)
    with asked_to_stop() as asked, batches_for(model, examples) as batch_of:
        for epoch in range(len(log) // steps, recipe.epochs):
            first = len(log) - epoch * steps
            log += one_epoch(
                wrapped, wrapped_adam, schedule, examples, batch_of, recipe, epoch, accelerator,
                first, random, asked,
            )  # fmt: skip
            random = []
            if len(log) < (epoch + 1) * steps:
                random = gather_object([random_state(accelerator.device)])
            elif accelerator.is_main_process:
                loss = sum(row["loss"] for row in log[-steps:]) / steps
                print(f"epoch {epoch + 1}/{recipe.epochs}  training loss {loss:.4f}", flush=True)
            if accelerator.is_main_process:
                state.save(model, adam, log, len(log) // steps, random)
            accelerator.wait_for_everyone()
            more = epoch + 1 < recipe.epochs
            if random or (more and stopping(accelerator, asked)):  # in the last, nothing is left
                raise Stopped(f"stopped after {len(log) / steps:.2f} epochs, which are saved")
    return pd.DataFrame(log)


def freeze_unused(model, examples):
    """Have parameters left alone that no logit depends on, as some models have.

    Several processes would wait for their gradients.
    """
    model.eval()
    one = examples.batch(np.array([0]), next(model.parameters()).device)
    model(**one).logits.sum().backward()
    for parameter in model.parameters():
        parameter.requires_grad_(parameter.grad is not None)
    model.zero_grad()


def one_epoch(
    model, adam, schedule, examples, batch_of, recipe, epoch, accelerator, first, random, asked
):
    """One pass over the examples, from the step `first` of it; returns the log's rows, one a step.

    They end early where one of the processes is `asked` to stop. random: states of the processes'
    random numbers to go on from within an epoch, if as many processes had saved them.
    """
    device = accelerator.device
    rank, world = accelerator.process_index, accelerator.num_processes
    drawn = recipe.epochs_before + epoch
    torch.manual_seed((recipe.seed * 1000 + drawn) * 64 + rank)
    if len(random) == world:
        set_random_state(device, random[rank])
    model.train()
    batches = shuffled(examples, recipe.batch_size, recipe.seed, drawn)
    rows, losses = [], []
    reported = time.monotonic()
    for number, chosen in enumerate(batches[first:], start=first):
        if stopping(accelerator, asked):
            break
        step = epoch * len(batches) + number
        seen = epoch * len(examples) + number * recipe.batch_size + len(chosen)
        (learning_rate, *_) = schedule.get_last_lr()
        # a process without an example of the last, short batch takes part with one that counts 0
        mine = chosen[rank::world]
        counts = len(mine) > 0
        mine = mine if counts else chosen[:1]
        label = examples.labels[mine].to(device)
        with torch.autocast(device.type, torch.bfloat16, recipe.precision == "bfloat16"):
            logits = model(**batch_of(mine, device)).logits
        # this process's share of the mean over the global batch; the wrapper averages gradients
        # over processes, so that is undone
        loss = cross_entropy(logits.float(), label, reduction="sum") * counts / len(chosen)
        accelerator.backward(loss * world)
        accelerator.clip_grad_norm_(model.parameters(), recipe.max_grad_norm)
        adam.step()
        schedule.step()
        adam.zero_grad()
        losses.append(loss.detach())
        if time.monotonic() - reported > 30:
            reported = time.monotonic()
            # of this process's examples alone
            accelerator.print(
                f"epoch {seen / len(examples):.2f}  loss {loss * world:.4f}", flush=True
            )
        rows.append(
            {
                "step": step + 1,
                "epoch": seen / len(examples),
                "examples": seen,
                "learning_rate": learning_rate,
            }
        )
    if rows:
        losses = accelerator.reduce(torch.stack(losses), "sum").tolist()
    return [row | {"loss": loss} for row, loss in zip(rows, losses)]


def stopping(accelerator, asked):
    """Whether to stop before the next step: all processes must come to the same answer."""
    if accelerator.num_processes == 1:
        return asked()
    if asked():
        accelerator.set_trigger()
    return accelerator.check_trigger()
