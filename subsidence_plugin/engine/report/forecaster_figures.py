"""Figures of a trained forecaster: losses by pass, and what its intervals hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .figures import REFERENCE, add_legend, colour, dash, label_axes, mark, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def history_figure(history: Sequence[tuple[int, int, float, float]]) -> tuple[Figure, dict]:
    """Return training and validation loss by pass, a pair of curves a network, and its data.

    Parameters
    ----------
    history : sequence of (network from 1, pass, loss, validation loss)
        NaN where there is none.
    """
    from matplotlib.ticker import MaxNLocator

    rows = np.array(history, dtype=float).reshape(-1, 4)
    figure, (ax,) = new_figure(width=6.4, height=3.6)
    ax.axhline(1, color=REFERENCE, linestyle=":", linewidth=1.2, label="linear start")
    for number in np.unique(rows[:, 0]):
        own = rows[rows[:, 0] == number]
        strength = 1.0 if number == 1 else 0.4
        for index, text in enumerate(("training", "validation")):
            known = np.isfinite(own[:, 2 + index])
            ax.plot(
                own[known, 1], own[known, 2 + index], color=colour(index), linestyle=dash(index),
                linewidth=1.7, alpha=strength, label=text if number == 1 and known.any() else None,
                marker=mark(index) if known.sum() == 1 else "",
            )  # fmt: skip
        if np.isfinite(own[:, 3]).any():
            best = int(np.nanargmin(own[:, 3]))
            ax.plot(own[best, 1], own[best, 3], "o", color=colour(1), markersize=6,
                    label="pass kept" if number == 1 else None)  # fmt: skip
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_axes(ax, "Pass", "Loss / that of the linear start")
    add_legend(ax)
    data = {
        "network": rows[:, 0].astype(int), "pass": rows[:, 1].astype(int), "loss": rows[:, 2],
        "validation_loss": rows[:, 3],
    }  # fmt: skip
    return figure, data


def coverage_figure(wanted: Sequence[float], coverage: np.ndarray) -> tuple[Figure, dict]:
    """Return the share of values inside intervals by step, beside what was wanted, and its data.

    Parameters
    ----------
    wanted : sequence of float
    coverage : (len(wanted), horizon) array
    """
    from matplotlib.ticker import MaxNLocator

    figure, (ax,) = new_figure(width=8.6, height=3.4)
    steps = np.arange(1, coverage.shape[1] + 1)
    for index, (share, row) in enumerate(zip(wanted, coverage)):
        ax.axhline(100 * share, color=colour(index), linestyle=":", linewidth=1.1)
        ax.plot(
            steps, 100 * row, color=colour(index), linestyle=dash(index), linewidth=1.7,
            marker=mark(index) if len(steps) <= 12 else "", markersize=4.5,
            label=f"{100 * share:.0f} % interval",
        )  # fmt: skip
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlim(0.6, len(steps) + 0.4)
    ax.set_ylim(min(40.0, 100 * float(np.nanmin(coverage)) - 4), 100)
    label_axes(ax, "Steps ahead", "Values inside (%)")
    add_legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))
    data = {"step": steps, **{f"share_{100 * s:g}": row for s, row in zip(wanted, coverage)}}
    return figure, data
