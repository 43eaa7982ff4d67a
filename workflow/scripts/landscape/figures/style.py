"""One style for every figure, and the panels that the figure scripts compose.

A figure draws measured points and nothing else: what lies above a scale is drawn as "above",
what is NaN or infinite is marked, and neither is smoothed or replaced.
"""

import argparse
import zlib
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from landscape import study
from landscape.claims import tables
from landscape.jobs.command import whole
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import MaxNLocator

# Colours of Okabe and Ito (2008), which colour-blind readers tell apart.
ORANGE, VERMILION, BLUE = "#E69F00", "#D55E00", "#0072B2"
LINES = {
    "scratch": {"color": VERMILION, "linestyle": (0, (4, 1.5))},
    "pretrained": {"color": BLUE, "linestyle": "-"},
}
TRAJECTORY_CSV = [*tables.KEY, "drawn", "landmark", "phase", "epoch", "alpha", "beta"]
TRAJECTORY_CSV += ["eq4_alpha", "eq5_beta"]
# landmark: marker and label, as in the paper
START_END = {"start": ("o", "start"), "end": ("*", "end")}
ROLLED_BACK = {"end": ("o", "fine-tuned"), "rollback": ("*", "group rolled back")}
BANDS = 15  # odd: ln(classes) lies within a band, so that the plateau there is one colour
CEILING = 2.0  # of a loss scale, in ln(classes)
NUMBERS = "numbers"  # in a PNG: the checksum of the CSV beside it
PAGE = 7.0  # inches, the text width of a two-column journal page
HALO = [Stroke(linewidth=2, foreground="white", alpha=0.8), Normal()]  # behind words
# the two lines of a trajectory, with an edge that is seen on dark and on light
EPOCHS = {"linewidth": 1.2, "path_effects": [Stroke(linewidth=2.4, foreground="black"), Normal()]}
SIGNED = {"linewidth": 0.7, "path_effects": [Stroke(linewidth=1.5, foreground="black"), Normal()]}
SIGNED["linestyle"] = (0, (4, 2))


# The command line


def parser(description, *inputs):
    """The flags that every figure script shares; `inputs` are flags that take files."""
    flags = argparse.ArgumentParser(description=description)
    for name in inputs:
        flags.add_argument(f"--{name}", nargs="+", required=True, metavar="FILE")
    flags.add_argument("--tasks", nargs="+", help="tasks to draw, in this order (default: all)")
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
        default=CEILING,
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


def add_init(flags):
    flags.add_argument(
        "--init", default="pretrained", choices=study.INITS, help="default: %(default)s"
    )


# Scales


@dataclass(frozen=True)
class Scale:
    """Bands of colour, shared by the panels that a reader compares."""

    levels: np.ndarray
    colours: ListedColormap
    ticks: dict  # value: label
    extend: str  # "max" where values may lie above

    @property
    def top(self):
        return self.levels[-1]

    @property
    def norm(self):
        return BoundaryNorm(self.levels, self.colours.N)


def _colours(name, bands, extend):
    """A map's colours for the bands and, where values may lie above them, its last for those."""
    colours = list(mpl.colormaps[name](np.linspace(0, 1, bands + (extend == "max"))))
    return ListedColormap(colours[:bands]).with_extremes(over=colours[-1], bad=VERMILION)


def loss_scale(points, name, ceiling=CEILING):
    """Even bands from 0 to `ceiling` times ln(classes), the loss of an even guess.

    Losses explode far from the optimum. A scale up to the largest would hide the basin, and one
    for each surface would make wide and narrow basins look alike.
    """
    classes = points["classes"].iloc[0]
    guess = float(np.log(classes))
    top = ceiling * guess
    ticks = {0.0: "0", top: f"{top:.2g}", guess: f"{guess:.2g}\n(ln {classes})"}
    ticks = {loss: label for loss, label in ticks.items() if loss <= top}
    levels = np.linspace(0, top, BANDS + 1)
    return Scale(levels, _colours(name, BANDS, "max"), ticks, "max")


def error_scale(errors, name):
    """Round bands over all errors drawn: they are bounded, so that nothing lies above."""
    errors = np.asarray(errors, float)[np.isfinite(errors)]
    low, high = (errors.min(), errors.max()) if errors.size else (0, 1)
    high = max(high, low + 0.01)
    levels = MaxNLocator(BANDS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ticks = {x: f"{x:.2g}" for x in MaxNLocator(4).tick_values(low, high)}
    ticks = {x: label for x, label in ticks.items() if levels[0] <= x <= levels[-1]}
    return Scale(levels, _colours(name, len(levels) - 1, "neither"), ticks, "neither")


# Panels


def canvas(rows, columns, shape=1.0, **options):
    """A figure of panels (height = shape × width) that fits a journal page, and its axes."""
    _style()
    width = float(np.clip((PAGE - 0.4) / columns, 1.6, 2.8))
    around = 1.1 if columns < 3 else 0.7  # a narrow figure has more lines of legend
    figure = Figure((width * columns + 0.4, width * shape * rows + around), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def _style():
    import seaborn  # late: Table 1 needs no style

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


def contour(axes, points, measured, scale):
    """Filled contours of the grid. Next to a non-finite point the hatched ground shows."""
    alphas, betas, values = tables.grid(points, measured)
    axes.patch.set(facecolor="0.95", edgecolor="0.6", hatch="//////")
    filled = axes.contourf(
        alphas,
        betas,
        within_sight(values, scale),
        scale.levels,
        cmap=scale.colours,
        norm=scale.norm,
        extend=scale.extend,
        antialiased=False,
        zorder=1,
    )
    filled.set_rasterized(True)
    mark_non_finite(axes, alphas, betas, values)
    axes.set(xlim=alphas[[0, -1]], ylim=betas[[0, -1]], aspect="equal")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))


def surface(axes, points, measured, scale):
    """The surface up to the top of the scale, where it is cut open: one sees into the basin."""
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    alphas, betas, values = tables.grid(points, measured)
    heights = within_sight(values, scale).filled(np.nan)
    bands = list(zip(scale.levels, scale.levels[1:]))
    facets, colours = [], []
    for b, a in np.ndindex(len(betas) - 1, len(alphas) - 1):
        ring = ((b, a), (b, a + 1), (b + 1, a + 1), (b + 1, a))
        corners = np.array([(alphas[i], betas[j], heights[j, i]) for j, i in ring])
        lowest, highest = corners[:, 2].min(), corners[:, 2].max()  # NaN if any is
        for band, (low, high) in enumerate(bands):
            if low <= highest and lowest <= high:
                facets.append(_between(corners, low, high))
                colours.append(scale.colours(band))
    shell = Poly3DCollection(
        facets,
        facecolors=colours,
        edgecolors=(0, 0, 0, 0.3),
        linewidths=0.15,
        rasterized=True,
        zorder=1,
    )
    axes.computed_zorder = False  # what is added later lies in front
    axes.add_collection3d(shell, autolim=False)
    mark_non_finite(axes, alphas, betas, values, floor=0.0)
    axes.set(xlim=alphas[[0, -1]], ylim=betas[[0, -1]], zlim=(0, scale.top))


def within_sight(values, scale):
    """Finite values, those above twice the scale's top as that, for drawing between points.

    Interpolated to a loss of 1e6, a basin would seem to end at its last point; so it ends about
    half way to the next one. Non-finite values are masked: nothing is drawn next to them.
    """
    return np.ma.masked_invalid(np.where(np.isinf(values), np.nan, values)).clip(max=2 * scale.top)


def _between(corners, low, high):
    """The part of a facet within one band (the clipping of Sutherland and Hodgman 1974)."""
    for side, level in ((1, high), (-1, -low)):  # below the upper level, then above the lower
        kept = []
        for here, there in zip(corners, np.roll(corners, -1, axis=0)):
            inside = side * here[2] <= level
            if inside:
                kept.append(here)
            if inside != (side * there[2] <= level):
                part = (side * level - here[2]) / (there[2] - here[2])
                kept.append(here + part * (there - here))
        corners = np.array(kept)
    return corners


def mark_non_finite(axes, alphas, betas, values, floor=None):
    """A cross on each point that is NaN and a plus on each that is infinite."""
    size = float(np.clip(70 / len(alphas), 1.5, 4))
    style = {"linestyle": "none", "markersize": size, "markeredgewidth": size / 4}
    for marker, found in (("x", np.isnan(values)), ("+", np.isinf(values))):
        b, a = np.nonzero(found)
        height = [] if floor is None else [np.full(len(a), floor)]
        axes.plot(alphas[a], betas[b], *height, marker=marker, color=VERMILION, zorder=2, **style)


def landmarks(axes, points, markers=START_END):
    """The named points where they were measured, on or between grid lines."""
    for name, (marker, _) in markers.items():
        point = tables.one(points, landmark=name).iloc[0]
        axes.scatter(point["alpha"], point["beta"], zorder=6, clip_on=False, **marked(marker))


def marked(marker):
    """How a landmark looks in every figure."""
    size = {"o": 22, "*": 60}[marker]
    return {"marker": marker, "s": size, "c": "white", "edgecolor": "black", "linewidth": 0.7}


def trajectory(axes, epochs, measured, scale, colour="white"):
    """Epochs by Eqs. 4 and 5, each filled by its own value; dashed, their signed coordinates."""
    line = {"color": colour, "data": epochs, "clip_on": False}  # an epoch may lie off the grid
    axes.plot("alpha", "beta", zorder=3, **line, **SIGNED)
    axes.plot("eq4_alpha", "eq5_beta", zorder=4, **line, **EPOCHS)
    axes.scatter(
        "eq4_alpha",
        "eq5_beta",
        c=measured,
        data=epochs,
        cmap=scale.colours,
        norm=scale.norm,
        plotnonfinite=True,
        clip_on=False,
        s=12,
        edgecolor=colour,
        linewidth=0.7,
        zorder=5,
    )


def line(axes, x, y, init):
    """Values along x, with gaps where they are not finite and marks there on the upper edge."""
    axes.plot(x, y, linewidth=1.2, **LINES[init])
    style = {"color": LINES[init]["color"], "linestyle": "none", "clip_on": False}
    for marker, found in (("x", np.isnan(y)), ("+", np.isinf(y))):
        if found.any():
            style["transform"] = axes.get_xaxis_transform()
            axes.plot(x[found], np.ones(found.sum()), marker=marker, markersize=4, **style)


# Around the panels


def name_panels(axes, columns, rows):
    """Titles for the columns, names for the rows, α and β on the outer panels."""
    for ax in axes.flat:
        ax.label_outer()
    for ax, column in zip(axes[0], columns):
        ax.set_title(column)
    for ax in axes[-1]:
        ax.set_xlabel(r"$\alpha$")
    for ax, row in zip(axes[:, 0], rows):
        ax.set_ylabel(f"{row}\n\n" + r"$\beta$")


def colour_bar(figure, axes, scale, label, location="bottom"):
    """The scale of the panels in `axes`."""
    bar = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours),
        ax=list(axes),
        location=location,
        extend=scale.extend,
        aspect=18,
        shrink=0.9,
        label=label,
    )
    bar.set_ticks(list(scale.ticks), labels=scale.ticks.values())
    bar.ax.minorticks_off()


def legend(figure, entries):
    """One legend for all panels, in as many columns as the figure has room for."""
    columns = min(len(entries), int(figure.get_figwidth() / 1.15))
    figure.legend(handles=entries, loc="outside upper center", ncols=columns, columnspacing=1.5)


def entry(label, **style):
    return Line2D([], [], label=label, **style)


def marker_entries(markers=START_END):
    style = {"linestyle": "none", "color": "white", "markeredgecolor": "black"}
    size = {"o": 4.5, "*": 8}
    return [entry(label, marker=m, markersize=size[m], **style) for m, label in markers.values()]


def line_entries(inits):
    return [entry(study.INITS[init], **LINES[init]) for init in inits]


def range_entries(seeds):
    """An entry for the range over seeds, where there are several."""
    band = Patch(color="black", alpha=0.25, linewidth=0, label=f"range over {seeds} seeds")
    return [band] if seeds > 1 else []


def trajectory_entries(colours):
    """Entries for the trajectories of these labels and colours."""
    drawn = [
        entry(label, color=colour, marker="o", markersize=3.5, **EPOCHS)
        for label, colour in colours.items()
    ]
    return [*drawn, entry("signed coordinates", color="white", **SIGNED)]


def non_finite_entries(values, colour=VERMILION):
    """Entries for NaN and infinite values, where there are any."""
    style = {"linestyle": "none", "color": colour, "markersize": 4}
    nan = [entry("NaN", marker="x", **style)] if np.isnan(values).any() else []
    return nan + ([entry("infinite", marker="+", **style)] if np.isinf(values).any() else [])


# Saving


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
    return f"{zlib.crc32(Path(path).read_bytes()):08x}"
