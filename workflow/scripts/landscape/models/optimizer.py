"""The optimizer of pre-training and of training."""

import torch


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
        fused=True,  # no temporary copies of the model
    )
