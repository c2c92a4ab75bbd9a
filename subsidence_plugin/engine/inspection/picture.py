"""Figures of a place as PNG pictures: one by one for the panel, together for a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Optional

import numpy as np

from ..needs import need
from ..report.explanation_figures import waterfall_figure
from ..report.figures import INK, new_figure
from .place import PlaceReport, PlaceShap, Series
from .series_figure import series_figure
from .words import Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Factors that a narrow waterfall names one by one.
NAMED = 9
#: Figures of fewer inches have no room for labels beside the bars.
NARROW = 5.0
#: Letters of a title that an inch holds.
LETTERS = 11
#: Width of the figures of a file in inches, and its resolution.
FILE_WIDTH, FILE_DPI = 7.0, 160


def waterfall_png(
    shap: PlaceShap, words: Optional[Words] = None, width: float = 3.6, dpi: float = 96
) -> bytes:
    """Return the waterfall of a place as PNG.

    Parameters
    ----------
    shap : PlaceShap
    words : Words, optional
    width : float
        Inches.
    dpi : float
    """
    return _png(_waterfall(shap, words or Words(), width), dpi)


def series_png(
    series: Series, words: Optional[Words] = None, width: float = 3.6, dpi: float = 96
) -> bytes:
    """Return a time series as PNG; parameters as ``waterfall_png``."""
    return _png(series_figure(series, words, width), dpi)


def report_png(
    report: PlaceReport,
    title: str,
    lines: Sequence[str] = (),
    captions: Sequence[str] = (),
    words: Optional[Words] = None,
) -> bytes:
    """Return all figures of a place below each other, under a title and lines of text, as PNG.

    Parameters
    ----------
    report : PlaceReport
    title : str
    lines : sequence of str
        Under the title.
    captions : sequence of str
        One a time series; default the names of the layers.
    words : Words, optional
    """
    words = words or Words()
    parts = [_pixels(_heading(title, lines))]
    if report.shap is not None:
        parts.append(_pixels(_waterfall(report.shap, words, FILE_WIDTH)))
    for series, text in zip(report.series, captions or [own.layer for own in report.series]):
        figure = series_figure(series, words, FILE_WIDTH)
        figure.suptitle(text, fontsize=10.5, color=INK, fontweight="bold", x=0.01, ha="left")
        parts.append(_pixels(figure))
    width = max(part.shape[1] for part in parts)
    rows = [np.pad(p, ((0, 0), (0, width - p.shape[1]), (0, 0)), constant_values=255)
            for p in parts]  # fmt: skip
    need("matplotlib", "to draw figures")
    from matplotlib.image import imsave

    buffer = io.BytesIO()
    imsave(buffer, np.concatenate(rows), format="png", dpi=FILE_DPI)
    return buffer.getvalue()


def _waterfall(shap: PlaceShap, words: Words, width: float) -> Figure:
    texts, unit = [words.factor(text) for text in shap.texts], words.unit(shap.unit)
    if width >= NARROW:
        figure = waterfall_figure(
            texts, shap.shap, shap.base, unit, width=width, title=words.waterfall,
            others=words.others,
        )  # fmt: skip
        _title_across(figure)
        return figure
    figure = waterfall_figure(texts, shap.shap, shap.base, unit, NAMED, width, "", words.others)
    _labels_above(figure)
    return figure


def _title_across(figure: Figure) -> None:
    """Give the title the whole width, in lines that fit, instead of that of the bars only."""
    (ax,) = figure.axes
    text = fill(ax.get_title(loc="left"), int(LETTERS * figure.get_figwidth()))
    ax.set_title("", loc="left")
    figure.suptitle(text, fontsize=10, color=INK, x=0.01, ha="left")


def _labels_above(figure: Figure) -> None:
    """Write the factors above their bars instead of beside them, so that these get the width."""
    (ax,) = figure.axes
    texts = [label.get_text() for label in ax.get_yticklabels()]
    ax.set_yticks([])
    figure.set_figheight(0.75 + 0.41 * len(texts))
    ground = {"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.6}
    for place, text in enumerate(texts):
        ax.text(0.01, place - 0.36, text, transform=ax.get_yaxis_transform(), fontsize=8,
                color=INK, va="bottom", zorder=5, bbox=ground)  # fmt: skip
    low, high = ax.get_xlim()
    ax.set_xlim(low - 0.09 * (high - low), high + 0.09 * (high - low))
    ax.set_ylim(len(texts) - 0.5, -0.95)
    ax.tick_params(labelsize=8)
    ax.xaxis.label.set_fontsize(8.5)


def _heading(title: str, texts: Sequence[str]) -> Figure:
    figure, _ = new_figure(FILE_WIDTH, 0.5 + 0.2 * len(texts), columns=0)
    height = figure.get_figheight()
    figure.text(0.012, 1 - 0.12 / height, title, fontsize=13, color=INK, fontweight="bold",
                va="top")  # fmt: skip
    for number, text in enumerate(texts):
        figure.text(0.012, 1 - (0.42 + 0.2 * number) / height, text, fontsize=9.5, color=INK,
                    va="top")  # fmt: skip
    return figure


def _png(figure: Figure, dpi: float) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    return buffer.getvalue()


def _pixels(figure: Figure) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(FILE_DPI)
    figure.set_facecolor("white")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).copy()
