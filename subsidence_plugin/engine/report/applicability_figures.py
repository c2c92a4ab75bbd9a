"""Figures of the area of applicability: how unlike pixels are, in what, and with what error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..applicability.held_out import HeldOut
from ..applicability.summary import AreaSummary, factor_columns
from .charts import name_rows
from .figures import INK, REFERENCE, add_legend, colour, label_axes, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Factors drawn; the others are in the table.
MOST_FACTORS = 15


def index_figure(summary: AreaSummary) -> tuple[Figure, dict]:
    """Return the distribution of the index of pixels and of training rows, and its columns.

    Both as a share of their own number, so that they can be compared; what lies beyond the axis
    is in the last, open bin.
    """
    tally, training = summary.tally, summary.reference.training
    edges = tally.edges
    known = training.index[np.isfinite(training.index)]
    rows = np.histogram(np.minimum(known, edges[-1]), [*edges, np.inf])[0]
    pixels = 100 * tally.counts / max(tally.pixels, 1)
    trained = 100 * rows / len(known)
    figure, (ax,) = new_figure(width=8.2, height=3.4)
    ax.bar(
        edges[:-1], pixels[:-1], np.diff(edges), align="edge", color=colour(0), alpha=0.55,
        label="pixels of the map",
    )  # fmt: skip
    ax.stairs(
        trained[:-1], edges, color=colour(1), linewidth=1.5,
        label="training rows, against other folds",
    )  # fmt: skip
    ax.axvline(training.threshold, color=INK, linewidth=1.2, linestyle="--", label="threshold")
    share = 100 * tally.outside / tally.pixels
    ax.annotate(
        f"{share:.3g} % of the pixels outside", (training.threshold, 1), (6, -10),
        xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=9, color=INK,
    )  # fmt: skip
    reach = edges[:-1][(pixels[:-1] > 0.02) | (trained[:-1] > 0)]
    ax.set_xlim(0, max(1.6 * training.threshold, reach.max() * 1.05 if len(reach) else 0))
    label_axes(ax, "Dissimilarity index", "Share (%)")
    add_legend(ax, loc="center right")
    columns = {
        "from": edges, "to": [*edges[1:], np.inf], "pixels": tally.counts, "training_rows": rows,
    }  # fmt: skip
    return figure, columns


def factor_figure(summary: AreaSummary) -> tuple[Figure, dict]:
    """Return the share of each factor in the distance outside, beside its weight."""
    table = factor_columns(summary)
    columns = {key: table[key] for key in ("factor", "share_outside", "weight")}
    names = columns["factor"][:MOST_FACTORS]
    figure, (ax,) = new_figure(width=7.4, height=0.9 + 0.27 * len(names))
    places = np.arange(len(names))
    shares = 100 * np.array(columns["share_outside"][: len(names)])
    weights = 100 * np.array(columns["weight"][: len(names)])
    ax.barh(places, shares, height=0.62, color=colour(1), alpha=0.8, label="share outside")
    ax.plot(weights, places, "o", color=colour(0), markersize=6, label="weight in the index")
    name_rows(ax, names)
    ax.set_xlim(left=0)
    label_axes(ax, "Share in the squared distance outside, and in the weights (%)", "")
    add_legend(ax, loc="lower right")
    return figure, columns


def error_figure(held_out: HeldOut) -> tuple[Figure, dict]:
    """Return the mean error of groups of rows against their index."""
    groups = held_out.groups()
    middle = (np.array(groups["from"]) + np.array(groups["to"])) / 2
    mean, spread = np.array(groups["mean_error"]), 1.96 * np.array(groups["standard_error"])
    figure, (ax,) = new_figure(width=6.4, height=3.2)
    across = [middle - np.array(groups["from"]), np.array(groups["to"]) - middle]
    ax.errorbar(
        middle, mean, yerr=spread, xerr=across, fmt="o", color=colour(0), capsize=3, markersize=6,
        linewidth=1.3,
    )  # fmt: skip
    ax.axhline(held_out.error.mean(), color=REFERENCE, linewidth=1, linestyle=":", label="all rows")
    ax.axvline(held_out.threshold, color=INK, linewidth=1.2, linestyle="--", label="threshold")
    ax.set_ylim(bottom=0)
    ax.set_xlim(left=0)
    label_axes(ax, "Dissimilarity index", "Mean |label − probability|")
    add_legend(ax, loc="lower right")
    return figure, groups
