"""Figures of an ensemble's uncertainty: the maps in small, and the matrix of Figure 8."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..styles import STYLES, class_colours
from ..uncertainty.bivariate import COLUMNS, ROWS
from ..uncertainty.overview import Overview
from ..uncertainty.summary import Summary
from .figures import INK, add_colour_bar, new_figure, panel_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NO_DATA = "#c3cad1"
ENTRY = re.compile(r'<paletteEntry [^>]*?value="(\d+)"[^>]*?color="(#[0-9a-f]{6})"')


def reliability_figure(summary: Summary, overview: Overview) -> Figure:
    """Return the four maps of R, Figure 7: levels, confidence, spread and rank variance."""
    pictures = overview.pictures
    rows, columns = pictures["levels"][0].shape
    height = float(np.clip(3.4 * rows / columns, 1.8, 4.6))
    figure, axes = panel_grid(4, columns=2, height=height)
    colours = class_colours(len(summary.names), "levels")
    drawn = _draw_classes(axes[0], pictures["levels"][0], colours, "(a) Level")
    bar = add_colour_bar(figure, drawn, axes[0], "")
    bar.set_ticks(range(1, len(colours) + 1), labels=summary.names)
    _draw_ramp(figure, axes[1], pictures["confidence"][0], "Purples_r", (0, 1),
               "(b) Confidence in the level", "share of members")  # fmt: skip
    top = summary.widest or 1.0
    unit = f" ({summary.unit})" if summary.unit else ""
    symbol = summary.quantity.symbol
    _draw_ramp(figure, axes[2], pictures["spread"][0], "Purples", (0, top),
               "(c) Spread of the members", f"standard deviation of {symbol}{unit}")  # fmt: skip
    _draw_ramp(figure, axes[3], pictures["rank_variance"][0], "Purples",
               (0, summary.largest_rank_variance or 1.0), "(d) Rank variance",
               "variance of the level")  # fmt: skip
    return figure


def exceedance_figure(summary: Summary, overview: Overview) -> Figure:
    """Return the exceedance probabilities side by side (R, Figure 11)."""
    pictures = overview.pictures["exceedance"]
    rows, columns = pictures[0].shape
    count = len(pictures)
    height = float(np.clip(8.6 / count * rows / columns, 1.6, 4.6))
    figure, axes = panel_grid(count, columns=count, height=height)
    drawn = None
    for ax, picture, share in zip(axes, pictures, summary.shares):
        drawn = _draw(ax, picture, f"P{share:g}", cmap="YlOrBr", vmin=0, vmax=1)
    add_colour_bar(figure, drawn, axes, "share of members")
    return figure


def bivariate_figure(summary: Summary, overview: Overview) -> Figure:
    """Return the bivariate map with its two-dimensional legend (R, Figure 8)."""
    picture = overview.pictures["bivariate"][0]
    height = float(np.clip(5.2 * picture.shape[0] / picture.shape[1], 2.8, 6.0))
    figure, _ = new_figure(8.6, height, columns=0)
    grid = figure.add_gridspec(1, 2, width_ratios=(2.1, 1))
    colours = bivariate_colours()
    _draw_classes(figure.add_subplot(grid[0]), picture, colours)
    _matrix(figure.add_subplot(grid[1]), summary, colours)
    return figure


def bivariate_colours() -> list[str]:
    """Return the colours of classes 1 to 9 from the style of the layer."""
    text = (STYLES / "bivariate.qml").read_text(encoding="utf-8")
    found = {int(value): colour for value, colour in ENTRY.findall(text)}
    return [found[code] for code in range(1, 10)]


def _matrix(ax: Axes, summary: Summary, colours: Sequence[str]) -> None:
    """Draw the legend: level upwards, spread to the right, the share of the area in each cell."""
    shares = summary.bivariate_columns()["share"]
    ax.grid(False)
    for code in range(9):
        row, column = divmod(code, 3)
        ax.add_patch(_square(column, row, colours[code]))
        ax.text(
            column + 0.5, row + 0.5, f"{100 * shares[code]:.1f} %", ha="center", va="center",
            fontsize=8.5, color=_ink_on(colours[code]),
        )  # fmt: skip
    ax.set(xlim=(0, 3), ylim=(0, 3), aspect="equal")
    ax.set_xticks([0.5, 1.5, 2.5], [name.capitalize() for name in COLUMNS], fontsize=8.5)
    ax.set_yticks([0.5, 1.5, 2.5], ROWS, fontsize=8.5)
    ax.tick_params(length=0)
    ax.set_xlabel("Spread of the members →", fontsize=9, color=INK)
    ax.set_ylabel("Level →", fontsize=9, color=INK)
    for side in ax.spines:
        ax.spines[side].set_visible(False)


def _square(x: float, y: float, colour: str) -> object:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.5)


def _ink_on(colour: str) -> str:
    """Return white or ink, whichever is read on a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else INK


def _draw(ax: Axes, picture: np.ndarray, title: str, **options: object) -> object:
    """Draw a map without axes; cells without data are grey, which no colour of a map is."""
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines:
        ax.spines[side].set_visible(False)
    ax.set_facecolor(NO_DATA)
    ax.set_title(title, fontsize=9, color=INK, loc="left", fontweight="bold")
    return ax.imshow(picture, interpolation="nearest", **options)


def _draw_ramp(figure, ax, picture, cmap, limits, title, text) -> None:
    drawn = _draw(ax, picture, title, cmap=cmap, vmin=limits[0], vmax=limits[1])
    add_colour_bar(figure, drawn, ax, text)


def _draw_classes(ax: Axes, picture: np.ndarray, colours: Sequence[str], title: str = "") -> object:
    from matplotlib.colors import ListedColormap

    limits = {"vmin": 0.5, "vmax": len(colours) + 0.5}
    return _draw(ax, picture, title, cmap=ListedColormap(list(colours)), **limits)
