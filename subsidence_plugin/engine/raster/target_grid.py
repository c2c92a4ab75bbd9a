"""The common grid of several rasters: whose cells, which extent, which resolution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Optional

import numpy as np
from osgeo import osr

from ..errors import InputError
from ..vector.read import spatial_reference, transform_points
from .grid import Grid

Box = tuple[float, float, float, float]
#: More cells than this are a resolution given in the wrong unit.
MAX_CELLS = 2**34


def make_grid(
    grids: Sequence[tuple[str, Grid]],
    crs: Optional[str] = None,
    resolution: Optional[float] = None,
    extent: Optional[tuple[Box, str]] = None,
) -> Grid:
    """Return the grid to bring rasters to.

    Parameters
    ----------
    grids : sequence of (name, Grid)
        The rasters; the first gives what is not asked for: its CRS, its cell size, and, where
        both are its own, the place of its cells, so that it is not resampled.
    crs : str, optional
        WKT.
    resolution : float, optional
        Cell size in units of the CRS.
    extent : (box, WKT), optional
        Default: the common extent (intersection) of the rasters, whole cells within it. One that
        is given is covered, by cells that may reach out of it.

    Raises
    ------
    InputError
        A raster has no CRS or does not overlap the others, or the grid has no or too many cells.
    """
    first = grids[0][1]
    for name, grid in grids:
        spatial_reference(grid.crs, f"The raster '{name}'")
    target = crs or first.crs
    cell = (resolution, resolution) if resolution else cell_size(first, target)
    box = transform_box(extent[0], extent[1], target) if extent else common_box(grids, target)
    own = same_crs(target, first.crs) and first.north_up and _same_cells(first, cell)
    return _grid_of(box, cell, target, first if own else None, covers=extent is not None)


def _grid_of(
    box: Box, cell: tuple[float, float], crs: str, anchor: Optional[Grid], covers: bool
) -> Grid:
    """Return cells that cover a box, or that lie within it, starting as those of ``anchor``."""
    (x, y), (width, height) = (box[0], box[3]), cell
    low, high = (math.floor, math.ceil) if covers else (math.ceil, math.floor)
    slack = 1e-6 if covers else -1e-6  # of a cell: rounding must not add or cost a row
    if anchor is not None:
        x0, y0 = anchor.transform[0], anchor.transform[3]
        x = x0 + low((box[0] - x0) / width + slack) * width
        y = y0 - low((y0 - box[3]) / height + slack) * height
    columns = high((box[2] - x) / width - slack)
    rows = high((y - box[1]) / height - slack)
    if columns < 1 or rows < 1:
        raise InputError(
            f"The grid would have no cell: the extent is {box[2] - box[0]:.6g} × "
            f"{box[3] - box[1]:.6g} and a cell {width:.6g} × {height:.6g} (units of the CRS); "
            "choose a smaller RESOLUTION or a larger EXTENT."
        )
    if columns * rows > MAX_CELLS:
        raise InputError(
            f"The grid would have {columns} × {rows} cells; RESOLUTION is in units of the CRS "
            "(degrees in a geographic one), choose a larger one or a smaller EXTENT."
        )
    return Grid(columns, rows, (x, width, 0.0, y, 0.0, -height), crs)


def common_box(grids: Sequence[tuple[str, Grid]], crs: str) -> Box:
    """Return the intersection of all rasters in ``crs``.

    A raster is cut in its own CRS, since the bounds of a global one cannot be brought to UTM.
    """
    name, grid = grids[0]
    box = transform_box(grid.bounds, grid.crs, crs)
    names = [name]
    for name, grid in grids[1:]:
        within = transform_box(box, crs, grid.crs)
        cut = intersect(within, grid.bounds)
        if cut is None:
            raise InputError(
                f"The raster '{name}' does not overlap {' and '.join(repr(n) for n in names[:3])}; "
                "check its CRS and extent, or leave it out."
            )
        if cut != within:
            joint = intersect(box, transform_box(cut, grid.crs, crs))
            box = joint if joint is not None else box
        names.append(name)
    return box


def intersect(a: Box, b: Box) -> Optional[Box]:
    """Return the common part of two boxes, None where there is none."""
    box = (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    return box if box[0] < box[2] and box[1] < box[3] else None


def transform_box(box: Box, source: str, target: str) -> Box:
    """Return the box in another CRS that holds this one (its edges are followed by points)."""
    if same_crs(source, target):
        return tuple(box)
    share = np.linspace(0, 1, 33)
    across, up = box[0] + share * (box[2] - box[0]), box[1] + share * (box[3] - box[1])
    x = np.concatenate([across, across, np.full(33, box[0]), np.full(33, box[2])])
    y = np.concatenate([np.full(33, box[1]), np.full(33, box[3]), up, up])
    x, y = transform_points(x, y, source, target, "The raster")
    good = np.isfinite(x) & np.isfinite(y)
    if not good.any():
        raise InputError(
            f"The extent {', '.join(f'{v:g}' for v in box)} cannot be brought to the CRS "
            f"'{crs_name(target)}'; choose another CRS or give EXTENT."
        )
    return float(x[good].min()), float(y[good].min()), float(x[good].max()), float(y[good].max())


def cell_size(grid: Grid, crs: str) -> tuple[float, float]:
    """Return width and height of a grid's middle cell in ``crs`` (square where CRS differ)."""
    t = grid.transform
    if same_crs(grid.crs, crs):
        return math.hypot(t[1], t[4]), math.hypot(t[2], t[5])
    column, row = grid.width / 2, grid.height / 2
    corners = [grid.xy(column + a, row + b) for a, b in ((0, 0), (1, 0), (0, 1))]
    x, y = transform_points(*np.transpose(corners), grid.crs, crs, "The raster")
    area = abs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]))
    if not np.isfinite(area) or area == 0:
        raise InputError(
            f"The cells of the raster cannot be brought to the CRS '{crs_name(crs)}'; "
            "give RESOLUTION and EXTENT, or another CRS."
        )
    return math.sqrt(area), math.sqrt(area)


def same_crs(first: str, second: str) -> bool:
    """Tell whether two WKT are the same CRS (axis order apart)."""
    if first == second:
        return True
    one, other = spatial_reference(first, "The raster"), spatial_reference(second, "The raster")
    return bool(one.IsSame(other))


def crs_name(wkt: str) -> str:
    """Return the name of a CRS for messages."""
    reference = osr.SpatialReference()
    reference.SetFromUserInput(wkt)
    return reference.GetName() or "unknown"


def _same_cells(grid: Grid, cell: tuple[float, float]) -> bool:
    t = grid.transform
    return math.isclose(t[1], cell[0], rel_tol=1e-9) and math.isclose(-t[5], cell[1], rel_tol=1e-9)
