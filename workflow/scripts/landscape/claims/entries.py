"""The paper's claims, the measure that decides each, and the rule, all in this one place.

A claim compares two arms, or holds one number of the first of them against a bound. Its 95 %
interval is over seeds where there are several, else over examples, by leaving them out:

holds           the interval lies wholly on the claimed side
does not hold   it lies wholly on the other side
cannot tell     it is on both sides, or there is none, or a run has collapsed; the reason is given
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial, reduce
from itertools import chain
from operator import sub

import numpy as np
from landscape.claims import basins, intervals, measures
from landscape.claims.measured import SETS, NotMeasured, Unknown
from landscape.surfaces import folds

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "cannot tell"


@dataclass(frozen=True)
class Claim:
    """One claim and one of its measures."""

    section: str
    words: str  # the paper's
    measure: str  # ours, with the unit
    of: Callable  # Run → value or (value, low, high)
    more: bool = True  # the claim is that the value is more (than from scratch, or than `bound`)
    bound: float | None = None  # of a claim on the fine-tuned model alone
    tasks: str = "tasks"  # which of the config's `figures`: tasks, groups or overfitting
    decides: bool = True  # else a second look, where the first can mislead


WIDER = "the optima obtained by fine-tuning BERT are much wider than training from scratch"
SMOOTH = (
    "the training loss of fine-tuning BERT tends to monotonously decrease along the optimization "
    "direction; from random initial point the path is more rough"
)
FLAT = "the optima of fine-tuning BERT are more flat"
SHARPNESS = {  # by kind: with ρ, and what measures it
    "average": (
        "mean rise of the loss when each weight of the encoder changes by a normal share of "
        "itself (sd {:g})",
        basins.average_sharpness,
    ),
    "worst": (
        "largest rise of the loss found when each weight of the encoder changes by at most {:g} "
        "of itself",
        basins.worst_sharpness,
    ),
}
STRAIGHT = "fine-tuning BERT finds the optimization direction in a more straightforward way"
ROBUST = "for more training epochs the generalization error does not dramatically increase"
CONSISTENT = "the generalization error surfaces are consistent with the training loss surfaces"
LOWER = (
    "lower layers are more invariant: putting them back does not dramatically hurt, high ones do"
)
WIDTH = (
    "length along δ1 where the loss stays under that of the end plus half the depth of the "
    "shallower basin"
)


def claims(groups, balls):
    """All of them.

    groups: {name: (first, last)} of the layer groups, from the lowest; balls: {kind: ρ} of the
    sharpness measured. The low layers are the first group, the high ones the last.
    """
    ends = {"low": next(iter(groups)), "high": next(reversed(groups))} if len(groups) > 1 else {}
    return [
        Claim("3.2", "δ1 and δ2 are nearly orthogonal", "|cos(δ1, δ2)|, at most 0.1",
              measures.orthogonality, more=False, bound=0.1),
        Claim("5.1", WIDER, f"{WIDTH}, in ‖δ1‖", basins.width),
        Claim("5.1", WIDER, f"{WIDTH}, in ‖Δθ‖", basins.width_in_distance, decides=False),
        Claim("5.1", WIDER, f"{WIDTH}, in ‖Δθ‖/‖θ0‖", basins.relative_width, decides=False),
        Claim("5.1", WIDER, "share of the plane under that loss", basins.share_of_plane,
              decides=False),
        Claim("5.1", WIDER, "share of a random plane, scaled to the weights, under that loss",
              basins.share_of_random_plane, decides=False),
        Claim("5.1", SMOOTH, "rise of the loss above start and end between them",
              basins.barrier, more=False),
        Claim("5.1", SMOOTH, "share of rising steps between start and end",
              basins.rising_share, more=False, decides=False),
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
        Claim("6.1", FLAT,
              "second derivative of the loss along δ1 at the end, in 1/‖δ1‖²",
              basins.curvature, more=False),
        Claim("6.1", FLAT, "the same in (‖θ0‖/‖Δθ‖)²",
              basins.relative_curvature, more=False, decides=False),
        *(Claim("6.1", FLAT, words.format(balls[kind]), of, more=False, decides=False)
          for kind, (words, of) in SHARPNESS.items() if kind in balls),
        Claim("6.2", CONSISTENT, "rank correlation of loss and error over the plane, at least 0.5",
              measures.agreement, bound=0.5),
        Claim("6.2", "the two surfaces are shifted with respect to each other",
              "distance of the two minima, in ‖δ1‖, more than 0", measures.shift_of_minima,
              bound=0.0, decides=False),
        Claim("7", LOWER, "dev accuracy lost by putting back the high layers minus the low ones",
              partial(of_groups, measures.high_minus_low, ends), bound=0.0),
        Claim("7", "the loss surface of lower layers has the wider optimum",
              "width of the low layers' plane minus that of the high ones', each in its ‖δ1‖",
              partial(of_groups, basins.low_minus_high_width, ends), bound=0.0, tasks="groups"),
        Claim("7", LOWER, "‖δ‖/‖θ0‖ of the low layers minus that of the high ones, under 0",
              partial(of_groups, partial(_movement, groups), ends), more=False, bound=0.0,
              decides=False),
    ]  # fmt: skip


def of_groups(measure, ends, run):
    """A measure of the lowest and the highest group of layers; ends: {low, high: name}."""
    if not ends:
        raise Unknown("the study has fewer than two groups of layers")
    return measure(run, **ends)


def _movement(groups, run, low, high):
    return measures.movement(run, groups[low]) - measures.movement(run, groups[high])


@dataclass(frozen=True)
class Estimate:
    """A value, its 95 % interval, and what that is over (seeds or examples) or why it is not."""

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    over: str = ""
    why: str = ""


# what a constant predictor has as well as any other model
OF_ANY = (measures.end_error, measures.final_loss, measures.loss_in_epoch, measures.error_growth)


def judge(claim, contrast, runs, left_out):
    """One row of the table: what a claim comes to on one task.

    contrast: the arms that are compared, the one that is claimed to be better first, or one alone.
    runs: {arm: [Run of each seed]} of these; a collapsed one is named, never left out unseen. Of
    the seeds that both arms have been measured for; `seeds` says how many that are.
    left_out: the same runs without each fold of their examples, from `leave_out`.
    """
    first, *others = contrast
    arms = (first, *others) if claim.bound is None else (first,)
    found, why = {}, []
    if claim.bound is None and not others:
        why.append("the study has no second arm to compare with")
    for arm in arms:
        found[arm], missing = {}, f"no run of {arm}"
        for run in runs.get(arm, []):
            try:
                found[arm][run.seed] = measured(claim, run, runs)
            except NotMeasured as reason:
                missing = str(reason)
            except Unknown as reason:
                why.append(str(reason))
                break
        else:
            if not found[arm]:
                why.append(missing)
            continue
        found[arm] = {}
    seeds = sorted(set.intersection(*({*found[arm]} for arm in arms)))
    if not seeds and not why:
        why.append("no seed of which both were measured")

    @cache  # for the arm alone, and for the difference
    def without(arm, seed):
        return replicates(claim, arm, seed, left_out)

    row = {"section": claim.section, "claim": claim.words, "measure": claim.measure}
    for arm in contrast:
        own, side = found.get(arm), Estimate()
        if own:
            side = estimate({arm: own}, seeds or sorted(own), without)
        row |= {arm: side.value, f"{arm}_low": side.low, f"{arm}_high": side.high}
    whole = Estimate(why="; ".join(why)) if why else estimate(found, seeds, without)
    row |= {"judged": whole.value, "low": whole.low, "high": whole.high, "over": whole.over}
    verdict, reason = decide(claim, whole)
    row |= {"seeds": len(seeds), "decides": claim.decides}
    return row | {"verdict": verdict, "reason": reason}


def measured(claim, run, runs):
    """What the measure gives for a run, beside the other arms' run of the same seed."""
    if claim.of not in OF_ANY and run.collapsed():
        raise Unknown(f"{run} collapsed: it gives all dev examples one class")
    beside = [one for both in runs.values() for one in both if one.seed == run.seed]
    if claim.of is measures.loss_in_epoch:  # at the end of the shorter training
        found = claim.of(run, min(map(measures.epochs, beside)))
    else:
        found = claim.of(run)
    if not np.isfinite(value(found)):
        raise Unknown(f"{run} gives {value(found)}, no finite number")
    return found


def compare_depths(runs):
    """Give the runs of one task the depth of the shallower basin of their seed: see `level`."""
    for run in [run for both in runs.values() for run in both]:
        depths = []
        for beside in [one for both in runs.values() for one in both if one.seed == run.seed]:
            try:
                depths.append(basins.depth(beside))
            except Unknown:  # that run will say so itself
                continue
        run.depth = min(depths, default=None)


def leave_out(runs):
    """The runs of one task without each fold of each of `runs.SETS`.

    Each time the depths are compared anew, since they depend on the same examples.
    """
    left_out = [
        [
            {arm: [run.without(split, fold) for run in own] for arm, own in runs.items()}
            for fold in range(folds.FOLDS)
        ]
        for split in SETS
    ]
    for without in chain(*left_out):
        compare_depths(without)
    return left_out


def replicates(claim, arm, seed, left_out):
    """What the measure gives for one run without each fold of its examples: (sets, folds)."""

    def measure(runs):
        (run,) = (run for run in runs[arm] if run.seed == seed)
        return measured(claim, run, runs)

    return np.array([[measure(runs) for runs in of_split] for of_split in left_out])


def value(found):
    """Of what a measure gives, with or without an interval of its own."""
    return found[0] if isinstance(found, tuple) else found


def estimate(found, seeds, without):
    """Of one arm, or of the difference of two; found: {arm: {seed: what the measure gives}}.

    Two arms are paired: by seed, or with one seed by the examples that both are measured without,
    so that what they share cancels. without: (arm, seed) → `replicates`.
    """
    pairs = [[own[seed] for own in found.values()] for seed in seeds]
    if len(pairs) > 1:
        return Estimate(*intervals.of_mean([reduce(sub, map(value, p)) for p in pairs]), "seeds")
    (pair,) = pairs
    if isinstance(pair[0], tuple):
        whole = reduce(intervals.minus, pair)
        why = "" if np.isfinite(whole).all() else "a measure that has no interval"
        return Estimate(*whole, "examples", why)
    try:
        left = reduce(sub, (without(arm, seeds[0]) for arm in found))
    except Unknown as reason:
        return Estimate(reduce(sub, pair), why=str(reason))
    if not np.ptp(left, axis=1).any():
        why = "measured of one run, the same whichever examples are left out: no interval"
        return Estimate(reduce(sub, pair), why=why)
    return Estimate(*intervals.jackknife(reduce(sub, pair), left), "examples")


def decide(claim, whole):
    """(verdict, reason) by the rule at the top."""
    if whole.why:
        return UNKNOWN, whole.why
    bound = 0.0 if claim.bound is None else claim.bound
    sign = 1 if claim.more else -1
    low, high = sorted((sign * (whole.low - bound), sign * (whole.high - bound)))
    if not np.isfinite([low, high]).all():
        return UNKNOWN, "the interval is not finite"
    if low > 0:
        return HOLDS, ""
    if high < 0:
        return FAILS, ""
    if low == high == 0:
        return UNKNOWN, "no difference at all"
    return UNKNOWN, f"the interval over {whole.over} lies on both sides"
