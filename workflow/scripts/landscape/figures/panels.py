"""What is drawn within a panel: surfaces, contours, landmarks, trajectories, lines."""

import numpy as np
from landscape.claims import tables
from landscape.figures import style
from matplotlib.ticker import MaxNLocator


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
    mark_non_finite(axes, points, measured)
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
    mark_non_finite(axes, points, measured, floor=0.0)
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


def mark_non_finite(axes, points, measured, floor=None):
    """A cross on each point that is NaN and a plus on each that is infinite."""
    size = float(np.clip(70 / points.loc[points["landmark"] == "", "alpha"].nunique(), 1.5, 4))
    mark = {"linestyle": "none", "markersize": size, "markeredgewidth": size / 4}
    mark |= {"color": style.VERMILION, "zorder": 2}
    for marker, (alphas, betas) in zip("x+", tables.non_finite(points, measured)):
        height = [] if floor is None else [np.full(len(alphas), floor)]
        axes.plot(alphas, betas, *height, marker=marker, **mark)


def landmarks(axes, points, markers=style.START_END):
    """The named points where they were measured, on or between grid lines."""
    for name, (marker, _) in markers.items():
        point = tables.one(points, landmark=name).iloc[0]
        axes.scatter(point["alpha"], point["beta"], zorder=6, clip_on=False, **marked(marker))


def marked(marker):
    """How a landmark looks in every figure."""
    size = {"o": 22, "*": 60}[marker]
    return {"marker": marker, "s": size, "c": "white", "edgecolor": "black", "linewidth": 0.7}


def trajectory(axes, epochs, measured, scale, colour="white"):
    """Epochs at their signed coordinates, each filled by its own value; dashed, by Eqs. 4 and 5."""
    line = {"color": colour, "data": epochs, "clip_on": False}  # an epoch may lie off the grid
    axes.plot("eq4_alpha", "eq5_beta", zorder=3, **line, **style.EQS_4_5)
    axes.plot("alpha", "beta", zorder=4, **line, **style.EPOCHS)
    axes.scatter(
        "alpha",
        "beta",
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


def line(axes, x, y, drawn):
    """Values along x, with gaps where they are not finite and marks there on the upper edge.

    drawn: one of `style.lines`.
    """
    axes.plot(x, y, linewidth=1.2, **drawn)
    mark = {"color": drawn["color"], "linestyle": "none", "clip_on": False}
    for marker, found in (("x", np.isnan(y)), ("+", np.isinf(y))):
        if found.any():
            mark["transform"] = axes.get_xaxis_transform()
            axes.plot(x[found], np.ones(found.sum()), marker=marker, markersize=4, **mark)
