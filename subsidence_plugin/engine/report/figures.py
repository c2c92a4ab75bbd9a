"""Figures of reports: one style, colours that stay apart for every colour vision.

Figures are made without pyplot and without touching matplotlib's global settings, since jobs run
in background threads of QGIS. ``new_figure`` gives one panel or a few side by side,
``panel_grid`` small multiples; ``charts`` has the charts that several reports draw on them.
Colours: ``colour(i)`` with ``dash(i)`` and ``mark(i)`` for series, ``SEQUENTIAL`` and
``DIVERGING`` for values, ``REFERENCE`` for the line of no effect, ``INK`` for text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..needs import need

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito (2008), ordered so that the first three differ most; told apart also by dashes.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f")
DASHES = ("-", "--", "-.", (0, (1, 1.2)), (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, FAINT = "#1f2933", "#d9e0e6"
#: Lines that things are compared with: no effect, pure chance, a threshold.
REFERENCE = "#8da2b3"
#: Colour maps of matplotlib that keep their order for every colour vision, and in grey.
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"
#: Width of the page's column in inches; a wider figure is shrunk and its text with it.
PAGE_WIDTH = 8.6


def colour(index: int) -> str:
    """Return the colour of the ``index``-th series."""
    return COLOURS[index % len(COLOURS)]


def dash(index: int) -> object:
    """Return the line style of the ``index``-th series, so that colour is not needed."""
    return DASHES[index % len(DASHES)]


def mark(index: int) -> str:
    """Return the marker of the ``index``-th series, so that colour is not needed."""
    return MARKS[index % len(MARKS)]


def new_figure(width: float = 8.2, height: float = 3.6, columns: int = 1) -> tuple[Figure, list]:
    """Return a figure of inches and its styled axes, side by side."""
    need("matplotlib", "to draw figures in reports")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), constrained_layout=True)
    axes = [figure.add_subplot(1, columns, i + 1) for i in range(columns)]
    for ax in axes:
        style_axes(ax)
    return figure, axes


def panel_grid(
    count: int, columns: int = 3, width: float = PAGE_WIDTH, height: float = 2.2
) -> tuple[Figure, list]:
    """Return a figure with ``count`` styled small panels, row by row.

    Parameters
    ----------
    count : int
        Panels.
    columns : int
        Panels side by side, at most; four on a page stay readable.
    width : float
        Of a full row, in inches; fewer panels than columns make the figure narrower.
    height : float
        Of a panel, in inches.
    """
    across = max(1, min(columns, count))
    rows = -(-count // across)
    share = 1 if across == columns else (across + 0.3) / (columns + 0.3)
    figure, _ = new_figure(width * share, height * rows, columns=0)
    axes = [figure.add_subplot(rows, across, index + 1) for index in range(count)]
    for ax in axes:
        style_axes(ax)
        ax.tick_params(labelsize=8)
    return figure, axes


def label_panel(ax: Axes, title: str, x: str = "", y: str = "") -> None:
    """Name a small panel and its axes in letters that fit it."""
    label_axes(ax, x, y, title)
    ax.title.set_fontsize(9)
    ax.xaxis.label.set_fontsize(8.5)
    ax.yaxis.label.set_fontsize(8.5)


def add_colour_bar(figure: Figure, drawn: object, axes: object, text: str) -> object:
    """Add a thin colour bar for what ``scatter``, ``imshow`` or ``pcolormesh`` returned."""
    bar = figure.colorbar(drawn, ax=axes, shrink=0.85, aspect=28, pad=0.02)
    bar.set_label(text, fontsize=9, color=INK)
    bar.ax.tick_params(labelsize=8, colors=INK, length=2)
    bar.outline.set_visible(False)
    return bar


def style_axes(ax: Axes) -> None:
    """Set the plain look: two spines, a faint grid behind, small ink-coloured labels."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color("#8da2b3")
    ax.grid(True, color=FAINT, linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=9, colors=INK, length=3)


def label_axes(ax: Axes, x: str, y: str, title: str = "") -> None:
    """Name the axes (with units) and the panel."""
    ax.set_xlabel(x, fontsize=10, color=INK)
    ax.set_ylabel(y, fontsize=10, color=INK)
    if title:
        ax.set_title(title, fontsize=10.5, color=INK, loc="left", fontweight="bold")


def add_legend(ax: Axes, **options: object) -> None:
    """Add a small legend without frame, if there is anything to name."""
    if ax.get_legend_handles_labels()[1]:
        ax.legend(**{"fontsize": 9, "frameon": False, "handlelength": 2.6, **options})


def training_history(
    runs: Sequence[Mapping[str, Sequence[float]]], best_epochs: Sequence[int] = ()
) -> Figure:
    """Return loss and validation AUC against the epoch.

    Parameters
    ----------
    runs : sequence of mappings
        One a trained member, each with ``epoch`` (or epochs from 1), ``training_loss`` and, where
        there is a hold-out, ``validation_loss`` and ``validation_auc``; equally long sequences,
        NaN where a value was not computed.
    best_epochs : sequence of int
        Epoch whose weights were kept, one a run; drawn as a vertical line.
    """
    with_auc = any(_finite(run.get("validation_auc")) for run in runs)
    figure, axes = new_figure(columns=2 if with_auc else 1, width=8.2 if with_auc else 5.6)
    for number, run in enumerate(runs):
        strength = 1.0 if number == 0 else 0.35
        for index, (key, text) in enumerate(
            (("training_loss", "training"), ("validation_loss", "hold-out"))
        ):
            _draw_history(axes[0], run, key, text if number == 0 else "", index, strength)
        if with_auc:
            _draw_history(axes[1], run, "validation_auc", "", 1, strength)
    from matplotlib.ticker import MaxNLocator

    for ax in axes:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        for number, epoch in enumerate(best_epochs):
            text = "weights kept" if number == 0 else ""
            ax.axvline(epoch, color=COLOURS[6], linewidth=0.9, linestyle=":", label=text)
    label_axes(axes[0], "Epoch", "Binary cross-entropy", "Loss")
    add_legend(axes[0])
    if with_auc:
        label_axes(axes[1], "Epoch", "AUC", "AUC on the hold-out rows")
    return figure


def _draw_history(ax: Axes, run: Mapping, key: str, text: str, index: int, strength: float) -> None:
    values = run.get(key)
    if not _finite(values):
        return
    y = np.asarray(values, float)
    x = np.asarray(run.get("epoch", np.arange(1, len(y) + 1)), float)
    known = np.isfinite(y)
    mark = "o" if known.sum() == 1 else ""
    ax.plot(
        x[known], y[known], color=colour(index), linestyle=dash(index), linewidth=1.6,
        alpha=strength, label=text, marker=mark, zorder=3 - index,
    )  # fmt: skip


def _finite(values: object) -> bool:
    return values is not None and bool(np.isfinite(np.asarray(values, float)).any())
