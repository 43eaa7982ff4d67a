"""One style for every figure: colours, sizes, the canvas and how it is saved.

A figure draws measured points and nothing else: what lies above a scale is drawn as "above",
what is NaN or infinite is marked, and neither is smoothed or replaced. Between points a surface is
linear; its numbers are those of the points.
"""

from pathlib import Path

import numpy as np
from landscape.claims import tables
from landscape.jobs.command import whole
from landscape.jobs.sealed import crc
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke

# Colours of Okabe and Ito (2008), which colour-blind readers tell apart.
ORANGE, VERMILION, BLUE = "#E69F00", "#D55E00", "#0072B2"
GREEN, PURPLE = "#009E73", "#CC79A7"
# of arms, from the last that is shown
LINES = [
    {"color": BLUE, "linestyle": "-"},
    {"color": VERMILION, "linestyle": (0, (4, 1.5))},
    {"color": GREEN, "linestyle": (0, (1, 1))},
    {"color": PURPLE, "linestyle": (0, (4, 1.5, 1, 1.5))},
]
TRAJECTORY_CSV = [*tables.KEY, "drawn", "landmark", "phase", "epoch", "alpha", "beta"]
TRAJECTORY_CSV += ["eq4_alpha", "eq5_beta"]
# landmark: marker and label, as in the paper
START_END = {"start": ("o", "start"), "end": ("*", "end")}
ROLLED_BACK = {"end": ("o", "trained"), "rollback": ("*", "group rolled back")}
BANDS = 15  # odd: ln(classes) lies within a band, so that the plateau there is one colour
CEILING = 2.0  # of a loss scale, in ln(classes)
NUMBERS = "numbers"  # in a PNG: the checksum of the CSV beside it
PAGE = 7.0  # inches, the text width of a two-column journal page
HALO = [Stroke(linewidth=2, foreground="white", alpha=0.8), Normal()]  # behind words
# the two lines of a trajectory, with an edge that is seen on dark and on light
EPOCHS = {"linewidth": 1.2, "path_effects": [Stroke(linewidth=2.4, foreground="black"), Normal()]}
EQS_4_5 = {"linewidth": 0.7, "path_effects": [Stroke(linewidth=1.5, foreground="black"), Normal()]}
EQS_4_5["linestyle"] = (0, (4, 2))


def lines(arms):
    """{arm: how its lines are drawn}, in the order of the arms; the last one's is solid."""
    last_first = {arm: LINES[i % len(LINES)] for i, arm in enumerate(reversed(arms))}
    return {arm: last_first[arm] for arm in arms}


def canvas(rows, columns, shape=1.0, **options):
    """A figure of panels (height = shape × width) that fits a journal page, and its axes."""
    _style()
    width = float(np.clip((PAGE - 0.4) / columns, 1.6, 2.8))
    around = 1.1 if columns < 3 else 0.7  # a narrow figure has more lines of legend
    figure = Figure((width * columns + 0.4, width * shape * rows + around), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def _style():
    import seaborn  # late: the report needs no style

    seaborn.set_theme(
        context="paper",
        style="ticks",
        rc={
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],  # comes with Matplotlib: the same everywhere
            "mathtext.fontset": "dejavusans",
            "font.size": 7,
            "axes.titlesize": 8,
            "axes.titleweight": "bold",
            "axes.labelsize": 7,
            "xtick.labelsize": 6,
            "ytick.labelsize": 6,
            "legend.fontsize": 7,
            "legend.frameon": False,
            "axes.linewidth": 0.6,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "xtick.major.size": 2.5,
            "ytick.major.size": 2.5,
            "hatch.linewidth": 0.4,
            "pdf.fonttype": 42,  # TrueType: text that can be searched and edited
        },
    )


def save(figure, args, drawn, measured):
    """The figure as PDF and PNG, and the drawn numbers as CSV: same input, same bytes.

    A figure of one seed says which. The PNG carries the checksum of its numbers.
    """
    if "seed" in drawn:
        seeds = ", ".join(map(str, sorted(drawn["seed"].unique())))
        figure.text(0.995, 0.995, f"seed {seeds}", ha="right", va="top", size=6, color="0.35")
    with whole(args.pdf) as beside:
        figure.savefig(beside, format="pdf", dpi=300, metadata={"CreationDate": None})
    tables.write_csv(drawn, args.csv, measured)
    with whole(args.png) as beside:
        figure.savefig(beside, format="png", dpi=200, metadata={NUMBERS: checksum(args.csv)})


def checksum(path):
    return crc(Path(path).read_bytes())
