"""Figures of forecasts: RMSE and skill by step, and increments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..naive.increments import IncrementHistogram
from ..naive.scores import Scores
from ..naive.skill import Skill
from .figures import (
    INK,
    REFERENCE,
    SEQUENTIAL,
    add_colour_bar,
    add_legend,
    colour,
    dash,
    label_axes,
    mark,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A line that rises above so many times the highest of the better half leaves the axis.
ROOM = 2.0


def capital(text: str) -> str:
    """Return a title as it stands at the start of a line."""
    return text[:1].upper() + text[1:]


def rmse_figure(
    scores: Scores, titles: Mapping[str, str], baselines: Sequence[str]
) -> tuple[Figure, dict, list[str]]:
    """Return RMSE by step of models (thick) and baselines, its data, and lines that leave it.

    Parameters
    ----------
    scores : Scores
    titles : mapping of str to str
    baselines : sequence of str
    """
    figure, (ax,) = new_figure(width=8.6, height=3.9)
    steps = np.arange(1, scores.horizon + 1)
    curves = {name: scores.rmse(name) for name in scores.names}
    for number, (name, rmse) in enumerate(curves.items()):
        strong = name not in baselines
        ax.plot(
            steps, rmse, color=colour(number), linestyle=dash(number),
            linewidth=2.6 if strong else 1.4, label=capital(titles[name]),
            marker=mark(number) if len(steps) <= 12 else "", markersize=4.5,
            zorder=4 if strong else 3,
        )  # fmt: skip
    top = _top(list(curves.values()))
    ax.set_ylim(0, top)
    _whole_steps(ax, scores.horizon)
    label_axes(ax, "Steps ahead", "RMSE (mm)")
    add_legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))
    cut = [capital(titles[name]) for name, rmse in curves.items() if np.nanmax(rmse) > top]
    return figure, {"step": steps, **{f"rmse_{n}": c for n, c in curves.items()}}, cut


def _top(curves: Sequence[np.ndarray]) -> float:
    """Return the end of the axis: an extrapolation gone wild must not flatten the others."""
    highest = np.sort([np.nanmax(curve) for curve in curves])
    middle = highest[(len(highest) - 1) // 2]
    return 1.06 * float(max(h for h in highest if h <= ROOM * middle)) or 1.0


def _whole_steps(ax: Axes, horizon: int) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlim(0.6, horizon + 0.4)


def skill_figure(
    found: Skill, titles: Mapping[str, str], names: Sequence[str]
) -> tuple[Figure, dict]:
    """Return the skill by step above a line at zero; markers tell the baseline to beat.

    Parameters
    ----------
    found : Skill
    titles : mapping of str to str
    names : sequence of str
        All names in the order of ``rmse_figure``, for the same colours.
    """
    figure, (ax,) = new_figure(width=8.6, height=3.2)
    steps = np.arange(1, len(found.by_horizon) + 1)
    values = found.by_horizon
    ax.axhline(0, color=INK, linewidth=1.1, zorder=2)
    for above, fill in ((values > 0, colour(0)), (values < 0, colour(1))):
        ax.fill_between(
            steps, 0, values, where=above, color=fill, alpha=0.14, linewidth=0, interpolate=True
        )
    ax.plot(steps, values, color=REFERENCE, linewidth=1.4, zorder=3)
    for name in dict.fromkeys(found.best_by_horizon):
        own = np.array([best == name for best in found.best_by_horizon])
        number = list(names).index(name)
        ax.plot(
            steps[own], values[own], mark(number), color=colour(number), markersize=6,
            linestyle="", label=f"against {titles[name]}", zorder=4,
        )  # fmt: skip
    ends = np.append(values[np.isfinite(values)], 0)
    margin = 0.12 * (np.ptp(ends) or 1)
    ax.set_ylim(ends.min() - margin, ends.max() + margin)
    _whole_steps(ax, len(steps))
    label_axes(ax, "Steps ahead", "Skill")
    add_legend(
        ax, loc="center left", bbox_to_anchor=(1.0, 0.5), title="Best baseline of the step",
        title_fontsize=9,
    )  # fmt: skip
    best = [titles[name] for name in found.best_by_horizon]
    return figure, {"step": steps, "skill": values, "best_baseline": best}


def increments_figure(histogram: IncrementHistogram) -> tuple[Figure, dict]:
    """Return predicted against observed changes since the origin, as counts."""
    from matplotlib.colors import LogNorm

    figure, (ax,) = new_figure(width=5.6, height=4.6)
    counts = np.ma.masked_equal(histogram.counts.T, 0)
    norm = LogNorm(vmin=1, vmax=max(2, int(histogram.counts.max())))
    drawn = ax.pcolormesh(histogram.edges, histogram.edges, counts, cmap=SEQUENTIAL, norm=norm)
    ends = (-histogram.limit, histogram.limit)
    ax.plot(ends, ends, color=INK, linewidth=1.1, linestyle="--", label="predicted = observed")
    ax.set(xlim=ends, ylim=ends, aspect="equal")
    add_colour_bar(figure, drawn, ax, "values")
    label_axes(ax, "Observed change (mm)", "Predicted change (mm)")
    add_legend(ax, loc="upper left", frameon=True, framealpha=0.9, edgecolor="none")
    return figure, histogram.columns()
