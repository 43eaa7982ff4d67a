"""How what was measured of the runs of a task becomes a verdict on a claim.

holds           the 95 % interval, over runs and examples, lies wholly on the claimed side
does not hold   it lies wholly on the other side
cannot tell     else; `reason` says why in two words, `detail` at length
one run         one run of an arm says nothing of others: an interval over examples, no verdict
not judged      the value is shown, as no interval of it could carry a verdict
"""

from contextlib import suppress
from dataclasses import replace
from itertools import chain

import numpy as np
from landscape.claims import basins, intervals
from landscape.claims.intervals import Estimate, Side
from landscape.claims.measured import Beside, NotMeasured, Unknown
from landscape.claims.measures import trained_alike
from landscape.surfaces import folds

HOLDS, FAILS, UNKNOWN, ONE_RUN = "holds", "does not hold", "cannot tell", "one run"
NOT_JUDGED = "not judged"


class Compared:
    """The runs of a task that are compared, whole and without each fold of their examples.

    runs: {arm: [Run of each seed]}, the arm that is claimed to be better first. A collapsed run is
    named, never left out unseen.
    """

    def __init__(self, runs):
        self.arms, self.runs = list(runs), comparison(runs)
        self.without = {
            split: [
                comparison(
                    {arm: [run.without(split, fold) for run in own] for arm, own in runs.items()}
                )
                for fold in range(folds.FOLDS)
            ]
            for split in folds.MEASURED
        }


def comparison(runs):
    """{arm: [Run]} of one task, each told what it has in common with the others.

    The shallower basin is that of the arm that ends less deep below guessing, in the mean over its
    runs; and which it is depends on the examples.
    """
    measured = filter(None, runs.values())
    depths = known(lambda own: np.mean([basins.depth(run) for run in own]), measured)
    epochs = known(lambda run: run.epochs(), chain.from_iterable(runs.values()))
    beside = Beside(min(depths, default=None), min(epochs, default=None))
    return {arm: [replace(run, beside=beside) for run in own] for arm, own in runs.items()}


def known(of, each):
    """What `of` gives for those of which it is known; who needs the others will say so."""
    for one in each:
        with suppress(Unknown):
            yield of(one)


def judge(claim, compared):
    """One row of the table: what a claim comes to on one task, of `Compared` runs."""
    arms = compared.arms[: 1 if claim.bound is not None else 2]
    sides, why = {}, {}
    if claim.bound is None and len(arms) < 2:
        why["not measured"] = "the study has no second arm to compare with"
    for arm in arms:
        try:
            sides[arm] = side(claim, arm, compared)
        except Collapsed as reason:
            why["collapsed"] = str(reason)
        except NotMeasured as reason:
            why["not measured"] = str(reason)
        except Unknown as reason:
            why["no value"] = str(reason)
    row = {"section": claim.section, "claim": claim.words, "measure": claim.measure}
    for arm, own in sides.items():
        alone = intervals.welch(own)
        row |= {arm: alone.value, f"{arm}_low": alone.low, f"{arm}_high": alone.high}
    whole = Estimate() if why else intervals.welch(*sides.values())
    row |= {"judged": whole.value, "low": whole.low, "high": whole.high, "seeds": whole.runs}
    row["points"] = "" if why or not claim.count else points(claim, compared.runs[arms[0]])
    if not why and claim.same_training:
        both = [run for arm in arms for run in compared.runs[arm]]
        if odds := trained_alike(both):
            why["unequal training"] = odds
    verdict, reason, detail = decide(claim, whole, why)
    tested = verdict in (HOLDS, FAILS, UNKNOWN) and not why
    row["p"] = whole.p(claim.bound or 0.0) if tested else np.nan
    return row | {
        "decides": claim.decides,
        "verdict": verdict,
        "reason": reason,
        "detail": detail,
    }


class Collapsed(Unknown):
    """A run never left guessing."""


def side(claim, arm, compared):
    """The `Side` of an arm: what the measure gives for its runs that have been measured.

    Raises Unknown with the reason where one of them has no value, or none has been measured.
    """
    runs, missing = [], f"no run of {arm}"
    for number, run in enumerate(compared.runs[arm]):
        try:
            measured(claim, run)
            runs.append(number)
        except NotMeasured as reason:
            missing = str(reason)
    if not runs:
        raise NotMeasured(missing)

    def of(compared_runs):
        return [measured(claim, compared_runs[arm][number]) for number in runs]

    whole = of(compared.runs)
    if np.ndim(whole[0]):
        without = [np.array([intervals.mean_without_each(one) for one in whole])]
    else:
        try:
            without = [
                np.array([of(left) for left in compared.without[split]]).T for split in claim.folds
            ]
        except Unknown:  # some examples decide whether there is a value
            without = [np.full((len(whole), folds.FOLDS), np.nan)]
    return Side(np.array([np.mean(one) for one in whole]), tuple(without))


def measured(claim, run):
    """What the measure gives for a run. Raises Unknown where that is no finite number."""
    if not claim.of_any and run.collapsed():
        raise Collapsed(f"{run} gives all dev examples one class")
    found = claim.of(run)
    if not np.isfinite(found).all():
        raise Unknown(f"{run} gives {found}, no finite number")
    return found


def points(claim, runs):
    """Of how many points a measure is, run by run."""
    return ", ".join(str(claim.count(run)) for run in runs)


def decide(claim, whole, why):
    """(verdict, reason, detail) by the rule at the top; why: {reason: detail} for which not."""
    if why:
        reason = next(iter(why))
        return UNKNOWN, reason, "; ".join(why.values())
    if not claim.judged:
        return NOT_JUDGED, "", ""
    if whole.runs == 1:
        return ONE_RUN, "", ""
    bound = claim.bound or 0.0
    sign = 1 if claim.more else -1
    low, high = sorted((sign * (whole.low - bound), sign * (whole.high - bound)))
    if not np.isfinite([low, high]).all():
        what = "all runs give the same, or without some examples one of them has no value"
        return UNKNOWN, "no interval", what
    if low > 0:
        return HOLDS, "", ""
    if high < 0:
        return FAILS, "", ""
    if whole.runs == 2:
        return UNKNOWN, "too few seeds", f"two runs of an arm; the interval spans {bound:g}"
    return UNKNOWN, f"interval spans {bound:g}", ""


def mark_discoveries(rows):
    """Add to each row whether its verdict also stands among all of the page that decide.

    By Benjamini and Hochberg at 5 %, over all that were tested: `stands` is True or False.
    """
    p = [row["p"] if row["decides"] else np.nan for row in rows]
    for row, found in zip(rows, intervals.discoveries(p)):
        row["stands"] = bool(found)
