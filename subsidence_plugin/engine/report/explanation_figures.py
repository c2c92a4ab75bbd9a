"""Figures of SHAP values: ranking (H, Figure 7), beeswarm, and waterfall (H, Figure 8).

They show what the plots of the shap package show, in the look of our reports. Those plots are not
used: all of them import pyplot, the waterfall and the dependence plot draw on pyplot's current
figure, and the beeswarm shuffles by NumPy's global random state, while reports are drawn in
background threads of QGIS and must come out the same twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Optional

import numpy as np

from .charts import name_rows
from .figures import INK, REFERENCE, SEQUENTIAL, add_colour_bar, colour, label_axes, new_figure
from .sections import MINUS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Factors named one by one before the rest is summed up; H names 12 of 19.
MOST_NAMED = 12
#: Rows of a beeswarm.
MOST_SWARMS = 25
#: Rows drawn as dots; more would only cover each other.
MOST_ROWS = 4000
#: Slots along the axis in which the dots of a beeswarm are stacked.
SLOTS = 120
#: Inches of the whole width from which a bar of a waterfall holds its number.
ROOM = 1.15
#: Label of the factors that a waterfall sums up.
OTHERS_TOGETHER = "{count} others together"
LOWERS, RAISES, OTHERS = colour(0), colour(1), "#7f7f7f"


def order_of(shap: np.ndarray) -> np.ndarray:
    """Return the factors by falling mean |SHAP|; equal ones in their own order."""
    return np.argsort(-np.abs(shap).mean(axis=0), kind="stable")


def named_and_others(order: np.ndarray, most: int = MOST_NAMED) -> tuple[np.ndarray, np.ndarray]:
    """Return which factors are named and which are summed up (never a single one)."""
    return (order, order[:0]) if len(order) <= most + 1 else (order[:most], order[most:])


def ranking_figure(
    names: Sequence[str], importance: np.ndarray, error: Optional[np.ndarray], unit: str
) -> Figure:
    """Return mean |SHAP| as bars from the strongest factor, the weak ones summed up.

    Parameters
    ----------
    names : sequence of str
        Factors.
    importance : (factors,) array
        Mean |SHAP|.
    error : (factors,) array, optional
        Half width of the interval of each, drawn as a whisker.
    unit : str
        What is explained, for the axis: "probability" or "log-odds".
    """
    named, others = named_and_others(np.argsort(-importance, kind="stable"))
    digits = decimals(importance)
    texts = [names[i] for i in named]
    values = list(importance[named])
    if len(others):
        texts.append(f"Sum of {len(others)} others")
        values.append(float(importance[others].sum()))
    figure, (ax,) = new_figure(width=7.2, height=0.9 + 0.29 * len(values))
    places = np.arange(len(values))
    colours = [colour(0)] * len(named) + [OTHERS] * bool(len(others))
    whiskers = np.zeros(len(values))
    if error is not None:
        count = len(named)
        whiskers[:count] = error[named]
        ax.errorbar(values[:count], places[:count], xerr=error[named], fmt="none", ecolor=INK,
                    elinewidth=1, capsize=2)  # fmt: skip
    ax.barh(places, values, height=0.68, color=colours, alpha=0.88)
    for place, value, whisker in zip(places, values, whiskers):
        ax.annotate(
            f"{value:.{digits}f}", (value + whisker, place), xytext=(4, 0),
            textcoords="offset points", va="center", fontsize=8.5, color=INK,
        )  # fmt: skip
    name_rows(ax, texts)
    ax.set_xlim(0, (max(values) or 1.0) * 1.12)
    label_axes(ax, f"Mean |SHAP value| ({unit})", "")
    return figure


def beeswarm_figure(
    names: Sequence[str],
    ordered: Sequence[bool],
    values: np.ndarray,
    shap: np.ndarray,
    unit: str,
) -> Figure:
    """Return the SHAP values of all rows, a line of dots a factor, coloured by its value.

    The colours run from the 5th to the 95th percentile of a factor; the dots of a factor whose
    classes have no order are grey.

    Parameters
    ----------
    names : sequence of str
        Of the factors.
    ordered : sequence of bool
        Whether a factor's values have an order.
    values, shap : (rows, factors) arrays
        Raw factor values and SHAP values.
    unit : str
        What is explained.
    """
    order = order_of(shap)[:MOST_SWARMS]
    figure, (ax,) = new_figure(width=8.2, height=1.0 + 0.33 * len(order))
    ax.axvline(0, color=REFERENCE, linewidth=1.0)
    rows = drawn_rows(len(shap))
    width = float(np.ptp(shap[:, order])) or 1.0
    drawn = None
    for place, factor in enumerate(order):
        y = place + stacked(shap[rows, factor], width)
        own = values[rows, factor]
        look = {"s": 9, "linewidth": 0, "zorder": 3}
        if not ordered[factor]:
            ax.scatter(shap[rows, factor], y, color=OTHERS, alpha=0.55, **look)
        else:
            drawn = ax.scatter(shap[rows, factor], y, c=shaded(own), cmap=SEQUENTIAL,
                               vmin=0, vmax=1, alpha=0.85, **look)  # fmt: skip
    name_rows(ax, [names[i] for i in order])
    label_axes(ax, f"SHAP value (effect on the {unit})", "")
    if drawn is not None:
        bar = add_colour_bar(figure, drawn, ax, "Value of the factor (grey: no order)")
        bar.set_ticks([0, 1])
        bar.set_ticklabels(["low", "high"])
    return figure


def drawn_rows(count: int) -> np.ndarray:
    """Return the rows to draw as dots, at most ``MOST_ROWS`` of them, in random order.

    Rows of a sample layer are often ordered by label: without mixing, the last ones hide others.
    """
    return np.random.default_rng(0).permutation(count)[:MOST_ROWS]


def stacked(x: np.ndarray, width: float) -> np.ndarray:
    """Return how far each dot of a beeswarm stands above or below its line, within ±0.42.

    Parameters
    ----------
    x : (rows,) array
        SHAP values of one factor.
    width : float
        Range of the axis, divided into slots.
    """
    slots = np.floor(SLOTS * (x - x.min()) / width).astype(int)
    order = np.argsort(slots, kind="stable")
    first = np.searchsorted(slots[order], slots[order])
    layer = np.empty(len(x))
    layer[order] = np.arange(len(x)) - first
    offset = np.ceil(layer / 2) * np.where(layer % 2 == 1, 1, -1)
    # Few dots keep the distance of a dot; a dense slot is squeezed into its line.
    return offset * min(0.08, 0.42 / max(1.0, float(np.abs(offset).max())))


def shaded(values: np.ndarray) -> np.ndarray:
    """Return factor values as 0..1 between their 5th and 95th percentile (0.5: all are equal)."""
    low, high = np.nanpercentile(values, [5, 95])
    if high <= low:
        low, high = np.nanmin(values), np.nanmax(values)
    if high <= low:
        return np.full(len(values), 0.5)
    return np.clip((values - low) / (high - low), 0, 1)


def waterfall_figure(
    texts: Sequence[str],
    shap: np.ndarray,
    base: float,
    unit: str,
    most: int = MOST_NAMED,
    width: float = 8.2,
    title: str = "f(x) = {prediction} for this sample; E[f(x)] = {mean}, the mean (dashed)",
    others: str = OTHERS_TOGETHER,
) -> Figure:
    """Return how one prediction comes about: from the mean of the background to f(x).

    Parameters
    ----------
    texts : sequence of str
        Factor and its value in this row, one a factor.
    shap : (factors,) array
        SHAP values of the row.
    base : float
        E[f(x)], the mean prediction of the background rows.
    unit : str
        What is explained.
    most : int
        Factors shown one by one.
    width : float
        Inches.
    title, others : str
        With ``{prediction}`` and ``{mean}``, and with ``{count}``.
    """
    labels, steps, ends = waterfall_steps(texts, shap, base, most, others)
    figure, (ax,) = new_figure(width=width, height=1.2 + 0.32 * len(steps))
    starts, digits = ends - steps, decimals(steps)
    inside = ROOM / width
    low, high = min(ends.min(), starts.min()), max(ends.max(), starts.max())
    span = (high - low) or 1.0
    for place, (start, step) in enumerate(zip(starts, steps)):
        _arrow(ax, place, start, step, span)
        _write_step(ax, place, start, step, span, digits, inside)
        if place:  # the step below ends where this one, drawn above it, begins
            ax.plot([starts[place - 1]] * 2, [place - 0.84, place + 0.34], color=REFERENCE,
                    linewidth=0.8, linestyle=":")  # fmt: skip
    name_rows(ax, labels)
    ax.set_ylim(len(steps) - 0.3, -0.7)
    ax.set_xlim(low - 0.13 * span, high + 0.13 * span)
    ax.axvline(base, color=REFERENCE, linewidth=1.0, linestyle="--", zorder=0)
    label_axes(ax, unit[:1].upper() + unit[1:], "")
    numbers = (f"{value:.3f}".replace("-", MINUS) for value in (ends[0], base))
    text = title.format(**dict(zip(("prediction", "mean"), numbers)))
    ax.set_title(text, fontsize=10, color=INK, loc="left")
    return figure


def waterfall_steps(
    texts: Sequence[str],
    shap: np.ndarray,
    base: float,
    most: int = MOST_NAMED,
    together: str = OTHERS_TOGETHER,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return labels, steps and where each step ends, the strongest first.

    The lowest step starts from ``base``; the end of the first one is the prediction.
    """
    named, others = named_and_others(np.argsort(-np.abs(shap), kind="stable"), most)
    labels = [texts[i] for i in named]
    steps = [float(shap[i]) for i in named]
    if len(others):
        labels.append(together.format(count=len(others)))
        steps.append(float(shap[others].sum()))
    ends = base + np.cumsum(steps[::-1])[::-1]
    return labels, np.array(steps), ends


def _arrow(ax: Axes, place: int, start: float, step: float, span: float) -> None:
    head = np.sign(step) * min(abs(step), 0.012 * span)
    neck = start + step - head
    tip = start + step
    corners = [(start, -0.33), (neck, -0.33), (tip, 0), (neck, 0.33), (start, 0.33)]
    x, y = zip(*corners)
    own = RAISES if step > 0 else LOWERS
    ax.fill(x, np.add(y, place), color=own, alpha=0.9, linewidth=0, zorder=3)


def _write_step(
    ax: Axes, place: int, start: float, step: float, span: float, digits: int, inside: float
) -> None:
    text = signed(step, digits)
    if abs(step) > inside * span:
        middle = start + step / 2
        ax.text(middle, place, text, ha="center", va="center", fontsize=8.5, color="white",
                zorder=4)  # fmt: skip
        return
    side = 1 if step >= 0 else -1
    ax.annotate(
        text, (start + step, place), xytext=(4 * side, 0), textcoords="offset points",
        ha="left" if side > 0 else "right", va="center", fontsize=8.5, color=INK,
    )  # fmt: skip


def decimals(values: Sequence[float]) -> int:
    """Return decimals that show two digits of the largest value; three at least below 1."""
    largest = float(np.max(np.abs(values))) if len(values) else 0.0
    if largest == 0:
        return 3
    return int(np.clip(1 - np.floor(np.log10(largest)), 2 if largest >= 1 else 3, 6))


def signed(value: float, digits: int) -> str:
    """Return a number with its sign, the minus as long as matplotlib's."""
    return f"{value:+.{digits}f}".replace("-", MINUS)
