"""The words of a study that its config, its commands and its results share.

Apart from `study`, which reads configs: who measures or draws needs the words, and must not run
again where that changes.
"""

STARTS = PRETRAINED, FROM_SEED = "pretrained", "random"  # θ0 of the study's model
# the paper's, which a config need not list; figures show arms in this order
ARMS = {
    "scratch": {"start": FROM_SEED, "label": "From scratch"},
    "pretrained": {"start": PRETRAINED, "label": "Pre-trained"},
}
OWN, PARTNER, RANDOM = "own", "partner", "random"  # kinds of axes
# the planes that figures and claims know: the whole line and plane, the way from start to end, what
# lies about the end, and a plane of random directions there
CURVE, FULL, WAY, BASIN, CONTROL = "curve", "full", "way", "basin", "control"
LOSS, ERROR = "train_loss", "dev_error"  # measures: a name begins with its split's


def line_of(group):
    """The line of a group of layers along its own δ1."""
    return f"{group}_line"
