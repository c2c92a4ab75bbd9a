"""Finds the cells of a raster that lie under points or in polygons, tile by tile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..progress import Progress
from ..raster.grid import Grid
from .polygons import cells_of_polygons
from .read import Features, transform_points

Window = tuple[int, int, int, int]
WHAT = "The layer of events"


class EventCells:
    """Cells of a grid that hold events, by group.

    Parameters
    ----------
    features : Features
        Points or polygons in any CRS; of a polygon every cell whose centre lies inside, at least
        the cell of one inner point, is an event.
    groups : mapping of str to 1d-array of bool
        Which features belong to a group.
    grid : Grid
    once : bool
        Points of one group in one cell count once (cells of polygons always do).
    progress : Progress
    """

    def __init__(
        self,
        features: Features,
        groups: Mapping[str, np.ndarray],
        grid: Grid,
        once: bool,
        progress: Progress,
    ) -> None:
        self._width = grid.width
        self._cells: dict[str, np.ndarray] = {}
        self.outside = self.repeated = 0
        for name, chosen in groups.items():
            found = (_polygons if features.wkb else _points)(features, chosen, grid, progress)
            if not features.wkb:
                self.outside += int(chosen.sum()) - len(found)
            if once:
                distinct = np.unique(found)
                self.repeated += len(found) - len(distinct)
                found = distinct
            self._cells[name] = np.sort(found)

    @property
    def count(self) -> int:
        """Number of events on the grid, all groups together."""
        return sum(len(cells) for cells in self._cells.values())

    def pick(self, name: str, window: Window, tile: np.ndarray) -> np.ndarray:
        """Return the values (bands, events) of a group in a tile (bands, rows, columns)."""
        column, row, width, height = window
        low, high = np.searchsorted(
            self._cells[name], [row * self._width, (row + height) * self._width]
        )
        rows, columns = np.divmod(self._cells[name][low:high], self._width)
        here = (columns >= column) & (columns < column + width)
        return tile[:, rows[here] - row, columns[here] - column]


def _points(features: Features, chosen: np.ndarray, grid: Grid, progress: Progress) -> np.ndarray:
    x, y = transform_points(features.x[chosen], features.y[chosen], features.crs, grid.crs, WHAT)
    rows, columns, inside = grid.cells(x, y)
    return (rows * grid.width + columns)[inside]


def _polygons(features: Features, chosen: np.ndarray, grid: Grid, progress: Progress) -> np.ndarray:
    indices = np.flatnonzero(chosen)
    if not len(indices):
        return np.empty(0, np.int64)
    own = replace(features, wkb=[features.wkb[i] for i in indices])
    quiet = progress.part(0, 0)
    rows, columns, _ = cells_of_polygons(own, np.ones(len(indices), int), grid, quiet, WHAT)
    return rows * grid.width + columns
