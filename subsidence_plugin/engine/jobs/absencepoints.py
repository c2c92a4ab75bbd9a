"""Job ``absencepoints``: adds points without subsidence to an inventory of subsidence."""

from __future__ import annotations

import json
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.grid import Grid
from ..raster.read import Raster
from ..sampling.absence import Choice, Presence, choose_absence
from ..sampling.labels import LABEL
from ..sampling.polygons import inside_polygons
from ..styles import write_style
from ..vector.absence_area import WHAT, AbsenceArea
from ..vector.inventory import only_presence, read_inventory
from ..vector.metric_crs import metric_crs
from ..vector.polygons import cells_of_polygons, inner_points, rings_of
from ..vector.read import Features, transform_points
from ..vector.write import write_points


def run(
    progress: Progress,
    presence: str,
    output: str,
    candidates: Optional[str] = None,
    mask: Optional[str] = None,
    mask_polygons: Optional[str] = None,
    ratio: float = 1.0,
    min_distance: float = 0.0,
    spacing: float = 0.0,
    polygon_spacing: Optional[float] = None,
    seed: int = 42,
) -> dict[str, Any]:
    """Write the presence points (``label`` 1) and absence points chosen at random (``label`` 0).

    Parameters
    ----------
    progress : Progress
    presence : str
        Points, multipoints or polygons of subsidence.
    output : str
    candidates : str, optional
        Points to choose from, for example stable InSAR points.
    mask, mask_polygons : str, optional
        Raster, or polygons, inside which absence points must lie.
    ratio : float
        Absence points a presence point.
    min_distance, spacing : float
        Least distance to presence and between absence points, in map units of ``presence``
        (metres where that is in degrees).
    polygon_spacing : float, optional
        Presence polygons become points on a square grid of this spacing; default the cells of
        the mask raster, else one point a polygon.
    seed : int
    """
    for name, value, low in (
        ("RATIO", ratio, "greater than 0"),
        ("MIN_DISTANCE", min_distance, "0 or more"),
        ("SPACING", spacing, "0 or more"),
    ):
        if not np.isfinite(value) or value < 0 or (name == "RATIO" and value == 0):
            raise InputError(f"{name} is {value:g}; it must be {low}.")
    with Outputs(output, inputs=[presence, candidates, mask, mask_polygons]) as outputs:
        raster = Raster(mask) if mask else None
        features = only_presence(read_inventory(presence, WHAT, progress), WHAT, progress)
        x, y = _presence_points(features, raster, polygon_spacing, progress.part(0, 0.1))
        work = metric_crs(features.crs, x, y, WHAT)
        if work != features.crs:
            progress.info("The inventory is in degrees: distances are metres on the ground.")
        if raster is not None:
            place = transform_points(x, y, features.crs, raster.grid.crs, WHAT, "The mask")
            outside = int((~raster.grid.cells(*place)[2]).sum())
            if outside == len(x):
                raise InputError(
                    f"No subsidence lies on the mask '{mask}'; check its CRS and extent."
                )
            if outside:
                progress.warn(
                    f"{outside} of {len(x)} subsidence points lie outside the mask raster."
                )
        area = AbsenceArea(work, raster, mask_polygons, progress.part(0.1, 0.5))
        avoid = _avoided(features, work)
        source = area.source(candidates, avoid, progress)
        wanted = max(1, round(ratio * len(x)))
        choice = choose_absence(
            source, avoid, wanted, min_distance, spacing, seed, progress.part(0.5, 0.9)
        )
        _judge(choice, wanted, progress)
        ax, ay = transform_points(choice.x, choice.y, work, features.crs, "The map", WHAT)
        progress.info(f"{len(x)} subsidence points (1) and {len(ax)} absence points (0) written.")
        counts = {"presence": len(x), "absence": len(ax), "wanted": wanted}
        metadata = {
            "SUBSIDENCE_KIND": "inventory",
            "SUBSIDENCE_SOURCE": presence,
            "candidates": candidates or "",
            "mask": mask or mask_polygons or "",
            "min_distance": f"{min_distance:g}",
            "spacing": f"{spacing:g}",
            "ratio": f"{ratio:g}",
            "seed": str(seed),
            "counts": json.dumps(counts),
        }
        labels = np.repeat([1, 0], [len(x), len(ax)]).astype(np.int32)
        target = outputs.path(output)
        write_points(target, np.r_[x, ax], np.r_[y, ay], {LABEL: labels}, features.crs, metadata)
        write_style("inventory", target)
        progress(1)
    return {"counts": counts, "PRESENCE_POINTS": len(x), "ABSENCE_POINTS": len(ax)}


def _presence_points(
    features: Features, raster: Optional[Raster], spacing: Optional[float], progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Return the presence points in their own CRS; polygons become several points."""
    if features.geometry == "point":
        return features.x, features.y
    count = len(features)
    if not spacing and raster is None:
        x, y = inner_points(features)
        known = np.isfinite(x)
        progress.info(f"{count} polygons become one point each (POLYGON_SPACING gives more).")
        return x[known], y[known]
    if spacing:
        grid, what = _square_grid(features, spacing), f"points {spacing:g} map units apart"
    else:
        grid, what = raster.grid, "cells of the mask"
    labels = np.ones(count, dtype=np.int64)
    rows, columns, _ones = cells_of_polygons(features, labels, grid, progress, WHAT)
    if len(rows) == 0:
        raise InputError("No polygon of PRESENCE lies on the mask; check the reference systems.")
    progress.info(f"{count} polygons become {len(rows)} points: {what}.")
    x, y = _points_inside(features, grid, rows, columns)
    return transform_points(x, y, grid.crs, features.crs, "The mask", WHAT)


def _points_inside(
    features: Features, grid: Grid, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of cells; where one lies outside, the polygon's own inner point."""
    x, y = grid.xy(columns + 0.5, rows + 0.5)
    outside = np.flatnonzero(~inside_polygons(x, y, rings_of(features, grid.crs, WHAT)))
    own_x, own_y = transform_points(*inner_points(features), features.crs, grid.crs, WHAT)
    own_rows, own_columns, on_grid = grid.cells(own_x, own_y)
    own = dict(zip(zip(own_rows[on_grid], own_columns[on_grid]), np.flatnonzero(on_grid)))
    for index in outside:
        polygon = own.get((rows[index], columns[index]))
        if polygon is not None:
            x[index], y[index] = own_x[polygon], own_y[polygon]
    return x, y


def _square_grid(features: Features, spacing: float) -> Grid:
    """Return a grid over the polygons, its cells ``spacing`` map units (or metres) wide."""
    x, y = inner_points(features)
    known = np.isfinite(x)
    if not known.any():
        raise InputError("No polygon of PRESENCE is valid; repair the layer ('Fix geometries').")
    work = metric_crs(features.crs, x[known], y[known], WHAT)
    corners = np.concatenate([rings[0] for rings in rings_of(features, work, WHAT, WHAT)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    width, height = (int(n) for n in np.maximum(1, np.ceil((high - low) / spacing)))
    return Grid(width, height, (low[0], spacing, 0.0, high[1], 0.0, -spacing), work)


def _avoided(features: Features, work: str) -> Presence:
    """Return what to keep away from, in the working CRS."""
    if features.geometry == "polygon":
        return Presence(np.empty(0), np.empty(0), rings_of(features, work, WHAT, WHAT))
    x, y = transform_points(features.x, features.y, features.crs, work, WHAT, WHAT)
    return Presence(x, y, [])


def _judge(choice: Choice, wanted: int, progress: Progress) -> None:
    """Refuse an empty choice, and warn of one that is too small."""
    why = (
        f"{choice.tried} places were tried, {choice.near} of them too near subsidence "
        f"(MIN_DISTANCE), {choice.crowded} too near another absence point (SPACING)"
    )
    if len(choice.x) == 0:
        raise InputError(
            f"No absence point was found: {why}; use smaller distances or a larger mask."
        )
    if len(choice.x) < wanted:
        progress.warn(f"Only {len(choice.x)} of {wanted} absence points were found: {why}.")
