"""Runs whose measures are known: surfaces by a formula, for the tests of measures and claims."""

import numpy as np
import pandas as pd
from landscape.claims.measured import Run
from landscape.surfaces import folds

AXIS = np.round(np.linspace(-4, 4, 41), 12)


def without_folds(table, noise=0.0):
    """Add what is measured without each fold: the jackknife's sd is the share `noise` of it."""
    for split, measured in folds.MEASURED.items():
        for fold, name in enumerate(folds.columns(split)):
            if (of := f"{split}_{measured}") in table:
                table[name] = table[of] * (1 + noise * (-1) ** fold / 3)
    return table


def surface(
    loss, alphas=AXIS, betas=(0.0,), noise=0.0, error=lambda loss: loss / 10, classes=2, group=False
):
    """A surface with its landmarks; `loss` is a function of (α, β)."""
    places = [(0.0, 0.0, "start"), (1.0, 0.0, "end")]
    if group:
        places = [(0.0, 0.0, "end"), (-1.0, 0.0, "rollback")]
    places += [(alpha, beta, None) for alpha in alphas for beta in betas]
    table = pd.DataFrame(places, columns=["alpha", "beta", "landmark"])
    table["dtype"] = "float32"
    table["train_loss"] = [loss(alpha, beta) for alpha, beta in zip(table["alpha"], table["beta"])]
    table["dev_error"] = error(table["train_loss"])
    table["dev_n"] = 100
    for number in range(classes):
        table[f"train_predicted_{number}"] = 50 / classes
        table[f"dev_predicted_{number}"] = 100 / classes
    return without_folds(table, noise)


def bowl(alpha, beta):
    return 0.1 + 0.2 * (alpha - 1) ** 2 + beta**2


GUESS = np.log(2)  # the loss of guessing where two classes are as frequent
# where 0.2 (α − 1)² is half of what lies between end and guessing
WIDTH = 2 * np.sqrt((GUESS - 0.1) / 2 / 0.2)


def run(loss=bowl, labels=(0, 1) * 50, **more):
    """A run with a curve and a full plane of this loss; `labels` of its training examples."""
    planes = {"curve": surface(loss, **more), "full": surface(loss, betas=AXIS, **more)}
    tables = {"sample": pd.DataFrame({"label": labels})}
    return Run("pretrained", "mnli", 0, planes, tables)
