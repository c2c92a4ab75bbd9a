"""Small pictures of large maps: every n-th cell, kept while the tiles go by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: Cells along the longer side of a picture, at most.
LONGEST = 480


class Overview:
    """Collects every n-th cell of maps that are written tile by tile.

    Parameters
    ----------
    width, height : int
        Cells of the maps.

    Attributes
    ----------
    pictures : dict of str to 3d-array of float32, (bands, rows, columns)
        By name of the map; NaN where it has no data.
    """

    def __init__(self, width: int, height: int) -> None:
        self.step = -(-max(width, height) // LONGEST)
        self._shape = -(-height // self.step), -(-width // self.step)
        self.pictures: dict[str, np.ndarray] = {}

    def add(
        self,
        window: tuple[int, int, int, int],
        valid: np.ndarray,
        maps: Mapping[str, np.ndarray],
    ) -> None:
        """Take cells of a tile: where it is valid, (pixels,), and (bands, valid pixels) a map."""
        column, row, width, height = window
        rows = np.arange(-row % self.step, height, self.step)
        columns = np.arange(-column % self.step, width, self.step)
        cells = (rows[:, None] * width + columns).ravel()
        known = valid[cells]
        place = (np.cumsum(valid) - 1)[cells[known]]
        top, left = (row + rows[:1]) // self.step, (column + columns[:1]) // self.step
        if not len(cells):
            return
        for name, values in maps.items():
            tile = np.full((len(values), len(cells)), np.nan, np.float32)
            tile[:, known] = values[:, place]
            picture = self.pictures.setdefault(
                name, np.full((len(values), *self._shape), np.nan, np.float32)
            )
            picture[
                :, int(top[0]) : int(top[0]) + len(rows), int(left[0]) : int(left[0]) + len(columns)
            ] = tile.reshape(len(values), len(rows), len(columns))
