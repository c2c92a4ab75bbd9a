"""Figures of frequency ratios: success- and prediction-rate curves, bars of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional

import numpy as np

from .figures import INK, add_legend, colour, dash, label_axes, new_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..validation.rates import RateCurve

Curve = tuple[np.ndarray, np.ndarray]
#: More points than this show nothing more at the size of a page.
MOST_POINTS = 2000
REFERENCE = "#8da2b3"


def rate_figure(curves: Mapping[str, Optional[RateCurve]], marks: bool = False) -> Figure:
    """Return cumulative share of events against cumulative share of area, a line a curve.

    Parameters
    ----------
    curves : mapping of str to RateCurve
        None is left out.
    marks : bool
        Draw a dot a class.
    """
    figure, (ax,) = new_figure(width=5.4, height=4.4)
    ax.plot([0, 100], [0, 100], color=REFERENCE, linewidth=0.9, linestyle=":")
    for index, (name, curve) in enumerate(curves.items()):
        if curve is None:
            continue
        x, y = thinned(100 * curve.area, 100 * curve.events)
        ax.plot(
            x, y, color=colour(index), linestyle=dash(index), linewidth=1.8,
            marker="o" if marks else "", markersize=4, label=f"{name} ({curve.under:.3f})",
        )  # fmt: skip
    label_axes(ax, "Area, from most to least susceptible (%)", "Subsidence events (%)")
    ax.set_xlim(-1, 101)
    ax.set_ylim(-1, 101)
    add_legend(ax, loc="lower right", title="Curve (area under it)", title_fontsize=9)
    return figure


def class_figure(
    classes: Sequence[object], ratios: np.ndarray, colours: Optional[Sequence[str]] = None
) -> Figure:
    """Return the frequency ratios of one map as bars with their values.

    Parameters
    ----------
    classes : sequence
        Code or label of each class.
    ratios : 1d-array
        NaN where a class has no area.
    colours : sequence of str, optional
        One a class, as on the map.
    """
    figure, (ax,) = new_figure(width=5.4, height=3.2)
    places = np.arange(len(classes))
    ax.bar(
        places, np.nan_to_num(ratios), width=0.7, color=colours or colour(0),
        edgecolor=INK if colours else "none", linewidth=0.6,
    )  # fmt: skip
    for place, ratio in zip(places, ratios):
        text = "–" if np.isnan(ratio) else f"{ratio:.3f}"
        ax.annotate(
            text, (place, np.nan_to_num(ratio)), xytext=(0, 3), textcoords="offset points",
            ha="center", fontsize=8.5, color=INK,
        )  # fmt: skip
    ax.axhline(1, color=INK, linewidth=0.9, linestyle="--")
    ax.set_ylim(0, ax.get_ylim()[1] * 1.05)
    ax.set_xticks(places)
    ax.set_xticklabels([str(text) for text in classes])
    ax.grid(False, axis="x")
    label_axes(ax, "", "Frequency ratio")
    return figure


def ratio_figure(panels: Mapping[str, Curve], columns: int = 4) -> Figure:
    """Return frequency ratios as bars, a panel a factor; the line at 1 is the mean density.

    Parameters
    ----------
    panels : mapping of str to (class codes, ratios)
    columns : int
        Panels side by side.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure, _ = new_figure(
        width=5.4 if columns == 1 else 8.2, height=3.2 if rows == 1 else 1.75 * rows, columns=0
    )
    for index, (name, (classes, ratios)) in enumerate(panels.items()):
        ax = figure.add_subplot(rows, columns, index + 1)
        style_axes(ax)
        ax.bar(np.arange(len(classes)), np.nan_to_num(ratios), color=colour(0), alpha=0.85)
        ax.axhline(1, color=INK, linewidth=0.9, linestyle="--")
        step = -(-len(classes) // 12)  # more than a dozen labels would run into each other
        ax.set_xticks(np.arange(len(classes))[::step])
        ax.set_xticklabels([str(code) for code in classes[::step]])
        ax.grid(False, axis="x")
        ax.tick_params(labelsize=8)
        label_axes(ax, "", "FR" if index % columns == 0 else "", name)
        ax.title.set_fontsize(9)
    return figure


def thinned(x: np.ndarray, y: np.ndarray) -> Curve:
    """Return at most ``MOST_POINTS`` points of a curve from left to right, its ends kept."""
    if len(x) <= MOST_POINTS:
        return x, y
    # Even steps along the curve, not along x: steep parts keep their shape.
    length = np.append(0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    wanted = np.linspace(0, length[-1], MOST_POINTS)
    chosen = np.unique(np.searchsorted(length, wanted).clip(0, len(x) - 1))
    return x[chosen], y[chosen]
