"""Area of raster cells in square kilometres, from any coordinate reference system."""

from __future__ import annotations

import math
from typing import Optional

import numpy as np
from osgeo import osr

from ..progress import Progress
from ..vector.read import spatial_reference
from .grid import Grid


def row_areas_km2(grid: Grid, what: str, progress: Optional[Progress] = None) -> np.ndarray:
    """Return the area of a cell of each row, (height,), in km²; warn where the CRS distorts it.

    In degrees it is the area between meridians and parallels on the ellipsoid of the CRS; in a
    projected CRS it is the area in the map plane, which an equal-area or UTM projection keeps.

    Raises
    ------
    InputError
        The raster has no CRS (``what`` names it).
    """
    reference = spatial_reference(grid.crs, what)
    if not reference.IsGeographic():
        if progress is not None and distorts_area(grid, what):
            progress.warn(
                "The CRS is a Mercator projection, so areas in km² are too large; reproject the "
                "raster to UTM, for example."
            )
        area = grid.cell_area * reference.GetLinearUnits() ** 2 / 1e6
        return np.full(grid.height, area)
    radians = reference.GetAngularUnits()
    rows = np.arange(grid.height + 1)
    latitude = np.clip(
        (grid.transform[3] + rows * grid.transform[5]) * radians, -1.5707963, 1.5707963
    )
    zone = _zone(latitude, reference) * abs(grid.transform[1]) * radians
    return np.abs(np.diff(zone)) / 1e6


def _zone(latitude: np.ndarray, reference: osr.SpatialReference) -> np.ndarray:
    """Return the area (m²) from the equator to a latitude, a radian of longitude wide.

    Snyder (1987), Map Projections, eq. 3-12 (authalic latitude) times a² / 2.
    """
    axis, flattening = reference.GetSemiMajor(), reference.GetInvFlattening()
    sine = np.sin(latitude)
    if not flattening:
        return axis**2 * sine
    squared = (2 - 1 / flattening) / flattening
    e = math.sqrt(squared)
    return (
        0.5 * axis**2 * (1 - squared) * (sine / (1 - squared * sine**2) + np.arctanh(e * sine) / e)
    )


def distorts_area(grid: Grid, what: str) -> bool:
    """Tell whether the CRS is a Mercator projection of the whole globe, far from equal-area."""
    name = spatial_reference(grid.crs, what).GetAttrValue("PROJECTION") or ""
    return name.startswith("Mercator") or "Popular_Visualisation" in name
