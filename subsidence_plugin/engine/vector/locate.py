"""The cells of a raster that lie under points or in polygons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from ..raster.grid import Grid
from .polygons import cells_of_polygons
from .read import Features, transform_points

Window = tuple[int, int, int, int]
WHAT = "The layer of events"


@dataclass
class Located:
    """Places on a grid, a row each: coordinates in its CRS, cell, label."""

    x: np.ndarray
    y: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    labels: np.ndarray

    def take(self, chosen: np.ndarray) -> Located:
        """Return the chosen places (mask, or indices)."""
        return Located(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.x)


def locate(
    features: Features,
    labels: np.ndarray,
    grid: Grid,
    progress: Progress,
    what: str,
    target: str = "The raster",
) -> Located:
    """Return the points that lie on the grid, or the cells that polygons cover.

    Parameters
    ----------
    features : Features
        Points or polygons in any CRS.
    labels : 1d-array of int
        0 or 1 a feature.
    grid : Grid
    progress : Progress
    what, target : str
        Name the layer and the raster in an error.

    Returns
    -------
    Located
        Of points in their order; of polygons each cell whose centre lies inside, and at least
        the cell of one inner point, once.
    """
    if features.wkb:
        rows, columns, values = cells_of_polygons(features, labels, grid, progress, what)
        return Located(*grid.xy(columns + 0.5, rows + 0.5), rows, columns, values)
    x, y = transform_points(features.x, features.y, features.crs, grid.crs, what, target)
    rows, columns, inside = grid.cells(x, y)
    return Located(x, y, rows, columns, np.asarray(labels)).take(inside)


class EventCells:
    """Cells of a grid that hold events, by group, found again tile by tile.

    Parameters
    ----------
    features : Features
        Points or polygons, see ``locate``.
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
            own = features.places(chosen)
            located = locate(own, np.ones(len(own), int), grid, progress.part(0, 0), WHAT)
            found = located.rows * grid.width + located.columns
            if not features.wkb:
                self.outside += len(own) - len(found)
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
