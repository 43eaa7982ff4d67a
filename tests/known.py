"""Runs whose measures are known: surfaces by a formula, for the tests of measures and claims."""

import numpy as np
import pandas as pd
from landscape.claims.measured import Run
from landscape.surfaces import folds
from landscape.words import BASIN, CURVE, WAY

AXIS = np.round(np.linspace(-4, 4, 41), 12)
FINE = np.linspace(0, 1, 41)  # of the way from start to end
NEAR = np.linspace(-1, 1, 9)  # of what lies about the end
ALTERNATING = (-1.0) ** np.arange(folds.FOLDS) / np.sqrt(folds.FOLDS - 1)  # the jackknife's sd is 1


def without_folds(table, noise=0.0):
    """Add what is measured without each fold: the jackknife's sd is the share `noise` of it."""
    for split, measured in folds.MEASURED.items():
        for name, moved in zip(folds.columns(split), ALTERNATING):
            if (of := f"{split}_{measured}") in table:
                table[name] = table[of] * (1 + noise * moved)
    return table


def surface(loss, alphas=AXIS, betas=(0.0,), noise=0.0, error=lambda loss: loss / 10, at_end=False):
    """A surface with its landmarks; `loss` is a function of (α, β), from the end if it is there."""
    places = [(-1.0, 0.0, "start"), (0.0, 0.0, "end")] if at_end else []
    places = places or [(0.0, 0.0, "start"), (1.0, 0.0, "end")]
    places += [(alpha, beta, None) for alpha in alphas for beta in betas]
    table = pd.DataFrame(places, columns=["alpha", "beta", "landmark"])
    table["dtype"] = "float32"
    table["train_loss"] = [loss(alpha, beta) for alpha, beta in zip(table["alpha"], table["beta"])]
    table["dev_error"] = error(table["train_loss"])
    table["dev_n"] = 100
    return without_folds(table, noise)


def bowl(alpha, beta):
    return 0.1 + 0.2 * (alpha - 1) ** 2 + beta**2


def from_end(loss):
    """The same loss by coordinates whose origin is the end."""
    return lambda alpha, beta: loss(alpha + 1, beta)


GUESS = np.log(2)  # the loss of guessing where two classes are as frequent
# where 0.2 (α − 1)² is half of what lies between end and guessing
WIDTH = 2 * np.sqrt((GUESS - 0.1) / 2 / 0.2)


def answers(wrong, n=100):
    """The text of `dev_right` where the first of n examples are told wrong."""
    return "0" * wrong + "1" * (n - wrong)


def scores(losses=(0.5, 0.1), wrong=20, collapsed=False, noise=0.0):
    """What was measured of each epoch; `wrong` of 100 dev examples at the end."""
    table = pd.DataFrame({"epoch": range(1, len(losses) + 1), "train_loss": losses, "dev_n": 100})
    table["dev_right"] = answers(wrong)
    table["dev_predicted_0"] = 100 if collapsed else 50
    return without_folds(table, noise)


def run(loss=bowl, labels=(0, 1) * 50, alphas=AXIS, arm="pretrained", seed=0, **more):
    """A run with the surfaces of this loss that claims look at; labels: of its train examples."""
    planes = {
        CURVE: surface(loss, alphas, **more),
        WAY: surface(loss, FINE, **more),
        BASIN: surface(from_end(loss), NEAR, NEAR, at_end=True, **more),
    }
    tables = {"sample": pd.DataFrame({"label": labels}), "scores": scores()}
    return Run(arm, "mnli", seed, planes, tables)
