"""Charts that several reports draw, each on given axes in the shared look of ``figures``.

Every function draws on one ``Axes`` and returns the columns of its data for the CSV file of
``html.Figure``, where those are not simply what it was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional

import numpy as np

from .figures import FAINT, INK, REFERENCE, colour, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Groups = Mapping[str, Sequence[float]]
#: Groups of more values than this are drawn without a dot a value.
MOST_DOTS = 60


def violin_plot(ax: Axes, groups: Groups, colours: Optional[Sequence[str]] = None) -> dict:
    """Draw a violin a group (kernel density), its quartiles and median, and a dot a value.

    A group of fewer than three different values has no density and gets its dots alone.

    Parameters
    ----------
    ax : Axes
    groups : mapping of str to sequence of float
        Text under the violin to its values; NaN are left out.
    colours : sequence of str, optional
        One a group; default one for all.

    Returns
    -------
    dict
        Columns ``group`` and ``value``.
    """
    values = _known(groups)
    for place, own in enumerate(values):
        if len(np.unique(own)) > 2:
            body = ax.violinplot([own], [place], widths=0.8, showextrema=False)["bodies"][0]
            body.set(facecolor=colours[place] if colours else colour(0), alpha=0.35)
            body.set_edgecolor(INK)
        if len(own):
            low, middle, high = np.quantile(own, [0.25, 0.5, 0.75])
            ax.plot([place, place], [low, high], color=INK, linewidth=3, solid_capstyle="butt")
            ax.plot(place, middle, "o", color="white", markeredgecolor=INK, markersize=5, zorder=5)
    _dots(ax, values)
    _name_groups(ax, list(groups))
    return long_columns(groups)


def histogram(ax: Axes, values: Sequence[float], bins: int = 30, index: int = 0) -> dict:
    """Draw a histogram in per cent and, on a second axis, its cumulative curve (H, Figure 6).

    Parameters
    ----------
    ax : Axes
    values : sequence of float
    bins : int
        Bins of equal width.
    index : int
        Of the series, for its colour.

    Returns
    -------
    dict
        Columns ``from``, ``to``, ``count`` and ``cumulative_percent``.
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    counts, edges = np.histogram(known, bins)
    total = max(len(known), 1)
    ax.bar(
        edges[:-1], 100 * counts / total, np.diff(edges), align="edge", color=colour(index),
        alpha=0.75, edgecolor="white", linewidth=0.4,
    )  # fmt: skip
    ax.set_ylabel("Rows (%)", fontsize=10, color=INK)
    cumulative = 100 * np.cumsum(counts) / total
    second = ax.twinx()
    style_axes(second)
    second.spines["right"].set_visible(True)
    second.spines["right"].set_color(REFERENCE)
    second.grid(False)
    second.plot(edges, np.append(0, cumulative), color=colour(1), linewidth=1.6)
    second.set_ylim(0, 102)
    second.set_ylabel("Cumulative (%)", fontsize=10, color=colour(1))
    return {
        "from": edges[:-1], "to": edges[1:], "count": counts, "cumulative_percent": cumulative,
    }  # fmt: skip


def forest_plot(
    ax: Axes,
    names: Sequence[str],
    middle: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    strong: Optional[Sequence[bool]] = None,
    zero: Optional[float] = 0.0,
) -> None:
    """Draw intervals, a row each from the top, with a dotted line at no effect.

    Parameters
    ----------
    ax : Axes
    names : sequence of str
        One a row.
    middle, lower, upper : sequence of float
        The estimate and the ends of its interval.
    strong : sequence of bool, optional
        Rows drawn filled and dark (significant); the others hollow and grey.
    zero : float, optional
        The value of no effect; None draws no line.
    """
    if zero is not None:
        ax.axvline(zero, color=REFERENCE, linewidth=1.1, linestyle=":", zorder=1)
    for place in range(len(names)):
        is_strong = strong is None or bool(strong[place])
        own = colour(0) if is_strong else "#7f7f7f"
        ax.plot([lower[place], upper[place]], [place, place], color=own, linewidth=1.8)
        ax.plot(
            middle[place], place, "o", color=own if is_strong else "white", markeredgecolor=own,
            markersize=6,
        )  # fmt: skip
    name_rows(ax, names)


def name_rows(ax: Axes, names: Sequence[str], size: float = 9) -> None:
    """Name rows from the top at 0, 1, 2, …, as forest plots, rankings and matrices have them."""
    ax.set_yticks(range(len(names)))
    ax.set_yticklabels(names, fontsize=size, color=INK)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(False, axis="y")


def long_columns(groups: Groups) -> dict:
    """Return groups of values as the columns ``group`` and ``value`` of a CSV file."""
    return {
        "group": [name for name, values in groups.items() for _ in values],
        "value": [float(value) for values in groups.values() for value in values],
    }


def _known(groups: Groups) -> list[np.ndarray]:
    arrays = [np.asarray(values, float) for values in groups.values()]
    return [values[np.isfinite(values)] for values in arrays]


def _dots(ax: Axes, values: Sequence[np.ndarray]) -> None:
    # Spread by golden-ratio steps: even, and the same in every run without a random number.
    for place, own in enumerate(values):
        if len(own) <= MOST_DOTS:
            shift = 0.26 * ((np.arange(len(own)) * 0.618034) % 1 - 0.5)
            ax.plot(place + shift, own, "o", color=INK, markersize=2.6, alpha=0.6, zorder=4)


def _name_groups(ax: Axes, names: Sequence[str]) -> None:
    ax.set_xticks(range(len(names)))
    wide = sum(map(len, names)) > 70
    ax.set_xticklabels(
        [name if wide else name.replace(" ", "\n") for name in names], fontsize=9, color=INK,
        rotation=30 if wide else 0, ha="right" if wide else "center",
    )  # fmt: skip
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.grid(False, axis="x")
    ax.grid(True, axis="y", color=FAINT, linewidth=0.7)
