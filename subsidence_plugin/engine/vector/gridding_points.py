"""The points of a deformation stack: read, brought to the grid's CRS, related to a reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..gridding.reference import inside_parts, mean_inside, medians, remove_level
from ..insar.dates import describe_dates
from ..progress import Progress
from ..raster.grid import Grid
from ..raster.point_grid import grid_over_points, projected_crs
from ..raster.target_grid import crs_name
from .polygons import rings_of
from .read import read_features, spatial_reference, transform_points
from .series_layer import SeriesLayer, read_series

WHAT = "The InSAR layer (INPUT)"


def points_and_grid(
    points: str,
    resolution: float,
    extent: Optional[Sequence[Any]],
    crs: Optional[str],
    progress: Progress,
) -> tuple[SeriesLayer, Grid]:
    """Return the points in the CRS of the grid, and the grid.

    Parameters
    ----------
    points : str
        Layer with a field a date.
    resolution : float
        Side of a cell in map units.
    extent : (x minimum, y minimum, x maximum, y maximum, WKT), optional
    crs : str, optional
        WKT.
    progress : Progress
    """
    layer = read_series(points, WHAT, progress.check)
    wkt = projected_crs(layer.crs, layer.x, layer.y, crs, WHAT)
    layer.x, layer.y = transform_points(layer.x, layer.y, layer.crs, wkt, WHAT, "The grid")
    if wkt != layer.crs:
        progress.info(f"The points are brought to {crs_name(wkt)}, the CRS of the grid.")
    layer.crs = wkt
    kept = np.isfinite(layer.x) & np.isfinite(layer.y)
    if not kept.all():
        progress.warn(f"{(~kept).sum()} points have no place in this CRS and are left out.")
        layer = _chosen(layer, kept)
    if not len(layer):
        raise InputError("No point has a place in the CRS of the grid; choose another CRS.")
    grid = grid_over_points(layer.x, layer.y, wkt, resolution, extent)
    progress.info(
        f"{len(layer):,} points with {describe_dates(layer.dates)}; grid of {grid.width} × "
        f"{grid.height} cells of {resolution:g} {unit_of(wkt)}."
    )
    progress(1)
    return layer, grid


def unit_of(crs: str) -> str:
    """Return the unit of the map: m, or its name where it is another."""
    unit = spatial_reference(crs, WHAT).GetLinearUnitsName()
    return "m" if unit.casefold() in ("metre", "meter", "m") else unit


def _chosen(layer: SeriesLayer, keep: np.ndarray) -> SeriesLayer:
    """Return the layer with some of its points, without other columns than the series."""
    return SeriesLayer(
        layer.crs, layer.x[keep], layer.y[keep], layer.dates, layer.series[keep], {},
        layer.metadata,
    )  # fmt: skip


def take_reference_off(
    layer: SeriesLayer, reference: Optional[str], median: bool, progress: Progress
) -> str:
    """Take the reference off all points, in place; return what was taken off in words.

    Parameters
    ----------
    layer : SeriesLayer
    reference : str, optional
        Polygons: the mean of the points inside is taken off at each date.
    median : bool
        Take off the median of all points at each date.
    progress : Progress
    """
    if median:
        level = medians(layer.series)
        text = f"median of all {len(layer):,} points"
    elif reference:
        features = read_features(reference, [])
        if features.geometry != "polygon":
            raise InputError("REFERENCE holds no polygons; choose a polygon layer.")
        parts = rings_of(features, layer.crs, "The layer in REFERENCE", "The grid")
        inside = inside_parts(layer.x, layer.y, parts)
        level = mean_inside(layer.series, inside, layer.dates)
        text = f"mean of the {int(inside.sum()):,} points in the reference area"
    else:
        return ""
    remove_level(layer.series, level)
    size = level[np.isfinite(level)]
    progress.info(f"Taken off at each date: the {text}, {size.min():.1f} to {size.max():.1f} mm.")
    return text


def within_reach(layer: SeriesLayer, grid: Grid, reach: float, progress: Progress) -> SeriesLayer:
    """Return the points at most ``reach`` map units outside the grid.

    Raises
    ------
    InputError
        There are none.
    """
    x0, y0, x1, y1 = grid.bounds
    near = (layer.x >= x0 - reach) & (layer.x <= x1 + reach)
    near &= (layer.y >= y0 - reach) & (layer.y <= y1 + reach)
    if not near.any():
        box = ", ".join(
            f"{v:.6g}" for v in (layer.x.min(), layer.y.min(), layer.x.max(), layer.y.max())
        )
        raise InputError(
            f"No point lies within MAX_DISTANCE ({reach:g} map units) of EXTENT; the points lie "
            f"in {box} (x and y minimum, x and y maximum in the CRS of the grid)."
        )
    if near.all():
        return layer
    progress.info(f"{near.sum():,} of {len(layer):,} points lie within reach of EXTENT.")
    return _chosen(layer, near)
