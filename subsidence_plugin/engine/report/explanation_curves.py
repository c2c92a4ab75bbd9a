"""Dependence plots with ICE curves (H, Appendix C) and the interaction of the two strongest.

One panel a factor: a dot is the SHAP value of a row, a thin line the ICE curve of a row, the thick
line the mean of the curves, the partial dependence. SHAP values are differences from a mean and ICE
curves are predictions, so each curve is moved up or down to run through the dot of its own row (as
the centred ICE of Goldstein et al. 2015 runs through a common point). For a model that adds up its
factors all dots and curves then lie on one line; what spreads is interaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..explanation.result import Explanation, Ice, Interaction
from .explanation_figures import OTHERS, drawn_rows, shaded
from .figures import (
    INK,
    REFERENCE,
    SEQUENTIAL,
    add_colour_bar,
    colour,
    label_panel,
    mark,
    panel_grid,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Panels of one figure: four rows of three fit a printed page.
MOST_PANELS = 12
#: Longest text of a class on an axis.
LONGEST_LABEL = 12
CONTINUOUS = "continuous"
#: Share of the curves that a panel shows whole.
INSIDE = (0.05, 0.95)
Columns = dict[str, list]


def dependence_figure(
    explanation: Explanation, ices: Sequence[Ice], ranks: Sequence[int], unit: str
) -> tuple[Figure, Columns]:
    """Return the panels of some factors, with one range of the y axis, and their data.

    Parameters
    ----------
    explanation : Explanation
    ices : sequence of Ice
        The factors to draw, at most ``MOST_PANELS``, the strongest first.
    ranks : sequence of int
        Their ranks from 1, for the panels' names.
    unit : str
        What is explained.

    Returns
    -------
    Figure
    dict
        Columns ``factor``, ``drawn`` ("SHAP", "ICE", "ICE mean"), ``sample`` (feature id), ``x``
        (factor value), ``effect`` (as drawn) and ``prediction`` (of ICE curves, as computed).
    """
    figure, axes = panel_grid(len(ices), columns=3, height=2.15)
    data: Columns = {
        key: [] for key in ("factor", "drawn", "sample", "x", "effect", "prediction")
    }  # fmt: skip
    limits = []
    for place, (ax, ice, rank) in enumerate(zip(axes, ices, ranks)):
        factor = explanation.names.index(ice.factor)
        values = np.asarray(explanation.values[:, factor], float)
        shap = explanation.shap[:, factor]
        effects = through_dots(explanation, ice)
        _draw_panel(ax, ice, values, shap, effects)
        label_panel(ax, f"{rank}. {ice.factor}", "", f"Effect ({unit})" if place % 3 == 0 else "")
        # Dots and means are always inside; a few extreme curves do not flatten all the others.
        mean = effects.mean(axis=0)
        limits += [shap.min(), shap.max(), mean.min(), mean.max(), *np.quantile(effects, INSIDE)]
        _collect(data, explanation, ice, values, shap, effects)
    low, high = min(limits), max(limits)
    for ax in axes:
        ax.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low) + 1e-12)
    return figure, data


def through_dots(explanation: Explanation, ice: Ice) -> np.ndarray:
    """Return the ICE curves moved so that each runs through the SHAP value of its own row.

    Returns
    -------
    (curves, points) array
        On the scale of SHAP values: prediction less the row's prediction plus its SHAP value.
    """
    factor = explanation.names.index(ice.factor)
    rows = np.asarray(ice.rows, int)
    shift = explanation.shap[rows, factor] - explanation.prediction[rows]
    return ice.curves + shift[:, None]


def _draw_panel(
    ax: Axes, ice: Ice, values: np.ndarray, shap: np.ndarray, effects: np.ndarray
) -> None:
    places = ice.grid if ice.kind == CONTINUOUS else np.arange(len(ice.grid))
    x = values if ice.kind == CONTINUOUS else spread(values, ice.grid)
    rows = drawn_rows(len(shap))
    ax.axhline(0, color=REFERENCE, linewidth=0.8, zorder=1)
    ax.plot(places, effects.T, color=OTHERS, alpha=min(0.35, 12 / len(effects)), linewidth=0.5,
            zorder=2)  # fmt: skip
    ax.scatter(x[rows], shap[rows], s=4, color=colour(0), alpha=0.5, linewidth=0, zorder=3)
    mean = effects.mean(axis=0)
    if ice.kind == CONTINUOUS:
        ax.plot(places, mean, color=colour(1), linewidth=1.8, zorder=4)
        return
    ax.hlines(mean, places - 0.36, places + 0.36, color=colour(1), linewidth=2.2, zorder=4)
    name_classes(ax.xaxis, ice.grid, ice.labels)


def spread(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the place of each row on an axis of classes, shifted evenly within ±0.28.

    Rows of a code that is not on the axis are NaN and so not drawn.
    """
    x = np.full(len(values), np.nan)
    for place, code in enumerate(codes):
        rows = np.flatnonzero(values == code)
        x[rows] = place + 0.56 * ((np.arange(len(rows)) * 0.618034) % 1 - 0.5)
    return x


def name_classes(axis: object, codes: np.ndarray, labels: Sequence[str]) -> None:
    """Write classes at 0, 1, 2, … of an axis: short texts if all have one, else the codes."""
    texts = [f"{code:g}" for code in codes]
    is_named = len(labels) == len(codes) and all(labels)
    if is_named and max(map(len, labels)) <= LONGEST_LABEL:
        texts = list(labels)
    step = -(-len(codes) // 10)
    axis.set_ticks(np.arange(len(codes))[::step])
    size = 8 if sum(map(len, texts)) < 24 else 6.5
    axis.set_ticklabels(texts[::step], fontsize=size)
    if axis.axis_name == "x" and sum(map(len, texts[::step])) > 34:
        for text in axis.get_ticklabels():
            text.set(rotation=35, ha="right", rotation_mode="anchor")


def _collect(
    data: Columns,
    explanation: Explanation,
    ice: Ice,
    values: np.ndarray,
    shap: np.ndarray,
    effects: np.ndarray,
) -> None:
    ids = np.arange(len(shap)) if explanation.ids is None else np.asarray(explanation.ids)
    points = len(ice.grid)
    blocks = (
        ("SHAP", ids, values, shap, np.full(len(shap), np.nan)),
        ("ICE", np.repeat(ids[ice.rows], points), np.tile(ice.grid, len(ice.rows)),
         effects.ravel(), ice.curves.ravel()),
        ("ICE mean", np.full(points, ""), ice.grid, effects.mean(axis=0), ice.mean),
    )  # fmt: skip
    for drawn, sample, x, effect, prediction in blocks:
        data["factor"] += [ice.factor] * len(x)
        data["drawn"] += [drawn] * len(x)
        data["sample"] += sample.tolist()
        data["x"] += x.tolist()
        data["effect"] += effect.tolist()
        data["prediction"] += prediction.tolist()


def interaction_figure(
    explanation: Explanation, interaction: Interaction, unit: str
) -> tuple[Figure, Columns]:
    """Return the interaction of two factors by row, and the mean prediction over both.

    Left: what the pair adds beyond the sum of its parts, against the first factor and coloured
    by the second. Right: two-way partial dependence, with the explained rows as dots: where none
    lie, the model extrapolates.

    Returns
    -------
    Figure
    dict
        Columns ``drawn`` ("interaction", "mean prediction"), ``first``, ``second``, ``value``.
    """
    figure, (left, right) = panel_grid(2, columns=2, height=3.6)
    pair = [explanation.names.index(name) for name in (interaction.first, interaction.second)]
    values = [np.asarray(explanation.values[:, index], float) for index in pair]
    kinds = [explanation.kinds[index] for index in pair]
    grids = (interaction.first_grid, interaction.second_grid)
    labels = (interaction.first_labels, interaction.second_labels)
    own = [_on_axis(*each) for each in zip(kinds, values, grids)]
    left.axhline(0, color=REFERENCE, linewidth=0.9)
    has_order = bool(explanation.ordered[pair[1]])
    _by_second(figure, left, own[0], interaction, values[1], has_order, labels[1])
    label_panel(
        left,
        f"By row, coloured by {interaction.second}",
        interaction.first,
        f"Interaction ({unit})",
    )
    drawn = _surface(right, interaction.surface, kinds, grids)
    right.scatter(*own, s=4, color="white", edgecolor=INK, linewidth=0.3, alpha=0.8)
    label_panel(right, "Mean over the background", interaction.first, interaction.second)
    add_colour_bar(figure, drawn, right, unit.capitalize())
    for axis, kind, grid, text in zip(
        (left.xaxis, right.xaxis, right.yaxis), (kinds[0], *kinds), (grids[0], *grids),
        (labels[0], *labels),
    ):  # fmt: skip
        if kind != CONTINUOUS:
            name_classes(axis, grid, text)
    first, second = (grid.ravel() for grid in np.meshgrid(*grids, indexing="ij"))
    return figure, {
        "drawn": ["interaction"] * len(explanation) + ["mean prediction"] * len(first),
        "first": np.concatenate([values[0], first]).tolist(),
        "second": np.concatenate([values[1], second]).tolist(),
        "value": np.concatenate([interaction.values, interaction.surface.ravel()]).tolist(),
    }


def _on_axis(kind: str, values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    return values if kind == CONTINUOUS else spread(values, grid)


def _by_second(
    figure: Figure, ax: Axes, x: np.ndarray, interaction: Interaction, second: np.ndarray,
    has_order: bool, labels: Sequence[str],
) -> None:  # fmt: skip
    y = interaction.values
    if has_order:
        drawn = ax.scatter(x, y, c=shaded(second), cmap=SEQUENTIAL, vmin=0, vmax=1, s=9,
                           linewidth=0)  # fmt: skip
        bar = add_colour_bar(figure, drawn, ax, "")
        bar.set_ticks([0, 1])
        bar.set_ticklabels(["low", "high"])
        return
    for place, code in enumerate(interaction.second_grid):
        rows = second == code
        known = labels[place] if place < len(labels) else ""
        text = known if known and len(known) <= 2 * LONGEST_LABEL else f"{code:g}"
        ax.scatter(x[rows], y[rows], s=10, color=colour(place), marker=mark(place), linewidth=0,
                   alpha=0.7, label=text)  # fmt: skip
    ax.legend(fontsize=7, frameon=False, title=interaction.second, title_fontsize=8, ncol=2)


def _surface(
    ax: Axes, surface: np.ndarray, kinds: Sequence[str], grids: Sequence[np.ndarray]
) -> object:
    x, y = (
        grid if kind == CONTINUOUS else np.arange(len(grid)) for kind, grid in zip(kinds, grids)
    )
    ax.grid(False)
    ax.tick_params(colors=INK)
    return ax.pcolormesh(x, y, surface.T, cmap=SEQUENTIAL, shading="nearest")
