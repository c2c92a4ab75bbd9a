"""Figures of ``factorcorrelation``: the matrix of circles (H, Figure 3) and inflation factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..correlation.inflation import HIGH, TOO_HIGH, inflation
from ..correlation.matrix import stars
from .charts import name_rows
from .figures import (
    DIVERGING,
    FAINT,
    INK,
    PAGE_WIDTH,
    REFERENCE,
    add_colour_bar,
    add_legend,
    colour,
    label_axes,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches of a cell that numbers can be read in; more factors make smaller cells and letters.
CELL = 0.46
#: Factors from which numbers are too small to be read and are left out.
MOST_NUMBERS = 30
#: Marks of the logarithmic axis of inflation factors.
MARKS = (1, 2, 5, 10, 20, 50, 100, 1000, 10_000, 1e6, 1e8, 1e10)


def matrix_figure(
    names: Sequence[str], r: np.ndarray, p: np.ndarray, threshold: float, what: str
) -> Figure:
    """Return circles above the diagonal, their area |r|, their colour r, with stars; r below it.

    Parameters
    ----------
    names : sequence of str
    r, p : (factors, factors) arrays
        Coefficients and p-values; NaN cells stay empty.
    threshold : float
        Pairs with a larger |r| are framed.
    what : str
        Name of the coefficient, for the colour bar.
    """
    size = len(names)
    longest = 0.075 * max(map(len, names))
    side = min(PAGE_WIDTH - 1.1 - longest, max(CELL * size, 2.2))
    figure, (ax,) = new_figure(side + longest + 1.1, side + 0.7 * longest + 0.3)
    drawn = _circles(ax, r)
    letters = float(np.clip(72 * side / size * 0.27, 4, 9))
    for i in range(size):
        for j in range(size):
            if i == j or np.isnan(r[i, j]):
                continue
            _write(ax, i, j, r[i, j], p[i, j], letters if i < j or size <= MOST_NUMBERS else 0)
            if i < j and abs(r[i, j]) > threshold:
                _frame(ax, i, j)
    ax.set_xlim(-0.5, size - 0.5)
    ax.set_aspect("equal")
    ax.grid(False)
    ax.set_xticks(range(size))
    ax.xaxis.tick_top()
    names_size = float(np.clip(letters * 1.2, 5, 9))
    ax.set_xticklabels(names, rotation=45, ha="left", rotation_mode="anchor", fontsize=names_size)
    name_rows(ax, list(names), names_size)
    ax.set_ylim(size - 0.5, -0.5)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    for line in np.arange(-0.5, size):
        ax.plot([-0.5, size - 0.5], [line, line], color=FAINT, linewidth=0.6, zorder=0)
        ax.plot([line, line], [-0.5, size - 0.5], color=FAINT, linewidth=0.6, zorder=0)
    add_colour_bar(figure, drawn, ax, what)
    return figure


def _circles(ax: Axes, r: np.ndarray) -> object:
    """Draw the circles above the diagonal and return them for the colour bar."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    places = [(i, j) for i, j in zip(*np.triu_indices(len(r), 1)) if np.isfinite(r[i, j])]
    values = np.array([r[place] for place in places])
    patches = [Circle((j, i), 0.46 * np.sqrt(abs(r[i, j]))) for i, j in places]
    drawn = PatchCollection(patches, cmap=DIVERGING, edgecolor=REFERENCE, linewidth=0.3)
    drawn.set_array(values)
    drawn.set_clim(-1, 1)
    ax.add_collection(drawn)
    return drawn


def _write(ax: Axes, i: int, j: int, r: float, p: float, letters: float) -> None:
    """Write stars into a circle, or the coefficient below the diagonal."""
    if i < j:
        own = "white" if abs(r) > 0.6 else INK
        # An asterisk stands high in its line: moved down to the middle of the circle.
        ax.text(j, i + 0.07, stars(p), ha="center", va="center", fontsize=letters, color=own)
    elif letters:
        weight = "bold" if abs(r) >= 0.5 else "normal"
        text = f"{r:.2f}".replace("-0.00", "0.00")
        ax.text(
            j, i, text, ha="center", va="center", fontsize=letters, color=INK, fontweight=weight
        )


def _frame(ax: Axes, i: int, j: int) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(
        Rectangle((j - 0.48, i - 0.48), 0.96, 0.96, fill=False, edgecolor=INK, linewidth=1.1)
    )


def inflation_figure(names: Sequence[str], tolerance: np.ndarray) -> Figure:
    """Return the variance inflation factors as bars, the highest on top, with both limits."""
    vif = inflation(tolerance)
    order = np.argsort(-vif, kind="stable")
    finite = vif[np.isfinite(vif)]
    end = 1.6 * max(float(finite.max()) if len(finite) else 1.0, TOO_HIGH)
    figure, (ax,) = new_figure(6.4, 0.9 + 0.25 * len(names))
    for place, index in enumerate(order):
        value = vif[index]
        infinite = not np.isfinite(value)
        own = colour(1) if value > TOO_HIGH else colour(4) if value > HIGH else colour(0)
        ax.barh(place, end if infinite else value, color=own, height=0.66,
                hatch="//" if infinite else "", edgecolor="white", linewidth=0.4)  # fmt: skip
        text = "infinite" if infinite else f"{value:.2f}"
        ax.annotate(
            text, (end if infinite else value, place), xytext=(-4 if infinite else 4, 0),
            textcoords="offset points", va="center", ha="right" if infinite else "left",
            fontsize=8, color=INK, backgroundcolor="white" if infinite else "none",
        )  # fmt: skip
    ax.axvline(HIGH, color=REFERENCE, linewidth=1.1, linestyle=":", label=f"high ({HIGH:g})")
    ax.axvline(TOO_HIGH, color=INK, linewidth=1.1, linestyle="--", label=f"too high ({TOO_HIGH:g})")
    ax.set_xscale("log")
    ax.set_xlim(1, end)
    marks = [mark for mark in MARKS if mark < end]
    ax.set_xticks(marks)
    ax.set_xticklabels([f"{mark:g}" for mark in marks])
    ax.set_xticks([], minor=True)
    name_rows(ax, [names[i] for i in order])
    label_axes(ax, "Variance inflation factor (logarithmic)", "")
    add_legend(ax, loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")
    return figure
