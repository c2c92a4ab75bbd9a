"""Figures of a gridding: the change over time, the error by date and by distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..gridding.left_out import METHODS, LeftOut
from ..gridding.summary import Gridding
from .figures import (
    INK,
    add_colour_bar,
    add_legend,
    colour,
    dash,
    label_axes,
    mark,
    new_figure,
    style_axes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_DATA = "#c3cad1"
#: Share of the cells within the ends of the colours.
COLOURED = 0.98
#: Bars of the distances of cells.
BARS = 50


class Change(Protocol):
    """Displacement between two dates: ``values``, (left, right, bottom, top) ``extent``."""

    values: np.ndarray
    extent: tuple[float, float, float, float]
    first: str
    last: str


def change_figure(change: Change, unit: str) -> tuple[Figure, dict]:
    """Return the map of displacement from the first to the last date, subsidence in red."""
    values = change.values
    left, right, bottom, top = change.extent
    height = float(np.clip(6.0 * (top - bottom) / (right - left), 2.4, 6.4))
    figure, (ax,) = new_figure(width=8.2, height=height)
    ax.grid(False)
    ax.set_facecolor(NO_DATA)
    sizes = np.abs(values[np.isfinite(values)])
    limit = float(np.quantile(sizes, COLOURED)) if len(sizes) else 1.0
    limit = limit or 1.0
    drawn = ax.imshow(
        values, cmap="RdBu", vmin=-limit, vmax=limit, extent=change.extent, interpolation="nearest"
    )
    add_colour_bar(figure, drawn, ax, "mm").ax.set_ylabel("displacement (mm)", fontsize=9)
    ax.ticklabel_format(useOffset=False, style="plain")
    ax.tick_params(labelsize=8)
    ax.locator_params(nbins=5)
    label_axes(ax, f"x ({unit})", f"y ({unit})")
    return figure, spread_columns(values)


def spread_columns(values: np.ndarray) -> dict[str, list]:
    """Return the distribution of a map's values as percentiles, which fit a table."""
    shares = np.array([0, 1, 2, 5, 10, 25, 50, 75, 90, 95, 98, 99, 100])
    known = values[np.isfinite(values)]
    found = np.percentile(known, shares) if len(known) else np.full(len(shares), np.nan)
    return {"percentile": shares.tolist(), "displacement_mm": found.tolist()}


def date_figure(errors: LeftOut) -> tuple[Figure, dict]:
    """Return the RMSE of left-out points of each method, date by date."""
    rmse, mae = errors.rmse(by_date=True), errors.mae(by_date=True)
    dates = errors.dates.astype("datetime64[D]")
    figure, (ax,) = new_figure(width=8.6, height=3.0)
    for number, method in enumerate(METHODS):
        ax.plot(
            dates.astype(object), rmse[number], color=colour(number), linestyle=dash(number),
            linewidth=1.5, label=method, marker=mark(number) if len(dates) < 3 else "",
        )  # fmt: skip
    ax.set_ylim(0, None)
    label_axes(ax, "", "RMSE (mm)")
    add_legend(ax, loc="upper left", ncol=3)
    ax.set_ylim(0, ax.get_ylim()[1] * 1.12)
    columns = {"date": [str(date) for date in dates], "values": errors.count[0].astype(int)}
    for number, method in enumerate(METHODS):
        key = method.replace(" ", "_").lower()
        columns[f"rmse_{key}"], columns[f"mae_{key}"] = rmse[number], mae[number]
    return figure, columns


def gap_figure(gaps: Mapping[str, Sequence], gridding: Gridding) -> tuple[Figure, dict]:
    """Return RMSE by the radius of the gap, above the distances of the cells of the map."""
    figure, _ = new_figure(width=8.2, height=4.2, columns=0)
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (2, 1)})
    for ax in (upper, lower):
        style_axes(ax)
    for number, method in enumerate(METHODS):
        values = np.array(gaps[f"rmse {method}"], float)
        upper.plot(
            gaps["least_distance"], values, color=colour(number), linestyle=dash(number),
            marker=mark(number), markersize=6, linewidth=1.4, label=method,
        )  # fmt: skip
    upper.set_ylim(0, 1.2 * upper.get_ylim()[1])
    label_axes(upper, "", "RMSE (mm)", "Error in gaps")
    add_legend(upper, loc="upper left", ncol=3)
    coverage = gridding.coverage
    counts = coverage.counts.reshape(BARS, -1).sum(axis=1)
    edges = coverage.edges[:: len(coverage.counts) // BARS]
    lower.stairs(
        100 * counts / max(coverage.supported, 1), edges, fill=True, color=colour(0), alpha=0.45
    )
    lower.set_xlim(-0.01 * coverage.reach, coverage.reach)
    text = f"Distance to the nearest point ({gridding.unit})"
    label_axes(lower, text, "Cells (%)", "Cells with a value")
    return figure, dict(gaps)


def bands_figure(gridding: Gridding) -> tuple[Figure, dict]:
    """Return the days between acquisitions, and where bands lie in gaps."""
    dates, steps = gridding.acquisitions, gridding.steps
    days = np.diff(dates).astype(int)
    figure, (ax,) = new_figure(width=8.6, height=2.4)
    ax.plot(
        dates[1:].astype(object), days, color=colour(0), linewidth=1.2, marker=".", markersize=4,
        label="days since the acquisition before",
    )  # fmt: skip
    if steps.gap.any():
        ax.plot(
            steps.dates[steps.gap].astype(object), np.zeros(int(steps.gap.sum())), "s",
            color=colour(1), markersize=4, clip_on=False, label="band without acquisition",
        )  # fmt: skip
    if steps.step:
        ax.axhline(steps.step, color=INK, linewidth=0.9, linestyle=":", label="step of the bands")
    ax.set_ylim(0, max(days.max() if len(days) else 1, steps.step or 0) * 1.25)
    label_axes(ax, "", "Days")
    add_legend(ax, loc="upper left", ncol=3)
    columns = {"date": [str(d) for d in dates], "days_since_before": [None, *days.tolist()]}
    return figure, columns
