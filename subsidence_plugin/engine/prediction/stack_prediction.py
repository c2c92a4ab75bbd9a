"""One run over a factor stack: what its threads share, and what they counted.

Reading and writing are handed in, so that this runs where no GDAL is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable, Optional

import numpy as np

from ..classes.codes import Tally, classify
from ..errors import InputError
from ..progress import Progress
from .buffers import Buffers
from .forward import Forwards
from .matching import Match
from .pipeline import Pipeline
from .tile_predictor import TilePredictor, TileResult

#: Column, row, width and height of a tile.
Window = tuple[int, int, int, int]
#: Takes a window and returns (factors, pixels) float32, in memory from ``Buffers.take``.
ReadTile = Callable[[Window], np.ndarray]


class StackPrediction:
    """Predicts the tiles of a stack in several threads.

    Parameters
    ----------
    forwards : Forwards
    match : Match
        Bands in the order of the model's factors.
    prior : (float, float), optional
        Shares of positives among the training rows and in the area (see ``correct_prior``).
    spread, members : bool
        Whether these are wanted, too.

    Attributes
    ----------
    buffers : Buffers
        Memory for tiles; given back once a tile is computed.
    valid : int
        Pixels that got a probability so far.
    """

    def __init__(
        self,
        forwards: Forwards,
        match: Match,
        prior: Optional[tuple[float, float]] = None,
        spread: bool = False,
        members: bool = False,
    ) -> None:
        self.forwards, self.match, self.prior = forwards, match, prior
        self.model = forwards.model
        self.buffers = Buffers()
        self.valid = 0
        self._spread, self._members = spread, members
        self._predictors: list[TilePredictor] = []

    def run(
        self,
        windows: Iterable[Window],
        open_reader: Callable[[], ReadTile],
        write: Callable[[Window, TileResult], None],
        workers: int,
        progress: Progress,
    ) -> None:
        """Read, predict and write all tiles.

        Parameters
        ----------
        windows : iterable of Window
        open_reader : callable
            Called in each reading thread, for a reader of its own.
        write : callable
            Called with the window and the result of every tile, in order, in the calling thread.
        workers : int
            Threads that compute.
        progress : Progress
        """

        def count_and_write(window: Window, result: TileResult) -> None:
            self.valid += result.valid
            write(window, result)

        def make_reader() -> ReadTile:
            return self._without_zero(open_reader())

        def make_worker() -> Callable[[np.ndarray], TileResult]:
            return self._worker(pipeline.stopped)

        pipeline = Pipeline(make_reader, make_worker, min(2, workers), workers)
        pipeline.run(windows, count_and_write, progress)

    def _without_zero(self, read: ReadTile) -> ReadTile:
        """Return the reader with class code 0 as missing: a class stack's nodata may be lost."""

        def masked(window: Window) -> np.ndarray:
            values = read(window)
            for position in self.match.codes:
                values[position][values[position] == 0] = np.nan
            return values

        return masked

    def _worker(self, stopped: Callable[[], bool]) -> Callable[[np.ndarray], TileResult]:
        predictor = TilePredictor(self.forwards, self.prior, self._spread, self._members, stopped)
        self._predictors.append(predictor)

        def work(values: np.ndarray) -> TileResult:
            for position, rule in self.match.rules.items():
                name = self.model.factors[position].name
                codes = classify(values[position], rule, name, Tally())
                values[position] = np.where(codes == 0, np.nan, codes)
            result = predictor(values)
            self.buffers.give_back(values)
            return result

        return work

    def clipped(self) -> dict[str, int]:
        """Return the number of clipped values of each factor that has some."""
        totals = np.sum([p.encoder.clipped for p in self._predictors], axis=0)
        return {f.name: int(n) for f, n in zip(self.model.factors, totals) if n}

    def refuse_empty(self, source: str) -> None:
        """Raise ``InputError`` that says why no pixel of the stack ``source`` is valid."""
        seen = np.any([p.encoder.seen for p in self._predictors], axis=0)
        empty = [f.name for f, any_value in zip(self.model.factors, seen) if not any_value]
        if empty:
            raise InputError(f"The stack '{source}' has no value at all in {', '.join(empty)}.")
        raise InputError(
            f"No pixel of the stack '{source}' has a (known) value in every factor of "
            "the model; do the factors cover the same area?"
        )
