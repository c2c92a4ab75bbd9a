"""A DEM as elevations in metres, and the ground size of its cells."""

from __future__ import annotations

import numpy as np
from osgeo import osr

from ..errors import InputError
from ..progress import Progress
from ..terrain.cells import CellSizes, constant_cells, geographic_cells
from ..vector.read import spatial_reference
from .area import distorts_area
from .grid import Grid
from .read import Raster


class Dem:
    """One band of a raster as elevations.

    Parameters
    ----------
    path : str
    band : int
        1-based.
    z_factor : float
        Turns the elevations into metres.
    """

    def __init__(self, path: str, band: int, z_factor: float) -> None:
        self.raster = Raster(path)
        self.grid = self.raster.grid
        if not 1 <= band <= len(self.raster.bands):
            raise InputError(
                f"The DEM '{path}' has no band {band}; it has {len(self.raster.bands)}."
            )
        self.band, self.z_factor = band, z_factor

    def read(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """Return (rows, columns) float32 in m, NaN for nodata and infinities."""
        z = self.raster.read(window, [self.band])[0]
        if self.z_factor != 1:
            z *= np.float32(self.z_factor)
        z[~np.isfinite(z)] = np.nan
        return z

    def read_with_margin(self, window: tuple[int, int, int, int], margin: int) -> np.ndarray:
        """Return the window and ``margin`` cells around it, NaN outside the raster."""
        column, row, width, height = window
        left, top = max(column - margin, 0), max(row - margin, 0)
        right = min(column + width + margin, self.grid.width)
        bottom = min(row + height + margin, self.grid.height)
        z = np.full((height + 2 * margin, width + 2 * margin), np.nan, np.float32)
        x, y = left - column + margin, top - row + margin
        z[y : y + bottom - top, x : x + right - left] = self.read(
            (left, top, right - left, bottom - top)
        )
        return z

    def cells(self, progress: Progress) -> CellSizes:
        """Return the ground size of the cells in metres, from the CRS and its unit.

        Raises
        ------
        InputError
            No CRS, one that is neither projected nor in degrees, or a grid not north-up.
        """
        what, t = f"The DEM '{self.raster.path}'", self.grid.transform
        reference = spatial_reference(self.grid.crs, what)
        if not self.grid.north_up:
            raise InputError(f"{what} is rotated or not stored north-up; warp it to such a grid.")
        if reference.IsGeographic():
            return _degree_cells(self.grid, reference, progress)
        if not reference.IsProjected():
            raise InputError(
                f"The CRS of the DEM '{self.raster.path}' is neither projected nor in degrees; "
                "reproject it."
            )
        if distorts_area(self.grid, what):
            progress.warn(
                "The DEM is in a Mercator projection (as Web Mercator is), whose metres are "
                "stretched away from the equator: slopes come out too small; reproject it to "
                "UTM, for example."
            )
        unit = reference.GetLinearUnits()
        return constant_cells(self.grid.height, t[1] * unit, -t[5] * unit)


def _degree_cells(grid: Grid, reference: osr.SpatialReference, progress: Progress) -> CellSizes:
    unit = reference.GetAngularUnits()
    _, latitudes = grid.xy(0.5, np.arange(grid.height) + 0.5)
    cells = geographic_cells(
        latitudes * unit,
        grid.transform[1] * unit,
        -grid.transform[5] * unit,
        reference.GetSemiMajor(),
        reference.GetInvFlattening(),
    )
    progress.info(
        "The DEM is in degrees: distances are taken in metres, row by row; cells are "
        f"{cells.dx.min():.2f} to {cells.dx.max():.2f} m wide and {cells.dy.mean():.2f} m high."
    )
    return cells
