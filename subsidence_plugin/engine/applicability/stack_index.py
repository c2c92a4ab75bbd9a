"""One run over a factor stack: tiles read, compared with the training rows and written, in threads.

Reading and writing are handed in, so that this runs where no GDAL is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np

from ..classes.codes import Tally, classify
from ..prediction.buffers import Buffers
from ..prediction.matching import Match
from ..prediction.pipeline import Pipeline
from ..prediction.stack_prediction import ReadTile, Window
from ..progress import Progress
from .nearest import one_blas_thread
from .tile_index import Reference, TileIndex, TileIndexer


class StackIndex:
    """Dissimilarity index of a stack.

    Parameters
    ----------
    reference : Reference
    match : Match
        Bands in the order of the model's factors.

    Attributes
    ----------
    buffers : Buffers
        Memory for tiles; given back once a tile is computed.
    tally : PixelTally
        Of all tiles written so far.
    """

    def __init__(self, reference: Reference, match: Match) -> None:
        self.reference, self.match = reference, match
        self.buffers = Buffers()
        self.tally = reference.new_tally()

    def run(
        self,
        windows: Sequence[Window],
        open_reader: Callable[[], ReadTile],
        write: Callable[[Window, TileIndex], None],
        workers: int,
        progress: Progress,
    ) -> None:
        """Read, compare and write all tiles, in order; parameters as of ``StackPrediction.run``."""

        def count_and_write(window: Window, result: TileIndex) -> None:
            self.tally.add(result.tally)
            write(window, result)

        def make_worker() -> Callable[[np.ndarray], TileIndex]:
            return self._worker(pipeline.stopped)

        pipeline = Pipeline(open_reader, make_worker, min(2, workers), workers)
        with one_blas_thread():
            pipeline.run(windows, count_and_write, progress)

    def _worker(self, stopped: Callable[[], bool]) -> Callable[[np.ndarray], TileIndex]:
        indexer = TileIndexer(self.reference, stopped)

        def work(values: np.ndarray) -> TileIndex:
            self._translate(values)
            result = indexer(values)
            self.buffers.give_back(values)
            return result

        return work

    def _translate(self, values: np.ndarray) -> None:
        """Turn raw values into the model's classes, and class code 0 into missing, in place."""
        for position in self.match.codes:
            values[position][values[position] == 0] = np.nan
        for position, rule in self.match.rules.items():
            name = self.reference.space.factors[position].name
            codes = classify(values[position], rule, name, Tally())
            values[position] = np.where(codes == 0, np.nan, codes)
