"""Figures of ``comparemodels``: forest plot and violin plots (R, Figures 4 and 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..comparison.compare import Comparison
from ..comparison.runs import Group, Runs
from .charts import forest_plot, violin_plot
from .comparison_names import (
    decimals,
    group_names,
    pair_names,
    short_configurations,
    shortened,
    signed,
)
from .figures import FAINT, INK, PAGE_WIDTH, add_legend, colour, label_panel, new_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: R marks significant comparisons with a red dot.
SIGNIFICANT = "#c62828"
#: Groups beside each other from which a panel takes the whole width.
MANY_GROUPS = 5


def forest_figure(comparisons: Sequence[Comparison]) -> Figure:
    """Return gains with their intervals, a panel a metric and a row a comparison (R, Figure 4)."""
    from matplotlib.ticker import MaxNLocator

    names, _sides = pair_names(comparisons)
    metrics = list(dict.fromkeys(c.metric for c in comparisons))
    panels = {metric: [c for c in comparisons if c.metric == metric] for metric in metrics}
    heights = [0.85 + 0.27 * len(rows) for rows in panels.values()]
    figure, _ = new_figure(PAGE_WIDTH, sum(heights), columns=0)
    grid = figure.add_gridspec(len(panels), 1, height_ratios=heights)
    for place, (metric, rows) in enumerate(panels.items()):
        ax = figure.add_subplot(grid[place])
        style_axes(ax)
        own = [names[(c.a, c.b)] for c in rows]
        # without a test (no variation) the interval is the difference itself
        low = [c.gain if np.isnan(c.low) else c.low for c in rows]
        high = [c.gain if np.isnan(c.high) else c.high for c in rows]
        forest_plot(ax, own, [c.gain for c in rows], low, high, [bool(c.significant) for c in rows])
        ax.xaxis.set_major_locator(MaxNLocator(6))
        better = "larger" if rows[0].larger else "smaller"
        label_panel(ax, f"{metric} ({better} is better)")
        _write_numbers(ax, rows, decimals([*low, *high]))
    return figure


def _write_numbers(ax: Axes, rows: Sequence[Comparison], digits: int) -> None:
    """Write gain, interval, adjusted p and bound to the right of each row, under their heads."""
    from matplotlib.transforms import ScaledTranslation

    side = ax.twinx()
    side.set_ylim(ax.get_ylim())
    for spine in side.spines.values():
        spine.set_visible(False)
    texts = [_numbers(c, digits) for c in rows]
    wide = max(len(text[1]) for text in texts)
    lines = [
        f"{gain:>8} {interval:<{wide}} {p:>7} {bound:>8}" for gain, interval, p, bound in texts
    ]
    head = f"{'gain':>8} {'interval':<{wide}} {'p':>7} {'bound':>8}"
    side.set_yticks([-0.85, *range(len(rows))])
    side.set_yticklabels([head, *lines], fontsize=7.5, family="DejaVu Sans Mono", color=INK)
    side.set_ylim(ax.get_ylim()[0], ax.get_ylim()[1] - 0.5)
    ax.set_ylim(side.get_ylim())
    side.tick_params(axis="y", length=0, pad=12)
    beside = ScaledTranslation(7 / 72, 0, ax.figure.dpi_scale_trans)
    for place, c in enumerate(rows):
        if c.significant:
            side.plot(
                1, place, "o", color=SIGNIFICANT, markersize=5, clip_on=False,
                transform=side.get_yaxis_transform() + beside,
            )  # fmt: skip


def _numbers(c: Comparison, digits: int) -> tuple[str, str, str, str]:
    """Return gain, interval, adjusted p and bound as text."""
    gain = signed(c.gain, digits)
    if c.significant is None:
        return gain, "no variation", "–", "–"
    p = "<0.001" if c.p_adjusted < 0.001 else f"{c.p_adjusted:.3f}"
    bound = signed(c.bound, digits) if c.bound else "0"
    return gain, f"[{signed(c.low, digits)}, {signed(c.high, digits)}]", p, bound


def forest_columns(comparisons: Sequence[Comparison]) -> dict[str, list]:
    """Return what the forest plot shows, as columns."""
    names, _sides = pair_names(comparisons)
    return {
        "metric": [c.metric for c in comparisons],
        "comparison": [names[(c.a, c.b)] for c in comparisons],
        "gain": [c.gain for c in comparisons],
        "ci_low": [c.low for c in comparisons],
        "ci_high": [c.high for c in comparisons],
        "bound": [c.bound for c in comparisons],
        "gain_percent": [c.percent(c.gain) for c in comparisons],
        "p_adjusted": [c.p_adjusted for c in comparisons],
    }


def relative_figure(comparisons: Sequence[Comparison]) -> Figure:
    """Return gains in percent of the reference's mean, bars of the metrics by model (R, 3 d)."""
    names, _sides = pair_names(comparisons)
    pairs = list(names)
    metrics = list(dict.fromkeys(c.metric for c in comparisons))
    figure, (ax,) = new_figure(min(PAGE_WIDTH, 2.6 + 1.1 * len(pairs)), 3.0)
    wide = 0.8 / len(metrics)
    for c in comparisons:
        index = metrics.index(c.metric)
        place = pairs.index((c.a, c.b)) + (index - (len(metrics) - 1) / 2) * wide
        ax.bar(place, c.percent(c.gain), 0.9 * wide, color=colour(index), alpha=0.8,
               label=c.metric if (c.a, c.b) == pairs[0] else "")  # fmt: skip
        ends = [c.percent(c.low), c.percent(c.high)]
        ax.plot([place, place], ends, color=INK, linewidth=1.2)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set_xticks(range(len(pairs)))
    ax.set_xticklabels([shortened(text, 24).replace(" ", "\n", 1) for text in names.values()])
    ax.grid(False, axis="x")
    label_panel(ax, "", y="Gain (% of the mean)")
    add_legend(ax, fontsize=8)
    return figure


def violin_figure(runs: Runs, paired: bool) -> Figure:
    """Return the distribution of each metric over the runs, a violin a group (R, Figure 3 a-c).

    Parameters
    ----------
    runs : Runs
    paired : bool
        Configurations of a model stand side by side in one band, told apart by colour.
    """
    groups = sorted(runs.groups, key=lambda g: _order(runs, g.model)) if paired else runs.groups
    columns = 1 if len(groups) > MANY_GROUPS else min(2, len(runs.metrics))
    rows = -(-len(runs.metrics) // columns)
    width = PAGE_WIDTH if columns == 2 else min(PAGE_WIDTH, 2.4 + 0.9 * len(groups))
    figure, _ = new_figure(width, 2.7 * rows, columns=0)
    for place, metric in enumerate(runs.metrics):
        ax = figure.add_subplot(rows, columns, place + 1)
        style_axes(ax)
        label_panel(ax, metric)
        _violins(ax, groups, runs.values, metric, paired)
        if paired and place == 0:
            add_legend(ax, fontsize=8, loc="best")
    return figure


def _order(runs: Runs, model: str) -> int:
    return next(i for i, group in enumerate(runs.groups) if group.model == model)


def _violins(
    ax: Axes, groups: Sequence[Group], values: Mapping[Group, Mapping], metric: str, paired: bool
) -> None:
    names = group_names(groups)
    kinds = list(dict.fromkeys(group.configuration for group in groups))
    short = short_configurations(kinds)
    colours = [colour(kinds.index(group.configuration) if paired else 0) for group in groups]
    shown = {shortened(names[group], 30): values[group][metric] for group in groups}
    if len(shown) < len(groups):  # names cut alike
        shown = {f"{i + 1} {shortened(names[g], 28)}": values[g][metric]
                 for i, g in enumerate(groups)}  # fmt: skip
    violin_plot(ax, shown, colours)
    if not paired:
        return
    models = list(dict.fromkeys(group.model for group in groups))
    middles = []
    for number, model in enumerate(models):
        own = [i for i, group in enumerate(groups) if group.model == model]
        middles.append(float(np.mean(own)))
        if number % 2 == 0:
            ax.axvspan(own[0] - 0.5, own[-1] + 0.5, color=FAINT, alpha=0.45, linewidth=0, zorder=0)
    ax.set_xticks(middles)
    ax.set_xticklabels([shortened(model, 24).replace(" ", "\n", 1) for model in models],
                       rotation=0, ha="center", fontsize=8.5)  # fmt: skip
    for index, kind in enumerate(kinds):
        ax.plot([], [], "s", color=colour(index), alpha=0.5, label=shortened(short[kind] or "–"))


def violin_columns(runs: Runs) -> dict[str, list]:
    """Return every value that the violin plots show, as columns."""
    rows = [
        (metric, group.model, group.configuration, float(value))
        for metric in runs.metrics
        for group in runs.groups
        for value in runs.values[group][metric]
    ]
    return dict(zip(("metric", "model", "configuration", "value"), map(list, zip(*rows))))
