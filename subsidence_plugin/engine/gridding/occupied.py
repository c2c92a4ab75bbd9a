"""Which cells of a grid contain a point: only their values rest on a measurement inside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Occupied:
    """Cells that contain at least one point, each once, ``rows`` in ascending order."""

    rows: np.ndarray
    columns: np.ndarray

    def within(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """Tell which cells of a window (column, row, width, height) contain a point, row by row."""
        column, row, width, height = window
        first, stop = np.searchsorted(self.rows, (row, row + height))
        rows, columns = self.rows[first:stop] - row, self.columns[first:stop] - column
        inside = (columns >= 0) & (columns < width)
        found = np.zeros((height, width), dtype=bool)
        found[rows[inside], columns[inside]] = True
        return found.ravel()


def occupied_cells(rows: np.ndarray, columns: np.ndarray) -> Occupied:
    """Return the cells that points lie in.

    Parameters
    ----------
    rows, columns : (points,) arrays of int
        Of the points inside the grid.
    """
    width = int(columns.max(initial=0)) + 1
    cells = np.unique(rows * width + columns)  # one number a cell: much faster than pairs
    return Occupied(cells // width, cells % width)
