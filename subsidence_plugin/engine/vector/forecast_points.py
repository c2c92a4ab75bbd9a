"""InSAR points for forecasters: as nodes of a graph, or to score forecasts of a grid at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..forecasting.area import Area
from ..forecasting.future import as_days
from ..forecasting.graph import groups, nearest_distance
from ..forecasting.window import step_in_time
from ..naive.fill import Filled, fill
from ..progress import Progress
from ..raster.forecast_areas import LEVEL_BYTES, covariate_entry, open_covariate_stack
from ..raster.grid import Grid
from ..raster.sample import sample_cells
from .metric_crs import metric_crs
from .read import transform_points
from .series_layer import SeriesLayer, read_series

WHAT = "The InSAR layer (POINTS)"
#: Points of an area: what is computed at once.
AREA_POINTS = 16_384


@dataclass
class PointAreas:
    """Points as nodes, in compact groups of at most ``AREA_POINTS``.

    ``cell_size`` is the median distance to the nearest other point in metres, ``points`` the
    number of those taken, ``share`` that of all with enough values, ``dates`` datetime64[D].
    """

    areas: list[Area]
    cell_size: float
    crs: str
    dates: np.ndarray
    covariates: list[dict[str, Any]] = field(default_factory=list)
    points: int = 0
    share: float = 1.0
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoredPoints:
    """Series of points on a grid, at the dates of its stack.

    ``row`` and ``column`` are places in cells, counted from the corner of the grid; ``levels`` and
    ``observed`` are (points, dates).
    """

    row: np.ndarray
    column: np.ndarray
    levels: np.ndarray
    observed: np.ndarray


def read_node_points(points: str, progress: Progress) -> SeriesLayer:
    """Read the layer ``POINTS``."""
    return read_series(points, WHAT, progress.check)


def node_areas(
    layer: SeriesLayer, covariates: Optional[str], seed: int, progress: Progress
) -> PointAreas:
    """Return the points as nodes with places in metres.

    Parameters
    ----------
    layer : SeriesLayer
    covariates : str, optional
        Raster stack, read at the cells that hold the points.
    seed : int
        Of the choice of groups where not all fit into memory.
    progress : Progress

    Raises
    ------
    InputError
        No point has enough values, the layer has no CRS, or the covariates do not fit.
    """
    crs = metric_crs(layer.crs, layer.x, layer.y, WHAT)
    x, y = transform_points(layer.x, layer.y, layer.crs, crs, WHAT, "The graph")
    filled = fill(layer.series)
    keep = filled.keep & np.isfinite(x) & np.isfinite(y)
    static, names, path = np.zeros((len(x), 0), np.float32), [], ""
    if covariates:
        raster = open_covariate_stack(covariates)
        names, path = raster.names, covariates
        static = _at_points(layer, raster, progress)
        keep &= np.isfinite(static).all(axis=1)
    index = np.flatnonzero(keep)
    if not len(index):
        raise InputError(
            f"No point of POINTS has a value in all bands of '{covariates}' (COVARIATES); check "
            "the place and the CRS of both."
        )
    static = static[index]
    entries = [covariate_entry(n, static[:, i].astype(float), path) for i, n in enumerate(names)]
    for place, entry in enumerate(entries):
        static[:, place] = (static[:, place] - entry["mean"]) / entry["std"]
    xy = np.column_stack([x[index], y[index]])
    days = as_days(layer.dates)
    areas = [_area(part, index, filled, xy, static, days) for part in _chosen(xy, len(days), seed)]
    taken = sum(len(area.mask) for area in areas)
    return PointAreas(
        areas, nearest_distance(xy), crs, layer.dates, entries, taken, taken / len(index),
        layer.metadata,
    )  # fmt: skip


def _chosen(xy: np.ndarray, dates: int, seed: int) -> list[np.ndarray]:
    """Return compact groups in random order, as many as fit into memory."""
    parts = list(groups(xy, AREA_POINTS))
    most, taken, found = max(LEVEL_BYTES // (4 * dates), AREA_POINTS), 0, []
    for place in np.random.default_rng(seed).permutation(len(parts)):
        taken += len(parts[place])
        if found and taken > most:
            break
        found.append(parts[place])
    return found


def _area(
    part: np.ndarray, index: np.ndarray, filled: Filled, xy: np.ndarray, static: np.ndarray,
    days: np.ndarray,
) -> Area:  # fmt: skip
    """Return a group of the points, which stand at ``index`` in the layer."""
    own = index[part]
    return Area(
        levels=np.ascontiguousarray(filled.levels[own].T),
        mask=np.ones(len(own), bool),
        days=days,
        static=np.ascontiguousarray(static[part].T),
        xy=xy[part],
        observed=np.ascontiguousarray(filled.observed[own].T),
    )


def _at_points(layer: SeriesLayer, raster, progress: Progress) -> np.ndarray:
    """Return the bands at the cells that hold the points, NaN outside."""
    x, y = transform_points(
        layer.x, layer.y, layer.crs, raster.grid.crs, WHAT, "The raster (COVARIATES)"
    )
    rows, columns, inside = raster.grid.cells(x, y)
    values = np.full((len(x), len(raster.bands)), np.nan, np.float32)
    values[inside] = sample_cells(raster, rows[inside], columns[inside], progress, 1)
    return values


def points_on_grid(
    layer: SeriesLayer, grid: Grid, dates: np.ndarray, gaps: np.ndarray
) -> Optional[ScoredPoints]:
    """Return the points on a grid with their values at its dates; None where there is none.

    Parameters
    ----------
    layer : SeriesLayer
    grid : Grid
    dates : (dates,) array of datetime64[D]
        Of the stack; a date that the points lack is filled and never a target.
    gaps : (dates,) array of bool
        Dates of the stack at which nothing was measured: series are interpolated there, as the
        stack's are, and they are no targets.
    """
    x, y = transform_points(layer.x, layer.y, layer.crs, grid.crs, WHAT, "The stack (INPUT)")
    inside = grid.cells(x, y)[2] & np.isfinite(x) & np.isfinite(y)
    common, own, other = np.intersect1d(dates, layer.dates, return_indices=True)
    if not inside.any() or len(common) < (~gaps).sum() / 2:
        return None
    values = np.full((int(inside.sum()), len(dates)), np.nan, np.float32)
    between = step_in_time(layer.series[inside], as_days(layer.dates), as_days(dates[gaps]))
    values[:, gaps] = between
    values[:, own] = layer.series[inside][:, other]
    known = len(np.union1d(own, np.flatnonzero(gaps)))
    try:
        filled = fill(values, 1 - 0.75 * known / len(dates))
    except InputError:
        return None
    observed = filled.observed & ~gaps
    keep = filled.keep
    column, row = grid.fractional_cells(x[inside][keep], y[inside][keep])
    return ScoredPoints(row, column, filled.levels[keep], observed[keep])
