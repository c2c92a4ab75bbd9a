"""The optimisation process of a forecaster's repeated searches (R, Figure 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ..tuning.results import best_so_far
from .figures import FAINT, INK, REFERENCE, add_legend, colour, dash, label_axes, new_figure
from .tuning_figures import value_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Height at which the names of the phases stand, as a share of the axis.
ABOVE = 1.015


def optimisation_process(
    searches: Sequence[Mapping[str, Any]], metric: str, references: Mapping[str, float],
    startup: Optional[int] = None,
) -> tuple[Figure, dict[str, list]]:  # fmt: skip
    """Return the loss of every trial and the best so far, repeats dashed and their mean solid.

    Parameters
    ----------
    searches : sequence of mappings
        ``trial``, ``value`` (NaN where pruned) and ``state`` of each repeat, see
        ``trial_columns``.
    metric : str
        On the axis; less is better.
    references : mapping of str to float
        Drawn as horizontal lines.
    startup : int, optional
        Number of random trials before the guided phase.

    Returns
    -------
    figure, data
    """
    raw = _aligned([(s["trial"], s["value"]) for s in searches])
    best = np.array([best_so_far(row, False) for row in raw])
    trial = np.arange(raw.shape[1])
    low, high = value_range(raw.ravel(), False, references.values())
    figure, axes = new_figure(width=8.6, height=4.0, columns=2)
    for ax, rows, title, steps in (
        (axes[0], raw, "(a) Loss of each trial", False), (axes[1], best, "(b) Best so far", True)
    ):  # fmt: skip
        _phases(ax, len(trial), startup)
        _lines(ax, trial, np.clip(rows, low, high), steps)
        label_axes(ax, "Trial", metric if ax is axes[0] else "", "")
        ax.set_title(title, fontsize=10.5, color=INK, loc="left", fontweight="bold", pad=16)
        margin = 0.05 * (high - low)
        ax.set_ylim(low - margin, high + margin)
        ax.set_xlim(-0.5, len(trial) - 0.5)
        _whole(ax)
    _pruned(axes[0], searches, high)
    for index, (name, level) in enumerate(references.items()):
        axes[1].axhline(level, color=INK, linewidth=1.0, linestyle=dash(index + 2),
                        label=f"{name}: {level:.3f}")  # fmt: skip
    for ax in axes:
        add_legend(ax, loc="upper center", bbox_to_anchor=(0.5, -0.17))
    return figure, _columns(searches, trial, raw, best)


def _aligned(searches: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return (searches, trials): values in the order of the trials, NaN beyond a search's end."""
    longest = max((len(trial) for trial, _value in searches), default=0)
    rows = np.full((len(searches), max(longest, 1)), np.nan)
    for row, (trial, value) in zip(rows, searches):
        row[: len(trial)] = np.asarray(value, float)[np.argsort(trial, kind="stable")]
    return rows


def _mean(rows: np.ndarray) -> np.ndarray:
    """Return the mean over the searches that have a value; NaN where none has."""
    known = np.isfinite(rows)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, rows, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _lines(ax: Axes, trial: np.ndarray, rows: np.ndarray, steps: bool) -> None:
    style = "steps-post" if steps else "default"
    several = len(rows) > 1
    for number, row in enumerate(rows):
        known = np.isfinite(row)
        ax.plot(trial[known], row[known], color=colour(0), linestyle="--", linewidth=1.0,
                alpha=0.55 if several else 0.9, drawstyle=style, marker="." if not steps else "",
                markersize=4, label="one search" if number == 0 and not steps else "")  # fmt: skip
    if several or steps:
        mean = _mean(rows)
        known = np.isfinite(mean)
        label = f"mean of {len(rows)} searches" if several and not steps else ""
        ax.plot(trial[known], mean[known], color=colour(1), linewidth=2.2, drawstyle=style,
                label=label, zorder=4)  # fmt: skip


def _phases(ax: Axes, trials: int, startup: Optional[int]) -> None:
    """Shade the random start-up and name both phases."""
    if not startup:
        return
    edge = min(startup, trials) - 0.5
    ax.axvspan(-0.5, edge, color=FAINT, alpha=0.45, linewidth=0, zorder=0)
    names = [((edge - 0.5) / 2, "random start-up")]
    if trials > startup:
        ax.axvline(edge, color=REFERENCE, linewidth=0.9, linestyle=":")
        names.append(((edge + trials - 0.5) / 2, "guided (TPE)"))
    for place, text in names:
        ax.annotate(text, (place, ABOVE), xycoords=("data", "axes fraction"), fontsize=8.5,
                    color=INK, ha="center", va="bottom")  # fmt: skip


def _pruned(ax: Axes, searches: Sequence[Mapping[str, Any]], high: float) -> None:
    found = [
        place
        for columns in searches
        for place, state in enumerate(_ordered(columns))
        if state == "pruned"
    ]
    if found:
        ax.plot(found, np.full(len(found), high), "x", color=REFERENCE, markersize=4.5,
                label="pruned trial (no value)", clip_on=False)  # fmt: skip


def _ordered(columns: Mapping[str, Any]) -> list[str]:
    return [columns["state"][i] for i in np.argsort(columns["trial"], kind="stable")]


def _whole(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def _columns(
    searches: Sequence[Mapping[str, Any]], trial: np.ndarray, raw: np.ndarray, best: np.ndarray
) -> dict[str, list]:
    data: dict[str, list] = {
        name: [] for name in ("search", "trial", "state", "value", "best_so_far")
    }
    for number, columns in enumerate(searches, 1):
        for place, state in enumerate(_ordered(columns)):
            row = (number, int(trial[place]), state, raw[number - 1, place],
                   best[number - 1, place])  # fmt: skip
            for column, cell in zip(data.values(), row):
                column.append(cell)
    return data
