"""Figures of a hyperparameter search: its history, what mattered, and each value against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ..tuning.results import best_so_far
from ..tuning.space import Space
from .charts import name_rows
from .figures import (
    INK,
    REFERENCE,
    SEQUENTIAL,
    add_colour_bar,
    add_legend,
    colour,
    dash,
    label_axes,
    label_panel,
    new_figure,
    panel_grid,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The axis reaches so many times as far below the best value as the median lies below it; what
#: is worse is drawn at its edge, so that failures do not flatten the rest.
REACH = 4


def optimisation_history(
    columns: Mapping[str, Any], metric: str, maximise: bool, references: Mapping[str, float],
    startup: Optional[int] = None,
) -> Figure:  # fmt: skip
    """Return the value of every trial, the best so far, and what the result is set beside.

    Parameters
    ----------
    columns : mapping
        From ``trial_columns``.
    metric : str
        On the axis.
    maximise : bool
    references : mapping of str to float
        Drawn as horizontal lines.
    startup : int, optional
        Number of random trials before TPE.
    """
    figure, (ax,) = new_figure(height=3.4)
    trial, value = columns["trial"], columns["value"]
    done = np.isfinite(value)
    low, high = value_range(value, maximise, references.values())
    for inside, marker in _marks(value, low, high):
        label = "completed trial" if marker == "o" else "completed trial, beyond the axis"
        ax.plot(trial[inside], np.clip(value[inside], low, high), marker, color=colour(0),
                markersize=4.5, alpha=0.75, label=label)  # fmt: skip
    pruned = np.array([state == "pruned" for state in columns["state"]])
    if pruned.any():
        level = low if maximise else high
        ax.plot(trial[pruned], np.full(pruned.sum(), level), "x", color=REFERENCE, markersize=5,
                label="pruned trial (no value)", clip_on=False, zorder=5)  # fmt: skip
    ax.step(trial[done], np.clip(best_so_far(value[done], maximise), low, high), where="post",
            color=colour(1), linewidth=1.8, label="best so far")  # fmt: skip
    for index, (name, level) in enumerate(references.items()):
        ax.axhline(np.clip(level, low, high), color=INK, linewidth=1.0, linestyle=dash(index + 1),
                   label=f"{name}: {level:.3f}")  # fmt: skip
    if startup and trial.max(initial=0) >= startup:
        ax.axvline(startup - 0.5, color=REFERENCE, linewidth=0.9, linestyle=":")
        ax.annotate("TPE begins", (startup - 0.5, 1.01), xycoords=("data", "axes fraction"),
                    fontsize=8.5, color=INK, ha="center")  # fmt: skip
    margin = 0.04 * (high - low)
    ax.set_ylim(low - margin, high + margin)
    label_axes(ax, "Trial", metric)
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    add_legend(ax, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _marks(value: np.ndarray, low: float, high: float) -> list[tuple[np.ndarray, str]]:
    """Return which values are drawn in place, and which at the edge as arrows, with the marker."""
    known = np.isfinite(value)
    with np.errstate(invalid="ignore"):
        below, above = known & (value < low), known & (value > high)
    found = [(known & ~below & ~above, "o"), (below, "v"), (above, "^")]
    return [(rows, marker) for rows, marker in found if rows.any()]


def value_range(value: np.ndarray, maximise: bool, references: Any = ()) -> tuple[float, float]:
    """Return the range of values that is drawn, see ``REACH``; it holds all references."""
    known = value[np.isfinite(value)]
    marks = list(references)
    if not len(known):
        return 0.0, 1.0
    worst, best = (float(v) for v in (known.min(), known.max())[:: 1 if maximise else -1])
    edge = best - REACH * (best - float(np.median(known)))
    edge = max(edge, worst) if maximise else min(edge, worst)
    ends = [edge, best, *marks]
    low, high = min(ends), max(ends)
    return (low, high) if high > low else (low - 0.01, high + 0.01)


def importance_bars(shares: Mapping[str, float]) -> Figure:
    """Return a bar a hyperparameter, the most important on top."""
    figure, (ax,) = new_figure(width=6.4, height=0.9 + 0.32 * len(shares))
    values = np.array(list(shares.values()))
    places = np.arange(len(values))
    ax.barh(places, values, color=colour(0), height=0.62)
    for place, value in zip(places, values):
        ax.annotate(f" {value:.2f}", (value, place), va="center", fontsize=8.5, color=INK)
    name_rows(ax, list(shares))
    ax.set_xlim(0, max(values.max() * 1.12, 1e-6))
    label_axes(ax, "Share of the variance of the trials' values", "")
    return figure


def slices(columns: Mapping[str, Any], space: Space, metric: str, maximise: bool) -> Figure:
    """Return a panel a hyperparameter: value of each completed trial against it.

    Parameters
    ----------
    columns : mapping
        From ``trial_columns``.
    space : tuple of Dimension
    metric : str
    maximise : bool
    """
    figure, axes = panel_grid(len(space), columns=3)
    value = columns["value"]
    done = np.isfinite(value)
    low, high = value_range(value, maximise)
    drawn = None
    for index, (ax, dimension) in enumerate(zip(axes, space)):
        x = columns[dimension.name]
        for inside, marker in _marks(value, low, high):
            drawn = ax.scatter(
                x[inside], np.clip(value[inside], low, high), c=columns["trial"][inside],
                cmap=SEQUENTIAL, vmin=0, vmax=max(columns["trial"].max(), 1), marker=marker,
                s=16 if marker == "o" else 24, linewidths=0.3, edgecolors="white", clip_on=False,
            )  # fmt: skip
        best = np.flatnonzero(columns["best"] == 1)
        ax.plot(x[best], np.clip(value[best], low, high), "*", color=colour(1), markersize=10,
                markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip
        _scale(ax, dimension, x[done])
        ax.set_ylim(low - 0.05 * (high - low), high + 0.08 * (high - low))
        label_panel(ax, dimension.name, "", metric if index % 3 == 0 else "")
    if drawn is not None and done.sum() > 1:
        add_colour_bar(figure, drawn, axes, "Trial")
    return figure


def _scale(ax: Axes, dimension: Any, x: np.ndarray) -> None:
    spread = dimension.choices and min(dimension.choices) > 0
    if dimension.log or (spread and max(dimension.choices) >= 8 * min(dimension.choices)):
        ax.set_xscale("log")
    if ax.get_xscale() == "log":
        ends = dimension.choices or (dimension.low, dimension.high)
        _plain_log_ticks(ax, max(ends) / min(ends), dimension.is_integer)
    elif dimension.is_integer and not dimension.choices:
        from matplotlib.ticker import MaxNLocator

        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if dimension.choices and len(dimension.choices) <= 6:
        ax.set_xticks(list(dimension.choices))
        ax.set_xticklabels([f"{value:g}" for value in dimension.choices])
        ax.minorticks_off()
    elif not dimension.choices and dimension.low is not None:
        low, high = dimension.low, dimension.high
        if ax.get_xscale() == "log":
            ax.set_xlim(low / 1.15, high * 1.15)
        else:
            ax.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))


def _plain_log_ticks(ax: Axes, ratio: float, whole: bool) -> None:
    """Write the ticks of a logarithmic axis as numbers, few enough to stand apart."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    if ratio < 20:
        ax.xaxis.set_major_locator(MaxNLocator(4, min_n_ticks=2, integer=whole))
    else:
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 3) if ratio < 300 else (1,), numticks=5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
