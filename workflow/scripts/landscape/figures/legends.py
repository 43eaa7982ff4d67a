"""What stands around panels: names, colour bars, legends."""

import numpy as np
from landscape.figures import style
from matplotlib.cm import ScalarMappable
from matplotlib.lines import Line2D
from matplotlib.patches import Patch


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


def marker_entries(markers=style.START_END):
    style = {"linestyle": "none", "color": "white", "markeredgecolor": "black"}
    size = {"o": 4.5, "*": 8}
    return [entry(label, marker=m, markersize=size[m], **style) for m, label in markers.values()]


def line_entries(arms):
    return [entry(arms[arm], **drawn) for arm, drawn in style.lines(arms).items()]


def range_entries(seeds):
    """An entry for the range over seeds, where there are several."""
    band = Patch(color="black", alpha=0.25, linewidth=0, label=f"range over {seeds} seeds")
    return [band] if seeds > 1 else []


def trajectory_entries(colours):
    """Entries for the trajectories of these labels and colours."""
    drawn = [
        entry(label, color=colour, marker="o", markersize=3.5, **style.EPOCHS)
        for label, colour in colours.items()
    ]
    return [*drawn, entry("by Eqs. 4, 5", color="white", **style.EQS_4_5)]


def non_finite_entries(values, colour=style.VERMILION):
    """Entries for NaN and infinite values, where there are any."""
    style = {"linestyle": "none", "color": colour, "markersize": 4}
    nan = [entry("NaN", marker="x", **style)] if np.isnan(values).any() else []
    return nan + ([entry("infinite", marker="+", **style)] if np.isinf(values).any() else [])
