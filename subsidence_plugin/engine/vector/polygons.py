"""Polygons as rings of coordinates, and as the cells of a grid that they cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from osgeo import gdal, ogr

from ..errors import InputError
from ..progress import Progress
from ..raster.gdal_calls import failures_raise
from ..raster.grid import Grid
from .burn_layer import BurnLayer
from .read import Features, spatial_reference, transform_points

#: Side of the windows in which polygons are burned.
WINDOW = 1024


def rings_of(
    features: Features, target_crs: str, what: str, target: str = "The raster"
) -> list[list[np.ndarray]]:
    """Return, a polygon part at a time, its rings as (n, 2) coordinates in ``target_crs``.

    The first ring is the outer one; multipolygons give one entry a part, curves are linearised.

    Parameters
    ----------
    features : Features
        With ``wkb`` of polygons.
    target_crs : str
        WKT.
    what, target : str
        Name the two layers in an error.
    """
    parts = []
    for wkb in features.wkb:
        geometry = ogr.CreateGeometryFromWkb(wkb)
        if geometry.HasCurveGeometry():
            geometry = geometry.GetLinearGeometry()
        flat = ogr.GT_Flatten(geometry.GetGeometryType())
        single = [geometry] if flat == ogr.wkbPolygon else [
            geometry.GetGeometryRef(i) for i in range(geometry.GetGeometryCount())
        ]  # fmt: skip
        for part in single:
            rings = [part.GetGeometryRef(i).GetPoints(2) for i in range(part.GetGeometryCount())]
            parts.append([np.array(ring, dtype=float) for ring in rings if ring])
    parts = [rings for rings in parts if rings]
    if not parts:
        return []
    flat_xy = np.concatenate([ring for rings in parts for ring in rings])
    x, y = transform_points(flat_xy[:, 0], flat_xy[:, 1], features.crs, target_crs, what, target)
    moved, start = np.column_stack([x, y]), 0
    for rings in parts:
        for index, ring in enumerate(rings):
            rings[index] = moved[start : start + len(ring)]
            start += len(ring)
    return [rings for rings in parts if np.isfinite(rings[0]).all()]


def inner_points(features: Features) -> tuple[np.ndarray, np.ndarray]:
    """Return one point inside each polygon (NaN where the polygon is invalid), in its own CRS."""
    points = []
    for wkb in features.wkb:
        gdal.PushErrorHandler("CPLQuietErrorHandler")  # a broken ring has no inner point
        try:
            geometry = ogr.CreateGeometryFromWkb(wkb)
            point = geometry.PointOnSurface() if geometry is not None else None
        except RuntimeError:
            point = None
        finally:
            gdal.PopErrorHandler()
        empty = point is None or point.IsEmpty()
        points.append((np.nan, np.nan) if empty else (point.GetX(), point.GetY()))
    xy = np.array(points, dtype=float).reshape(-1, 2)
    return xy[:, 0], xy[:, 1]


def cells_of_polygons(
    features: Features, labels: np.ndarray, grid: Grid, progress: Progress, what: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, columns and labels of the cells that polygons cover, each cell once.

    A cell belongs to a polygon when its centre lies inside; the cell of a point inside the
    polygon always does, so that a polygon smaller than a cell is not lost. Where polygons of
    both labels meet, 1 wins.

    Parameters
    ----------
    features : Features
        Polygons in any CRS.
    labels : 1d-array of int
        0 or 1 a polygon.
    grid : Grid
    progress : Progress
    what : str
        Names the layer in an error.
    """
    layer = _burn_layer(features, labels, grid, what)
    x, y = inner_points(features)
    x, y = transform_points(
        np.nan_to_num(x, nan=1e300), np.nan_to_num(y, nan=1e300), features.crs, grid.crs, what
    )
    rows, columns, inside = grid.cells(x, y)
    found = [(rows[inside], columns[inside], np.asarray(labels)[inside])]
    windows = _touched_windows(layer.envelopes, grid)
    _log_outside(layer.envelopes, grid, progress)
    for number, window in enumerate(windows):
        burned = layer.read(window)
        r, c = np.nonzero(~np.isnan(burned))
        found.append((r + window[1], c + window[0], burned[r, c]))
        progress((number + 1) / len(windows))
    layer.close()
    rows, columns, values = (np.concatenate(part).astype(np.int64) for part in zip(*found))
    # Presence first, so that the first of several in a cell is the label that stays.
    order = np.argsort(-values, kind="stable")
    cell = (rows * grid.width + columns)[order]
    first = np.sort(np.unique(cell, return_index=True)[1])
    keep = order[first]
    return rows[keep], columns[keep], values[keep]


def _burn_layer(features: Features, labels: np.ndarray, grid: Grid, what: str) -> BurnLayer:
    """Return the polygons in the grid's CRS, those of label 1 last, so that they win."""
    source = spatial_reference(features.crs, what)
    target = spatial_reference(grid.crs, "The raster")
    same, layer = source.IsSame(target), BurnLayer(grid)
    for index in np.argsort(labels, kind="stable"):
        geometry = ogr.CreateGeometryFromWkb(features.wkb[index])
        geometry.AssignSpatialReference(source)
        with failures_raise(f"{what} cannot be transformed to the raster's CRS"):
            if not same and geometry.TransformTo(target) != 0:
                raise InputError(f"{what} cannot be transformed to the raster's CRS; reproject it.")
        layer.add(geometry, labels[index])
    return layer


def _corners(envelope: Sequence[float], grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return fractional columns and rows of the corners of a bounding box."""
    left, right, bottom, top = envelope
    corners = np.array([(left, bottom), (left, top), (right, bottom), (right, top)])
    return grid.fractional_cells(corners[:, 0], corners[:, 1])


def _touches(columns: np.ndarray, rows: np.ndarray, grid: Grid) -> bool:
    before = columns.max() < 0 or rows.max() < 0
    return not (before or columns.min() >= grid.width or rows.min() >= grid.height)


def _log_outside(envelopes: Sequence, grid: Grid, progress: Progress) -> None:
    outside = sum(not _touches(*_corners(envelope, grid), grid) for envelope in envelopes)
    if outside:
        progress.info(f"{outside} of {len(envelopes)} polygons lie outside the raster.")


def _touched_windows(envelopes: Sequence, grid: Grid) -> list[tuple[int, int, int, int]]:
    """Return the windows of the grid that the bounding box of some polygon touches."""
    touched = set()
    for envelope in envelopes:
        columns, rows = _corners(envelope, grid)
        if not _touches(columns, rows, grid):
            continue
        first_column, last_column = _limits(columns, grid.width)
        first_row, last_row = _limits(rows, grid.height)
        touched.update(
            (r, c)
            for r in range(first_row // WINDOW, last_row // WINDOW + 1)
            for c in range(first_column // WINDOW, last_column // WINDOW + 1)
        )
    return [
        (
            c * WINDOW,
            r * WINDOW,
            min(WINDOW, grid.width - c * WINDOW),
            min(WINDOW, grid.height - r * WINDOW),
        )
        for r, c in sorted(touched)
    ]


def _limits(values: np.ndarray, size: int) -> tuple[int, int]:
    return int(np.clip(values.min(), 0, size - 1)), int(np.clip(values.max(), 0, size - 1))
