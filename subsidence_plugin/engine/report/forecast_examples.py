"""Example series of a report: what was observed at a few nodes, and what was forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

import numpy as np

from .figures import INK, REFERENCE, colour, label_panel, new_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Dates drawn before the origin, as a multiple of the forecast, and at least so many.
HISTORY, LEAST_HISTORY = 4, 40
#: Columns of the data.
SERIES = ("panel", "date", "observed", "forecast", "lower", "upper", "baseline")


@dataclass(frozen=True)
class Example:
    """One node's series and its forecast from one origin.

    Parameters
    ----------
    title : str
        What stands above the panel.
    days : (dates,) array
        Days since 1970 of the levels.
    levels : (dates,) array
        mm; NaN where not observed.
    target_days, forecast : (horizon,) array
    origin : int
        Index of the last date that the forecast has seen.
    lower, upper : (horizon,) array, optional
        Ends of the interval.
    baseline : (horizon,) array, optional
        Forecast of the best baseline.
    """

    title: str
    days: np.ndarray
    levels: np.ndarray
    origin: int
    target_days: np.ndarray
    forecast: np.ndarray
    lower: Optional[np.ndarray] = None
    upper: Optional[np.ndarray] = None
    baseline: Optional[np.ndarray] = None


def example_nodes(levels: np.ndarray, count: int = 4) -> np.ndarray:
    """Return nodes from the strongest subsidence to the strongest uplift, evenly by rank.

    Parameters
    ----------
    levels : (nodes, dates) array
        mm, without gaps; ranked by the last level minus the first.
    count : int
    """
    order = np.argsort(levels[:, -1] - levels[:, 0], kind="stable")
    places = np.linspace(0, len(order) - 1, min(count, len(order)))
    return order[np.round(places).astype(int)]


def series_figure(
    examples: Sequence[Example], model: str, baseline: str = ""
) -> tuple[Figure, dict]:
    """Return past and forecast of a few nodes as curves, and what is drawn as long columns.

    Parameters
    ----------
    examples : sequence of Example
    model, baseline : str
        What the two forecasts are called.
    """
    across = min(2, len(examples))
    rows = -(-len(examples) // across)
    figure, _ = new_figure(width=8.6, height=2.4 * rows + 0.4, columns=0)
    # The last row holds the legend: no panel is sure to have a corner free of curves.
    grid = figure.add_gridspec(rows + 1, across, height_ratios=[1.0] * rows + [0.12])
    data: dict[str, list] = {name: [] for name in SERIES}
    named: dict[str, object] = {}
    for place, example in enumerate(examples):
        ax = figure.add_subplot(grid[place // across, place % across])
        style_axes(ax)
        _draw(ax, example, model, baseline)
        _append(data, example)
        label_panel(ax, example.title, "", "Displacement (mm)" if place % across == 0 else "")
        for handle, text in zip(*ax.get_legend_handles_labels()):
            named.setdefault(text, handle)
    below = figure.add_subplot(grid[rows, :])
    below.axis("off")
    below.legend(
        list(named.values()), list(named), loc="center", ncol=len(named), fontsize=8.5,
        frameon=False, handlelength=2.2,
    )  # fmt: skip
    return figure, data


def _first(example: Example) -> int:
    shown = max(LEAST_HISTORY, HISTORY * len(example.forecast))
    return max(0, example.origin + 1 - shown)


def _dates(days: np.ndarray) -> np.ndarray:
    return np.asarray(days, "int64").astype("datetime64[D]")


def _draw(ax: Axes, example: Example, model: str, baseline: str) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    first, later = _first(example), _dates(example.target_days)
    seen = (example.days >= example.days[first]) & (example.days <= example.target_days[-1])
    ax.plot(
        _dates(example.days[seen]), example.levels[seen], color=INK, linewidth=0.8, marker=".",
        markersize=3, label="observed", zorder=2,
    )  # fmt: skip
    if example.lower is not None and example.upper is not None:
        _draw_interval(ax, later, example.lower, example.upper)
    mark = "o" if len(later) == 1 else ""
    if example.baseline is not None:
        ax.plot(
            later, example.baseline, color=colour(1), linestyle="--", linewidth=1.5, marker=mark,
            label=baseline, zorder=3,
        )  # fmt: skip
    ax.plot(later, example.forecast, color=colour(0), linewidth=2, marker=mark, label=model)
    ax.axvline(_dates(example.days)[example.origin], color=REFERENCE, linestyle=":", linewidth=1)
    locator = AutoDateLocator(minticks=3, maxticks=7)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    ax.tick_params(labelsize=8)


def _draw_interval(ax: Axes, later: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
    look = {"color": colour(0), "alpha": 0.2, "label": "interval", "zorder": 1}
    if len(later) == 1:  # a band of no width would not be seen
        ax.vlines(later, lower, upper, linewidth=5, **look)
    else:
        ax.fill_between(later, lower, upper, linewidth=0, **look)


def _append(data: dict[str, list], example: Example) -> None:
    """Add what a panel shows: a row a date, empty where a curve has no value."""
    rows: dict[int, dict[str, float]] = {}
    last = example.target_days[-1]
    for day, level in zip(example.days[_first(example) :], example.levels[_first(example) :]):
        if day <= last:
            rows[int(day)] = {"observed": level}
    for name in ("forecast", "lower", "upper", "baseline"):
        values = getattr(example, name)
        for day, value in zip(example.target_days, () if values is None else values):
            rows.setdefault(int(day), {})[name] = value
    for day in sorted(rows):
        data["panel"].append(example.title)
        data["date"].append(str(np.datetime64(day, "D")))
        for name in SERIES[2:]:
            data[name].append(rows[day].get(name))
