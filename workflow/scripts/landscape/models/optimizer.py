"""The optimizer of pre-training and of training, and its schedule."""

import warnings

import torch
from transformers import get_linear_schedule_with_warmup

EPSILON = 1e-6  # BERT's own (Devlin et al. 2019, their code); torch's is 1e-8


def adamw(model, learning_rate, weight_decay, betas=(0.9, 0.999)):
    """AdamW with bias correction; biases and normalisations (one dimension) do not decay."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=learning_rate,
        betas=betas,
        eps=EPSILON,
        fused=True,  # no temporary copies of the model
    )


def linear_schedule(optimizer, warmup, steps, done=0):
    """From 0 in a line to the full rate, over the share `warmup` of the steps, then in a line to 0.

    As BERT's. done: steps that were taken before an interruption.
    """
    schedule = get_linear_schedule_with_warmup(optimizer, round(warmup * steps), steps)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Detected call of")  # the optimizer has taken them
        for _ in range(done):
            schedule.step()
    return schedule
