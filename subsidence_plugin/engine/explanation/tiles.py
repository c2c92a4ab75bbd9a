"""Shapley values of every pixel of a tile; memory depends on the tile alone.

The same estimator as ``permutations``, in another order of work: all pixels share their orders of
the factors, so a path from a background row to all pixels is walked step by step. After k steps a
hybrid knows k factors of its pixel only, and pixels that agree in these have the same hybrid: each
different one is predicted once. Maps of classes repeat themselves so much that this saves most of
the work; continuous factors differ from pixel to pixel and save nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from ..prediction.encoding import TileEncoder
from .game import BATCH, Game
from .permutations import Background


@dataclass
class TileShap:
    """Values of a tile, None where no pixel of it is valid.

    ``shap`` is (factors, pixels) float32 with NaN where masked; ``additivity`` the largest
    |base + sum − prediction| of its pixels, as stored.
    """

    valid: int
    shap: Optional[np.ndarray] = None
    additivity: float = 0.0


class TileExplainer:
    """Explains tiles; one object a thread, since it keeps buffers.

    Equal pixels get equal values wherever they lie, and the map shows no noise from pixel to
    pixel, since all share their orders.

    Parameters
    ----------
    game : Game
    background : Background
    places : 3d-array of int, (rounds, background, factors)
        Place of each factor in each order, see ``draw_orders``.
    stopped : callable
        See ``Game.for_thread``.
    on_pixels : callable
        Called with a number of pixels, after each part of the work.

    Attributes
    ----------
    evaluations : int
        Predictions made so far.
    """

    def __init__(
        self,
        game: Game,
        background: Background,
        places: np.ndarray,
        stopped: Callable[[], bool] = lambda: False,
        on_pixels: Callable[[float], None] = lambda pixels: None,
    ) -> None:
        self._value, self._background = game.for_thread(stopped), background
        self._on_pixels, self._owner = on_pixels, game.owner
        self._batch = max(BATCH, game.batch)
        self._starts = np.searchsorted(game.owner, np.arange(game.factors + 1))
        orders = np.argsort(places, axis=-1)
        self._paths = [
            (row, order)
            for drawn in orders
            for row, own in enumerate(drawn)
            for order in (own, own[::-1])
        ]
        self.encoder = TileEncoder(game.model.factors, self._batch)
        self.evaluations = 0

    def __call__(self, values: np.ndarray) -> TileShap:
        """Return the Shapley values of (factors, pixels) float32 values, NaN where missing."""
        valid = self.encoder.valid(values)
        count = int(np.count_nonzero(valid))
        self._on_pixels(values.shape[1] - count)
        if count == 0:
            return TileShap(0)
        shap, additivity = self._explain(values if count == len(valid) else values[:, valid])
        full = np.full(values.shape, np.nan, dtype=np.float32)
        full[:, valid] = shap
        return TileShap(count, full, additivity)

    def _explain(self, values: np.ndarray) -> tuple[np.ndarray, float]:
        """Return (factors, pixels) float32 of valid pixels, and the additivity reached."""
        pixels, inputs = values.shape[1], self._encoded(values)
        codes = [
            np.unique(column, return_inverse=True)[1].ravel().astype(np.int32) for column in values
        ]
        distinct = [int(column.max()) + 1 for column in codes]
        prediction = self._predict(inputs)
        gains = np.zeros(values.shape)
        for row, order in self._paths:
            before = np.full(pixels, self._background.prediction[row])
            for factor, after in self._walk(inputs, codes, distinct, row, order):
                gains[factor] += after - before
                before = after
            gains[order[-1]] += prediction - before
            self._on_pixels(pixels / len(self._paths))
        shap = (gains / len(self._paths)).astype(np.float32)
        stored = self._background.base + shap.sum(axis=0, dtype=np.float64)
        return shap, float(np.abs(stored - prediction).max())

    def _walk(
        self, inputs: np.ndarray, codes: list, distinct: list[int], row: int, order: np.ndarray
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield every factor of a path but the last, and the predictions with it known."""
        pixels, background = inputs.shape[1], self._background.inputs[:, row]
        group = np.zeros(pixels, dtype=np.int64)  # pixels that agree so far
        first, known = np.zeros(1, dtype=np.intp), []
        predicted = self._background.prediction[[row]]  # of each group
        for factor in order[:-1]:
            parents, known = group, [*known, factor]
            if len(first) < pixels:
                joint = group * np.int64(distinct[factor]) + codes[factor]
                _joint, first, group = np.unique(joint, return_index=True, return_inverse=True)
                group = group.ravel()
            own = slice(self._starts[factor], self._starts[factor + 1])
            # Where pixel and background row agree in the factor nothing changes.
            changed = (inputs[own][:, first] != background[own, None]).any(axis=0)
            after = predicted[parents[first]]
            columns = np.isin(self._owner, known)
            after[changed] = self._hybrids(inputs, background, columns, first[changed])
            predicted = after
            yield factor, predicted[group]

    def _hybrids(
        self, inputs: np.ndarray, background: np.ndarray, columns: np.ndarray, pixels: np.ndarray
    ) -> np.ndarray:
        """Return predictions of pixels of which only some input columns are known."""
        result = np.empty(len(pixels))
        for start in range(0, len(pixels), self._batch):
            part = pixels[start : start + self._batch]
            hybrids = np.repeat(background[:, None], len(part), axis=1)
            hybrids[columns] = inputs[columns][:, part]
            result[start : start + self._batch] = self._value(hybrids)
        self.evaluations += len(pixels)
        return result

    def _encoded(self, values: np.ndarray) -> np.ndarray:
        """Return (inputs, pixels) of valid pixels."""
        inputs = np.empty((len(self._owner), values.shape[1]), dtype=np.float32)
        for start in range(0, values.shape[1], self._batch):
            part = slice(start, start + self._batch)
            inputs[:, part] = self.encoder.encode(values[:, part])
        return inputs

    def _predict(self, inputs: np.ndarray) -> np.ndarray:
        self.evaluations += inputs.shape[1]
        return self._value(inputs)
