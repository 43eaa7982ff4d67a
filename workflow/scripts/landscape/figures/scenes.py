"""Surfaces that a reader turns in a browser: points and scales as in Figs. 1, 6 and 7.

Each is a Plotly figure. What lies above a scale is cut off, NaN and infinite values are marked on
the floor, and nothing is smoothed: between points a surface is linear.
"""

import numpy as np
import plotly.graph_objects as go
from landscape.claims import tables
from landscape.figures import panels, style

NAMES = {"train_loss": "training loss", "dev_error": "dev error"}
SYMBOLS = {"o": "circle", "*": "diamond"}  # Plotly has no star in 3D
LEFT = ("start", "rollback")  # landmarks on the left of the other
# the point of view of Fig. 1: 32° up, 62° to the left
EYE = {"x": 0.84, "y": -1.58, "z": 1.12}
EXACT = "α %{x:.4g}, β %{y:.4g}<br>%{text}<extra></extra>"


def scene(points, measured, scale, colour_map, epochs=None, markers=style.START_END):
    """One surface with its landmarks and, on it, the epochs of the run.

    points: of one plane; measured: train_loss or dev_error; scale: of `figures`; colour_map: one
    that Plotly and Matplotlib share; epochs: rows of trajectory.parquet, drawn at their signed
    coordinates on the plane, which hides what lies off it: their own values are read at them.
    """
    alphas, betas, values = tables.grid(points, measured)
    low, top = float(scale.levels[0]), float(scale.top)
    drawn = [_surface(alphas, betas, values, measured, (low, top), scale, colour_map)]
    places = tables.non_finite(points, measured)
    for (name, symbol), (x, y) in zip((("NaN", "x"), ("infinite", "cross")), places):
        if len(x):
            drawn.append(_non_finite(x, y, low, symbol, f"{NAMES[measured]} {name}"))
    known = tables.measured(points[points["landmark"] == ""])
    if len(known) < values.size:
        drawn.append(_measured(known[known[measured] <= top], measured))
    if epochs is not None:
        drawn.append(_epochs(epochs, measured, (low, top)))
    for landmark, (marker, label) in markers.items():
        point = tables.one(points, landmark=landmark).iloc[0]
        drawn.append(_landmark(point, measured, (low, top), SYMBOLS[marker], label))
    return go.Figure(drawn, _layout(measured, (low, top)))


def _surface(alphas, betas, values, measured, limits, scale, colour_map):
    step = float(scale.levels[1] - scale.levels[0])
    return go.Surface(
        x=_small(alphas),
        y=_small(betas),
        z=_small(panels.within_sight(values, scale).filled(np.nan)),
        cmin=limits[0],
        cmax=limits[1],
        colorscale=colour_map.capitalize(),
        colorbar={"orientation": "h", "thickness": 10, "len": 0.8, "y": -0.12, "title": ""},
        contours_z={"show": True, "start": limits[0], "end": limits[1], "size": step, "width": 1},
        lighting={"ambient": 0.8, "diffuse": 0.4, "specular": 0.05},
        hovertemplate=f"α %{{x:.4g}}, β %{{y:.4g}}<br>{NAMES[measured]} %{{z:.4g}}<extra></extra>",
    )


def _non_finite(x, y, floor, symbol, text):
    return go.Scatter3d(
        x=x,
        y=y,
        z=[floor] * len(x),
        mode="markers",
        text=[text] * len(x),
        marker={"symbol": symbol, "size": 3, "color": style.VERMILION},
        hovertemplate=EXACT,
    )


def _measured(points, measured):
    """Where a surface was measured, if it was filled in elsewhere."""
    text = f"α %{{x:.4g}}, β %{{y:.4g}}<br>{NAMES[measured]} %{{z:.4g}}, measured<extra></extra>"
    return go.Scatter3d(
        x=_small(points["alpha"]),
        y=_small(points["beta"]),
        z=_small(points[measured]),
        mode="markers",
        name="measured",
        marker={"size": 1.5, "color": "black"},
        hovertemplate=text,
    )


def _landmark(point, measured, limits, symbol, label):
    """A mark on the surface and a pole up to its name: the surface would hide the mark alone."""
    low, top = limits
    value = point[measured]
    text = f"{label}: {NAMES[measured]} {value:.4g}"
    return go.Scatter3d(
        x=[point["alpha"]] * 2,
        y=[point["beta"]] * 2,
        z=[min(value, top) if np.isfinite(value) else low, top],
        mode="lines+markers+text",
        name=label,
        text=[text] * 2,
        texttemplate=["", label],
        textposition="top left" if point["landmark"] in LEFT else "top right",
        line={"color": "gray", "width": 3},
        marker={
            "symbol": symbol,
            "size": [7, 0],
            "color": "white",
            "line": {"color": "black", "width": 2},
        },
        hovertemplate=EXACT,
    )


def _epochs(epochs, measured, limits):
    """The plane's own value under each epoch is its height: on the surface, not beside it."""
    heights = epochs[f"plane_{measured}"]
    text = [
        f"epoch {row.epoch}: {NAMES[measured]} {own:.4g}, on the plane {under:.4g}"
        f"<br>{off:.0%} of the way lies off the plane"
        for row, own, under, off in zip(
            epochs.itertuples(), epochs[measured], heights, epochs["off_plane"].fillna(0)
        )
    ]
    return go.Scatter3d(
        x=epochs["alpha"].to_numpy(),
        y=epochs["beta"].to_numpy(),
        z=heights.clip(*limits).where(np.isfinite(heights)).to_numpy(),
        mode="lines+markers",
        name="epochs",
        text=text,
        line={"color": "black", "width": 4},
        marker={"size": 3, "color": "white", "line": {"color": "black", "width": 1}},
        hovertemplate=EXACT,
    )


def _layout(measured, limits):
    return {
        "scene": {
            "xaxis": {"title": "α"},
            "yaxis": {"title": "β"},
            "zaxis": {"title": NAMES[measured], "range": limits},
            "aspectmode": "manual",
            "aspectratio": {"x": 1, "y": 1, "z": 0.8},
            "camera": {"eye": EYE, "center": {"z": -0.12}},
        },
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "modebar": {"bgcolor": "rgba(0, 0, 0, 0)"},
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
    }


def _small(values):
    return np.asarray(values, np.float32)  # half the bytes, more digits than anyone reads


def in_words(points, measured):
    """What a surface shows, for those who do not see it: a sentence of its numbers."""
    grid = tables.measured(points[points["landmark"] == ""])
    named = points[points["landmark"] != ""].drop_duplicates("landmark")
    finite = grid[np.isfinite(grid[measured])]
    parts = [f"{row['landmark']} {row[measured]:.3g}" for _, row in named.iterrows()]
    if len(finite):
        least = finite.loc[finite[measured].idxmin()]
        place = f"α {least['alpha']:.3g}, β {least['beta']:.3g}"
        parts.append(f"lowest of the grid {least[measured]:.3g} at {place}")
        parts.append(f"median {finite[measured].median():.3g}")
        parts.append(f"highest {finite[measured].max():.3g}")
    if len(finite) < len(grid):
        parts.append(f"{len(grid) - len(finite)} of {len(grid)} points are NaN or infinite")
    return f"{NAMES[measured]}: " + ", ".join(parts)
