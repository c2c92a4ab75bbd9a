"""Spatial autocorrelation of a map that goes by in tiles: Moran's I of neighbouring cells."""

from __future__ import annotations

import math

import numpy as np


class MoransI:
    """Moran's I (1950) with the four neighbours that share an edge, each of weight 1.

    I = n / W · Σ w (x − m)(y − m) / Σ (x − m)², over pairs of neighbouring cells that both have
    data. 0 is no pattern (exactly −1 / (n − 1)), 1 neighbours alike.

    Parameters
    ----------
    width : int
        Cells of a row of the map. Tiles must come row by row of tiles, from the left.
    """

    def __init__(self, width: int) -> None:
        self._above = np.full(width, np.nan)
        self._left = np.empty(0)
        self._pairs, self._products, self._sums = 0, 0.0, 0.0
        self._offset = math.nan

    def add(self, window: tuple[int, int, int, int], values: np.ndarray) -> None:
        """Take the (rows, columns) of a tile; NaN has no data."""
        column, row, width, _height = window
        if math.isnan(self._offset) and np.isfinite(values).any():
            self._offset = float(np.nanmean(values))  # near the mean, so that nothing cancels
        values = values.astype(np.float64) - (0.0 if math.isnan(self._offset) else self._offset)
        self._add(values[1:], values[:-1])
        self._add(values[:, 1:], values[:, :-1])
        if row:
            self._add(values[0], self._above[column : column + width])
        if column:
            self._add(values[:, 0], self._left)
        self._above[column : column + width] = values[-1]
        self._left = values[:, -1].copy()

    def _add(self, one: np.ndarray, other: np.ndarray) -> None:
        known = np.isfinite(one) & np.isfinite(other)
        one, other = one[known], other[known]
        self._pairs += len(one)
        self._products += float(one @ other)
        self._sums += float(one.sum() + other.sum())

    def value(self, n: int, mean: float, sum_of_squares: float) -> float:
        """Return I, from the number of cells, their mean and their squares about it."""
        if not self._pairs or sum_of_squares <= 0:
            return math.nan
        mean -= self._offset
        about = self._products - mean * self._sums + self._pairs * mean**2
        return n / self._pairs * about / sum_of_squares
