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
CURVE, FULL, CONTROL = "curve", "full", "control"  # the planes that figures and claims know
LOSS, ERROR = "train_loss", "dev_error"  # measures: a name begins with its split's
