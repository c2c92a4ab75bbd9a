"""The grid for cells made from points: a projected CRS, and cells at multiples of their size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
from osgeo import osr

from ..errors import InputError
from ..vector.metric_crs import WGS84, is_geographic
from ..vector.read import spatial_reference, transform_points
from .grid import Grid
from .target_grid import crs_name, make_grid

#: Latitudes beyond which there are no UTM zones.
POLAR = 84.0


def projected_crs(own: str, x: np.ndarray, y: np.ndarray, asked: Optional[str], what: str) -> str:
    """Return the CRS to grid in: the one asked for, the points' own, or the UTM zone around them.

    Parameters
    ----------
    own : str
        WKT of the points.
    x, y : 1d-arrays
    asked : str, optional
        WKT of CRS.
    what : str
        Names the points in errors.

    Raises
    ------
    InputError
        The points have no CRS, or the one asked for is in degrees.
    """
    spatial_reference(own, what)
    if asked:
        if is_geographic(asked, "CRS"):
            raise InputError(
                f"CRS is '{crs_name(asked)}', which is in degrees; choose a projected one, such "
                "as the UTM zone of the area, or leave it empty."
            )
        return asked
    if not is_geographic(own, what):
        return own
    middle = [np.array([(v.min() + v.max()) / 2]) for v in (x, y)]
    (lon,), (lat,) = transform_points(*middle, own, WGS84, what)
    if abs(lat) > POLAR:
        raise InputError(f"{what} is in degrees and near a pole; choose a projected CRS in CRS.")
    zone = int((lon + 180) // 6) % 60 + 1
    reference = osr.SpatialReference()
    reference.ImportFromEPSG((32600 if lat >= 0 else 32700) + zone)
    return reference.ExportToWkt()


def grid_over_points(
    x: np.ndarray, y: np.ndarray, crs: str, resolution: float, extent: Optional[Sequence[Any]]
) -> Grid:
    """Return square cells that begin at multiples of their size and cover points or an extent.

    Grids of several layers then share their cells, and the 100 m points of EGMS L3 lie in the
    middle of 100 m cells.

    Parameters
    ----------
    x, y : 1d-arrays
        In ``crs``.
    crs : str
    resolution : float
        In map units.
    extent : (x minimum, y minimum, x maximum, y maximum, WKT), optional
        Without WKT in ``crs``.
    """
    if not math.isfinite(resolution) or resolution <= 0:
        raise InputError(f"RESOLUTION is {resolution:g}; it must be greater than 0 (map units).")
    left, right = math.floor(x.min() / resolution), math.floor(x.max() / resolution) + 1
    bottom, top = math.floor(y.min() / resolution), math.floor(y.max() / resolution) + 1
    transform = (left * resolution, resolution, 0.0, top * resolution, 0.0, -resolution)
    around = Grid(right - left, top - bottom, transform, crs)
    box = extent
    if extent:
        *sides, own = extent
        if not (sides[2] > sides[0] and sides[3] > sides[1]):
            raise InputError("EXTENT has no area; draw or choose another.")
        box = (tuple(float(side) for side in sides), own or crs)
    return make_grid([("the points", around)], extent=box or (around.bounds, crs))


def centres(grid: Grid, window: tuple[int, int, int, int]) -> np.ndarray:
    """Return (cells, 2): x and y of the middles of a window's cells, row by row."""
    column, row, width, height = window
    x, y = grid.xy(*np.meshgrid(column + np.arange(width) + 0.5, row + np.arange(height) + 0.5))
    return np.column_stack([x.ravel(), y.ravel()])
