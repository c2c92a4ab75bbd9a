"""Figures of the validation report: ROC, precision–recall, errors (H, 4 to 6), reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Optional

import numpy as np

from ..validation.bootstrap import GRID, RocBand
from ..validation.calibration import Reliability
from ..validation.evaluation import Evaluation
from ..validation.model_scores import Scores, find, ranking
from ..validation.precision_recall import average_precision, precision_recall
from .charts import histogram
from .figures import (
    INK,
    REFERENCE,
    add_legend,
    colour,
    dash,
    label_axes,
    label_panel,
    new_figure,
    panel_grid,
    style_axes,
)
from .model_lead import split_name
from .validation_figures import thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Panels show the bands of all models up to so many, else that of the best.
MOST_BANDS = 3
#: Letters of a line of a small panel's title, and of a legend in the usual size.
LONGEST_TITLE, LONGEST_LABEL = 26, 40
#: Bars of the error histogram, and models that get one.
BARS, MOST_HISTOGRAMS = 20, 6
Drawn = tuple["Figure", dict[str, list]]


def roc_figure(found: Evaluation) -> Drawn:
    """Return ROC curves with their bands, a panel a split and a line a model (H, Figure 4)."""
    figure, axes = _split_panels(found)
    data: dict[str, list] = {}
    for ax, split in zip(axes, found.splits):
        ax.plot([0, 1], [0, 1], color=REFERENCE, linewidth=0.9, linestyle=":")
        for place, s in enumerate(ranking(found.scores, split)):
            index, band = found.models.index(s.model), found.bands.get((s.model, split))
            if band and (place == 0 or len(found.models) <= MOST_BANDS):
                ax.fill_between(
                    GRID, band.low, band.high, color=colour(index), alpha=0.16, linewidth=0
                )
            x, y = thinned(*s.curve)
            interval = f", {band.auc_low:.3f}–{band.auc_high:.3f}" if band else ""
            ax.plot(
                x, y, color=colour(index), linestyle=dash(index), linewidth=1.5,
                label=f"{s.model} ({s.metrics['AUC']:.3f}{interval})",
            )  # fmt: skip
            low, high = _band_at(band, x)
            _append(data, s, false_positive_rate=x, true_positive_rate=y, low=low, high=high)
        label_axes(ax, "False positive rate", "True positive rate", _rows_of(split))
        _finish(ax, "Model (AUC, 95 % interval)" if found.bands else "Model (AUC)", found)
    return figure, data


def precision_recall_figure(found: Evaluation) -> Drawn:
    """Return precision against recall, a panel a split, with the share of subsidence as a line."""
    figure, axes = _split_panels(found)
    data: dict[str, list] = {}
    for ax, split in zip(axes, found.splits):
        by_precision = sorted(
            ((average_precision(s.labels, s.ranks), s)
             for s in found.scores if s.split == split),
            key=lambda entry: -entry[0],
        )  # fmt: skip
        share = float(by_precision[0][1].labels.mean())
        ax.axhline(share, color=REFERENCE, linewidth=0.9, linestyle=":")
        ax.annotate(
            f"share of subsidence {share:.2f}", (0.01, share), xytext=(0, -10),
            textcoords="offset points", fontsize=7.5, color=INK,
        )  # fmt: skip
        for under, s in by_precision:
            index = found.models.index(s.model)
            recall, precision = thinned(*precision_recall(s.labels, s.ranks))
            ax.plot(
                np.append(0, recall), np.append(precision[0], precision), color=colour(index),
                linestyle=dash(index), linewidth=1.4, label=f"{s.model} ({under:.3f})",
                drawstyle="steps-pre",
            )  # fmt: skip
            _append(data, s, recall=recall, precision=precision)
        label_axes(ax, "Recall (sensitivity)", "Precision", _rows_of(split))
        _finish(ax, "Model (average precision)", found, "lower left")
    return figure, data


def error_figure(ordered: Sequence[Scores]) -> Drawn:
    """Return MAE ± STD of the probabilities, a bar a model (H, Figure 5)."""
    figure, (ax,) = new_figure(width=min(8.2, 2.2 + 0.9 * len(ordered)), height=3.6)
    data: dict[str, list] = {}
    for place, s in enumerate(ordered):
        mean, deviation = s.metrics["MAE_probability"], s.metrics["STD_probability"]
        # An absolute error is never negative, so the lower whisker ends at zero.
        whisker = [[min(mean, deviation)], [deviation]]
        ax.bar(place, mean, width=0.62, color=colour(0), alpha=0.85)
        ax.errorbar(place, mean, yerr=whisker, color=INK, linewidth=1.1, capsize=4)
        ax.annotate(
            f"{mean:.3f} ± {deviation:.3f}", (place, mean + deviation), xytext=(0, 5),
            textcoords="offset points", ha="center", fontsize=8, color=INK,
        )  # fmt: skip
        _append(data, s, mae=[mean], std=[deviation])
    ax.set_xticks(range(len(ordered)))
    ax.set_xticklabels([s.model.replace(" ", "\n") for s in ordered], fontsize=8.5)
    ax.grid(False, axis="x")
    ax.set_ylim(0, ax.get_ylim()[1] * 1.08)
    label_axes(ax, "", "|label − probability|", _rows_of(ordered[0].split))
    return figure, data


def error_histogram_figure(found: Evaluation, splits: Sequence[str]) -> Drawn:
    """Return histograms of the errors with cumulative curves, a row a model (H, Figure 6)."""
    models = [s.model for s in found.ranked[:MOST_HISTOGRAMS]]
    width, height = (8.2, 2.1) if len(splits) > 1 else (4.6, 2.1)
    figure, axes = panel_grid(len(models) * len(splits), len(splits), width, height)
    data: dict[str, list] = {}
    for place, ax in enumerate(axes):
        model, split = models[place // len(splits)], splits[place % len(splits)]
        s = find(found.scores, model, split)
        errors = np.abs(s.labels - s.probabilities)
        drawn = histogram(ax, errors, np.linspace(0, 1, BARS + 1))
        _append(data, s, **drawn)
        last = place >= len(axes) - len(splits)
        label_panel(ax, f"{model}, {_rows_of(split).lower()}",
                    "|label − probability|" if last else "", "Rows (%)")  # fmt: skip
        ax.set_xlim(0, 1)
        second = figure.axes[-1]
        second.tick_params(labelsize=8)
        second.yaxis.label.set_fontsize(8.5)
    return figure, data


def reliability_figure(curves: Mapping[str, Reliability]) -> Drawn:
    """Return observed share against predicted probability, a panel a model.

    Dots with 95 % intervals (Wilson) by bin; grey bars are the shares of the rows in the bins.
    """
    figure, axes = panel_grid(len(curves), 3, height=2.9)
    data: dict[str, list] = {}
    for place, (ax, (name, curve)) in enumerate(zip(axes, curves.items())):
        ax.bar(
            curve.edges[:-1], curve.rows / curve.rows.sum(), np.diff(curve.edges), align="edge",
            color=REFERENCE, alpha=0.35, linewidth=0,
        )  # fmt: skip
        ax.plot([0, 1], [0, 1], color=REFERENCE, linewidth=0.9, linestyle=":")
        filled = curve.rows > 0
        spread = [
            (curve.observed - curve.low)[filled].clip(0),
            (curve.high - curve.observed)[filled].clip(0),
        ]
        ax.errorbar(
            curve.predicted[filled], curve.observed[filled], yerr=spread, color=colour(0),
            marker="o", markersize=4, linewidth=1.3, elinewidth=0.9, capsize=2,
        )  # fmt: skip
        title = f"{fill(name, LONGEST_TITLE)}\nECE {curve.ece:.3f}, Brier {curve.brier:.3f}"
        label_panel(
            ax, title, "Predicted probability",
            "Observed share" if place % 3 == 0 else "",
        )  # fmt: skip
        _unit_square(ax)
        for column, values in (
            ("model", [name] * len(curve.rows)), ("bin_from", curve.edges[:-1]),
            ("bin_to", curve.edges[1:]), ("rows", curve.rows), ("predicted", curve.predicted),
            ("observed", curve.observed), ("low", curve.low), ("high", curve.high),
        ):  # fmt: skip
            data.setdefault(column, []).extend(list(values))
    return figure, data


def _band_at(band: Optional[RocBand], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the band at the points of a curve: at the upper end of each vertical step."""
    if band is None:
        return np.full(len(x), np.nan), np.full(len(x), np.nan)
    ends = np.append(np.diff(x) > 0, True)
    low, high = (np.where(ends, np.interp(x, GRID, edge), np.nan) for edge in (band.low, band.high))
    return low, high


def _split_panels(found: Evaluation) -> tuple[Figure, list[Axes]]:
    count = len(found.splits)
    columns = min(2, count)
    figure, _ = new_figure(0.2 + 4.1 * columns, 4.1 * -(-count // columns), columns=0)
    axes = [figure.add_subplot(-(-count // columns), columns, i + 1) for i in range(count)]
    for ax in axes:
        style_axes(ax)
    return figure, axes


def _finish(ax: Axes, title: str, found: Evaluation, place: str = "lower right") -> None:
    _unit_square(ax)
    longest = max(len(text) for text in ax.get_legend_handles_labels()[1])
    size = 8.5 if len(found.models) <= 5 and longest <= LONGEST_LABEL else 7.5
    add_legend(
        ax, loc=place, title=title, title_fontsize=size, fontsize=size, frameon=True,
        framealpha=0.85, edgecolor="none", borderpad=0.2, handlelength=2.2,
    )  # fmt: skip


def _append(data: dict[str, list], s: Scores, **columns: Sequence[float]) -> None:
    """Add rows of a model and split to the columns of a figure's data."""
    count = len(next(iter(columns.values())))
    for name, values in {"model": [s.model] * count, "split": [s.split] * count, **columns}.items():
        data.setdefault(name, []).extend(list(values))


def _rows_of(split: str) -> str:
    return f"{split_name(split).capitalize()} rows"


def _unit_square(ax: Axes, ends: Sequence[float] = (-0.01, 1.01)) -> None:
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_aspect("equal")
