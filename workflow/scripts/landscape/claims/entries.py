"""The paper's claims and the measure that decides each, all in this one place.

A claim compares two arms, or holds one number of the first of them against a bound. How a verdict
is reached from what a measure gives is in `verdicts`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from landscape.claims import basins, measures
from landscape.claims.measured import Unknown

TRAIN, DEV = ("train",), ("dev",)  # the examples that a measure depends on, left out fold by fold


@dataclass(frozen=True)
class Claim:
    """One claim and one of its measures."""

    section: str
    words: str  # the paper's
    measure: str  # ours, with the unit
    of: Callable  # Run → number, or (n,) whose mean is the number
    folds: tuple = ()  # splits that are left out fold by fold; contributions need none
    more: bool = True  # the claim is that the value is more (than from scratch, or than `bound`)
    bound: float | None = None  # of a claim on the fine-tuned model alone
    tasks: str = "tasks"  # which of the config's `figures`: tasks, groups or overfitting
    decides: bool = True  # else a second look, where the first can mislead
    judged: bool = True  # else shown without a verdict, as no interval of it could carry one
    same_training: bool = False  # of the two that train alike, and only where they do
    of_any: bool = False  # a model that never left guessing has it as well as any other
    count: Callable | None = None  # Run → of how many points it is


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
        Claim("5.1", WIDER, f"{WIDTH}, in ‖δ1‖", basins.width, TRAIN),
        Claim("5.1", WIDER, f"{WIDTH}, in ‖Δθ‖", basins.width_in_distance, TRAIN, decides=False),
        Claim("5.1", WIDER, f"{WIDTH}, in ‖Δθ‖/‖θ0‖", basins.relative_width, TRAIN,
              decides=False),
        Claim("5.1", WIDER, "share of the plane about the end under that loss",
              basins.share_of_plane, TRAIN, decides=False),
        Claim("5.1", WIDER, "share of a random plane, scaled to the weights, under that loss",
              basins.share_of_random_plane, TRAIN, decides=False),
        Claim("5.1", SMOOTH, "largest rise of the loss on the way from start to end",
              basins.largest_rise, TRAIN, more=False),
        Claim("5.1", SMOOTH, "rise of the loss above start and end between them",
              basins.barrier, TRAIN, more=False, decides=False),
        Claim("5.1", SMOOTH,
              "share of the steps from start to end that rise by two standard errors or more",
              basins.rising_share, TRAIN, more=False, decides=False),
        Claim("5.2", "fine-tuning converges faster in terms of training loss",
              "training loss after as many epochs as the shorter training has",
              measures.loss_after_same_epochs, TRAIN, more=False, of_any=True),
        Claim("5.2", "the final loss of training from scratch tends to be higher",
              "training loss at the end", measures.final_loss, TRAIN, more=False, of_any=True),
        Claim("5.2", STRAIGHT, "‖δ1‖ over the path through equal parts of the training",
              measures.straightness_of_parts, same_training=True),
        Claim("5.2", STRAIGHT, "cos(δ, δ1) after the first of these parts",
              measures.first_cosine_of_parts, same_training=True, decides=False),
        Claim("5.2", STRAIGHT,
              "cos(δ, δ1) after the first epoch, as the paper measures it: of trainings of "
              "different lengths, where a random walk of fewer steps is straighter too",
              measures.first_cosine, decides=False, judged=False),
        Claim("5.2", STRAIGHT, "‖δ1‖ over the length of the path through all epochs, likewise",
              measures.straightness, decides=False, judged=False),
        Claim("5.3", ROBUST, "growth of the dev error over the further epochs, at most 0.05",
              measures.error_growth, more=False, bound=0.05, tasks="overfitting", of_any=True),
        Claim("5.3", "the final estimation is not far away from its original optimum",
              "distance from the end (Eqs. 4, 5), at most ‖δ1‖", measures.distance_moved,
              more=False, bound=1.0, tasks="overfitting"),
        Claim("6", "training from scratch usually has poor performance on the unseen data",
              "dev error at the end", measures.end_error, more=False, of_any=True),
        Claim("6.1", FLAT,
              "second derivative of the loss along δ1 at the end, in 1/‖δ1‖²",
              basins.curvature, TRAIN, more=False),
        Claim("6.1", FLAT, "the same in (‖θ0‖/‖Δθ‖)²",
              basins.relative_curvature, TRAIN, more=False, decides=False),
        *(Claim("6.1", FLAT, words.format(balls[kind]), of, TRAIN, more=False, decides=False)
          for kind, (words, of) in SHARPNESS.items() if kind in balls),
        Claim("6.2", CONSISTENT,
              "rank correlation of loss and error over the points about the end whose loss is "
              "below that of guessing, at least 0.5",
              basins.agreement, TRAIN + DEV, bound=0.5,
              count=lambda run: len(basins.in_basin(run))),
        Claim("6.2", "the two surfaces are shifted with respect to each other",
              "distance of the two minima about the end, in ‖δ1‖", basins.shift_of_minima,
              TRAIN + DEV, bound=0.0, decides=False, judged=False),
        Claim("7", LOWER, "dev accuracy lost by putting back the high layers minus the low ones",
              partial(of_groups, measures.high_minus_low, ends), bound=0.0),
        Claim("7", "the loss surface of lower layers has the wider optimum",
              "width of the low layers' line minus that of the high ones', each in its ‖δ1‖",
              partial(of_groups, basins.low_minus_high_width, ends), TRAIN, bound=0.0,
              tasks="groups"),
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
