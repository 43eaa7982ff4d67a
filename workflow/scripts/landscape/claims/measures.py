"""Numbers for training, generalisation and layers.

A measure takes a `Run` and gives a value, or (value, low, high) with the 95 % interval over what it
was measured on where that cannot be told from the folds of the examples. It raises `Unknown` with
the reason where there is no value.
"""

import numpy as np
from landscape.claims.intervals import minus, wilson, with_error
from landscape.claims.measured import Unknown, grid
from landscape.words import FULL
from scipy.stats import spearmanr

# how training goes


def final_loss(run):
    """Training loss at the end, without dropout, on the examples of the surfaces."""
    return float(run.landmark("end")["train_loss"])


def loss_in_epoch(run, epoch):
    """Mean training loss, with dropout, over the steps of one epoch (from 1)."""
    log = run.table("log")
    losses = log.loc[np.ceil(log["epoch"].round(6)) == epoch, "loss"]
    if losses.empty or not np.isfinite(losses).all():
        raise Unknown(f"{run} has no finite losses in epoch {epoch}")
    return with_error(losses.mean(), losses.std() / np.sqrt(len(losses)) if len(losses) > 1 else 0)


def epochs(run):
    return int(run.table("scores")["epoch"].max())


def first_cosine(run):
    """cos(δ^1, δ1): how far the direction of the first epoch is that of all (Eq. 3)."""
    table = run.table("projection")
    if len(table) < 3:  # start and end alone
        raise Unknown(f"{run} has one epoch, whose direction is the final one")
    return float(table["cos"].iloc[1])


def straightness(run):
    """‖δ1‖ over the length of the path through the epochs: 1 is a straight line."""
    table = run.table("projection")
    if len(table) < 3:
        raise Unknown(f"{run} has one epoch, so its path is straight by construction")
    return 1 / float(table["path"].iloc[-1])


def orthogonality(run):
    """|cos(δ1, δ2)|."""
    return abs(float(run.table("projection")["cos_axes"].iloc[0]))


# how it generalises


def end_error(run):
    """Dev error at the end."""
    return float(run.landmark("end")["dev_error"])


def error_growth(run):
    """Dev error after the further epochs minus before them."""
    before, after = (run.table(name).iloc[-1] for name in ("scores", "further"))
    return minus(*((s["dev_error"], *wilson(s["dev_error"], s["dev_n"])) for s in (after, before)))


def distance_moved(run):
    """‖θ after the further epochs − θ before‖ along δ1 and off it, in ‖δ1‖, as in Fig. 4."""
    last = run.table("longer").iloc[-1]
    return float(np.hypot(last["eq4_alpha"] - 1, last["eq5_beta"]))


def agreement(run):
    """Spearman correlation, over the grid, of training loss and dev error."""
    points = grid(run.plane(FULL))
    points = points[np.isfinite(points["train_loss"]) & np.isfinite(points["dev_error"])]
    if len(points) < 3 or points["dev_error"].nunique() < 2:
        raise Unknown(f"too few finite points, or one dev error at all of them ({run})")
    return float(spearmanr(points["train_loss"], points["dev_error"]).statistic)


def shift_of_minima(run):
    """Distance on the plane, in ‖δ1‖, between the lowest training loss and the lowest dev error."""
    points = grid(run.plane(FULL))
    finite = points[np.isfinite(points["train_loss"])]
    if finite.empty:
        raise Unknown(f"no finite loss on the plane of {run}")
    lowest = finite.loc[finite["train_loss"].idxmin(), ["alpha", "beta"]].to_numpy(float)
    least = finite["dev_error"] == finite["dev_error"].min()
    best = finite.loc[least, ["alpha", "beta"]].to_numpy(float)  # the nearest of equals
    distance = float(np.linalg.norm(best - lowest, axis=1).min())
    return distance, np.nan, np.nan  # where something is lowest jumps: no fold tells how sure it is


# what layers do


def high_minus_low(run, low, high):
    """Dev accuracy lost by putting back the high layers' group minus that by the low ones'."""
    error = run.table("rollback").set_index("group")["dev_error"]
    return float(error[high] - error[low])


def movement(run, layers):
    """‖δ‖/‖θ0‖ of layers `first` to `last` as one vector."""
    first, last = layers
    numbers = [str(n) for n in range(first, last + 1)]
    moved, size = (
        np.sqrt(sum(run.norm(of, number) ** 2 for number in numbers))
        for of in ("norm", "start_norm")
    )
    return float(moved / size)
