"""Numbers for training, generalisation and layers.

A measure takes a `Run` and gives a number, or an array (n,) of what each of n examples contributes,
whose mean is the number. It raises `Unknown` with the reason where there is none.
"""

import numpy as np
from landscape.claims.measured import Unknown

# how training goes


def final_loss(run):
    """Training loss at the end, without dropout, on the examples of the surfaces."""
    return float(run.landmark("end")["train_loss"])


def loss_after_same_epochs(run):
    """The same after as many epochs as the shorter of the trainings that are compared has."""
    scores = run.table("scores")
    return float(scores.loc[scores["epoch"] == run.beside.epochs, "train_loss"].iloc[0])


def trained_alike(runs):
    """Why runs were not trained for the same steps at the same shares of their rates; "" if so."""
    logs = [run.table("log") for run in runs]
    if len({run.epochs() for run in runs}) > 1:
        return (
            f"trained for {' and '.join(map(str, sorted({run.epochs() for run in runs})))} epochs"
        )
    rates = [log["learning_rate"].to_numpy() for log in logs]
    shares = [rate / rate.max() for rate in rates]
    if any(len(share) != len(shares[0]) or not np.allclose(share, shares[0]) for share in shares):
        return "trained by other steps or another schedule"
    return ""


def first_cosine(run):
    """cos(δ^1, δ1): how far the direction of the first epoch is that of all (Eq. 3)."""
    return float(_path(run)["cos"].iloc[1])


def straightness(run):
    """‖δ1‖ over the length of the path through the epochs: 1 is a straight line."""
    return 1 / float(_path(run)["path"].iloc[-1])


def first_cosine_of_parts(run):
    """`first_cosine` after the first of equal parts of the training."""
    path = _path(run)
    return float(path.loc[path["part"] == 1, "cos"].iloc[0])


def straightness_of_parts(run):
    """`straightness` of the path through the ends of equal parts of the training."""
    return 1 / float(_path(run)["parts_path"].max())


def _path(run):
    table = run.table("projection")
    if len(table) < 3:  # start and end alone
        raise Unknown(f"{run} has one epoch, whose direction is the final one")
    return table


def orthogonality(run):
    """|cos(δ1, δ2)|."""
    return abs(float(run.table("projection")["cos_axes"].iloc[0]))


# how it generalises


def end_error(run):
    """Dev error at the end: (n,) of 0 and 1."""
    return run.wrong("scores")


def error_growth(run):
    """Dev error after the further epochs minus before them: (n,) of −1, 0 and 1."""
    return run.wrong("further") - run.wrong("scores")


def distance_moved(run):
    """‖θ after the further epochs − θ before‖ along δ1 and off it, in ‖δ1‖, as in Fig. 4."""
    last = run.table("longer").iloc[-1]
    return float(np.hypot(last["eq4_alpha"] - 1, last["eq5_beta"]))


# what layers do


def high_minus_low(run, low, high):
    """Dev error of the high layers' group put back minus that of the low ones': (n,)."""
    groups = list(run.table("rollback")["group"])
    return run.wrong("rollback", groups.index(high)) - run.wrong("rollback", groups.index(low))


def movement(run, layers):
    """‖δ‖/‖θ0‖ of layers `first` to `last` as one vector."""
    first, last = layers
    numbers = [str(n) for n in range(first, last + 1)]
    moved, size = (
        np.sqrt(sum(run.norm(of, number) ** 2 for number in numbers))
        for of in ("norm", "start_norm")
    )
    return float(moved / size)
