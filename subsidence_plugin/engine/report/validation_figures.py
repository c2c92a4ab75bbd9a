"""Figures of validation: ROC curves, errors, success and prediction rates, frequency ratios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional

import numpy as np

from .figures import INK, add_legend, colour, dash, label_axes, new_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..validation.rates import RateCurve

Curve = tuple[np.ndarray, np.ndarray]
#: More points than this show nothing more at the size of a page.
MOST_POINTS = 2000
REFERENCE = "#8da2b3"


def roc_figure(
    curves: Mapping[str, Mapping[str, tuple[Curve, float]]], models: Sequence[str]
) -> Figure:
    """Return ROC curves, a panel a split and a line a model (H, Figure 4).

    Parameters
    ----------
    curves : mapping of split to mapping of model to ((FPR, TPR), AUC)
        In the order of the legend.
    models : sequence of str
        Fixes the colour of each model, the same in every panel.
    """
    columns = min(2, len(curves))
    rows = -(-len(curves) // columns)
    figure, _ = new_figure(width=0.2 + 4.0 * columns, height=4.1 * rows, columns=0)
    for place, (split, panel) in enumerate(curves.items()):
        ax = figure.add_subplot(rows, columns, place + 1)
        style_axes(ax)
        ax.plot([0, 1], [0, 1], color=REFERENCE, linewidth=0.9, linestyle=":")
        for model, ((false, true), under) in panel.items():
            index = models.index(model)
            ax.plot(
                *thinned(false, true), color=colour(index), linestyle=dash(index), linewidth=1.5,
                label=f"{model} ({under:.3f})",
            )  # fmt: skip
        label_axes(ax, "False positive rate", "True positive rate", f"{split.capitalize()} rows")
        _unit_square(ax)
        size = 9 if len(models) <= 5 else 7.5
        add_legend(
            ax, loc="lower right", title="Model (AUC)", title_fontsize=size, fontsize=size,
            frameon=True, framealpha=0.85, edgecolor="none", borderpad=0.2,
        )  # fmt: skip
    return figure


def error_figure(errors: Mapping[str, tuple[float, float]], split: str) -> Figure:
    """Return MAE ± STD of the probabilities, a bar a model (H, Figure 5)."""
    figure, (ax,) = new_figure(width=min(8.2, 2.2 + 0.9 * len(errors)), height=3.6)
    for index, (mean, deviation) in enumerate(errors.values()):
        # An absolute error is never negative, so the lower whisker ends at zero.
        whisker = [[min(mean, deviation)], [deviation]]
        ax.bar(index, mean, width=0.62, color=colour(0), alpha=0.85)
        ax.errorbar(index, mean, yerr=whisker, color=INK, linewidth=1.1, capsize=4)
        ax.annotate(
            f"{mean:.3f} ± {deviation:.3f}", (index, mean + deviation), xytext=(0, 5),
            textcoords="offset points", ha="center", fontsize=8, color=INK,
        )  # fmt: skip
    ax.set_xticks(range(len(errors)))
    ax.set_xticklabels([text.replace(" ", "\n") for text in errors], fontsize=8.5)
    ax.grid(False, axis="x")
    ax.set_ylim(0, ax.get_ylim()[1] * 1.08)
    label_axes(ax, "", "|label − probability|", f"{split.capitalize()} rows")
    return figure


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
    """Return at most ``MOST_POINTS`` points of a rising curve, its ends kept."""
    if len(x) <= MOST_POINTS:
        return x, y
    # Even steps along the curve, not along x: steep parts keep their shape.
    length = np.append(0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    wanted = np.linspace(0, length[-1], MOST_POINTS)
    chosen = np.unique(np.searchsorted(length, wanted).clip(0, len(x) - 1))
    return x[chosen], y[chosen]


def _unit_square(ax: Axes, ends: Sequence[float] = (-0.01, 1.01)) -> None:
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_aspect("equal")
