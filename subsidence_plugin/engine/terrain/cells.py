"""Ground size of raster cells in metres, row by row, so that degree grids need no reprojecting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError


@dataclass(frozen=True)
class CellSizes:
    """Cell width (west to east) and height (south to north) of each raster row.

    Parameters
    ----------
    dx, dy : 1d-array of float64, one value a row
        Metres.
    """

    dx: np.ndarray
    dy: np.ndarray

    @property
    def area(self) -> np.ndarray:
        """Area of a cell of each row in m²."""
        return self.dx * self.dy

    @property
    def width(self) -> np.ndarray:
        """Side of the square of a cell's area, in m: the contour width that flow leaves by."""
        return np.sqrt(self.area)

    def rows(self, start: int, stop: int) -> CellSizes:
        """Return the sizes of the rows ``start`` to ``stop``."""
        return CellSizes(self.dx[start:stop], self.dy[start:stop])


def constant_cells(rows: int, width: float, height: float) -> CellSizes:
    """Return the cell sizes of a projected grid: the same in every row.

    Parameters
    ----------
    rows : int
    width, height : float
        Cell size in metres.
    """
    return CellSizes(np.full(rows, float(width)), np.full(rows, float(height)))


def geographic_cells(
    latitudes: np.ndarray,
    width: float,
    height: float,
    semi_major: float = 6378137.0,
    inverse_flattening: float = 298.257223563,
) -> CellSizes:
    """Return the cell sizes of a grid in degrees, from the radii of curvature of the ellipsoid.

    With the meridian radius M and the prime vertical radius N at latitude φ, a cell is
    N cos φ Δλ wide and M Δφ high (Snyder 1987, Map Projections, USGS PP 1395, eq. 4-18, 4-20).

    Parameters
    ----------
    latitudes : 1d-array
        Latitude of the middle of each row, radians.
    width, height : float
        Cell size in radians.
    semi_major, inverse_flattening : float
        Ellipsoid; an inverse flattening of 0 stands for a sphere. Default WGS 84.

    Raises
    ------
    InputError
        A row lies at or beyond a pole.
    """
    latitudes = np.asarray(latitudes, float)
    if np.abs(latitudes).max() >= np.pi / 2:
        raise InputError(
            "The DEM is in degrees and reaches to or beyond a pole; clip it or reproject it to "
            "a CRS in metres."
        )
    flattening = 1 / inverse_flattening if inverse_flattening else 0.0
    e2 = flattening * (2 - flattening)
    denominator = 1 - e2 * np.sin(latitudes) ** 2
    meridian = semi_major * (1 - e2) / denominator**1.5
    prime_vertical = semi_major / np.sqrt(denominator)
    return CellSizes(prime_vertical * np.cos(latitudes) * width, meridian * height)
