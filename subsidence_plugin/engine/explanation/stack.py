"""One run over a factor stack: tiles read, explained and written, in threads.

Reading and writing are handed in, so that this runs where no GDAL is.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Callable

import numpy as np

from ..classes.codes import Tally, classify
from ..errors import InputError
from ..models.model import Model
from ..prediction.buffers import Buffers
from ..prediction.matching import Match
from ..prediction.pipeline import Pipeline
from ..prediction.stack_prediction import ReadTile, Window
from ..progress import Progress
from .game import Game
from .permutations import Background, draw_orders
from .rows import ORDERS
from .tiles import TileExplainer, TileShap


class PixelProgress(Progress):
    """Moves with every batch of pixels, since a tile may take minutes.

    Parameters
    ----------
    progress : Progress
        The run's own; it is told from the thread that calls this one.
    pixels : int
        Of the raster.
    """

    def __init__(self, progress: Progress, pixels: int) -> None:
        super().__init__()
        self._progress, self._pixels, self._done = progress, pixels, 0
        self._lock = threading.Lock()

    def add(self, pixels: float) -> None:
        """Count pixels; called by any thread."""
        with self._lock:
            self._done += pixels

    def check(self) -> None:
        """Report what is done, and raise ``Cancelled`` if asked."""
        self._progress(self._done / self._pixels)

    def __call__(self, fraction: float) -> None:
        """Take the end of a tile as an occasion to report."""
        self.check()


class StackExplanation:
    """Shapley values of every pixel of a stack.

    Parameters
    ----------
    game : Game
    background : Background
        A small one: the work grows with it.
    match : Match
        Bands in the order of the model's factors.
    rounds : int
    seed : int
        Draws the orders, one set for all pixels.

    Attributes
    ----------
    buffers : Buffers
        Memory for tiles; given back once a tile is computed.
    valid : int
        Pixels explained so far.
    additivity : float
        Largest |base + sum − prediction| so far.
    """

    def __init__(
        self, game: Game, background: Background, match: Match, rounds: int = 1, seed: int = 42
    ) -> None:
        if rounds < 1:
            raise InputError(f"RASTER_ROUNDS is {rounds}; at least 1 is needed.")
        self.game, self.background, self.match = game, background, match
        self.rounds, self.seed = rounds, seed
        self.buffers, self.valid, self.additivity = Buffers(), 0, 0.0
        random = np.random.default_rng([seed, ORDERS])
        self._places = draw_orders(random, rounds, len(background), game.factors)
        self._explainers: list[TileExplainer] = []

    @property
    def evaluations(self) -> int:
        """Predictions a pixel costs, at most."""
        return len(self._places) * len(self.background) * 2 * (self.game.factors - 1) + 1

    def run(
        self,
        windows: Sequence[Window],
        open_reader: Callable[[], ReadTile],
        write: Callable[[Window, TileShap], None],
        workers: int,
        progress: Progress,
    ) -> None:
        """Read, explain and write all tiles, in order; as ``StackPrediction.run``."""
        pixels = PixelProgress(progress, sum(window[2] * window[3] for window in windows))

        def count_and_write(window: Window, result: TileShap) -> None:
            self.valid += result.valid
            self.additivity = max(self.additivity, result.additivity)
            write(window, result)

        def make_worker() -> Callable[[np.ndarray], TileShap]:
            return self._worker(pipeline.stopped, pixels.add)

        pipeline = Pipeline(open_reader, make_worker, min(2, workers), workers)
        pipeline.run(windows, count_and_write, pixels)

    def _worker(
        self, stopped: Callable[[], bool], on_pixels: Callable[[float], None]
    ) -> Callable[[np.ndarray], TileShap]:
        explainer = TileExplainer(self.game, self.background, self._places, stopped, on_pixels)
        self._explainers.append(explainer)

        def work(values: np.ndarray) -> TileShap:
            to_model_values(values, self.match, self.game.model)
            result = explainer(values)
            self.buffers.give_back(values)
            return result

        return work

    @property
    def evaluated(self) -> int:
        """Predictions made, fewer where pixels repeat each other."""
        return sum(explainer.evaluations for explainer in self._explainers)

    def clipped(self) -> dict[str, int]:
        """Return the number of clipped values of each factor that has some."""
        totals = np.sum([e.encoder.clipped for e in self._explainers], axis=0)
        return {f.name: int(n) for f, n in zip(self.game.model.factors, totals) if n}

    def refuse_empty(self, source: str) -> None:
        """Raise ``InputError`` that says why no pixel of the stack ``source`` is valid."""
        seen = np.any([e.encoder.seen for e in self._explainers], axis=0)
        empty = [f.name for f, any_value in zip(self.game.model.factors, seen) if not any_value]
        if empty:
            raise InputError(f"The stack '{source}' has no value at all in {', '.join(empty)}.")
        raise InputError(
            f"No pixel of the stack '{source}' has a (known) value in every factor of "
            "the model; do the factors cover the same area?"
        )


def to_model_values(values: np.ndarray, match: Match, model: Model) -> None:
    """Turn (factors, pixels) of a stack into what the model knows, in place.

    Raw values become its classes where it has rules for them, class code 0 becomes missing.
    """
    for position in match.codes:
        values[position][values[position] == 0] = np.nan
    for position, rule in match.rules.items():
        codes = classify(values[position], rule, model.factors[position].name, Tally())
        values[position] = np.where(codes == 0, np.nan, codes)
