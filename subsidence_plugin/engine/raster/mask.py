"""Valid cells of a mask raster of any size, counted and found without holding the raster."""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .read import Raster


class ValidCells:
    """Numbers the valid cells of a raster from 0, in order of reading windows.

    A cell is valid where every band has data; in a single-band 8-bit raster 0 counts as outside
    too, since such masks often declare no nodata value.

    Parameters
    ----------
    raster : Raster
    progress : Progress
        Asked for Cancel at every window.
    size : int
        Side of the reading windows.
    """

    def __init__(self, raster: Raster, progress: Progress, size: int = 512) -> None:
        self.raster = raster
        self.windows = raster.grid.windows(size)
        counts = []
        for number, window in enumerate(self.windows):
            counts.append(int(np.count_nonzero(self._valid(window))))
            progress((number + 1) / len(self.windows))
        self._ends = np.cumsum(counts)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def cells(self, numbers: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and columns of the cells of these numbers."""
        numbers = np.asarray(numbers, dtype=np.int64)
        rows, columns = np.empty_like(numbers), np.empty_like(numbers)
        window_of = np.searchsorted(self._ends, numbers, side="right")
        for index in np.unique(window_of):
            progress.check()
            chosen = np.flatnonzero(window_of == index)
            column, row, _width, _height = self.windows[index]
            r, c = np.nonzero(self._valid(self.windows[index]))
            start = self._ends[index - 1] if index else 0
            rows[chosen] = row + r[numbers[chosen] - start]
            columns[chosen] = column + c[numbers[chosen] - start]
        return rows, columns

    def _valid(self, window: tuple[int, int, int, int]) -> np.ndarray:
        return valid_in_all(self.raster, self.raster.read(window))


def valid_in_all(raster: Raster, values: np.ndarray) -> np.ndarray:
    """Tell where ``values`` (bands first) are valid in every band of a mask raster."""
    valid = ~np.isnan(values).any(axis=0)
    if len(raster.bands) == 1 and raster.bands[0].data_type == "Byte":
        valid &= values[0] != 0
    return valid
