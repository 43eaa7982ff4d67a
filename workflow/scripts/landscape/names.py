"""How things are called for a reader, and the flags by which commands are told."""

import argparse

from landscape import words

TASKS = {"cola": "CoLA", "sst2": "SST-2", "stsb": "STS-B"}  # the others: upper-cased
ARMS = {name: settings["label"] for name, settings in words.ARMS.items()}
SHOWN = list(ARMS)[-1]


def task_name(task):
    return TASKS.get(task, task.upper())


def group_name(group):
    return f"{group.capitalize()} layers"


def model_name(model):
    """Of the config's `model`."""
    return model.get("hub") or model.get("path") or "a mini BERT, pre-trained by the study"


def add_arms(flags):
    """`--arms`: those to show, in this order: {name: label}."""
    add_labelled(flags, "--arms", ARMS, "in the order shown")


def add_arm(flags):
    """`--arm`: the one that is shown."""
    flags.add_argument("--arm", default=SHOWN, help="default: %(default)s")


def add_contrast(flags):
    """`--contrast`: the two arms that are compared, or the only one: {name: label}."""
    add_labelled(flags, "--contrast", dict(reversed(ARMS.items())), "what claims compare")


def add_labelled(flags, name, default, about):
    """A flag of arms with their labels; default: {name: label}."""
    flags.add_argument(
        name,
        nargs="+",
        action=Labelled,
        metavar="NAME=LABEL",
        default=default,
        help=about + (f" (default: {', '.join(default)})" if default else ""),
    )


def add_layers(flags):
    """`--layers`: the layer groups, from the lowest: {name: (first layer, last layer)}."""
    flags.add_argument(
        "--layers",
        nargs=3,
        action=Layers,
        metavar=("GROUP", "FIRST", "LAST"),
        default={},
        help="a layer group, both ends included; may be given again",
    )


class Layers(argparse.Action):
    def __call__(self, parser, args, values, option=None):
        group, *ends = values
        known = getattr(args, self.dest)
        setattr(args, self.dest, known | {group: tuple(map(int, ends))})


class Labelled(argparse.Action):
    """NAME=LABEL, each once, as {name: label}; a name alone is its own label."""

    def __call__(self, parser, args, values, option=None):
        pairs = (value.partition("=") for value in values)
        setattr(args, self.dest, {name: label or name for name, _, label in pairs})
