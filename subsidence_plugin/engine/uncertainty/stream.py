"""Passes over rasters of any size: tiles read and computed in threads, taken up in order.

Reading and writing are handed in, so that this runs where no GDAL is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from ..prediction.buffers import Buffers
from ..prediction.pipeline import Pipeline
from ..progress import Progress
from .quantiles import StreamedQuantiles

Window = tuple[int, int, int, int]


class TileStream:
    """Tiles of (layers, pixels) that can be gone through again and again.

    Parameters
    ----------
    windows : sequence of (column, row, width, height)
    open_reader : callable
        Called with a ``Buffers`` in every reading thread; returns ``read(window)``.
    workers : int
        Compute threads.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        open_reader: Callable[[Buffers], Callable[[Window], np.ndarray]],
        workers: int,
    ) -> None:
        self.windows, self.workers = windows, workers
        self._open, self._buffers = open_reader, Buffers()

    def run(
        self,
        work: Callable[[np.ndarray], Any],
        take: Callable[[Window, Any], None],
        progress: Progress,
    ) -> None:
        """Call ``take(window, work(values))`` for every tile, ``take`` in order in this thread.

        ``work`` gets memory that is used again and must not keep it.
        """

        def compute(values: np.ndarray) -> Any:
            result = work(values)
            self._buffers.give_back(values)
            return result

        Pipeline(
            lambda: self._open(self._buffers), lambda: compute, min(2, self.workers), self.workers
        ).run(self.windows, take, progress)

    def quantiles(
        self,
        values: Callable[[np.ndarray], Sequence[np.ndarray]],
        shares: Sequence[Sequence[float]],
        progress: Progress,
    ) -> list[StreamedQuantiles]:
        """Return exact quantiles over all tiles, from two passes.

        Parameters
        ----------
        values : callable
            Turns (layers, pixels) into one 1d-array of float32, not negative, a quantity.
        shares : sequence of sequences of float
            The quantiles (0 to 1) of each quantity.
        progress : Progress
        """
        found = [StreamedQuantiles(own) for own in shares]

        def count(_window: Window, tile: Sequence[np.ndarray]) -> None:
            for quantiles, own in zip(found, tile):
                quantiles.count(own)

        def count_again(_window: Window, tile: Sequence[np.ndarray]) -> None:
            for quantiles, own in zip(found, tile):
                quantiles.count_again(own)

        self.run(values, count, progress.part(0, 0.5))
        for quantiles in found:
            quantiles.refine()
        self.run(values, count_again, progress.part(0.5, 1))
        return found
