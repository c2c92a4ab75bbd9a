"""Forecasts of a grid at the points that it was made from.

A point's forecast is the map's, bilinear between cell centres, plus what the point lies above the
map on average over the window: gridding smooths, and the offset between point and surface is
known at the origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .area import Area


@dataclass(frozen=True)
class PointSampling:
    """Points on one area: ``index`` of them, and their cells and shares of these, (points, 4)."""

    index: np.ndarray
    cells: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, area: Area, row: np.ndarray, column: np.ndarray) -> PointSampling:
        """Find the points in valid cells of an area.

        Parameters
        ----------
        area : Area
            Of a grid.
        row, column : (points,) arrays
            Places in cells, counted from the corner of the grid: 0.5 is the first cell's centre.
        """
        rows, columns = area.shape
        down, across = row - area.corner[0], column - area.corner[1]
        inside = (down >= 0) & (down < rows) & (across >= 0) & (across < columns)
        index = np.flatnonzero(inside)
        own = area.mask[np.floor(down[index]).astype(int), np.floor(across[index]).astype(int)]
        index = index[own]
        down = np.clip(down[index] - 0.5, 0, rows - 1)
        across = np.clip(across[index] - 0.5, 0, columns - 1)
        top, left = np.floor(down).astype(int), np.floor(across).astype(int)
        low, right = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
        v, u = down - top, across - left
        weights = np.stack([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], axis=1)
        cells = np.stack([top * columns + left, top * columns + right,
                          low * columns + left, low * columns + right], axis=1)  # fmt: skip
        # A cell without a series leaves its share to the others.
        weights *= area.mask.reshape(-1)[cells]
        return cls(index, cells, weights / weights.sum(axis=1, keepdims=True))

    def surface(self, maps: np.ndarray) -> np.ndarray:
        """Return maps at the points.

        Parameters
        ----------
        maps : (maps, rows, columns) array
            Any number outside the mask.

        Returns
        -------
        (points, maps) array
        """
        flat = np.nan_to_num(maps.reshape(len(maps), -1))
        return np.einsum("mpk,pk->pm", flat[:, self.cells], self.weights)

    def forecast(self, maps: np.ndarray, window: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Return the forecast at the points, (points, horizon) in mm.

        Parameters
        ----------
        maps : (horizon, rows, columns) array
            Forecast of the cells.
        window : (dates, rows, columns) array
            Levels of the cells over the window.
        levels : (points, dates) array
            Levels of these points over the window.
        """
        offset = (levels - self.surface(window)).mean(axis=1)
        return self.surface(maps) + offset[:, None]
