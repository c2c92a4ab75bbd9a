"""Figures of the comparison: maps side by side, velocities, curves, errors by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from forecasts import Curve, skill_by_step
from land_subsidence.subsidence_plugin.engine.report.figures import (
    REFERENCE,
    add_colour_bar,
    add_legend,
    colour,
    dash,
    label_axes,
    label_panel,
    mark,
    new_figure,
    panel_grid,
)

if TYPE_CHECKING:
    from comparison import Pair
    from matplotlib.figure import Figure

#: Share of the cells within the ends of the colours.
COLOURED = 0.98
KILOMETRE = 1000.0


def maps(pair: Pair) -> tuple[Figure, dict]:
    """Return official and own velocity on one scale, and their difference on its own."""
    figure, axes = new_figure(8.6, 3.4, 3)
    limit = float(np.quantile(np.abs(pair.velocity), COLOURED))
    small = float(np.quantile(np.abs(pair.difference), COLOURED))
    x, y = ((v - v.min()) / KILOMETRE for v in (pair.x, pair.y))
    # A point stands for a cell of 100 m: as large as fits the width of the panel.
    size = (2.1 * 72 / (x.max() + 0.2) * 0.1) ** 2
    panels = (
        ("EGMS L3", pair.velocity[0], limit), ("From the two tracks", pair.velocity[1], limit),
        ("Difference", pair.difference, small),
    )  # fmt: skip
    for number, (ax, (title, values, top)) in enumerate(zip(axes, panels)):
        drawn = ax.scatter(
            x, y, c=values, cmap="RdBu", vmin=-top, vmax=top, s=size, marker="s", linewidths=0
        )
        ax.set_aspect("equal")
        ax.grid(False)
        ax.set_facecolor("#c3cad1")
        label_panel(ax, title, "km east", "km north" if number == 0 else "")
        if number:
            bar = add_colour_bar(figure, drawn, ax, "mm/yr")
            bar.ax.tick_params(labelsize=7)
    data = {
        "easting": pair.x, "northing": pair.y, "official_mm_yr": pair.velocity[0],
        "own_mm_yr": pair.velocity[1],
    }  # fmt: skip
    return figure, data


def velocities(pairs: list[Pair]) -> tuple[Figure, dict]:
    """Return own against official velocity, a panel a product, with the line of equality."""
    figure, axes = new_figure(2.87 * len(pairs), 3.0, len(pairs))
    for number, (ax, pair) in enumerate(zip(axes, pairs)):
        ends = [float(pair.velocity.min()) - 0.2, float(pair.velocity.max()) + 0.2]
        ax.plot(ends, ends, color=REFERENCE, linewidth=1.1, linestyle=":", zorder=1)
        ax.plot(*pair.velocity, ".", color=colour(number), markersize=3.5, alpha=0.6)
        ax.set_aspect("equal")
        label_panel(ax, pair.name, "EGMS L3 (mm/yr)", "own (mm/yr)" if number == 0 else "")
    names = [pair.name for pair in pairs for _ in pair.x]
    official, own = (np.concatenate([pair.velocity[i] for pair in pairs]) for i in (0, 1))
    return figure, {"product": names, "official_mm_yr": official, "own_mm_yr": own}


def examples(pair: Pair) -> tuple[Figure, dict]:
    """Return the curves of six cells chosen by rule, both products on one axis."""
    figure, axes = panel_grid(6, columns=3, height=2.1)
    dates = pair.dates.astype(object)
    data: dict[str, list] = {"cell": [], "date": [], "official_mm": [], "own_mm": []}
    for ax, (title, row) in zip(axes, chosen(pair).items()):
        official, own = pair.series[:, row]
        own = own - (own - official).mean()
        ax.plot(dates, official, color=colour(0), linewidth=1.6, label="EGMS L3")
        ax.plot(
            dates, own, color=colour(1), linestyle="--", linewidth=1.0, label="from the two tracks"
        )
        label_panel(ax, f"{title} ({pair.series_rmse[row]:.2f} mm)", "", "mm")
        data["cell"] += [title] * len(dates)
        data["date"] += [str(date) for date in pair.dates]
        data["official_mm"] += official.tolist()
        data["own_mm"] += own.tolist()
    add_legend(axes[0], loc="lower left", fontsize=7.5)
    return figure, data


def chosen(pair: Pair) -> dict[str, int]:
    """Return what six cells are examples of, and their places."""
    order = np.argsort(pair.series_rmse)
    around = pair.series[0] - pair.series[0].mean(axis=1, keepdims=True)
    return {
        "Fastest subsidence": int(np.argmin(pair.velocity[0])),
        "Fastest uplift": int(np.argmax(pair.velocity[0])),
        "Most variable": int(np.argmax(around.std(axis=1))),
        "Median agreement": int(order[len(order) // 2]),
        "Second worst": int(order[-2]),
        "Worst agreement": int(order[-1]),
    }


def support(pair: Pair, classes: dict[str, np.ndarray]) -> tuple[Figure, dict]:
    """Return differences of velocity and curves by the points in a cell, as cumulative curves."""
    figure, axes = new_figure(8.2, 3.0, 2)
    data: dict[str, list] = {"points": [], "velocity_mm_yr": [], "series_mm": []}
    for number, (title, rows) in enumerate(classes.items()):
        both = (np.sort(np.abs(pair.difference[rows])), np.sort(pair.series_rmse[rows]))
        for ax, values in zip(axes, both):
            share = 100 * (np.arange(len(values)) + 1) / len(values)
            ax.plot(
                values, share, color=colour(number), linestyle=dash(number), linewidth=1.7,
                label=f"{title} ({len(values)} cells)",
            )  # fmt: skip
        data["points"] += [title] * len(both[0])
        data["velocity_mm_yr"] += both[0].tolist()
        data["series_mm"] += both[1].tolist()
    label_axes(axes[0], "Difference of velocity (mm/yr)", "Cells with less (%)")
    label_axes(axes[1], "RMSE of the curve (mm)", "")
    add_legend(axes[1], loc="lower right", title="Points a track", title_fontsize=9)
    return figure, data


def errors(curves: dict[int, dict[str, Curve]], names: list[str]) -> tuple[Figure, dict]:
    """Return RMSE by step of some forecasts, a panel a gap.

    Parameters
    ----------
    curves : dict of int to dict of str to Curve
        By gap, then by title.
    names : list of str
        Titles drawn, the same of every gap.
    """
    figure, axes = new_figure(8.6, 3.8, len(curves))
    data: dict[str, list] = {"gap": [], "forecast": [], "step": [], "rmse_mm": []}
    for ax, (gap, found) in zip(axes, curves.items()):
        for number, name in enumerate(names):
            curve = found[name]
            steps = np.arange(1, len(curve.rmse) + 1)
            ax.plot(
                steps, curve.rmse, color=colour(number), linestyle=dash(number),
                marker=mark(number), markevery=(number, 6), markersize=4.5,
                linewidth=1.3 if curve.is_baseline else 2.0, label=name,
            )  # fmt: skip
            data["gap"] += [gap] * len(steps)
            data["forecast"] += [name] * len(steps)
            data["step"] += steps.tolist()
            data["rmse_mm"] += curve.rmse.tolist()
        label_axes(ax, "Steps ahead (6 days each)", "RMSE (mm)", f"Gap {gap}")
    top = max(ax.get_ylim()[1] for ax in axes)
    for ax in axes:
        ax.set_ylim(0, top)
    add_legend(axes[-1], loc="lower right", fontsize=8)
    return figure, data


def skills(
    simple: dict[int, dict[str, Curve]], trained: dict[int, dict[str, Curve]]
) -> tuple[Figure, dict]:
    """Return the networks' skill by step against the best simple forecast of each step."""
    figure, axes = new_figure(8.6, 3.2, len(trained))
    data: dict[str, list] = {"gap": [], "forecast": [], "step": [], "skill": []}
    for ax, (gap, curves) in zip(axes, trained.items()):
        ax.axhline(0, color=REFERENCE, linewidth=1.2, linestyle=":")
        for number, (name, curve) in enumerate(curves.items()):
            skill = skill_by_step(curve, simple[gap])
            steps = np.arange(1, len(skill) + 1)
            ax.plot(
                steps, skill, color=colour(number), linestyle=dash(number), linewidth=1.7,
                label=name,
            )  # fmt: skip
            data["gap"] += [gap] * len(steps)
            data["forecast"] += [name] * len(steps)
            data["step"] += steps.tolist()
            data["skill"] += skill.tolist()
        label_axes(ax, "Steps ahead (6 days each)", "Skill", f"Gap {gap}")
    ends = [ax.get_ylim() for ax in axes]
    for ax in axes:
        ax.set_ylim(min(low for low, _high in ends), max(high for _low, high in ends))
    add_legend(axes[-1], loc="lower right", fontsize=8)
    return figure, data
