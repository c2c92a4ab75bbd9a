"""One piece of the study area with its history: a tile of a grid, or a group of nodes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Optional

import numpy as np


@dataclass
class Area:
    """Levels in mm in time, without gaps (see ``fill``).

    Parameters
    ----------
    levels : (dates, rows, columns) or (dates, nodes) array of float32
        Any number where the mask is False.
    mask : (rows, columns) or (nodes,) array of bool
        Cells or nodes with a series.
    days : (dates,) array of int64
        Days since 1970.
    static : (covariates, rows, columns) or (covariates, nodes) array of float32
        Standardised; no covariates by default.
    xy : (nodes, 2) array, optional
        Metres; of nodes only.
    observed : array of bool like ``levels``, optional
        False where a level was filled in; absent: all observed.
    corner : (row, column)
        Where the grid tile begins in its raster, which fixes the readout blocks of its nodes.
    """

    levels: np.ndarray
    mask: np.ndarray
    days: np.ndarray
    static: np.ndarray = field(default_factory=lambda: np.zeros((0,), np.float32))
    xy: Optional[np.ndarray] = None
    observed: Optional[np.ndarray] = None
    corner: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.static.ndim == 1:
            self.static = np.zeros((0, *self.mask.shape), np.float32)

    @property
    def is_grid(self) -> bool:
        """True for a tile of a grid, False for nodes."""
        return self.mask.ndim == 2

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns) or (nodes,)."""
        return self.mask.shape

    def cut(self, row: int, column: int, rows: int, columns: int) -> Area:
        """Return a crop of a grid tile (views, no copies)."""
        part = (slice(None), slice(row, row + rows), slice(column, column + columns))
        return replace(
            self,
            levels=self.levels[part],
            mask=self.mask[part[1:]],
            static=self.static[part],
            observed=None if self.observed is None else self.observed[part],
            corner=(self.corner[0] + row, self.corner[1] + column),
        )

    def between(self, first: int, stop: int) -> Area:
        """Return the dates from ``first`` to before ``stop`` (views)."""
        part = slice(first, stop)
        return replace(
            self,
            levels=self.levels[part],
            days=self.days[part],
            observed=None if self.observed is None else self.observed[part],
        )

    def series(self) -> np.ndarray:
        """Return the levels of the valid nodes, (nodes, dates)."""
        return np.ascontiguousarray(self.levels[:, self.mask].T)

    def known(self) -> np.ndarray:
        """Return which levels of the valid nodes were observed, (nodes, dates)."""
        if self.observed is None:
            return np.ones((int(self.mask.sum()), len(self.days)), bool)
        return np.ascontiguousarray(self.observed[:, self.mask].T)

    def as_nodes(self, cell_size: float) -> Area:
        """Return the valid cells of a grid tile as nodes at their centres, in metres.

        Parameters
        ----------
        cell_size : float
            Metres.
        """
        if not self.is_grid:
            return self
        rows, columns = np.nonzero(self.mask)
        x = (self.corner[1] + columns + 0.5) * cell_size
        y = (self.corner[0] + rows + 0.5) * cell_size
        return Area(
            levels=np.ascontiguousarray(self.levels[:, self.mask]),
            mask=np.ones(len(rows), bool),
            days=self.days,
            static=np.ascontiguousarray(self.static[:, self.mask]),
            xy=np.column_stack([x, y]),
            observed=None if self.observed is None else self.observed[:, self.mask],
        )

    @cached_property
    def graphs(self) -> dict[Any, Any]:
        """Graphs of the nodes by their rule, kept from one window to the next."""
        return {}
