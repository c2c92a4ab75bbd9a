"""The grid of a raster: size, place and coordinate reference system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grid:
    """A regular raster grid.

    Parameters
    ----------
    width, height : int
        Size in cells.
    transform : tuple of 6 floats
        GDAL geotransform (x of the upper left corner, cell width, row rotation, y, column
        rotation, negative cell height).
    crs : str
        WKT of the coordinate reference system; empty where the raster has none.
    """

    width: int
    height: int
    transform: tuple[float, float, float, float, float, float]
    crs: str

    @property
    def cell_area(self) -> float:
        """Area of a cell in squared units of the CRS."""
        t = self.transform
        return abs(t[1] * t[5] - t[2] * t[4])

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(x minimum, y minimum, x maximum, y maximum) of the corners."""
        corners = [self.xy(c, r) for c in (0, self.width) for r in (0, self.height)]
        xs, ys = zip(*corners)
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def north_up(self) -> bool:
        """Tell whether rows run from north to south and columns from west to east."""
        t = self.transform
        return t[2] == 0 and t[4] == 0 and t[1] > 0 and t[5] < 0

    def matches(self, other: Grid) -> bool:
        """Tell whether both grids have the same cells (to a thousandth of a cell)."""
        if (self.width, self.height) != (other.width, other.height):
            return False
        tolerance = 1e-3 * max(abs(self.transform[1]), abs(self.transform[5]))
        corners = [(0, 0), (self.width, 0), (0, self.height), (self.width, self.height)]
        return all(
            np.allclose(self.xy(c, r), other.xy(c, r), rtol=0, atol=tolerance) for c, r in corners
        )

    def xy(self, column, row):
        """Return the map coordinates of fractional cell coordinates (0, 0 = upper left corner)."""
        t = self.transform
        return t[0] + column * t[1] + row * t[2], t[3] + column * t[4] + row * t[5]

    def fractional_cells(self, x, y):
        """Return fractional (columns, rows) of map coordinates: the inverse of ``xy``."""
        t = self.transform
        determinant = t[1] * t[5] - t[2] * t[4]
        dx, dy = np.asarray(x, float) - t[0], np.asarray(y, float) - t[3]
        return (dx * t[5] - dy * t[2]) / determinant, (dy * t[1] - dx * t[4]) / determinant

    def cells(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (rows, columns, inside) of points; rows and columns are valid where inside."""
        columns, rows = self.fractional_cells(x, y)
        inside = (columns >= 0) & (columns < self.width) & (rows >= 0) & (rows < self.height)
        columns = np.floor(np.where(inside, columns, 0)).astype(np.int64)
        rows = np.floor(np.where(inside, rows, 0)).astype(np.int64)
        return rows, columns, inside

    def windows(self, size: int = 512) -> list[tuple[int, int, int, int]]:
        """Return (column, row, width, height) of tiles of at most ``size`` that cover the grid."""
        return [
            (c, r, min(size, self.width - c), min(size, self.height - r))
            for r in range(0, self.height, size)
            for c in range(0, self.width, size)
        ]
