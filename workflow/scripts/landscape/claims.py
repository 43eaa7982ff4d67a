"""The paper's claims, the measure that decides each, and the rule; fixed before any result.

A claim compares the two inits, or holds one number of the fine-tuned model against a bound. Its
95 % interval is over seeds where there are several, else over examples:

holds           the interval lies wholly on the claimed side
does not hold   it lies wholly on the other side
cannot tell     it holds both, or there is none, or a run has collapsed; the reason is given
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.stats import t

from . import measures
from .measures import NONE, NotMeasured, Unknown

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "cannot tell"
GROUPS = ("low", "middle", "high")


@dataclass(frozen=True)
class Claim:
    """One claim and one of its measures."""

    section: str
    words: str  # the paper's
    measure: str  # ours, with the unit
    of: Callable  # Run → (value, low, high)
    more: bool = True  # the claim is that the value is more (than from scratch, or than `bound`)
    bound: float | None = None  # of a claim on the fine-tuned model alone
    tasks: str = "tasks"  # which of the config's `figures`: tasks, layer_groups or overfitting
    decides: bool = True  # else a second look, where the first can mislead


WIDER = "the optima obtained by fine-tuning BERT are much wider than training from scratch"
SMOOTH = (
    "the training loss of fine-tuning BERT tends to monotonously decrease along the optimization "
    "direction; from random initial point the path is more rough"
)
STRAIGHT = "fine-tuning BERT finds the optimization direction in a more straightforward way"
ROBUST = "for more training epochs the generalization error does not dramatically increase"
CONSISTENT = "the generalization error surfaces are consistent with the training loss surfaces"
LOWER = (
    "lower layers are more invariant: putting them back does not dramatically hurt, high ones do"
)
WIDTH = "length along δ1 where the loss stays under half way from its end to guessing"


def claims(layer_groups):
    """All of them. layer_groups: {low, middle, high: (first, last)}."""
    return [
        Claim("3.2", "δ1 and δ2 are nearly orthogonal", "|cos(δ1, δ2)|, at most 0.1",
              measures.orthogonality, more=False, bound=0.1),
        Claim("5.1", WIDER, f"{WIDTH}, in ‖δ1‖", measures.width),
        Claim("5.1", WIDER, f"{WIDTH}, in ‖Δθ‖", measures.width_in_distance, decides=False),
        Claim("5.1", WIDER, f"{WIDTH}, in ‖Δθ‖/‖θ0‖", measures.relative_width, decides=False),
        Claim("5.1", WIDER, "share of the plane under that loss", measures.share_of_plane,
              decides=False),
        Claim("5.1", WIDER, "share of a random plane, scaled to the weights, under that loss",
              measures.share_of_random_plane, decides=False),
        Claim("5.1", SMOOTH, "rise of the loss above start and end between them",
              measures.barrier, more=False),
        Claim("5.1", SMOOTH, "share of rising steps between start and end",
              measures.rising_share, more=False, decides=False),
        Claim("5.2", "fine-tuning converges faster in terms of training loss",
              "mean training loss in the last epoch of fine-tuning, the same epoch of both",
              measures.loss_in_epoch, more=False),
        Claim("5.2", "the final loss of training from scratch tends to be higher",
              "training loss at the end", measures.final_loss, more=False),
        Claim("5.2", STRAIGHT, "cos(δ, δ1) after the first epoch", measures.first_cosine),
        Claim("5.2", STRAIGHT, "‖δ1‖ over the length of the path", measures.straightness,
              decides=False),
        Claim("5.3", ROBUST, "growth of the dev error over the further epochs, at most 0.05",
              measures.error_growth, more=False, bound=0.05, tasks="overfitting"),
        Claim("5.3", "the final estimation is not far away from its original optimum",
              "distance from the end (Eqs. 4, 5), at most ‖δ1‖", measures.distance_moved,
              more=False, bound=1.0, tasks="overfitting"),
        Claim("6", "training from scratch usually has poor performance on the unseen data",
              "dev error at the end", measures.end_error, more=False),
        Claim("6.1", "the optima of fine-tuning BERT are more flat",
              "second derivative of the loss along δ1 at the end, in 1/‖δ1‖²",
              measures.curvature, more=False),
        Claim("6.2", CONSISTENT, "rank correlation of loss and error over the plane, at least 0.5",
              measures.agreement, bound=0.5),
        Claim("6.2", "the two surfaces are shifted with respect to each other",
              "distance of the two minima, in ‖δ1‖, more than 0", measures.shift_of_minima,
              bound=0.0, decides=False),
        Claim("7", LOWER, "dev accuracy lost by putting back the high layers minus the low ones",
              measures.high_minus_low, bound=0.0),
        Claim("7", "the loss surface of lower layers has the wider optimum",
              "width of the low layers' plane minus that of the high ones', each in its ‖δ1‖",
              measures.low_minus_high_width, bound=0.0, tasks="layer_groups"),
        Claim("7", LOWER, "‖δ‖/‖θ0‖ of the low layers minus that of the high ones, under 0",
              partial(_movement, layer_groups), more=False, bound=0.0, decides=False),
    ]  # fmt: skip


def _movement(layer_groups, run):
    low, _, _ = measures.movement(run, layer_groups["low"])
    high, _, _ = measures.movement(run, layer_groups["high"])
    return low - high, NONE, NONE


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, and what that is over: seeds, examples or nothing."""

    value: float = NONE
    low: float = NONE
    high: float = NONE
    over: str = ""


def over_seeds(values):
    """Mean and t interval of two values or more."""
    values = np.asarray(values, float)
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    mean = values.mean()
    return Estimate(mean, mean - half, mean + half, "seeds")


def estimate(found):
    """Of what each seed's run gave, (value, low, high) each."""
    if len(found) > 1:
        return over_seeds([value for value, _, _ in found])
    ((value, low, high),) = found
    return Estimate(value, low, high, "examples" if np.isfinite([low, high]).all() else "")


def judge(claim, runs):
    """One row of the table: what a claim comes to on one task.

    runs: {init: [Run of each seed]}; a missing or collapsed one is named, never left out unseen.
    """
    row = {"section": claim.section, "claim": claim.words, "measure": claim.measure}
    found, why = {}, []
    for init in ("pretrained", "scratch") if claim.bound is None else ("pretrained",):
        values, missing = [], f"no run of {init}"
        for run in runs.get(init, []):
            try:
                values.append(_measured(claim, run, runs))
            except NotMeasured as reason:  # of this seed; `seeds` says of how many it is
                missing = str(reason)
            except Unknown as reason:
                why.append(str(reason))
        found[init] = values
        if not values and not why:
            why.append(missing)
    sides = {init: estimate(values) for init, values in found.items() if values and not why}
    for init in ("pretrained", "scratch"):
        side = sides.get(init, Estimate())
        row |= {init: side.value, f"{init}_low": side.low, f"{init}_high": side.high}
    whole = Estimate()
    if not why:
        whole = sides["pretrained"] if claim.bound is not None else difference(found)
    row |= {"difference": whole.value, "low": whole.low, "high": whole.high}
    verdict, reason = decide(claim, whole, why)
    seeds = max((len(values) for values in found.values()), default=0)
    return row | {
        "over": whole.over,
        "seeds": seeds,
        "decides": claim.decides,
        "verdict": verdict,
        "reason": reason,
    }


def _measured(claim, run, runs):
    if run.collapsed():
        raise Unknown(f"{run} collapsed: it gives all dev examples one class")
    if claim.of is measures.loss_in_epoch:  # at the end of the shorter training
        epochs = [measures.epochs(one) for both in runs.values() for one in both]
        return claim.of(run, min(epochs))
    return claim.of(run)


def difference(found):
    """Pretrained minus scratch: paired by seed, or by the bounds of the one run of each."""
    ours, theirs = found["pretrained"], found["scratch"]
    if len(ours) == len(theirs) > 1:
        return over_seeds([a[0] - b[0] for a, b in zip(ours, theirs)])
    return estimate([measures.minus(ours[0], theirs[0])])


def decide(claim, whole, why):
    """(verdict, reason) by the rule at the top."""
    if why:
        return UNKNOWN, "; ".join(why)
    bound = 0.0 if claim.bound is None else claim.bound
    sign = 1 if claim.more else -1
    low, high = sorted((sign * (whole.low - bound), sign * (whole.high - bound)))
    if not whole.over:
        return UNKNOWN, "one seed, and no examples behind the value: no interval"
    if not np.isfinite([low, high]).all():
        return UNKNOWN, "the interval is not finite"
    if low > 0:
        return HOLDS, ""
    if high < 0:
        return FAILS, ""
    if low == high == 0:
        return UNKNOWN, "no difference at all"
    return UNKNOWN, f"the interval over {whole.over} holds both sides"
