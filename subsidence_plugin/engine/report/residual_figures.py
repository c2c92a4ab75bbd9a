"""Figures of residuals: maps on one scale, Q–Q plots with their lines and tail marks."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from ..residuals.normality import MARKS, Normality
from ..residuals.points import PointResiduals
from ..residuals.summary import Residuals
from .figures import (
    COLOURS,
    DIVERGING,
    INK,
    add_colour_bar,
    add_legend,
    colour,
    dash,
    label_axes,
    label_panel,
    mark,
    new_figure,
    panel_grid,
    style_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NO_DATA = "#c3cad1"
SIZES = "YlOrRd"
TAIL = "#7f7f7f"
#: Share of the cells within the ends of the colours; points drawn at most.
COLOURED, MOST_POINTS = 0.98, 20_000


def diagnostic_figure(residuals: Residuals) -> tuple[Figure, dict]:
    """Return map and Q–Q plot of a single forecast side by side (R, Figure 9)."""
    figure, _ = new_figure(8.6, _height(residuals, 4.4, 3.4), columns=0)
    grid = figure.add_gridspec(1, 2, width_ratios=(1.12, 1))
    limit = _limit(residuals.overview.pictures["signed"])
    left, right = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    picture = residuals.overview.pictures["signed"][0]
    drawn = _map(left, picture, residuals, DIVERGING, (-limit, limit), "(a) Signed residual")
    bar = add_colour_bar(figure, drawn, left, f"predicted − observed ({residuals.units})")
    bar.ax.yaxis.set_label_position("left")
    style_axes(right)
    found = residuals.samples[0].all.normality
    qq_plot(right, found, residuals.units)
    right.set_title("(b) Q–Q plot", fontsize=9, color=INK, loc="left", fontweight="bold")
    return figure, qq_columns(residuals.names[:1], [found])


def signed_figure(residuals: Residuals) -> tuple[Figure, dict]:
    """Return the signed residuals of several forecasts on one scale."""
    pictures = residuals.overview.pictures["signed"]
    limit = _limit(pictures)
    text = f"predicted − observed ({residuals.units})"
    figure = _panels(residuals, pictures, DIVERGING, (-limit, limit), text, False)
    return figure, percentile_columns(residuals.names, pictures)


def absolute_figure(residuals: Residuals) -> tuple[Figure, dict]:
    """Return |residual| of all forecasts on one scale (R, Figure 10), hotspots outlined."""
    pictures = residuals.overview.pictures["absolute"]
    text = f"|residual| ({residuals.units})"
    figure = _panels(residuals, pictures, SIZES, (0, _limit(pictures)), text, True)
    return figure, percentile_columns(residuals.names, pictures)


def qq_figure(names: Sequence[str], found: Sequence[Normality], units: str) -> tuple[Figure, dict]:
    """Return the Q–Q plots of several forecasts."""
    figure, axes = panel_grid(len(found), columns=2, height=3.1)
    low = min(float(own.values.min()) for own in found)
    high = max(float(own.values.max()) for own in found)
    margin = 0.04 * (high - low) if any(own.ols.slope for own in found) else 1.0
    for number, (ax, name, own) in enumerate(zip(axes, names, found)):
        qq_plot(ax, own, units, legend=number == 0)
        ax.set_ylim(low - margin, high + margin)
        ax.set_title(name, fontsize=9, color=INK, loc="left", fontweight="bold")
    return figure, qq_columns(names, found)


def qq_plot(ax: Axes, found: Normality, units: str, legend: bool = True) -> None:
    """Draw residual quantiles against normal ones, the lines, and the marks of the tails."""
    x = np.array([found.theoretical.min(), found.theoretical.max()])
    _tail_marks(ax)
    inner, outer = ~found.extreme, found.extreme
    ax.plot(found.theoretical[inner], found.values[inner], "o", color=colour(5), markersize=3,
            label="residuals", zorder=2)  # fmt: skip
    ax.plot(found.theoretical[outer], found.values[outer], "o", markerfacecolor="none",
            markeredgecolor=colour(5), markersize=4.5, label="≤ Q1 or ≥ Q99", zorder=2)  # fmt: skip
    lines = ((found.normal, "normal", COLOURS[6], "-"), (found.ols, "OLS fit", COLOURS[0], "--"),
             (found.robust, "robust fit", COLOURS[1], "-."))  # fmt: skip
    for line, text, own, how in lines:
        ax.plot(x, line.intercept + line.slope * x, color=own, linestyle=how, linewidth=1.4,
                label=text, zorder=3)  # fmt: skip
    low, high = float(found.values.min()), float(found.values.max())
    margin = 0.06 * (high - low) if found.ols.slope else 1.0
    ax.set_ylim(low - margin, high + margin)
    label_panel(ax, "", "Normal quantile", f"Residual quantile ({units})")
    if legend:
        add_legend(
            ax, loc="upper left", fontsize=7.5, handlelength=2.2, borderaxespad=0.2,
            bbox_to_anchor=(0.0, 0.84), frameon=True, facecolor="white", edgecolor="none",
        )  # fmt: skip


def _tail_marks(ax: Axes) -> None:
    """Draw a line at each mark, named where the curve is not: above on the left, below right."""
    for number, share in enumerate(MARKS):
        place, right = NormalDist().inv_cdf(share), share > 0.5
        ax.axvline(place, color=TAIL, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        step = 5 - number if right else number
        ax.text(
            place, 0.015 + 0.055 * step if right else 0.985 - 0.055 * step, f"Q{100 * share:g}",
            fontsize=7, color=INK, transform=ax.get_xaxis_transform(),
            ha="left" if right else "right", va="bottom" if right else "top",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6}, zorder=1.5,
        )  # fmt: skip


def qq_columns(names: Sequence[str], found: Sequence[Normality]) -> dict[str, list]:
    """Return the points of Q–Q plots as columns."""
    columns: dict[str, list] = {"forecast": [], "share": [], "normal_quantile": [], "residual": []}
    for name, own in zip(names, found):
        columns["forecast"] += [name] * len(own.shares)
        columns["share"] += own.shares.tolist()
        columns["normal_quantile"] += own.theoretical.tolist()
        columns["residual"] += own.values.tolist()
    return columns


def date_figure(residuals: Residuals) -> tuple[Figure, dict]:
    """Return RMSE by date of every forecast, and that of persistence from the first one."""
    figure, (ax,) = new_figure(width=8.2, height=3.0)
    labels = residuals.match.labels
    dates = residuals.match.dates
    x = np.arange(len(labels)) if dates is None else dates.astype(object)
    columns: dict[str, list] = {"date": list(labels)}
    symbol = len(labels) < 40
    for number, (name, samples) in enumerate(zip(residuals.names, residuals.samples)):
        rmse = [sample.rmse for sample in samples.by_date]
        ax.plot(x, rmse, color=colour(number), linestyle=dash(number), linewidth=1.5, label=name,
                marker=mark(number) if symbol else "", markersize=4)  # fmt: skip
        columns[f"rmse {name}"] = rmse
    baselines = [[sample.baseline_rmse for sample in samples.by_date]
                 for samples in residuals.samples]  # fmt: skip
    for number, baseline in enumerate(baselines):
        if np.isfinite(baseline).any() and baseline not in baselines[:number]:
            ax.plot(x, baseline, color=TAIL, linestyle=":", linewidth=1.6,
                    label="persistence" if number == 0 else "")  # fmt: skip
        columns[f"persistence {residuals.names[number]}"] = baseline
    ax.set_ylim(0, 1.18 * ax.get_ylim()[1])
    label_axes(ax, "", f"RMSE ({residuals.units})")
    add_legend(ax, loc="upper left", ncol=3)
    return figure, columns


def points_figure(residuals: Residuals, points: PointResiduals) -> tuple[Figure, dict]:
    """Return the signed residuals at the points, on the scale of the maps, and their Q–Q plot."""
    limit = _limit(residuals.overview.pictures["signed"])
    count = len(residuals.names)
    columns = 2
    figure, axes = panel_grid(count + (count == 1), columns, height=_height(residuals, 4.0, 3.0))
    with np.errstate(invalid="ignore"):
        mean = _mean_of_dates(points.best)
    step = max(1, -(-len(points.x) // MOST_POINTS))
    for number in range(count):
        ax = axes[number]
        own = mean[number, ::step]
        known = np.isfinite(own)
        drawn = ax.scatter(
            points.x[::step][known], points.y[::step][known], c=own[known], s=5, linewidths=0.15,
            edgecolors="#595959", cmap=DIVERGING, vmin=-limit, vmax=limit,
        )  # fmt: skip
        _frame(ax, residuals.names[number] if count > 1 else "Signed residual at the points")
        ax.set_aspect("equal")
    add_colour_bar(figure, drawn, axes[:count], f"predicted − observed ({residuals.units})")
    found = [samples.all.normality for samples in points.samples]
    if count == 1:
        qq_plot(axes[1], found[0], residuals.units)
        axes[1].set_title("Q–Q plot", fontsize=9, color=INK, loc="left", fontweight="bold")
    return figure, qq_columns(residuals.names, found)


def percentile_columns(names: Sequence[str], pictures: np.ndarray) -> dict[str, list]:
    """Return the distribution of maps as percentiles of the cells drawn."""
    shares = np.array([0, 1, 2.5, 5, 25, 50, 75, 95, 97.5, 99, 100])
    columns: dict[str, list] = {"percentile": shares.tolist()}
    for name, picture in zip(names, pictures):
        known = picture[np.isfinite(picture)]
        columns[name] = np.percentile(known, shares).tolist()
    return columns


def _mean_of_dates(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.where(known, values, 0).sum(axis=2) / np.where(known.any(axis=2), known.sum(axis=2),
                                                             np.nan)  # fmt: skip


def _panels(residuals, pictures, cmap, limits, text, spots) -> Figure:
    count = len(pictures)
    columns = 1 if count == 1 else 2 if count in (2, 4) else 3
    height = _height(residuals, 8.0 / columns, 1.7)
    if count == 1:
        figure, axes = new_figure(width=6.4, height=_height(residuals, 5.6, 2.4))
    else:
        figure, axes = panel_grid(count, columns=columns, height=height)
    for number, (ax, picture) in enumerate(zip(axes, pictures)):
        title = residuals.names[number] if count > 1 else ""
        drawn = _map(ax, picture, residuals, cmap, limits, title)
        if spots:
            _outline(ax, residuals.overview.pictures["hotspots"][number], residuals.extent)
    add_colour_bar(figure, drawn, axes, text)
    return figure


def _outline(ax: Axes, classes: np.ndarray, extent: Sequence[float]) -> None:
    """Draw a line around the cells of clusters of large errors."""
    hot = np.pad((classes >= 3).astype(float), 1)
    if not hot.any():
        return
    rows, columns = classes.shape
    across, down = (extent[1] - extent[0]) / columns, (extent[3] - extent[2]) / rows
    x = extent[0] + (np.arange(columns + 2) - 0.5) * across
    y = extent[3] - (np.arange(rows + 2) - 0.5) * down
    ax.contour(x, y, hot, levels=[0.5], colors=INK, linewidths=0.8)
    ax.set(xlim=extent[:2], ylim=extent[2:])


def _map(ax, picture, residuals, cmap, limits, title) -> object:
    _frame(ax, title)
    ax.set_facecolor(NO_DATA)
    return ax.imshow(picture, cmap=cmap, vmin=limits[0], vmax=limits[1], extent=residuals.extent,
                     interpolation="nearest")  # fmt: skip


def _frame(ax: Axes, title: str) -> None:
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines:
        ax.spines[side].set_visible(False)
    ax.set_title(title, fontsize=9, color=INK, loc="left", fontweight="bold")


def _limit(pictures: np.ndarray) -> float:
    """Return the end of the colours of all pictures."""
    sizes = np.abs(pictures[np.isfinite(pictures)])
    top = float(np.quantile(sizes, COLOURED)) if len(sizes) else 0.0
    return top or float(sizes.max(initial=0.0)) or 1.0


def _height(residuals: Residuals, width: float, least: float) -> float:
    """Return the height of a map of a width in inches, within what a page bears."""
    left, right, bottom, top = residuals.extent
    return float(np.clip(width * (top - bottom) / (right - left) + 0.3, least, 6.5))
