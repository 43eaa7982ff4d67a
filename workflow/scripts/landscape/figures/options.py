"""The flags that figure commands share."""

import argparse

import matplotlib as mpl
from landscape import names
from landscape.figures import style


def parser(description, *inputs):
    """The flags that every figure script shares; `inputs` are flags that take files."""
    flags = argparse.ArgumentParser(description=description)
    for name in inputs:
        flags.add_argument(f"--{name}", nargs="+", required=True, metavar="FILE")
    flags.add_argument("--tasks", nargs="+", help="tasks to draw, in this order (default: all)")
    names.add_arms(flags)
    flags.add_argument("--pdf", required=True)
    flags.add_argument("--png", required=True)
    flags.add_argument("--csv", required=True, help="for the numbers drawn")
    return flags


def add_colour_map(flags):
    flags.add_argument(
        "--colour-map",
        default="viridis",
        choices=sorted(mpl.colormaps),
        metavar="NAME",
        help="of Matplotlib, dark at its low end (default: %(default)s)",
    )


def add_ceiling(flags):
    flags.add_argument(
        "--ceiling",
        type=float,
        default=style.CEILING,
        metavar="X",
        help="top of the loss scale, times ln(classes) (default: %(default)s)",
    )


def add_margin(flags):
    flags.add_argument(
        "--margin",
        type=float,
        default=1.0,
        metavar="X",
        help="what to show around the trajectories, in units of δ1 (default: %(default)s)",
    )
