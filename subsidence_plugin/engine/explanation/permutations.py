"""Shapley values by antithetic permutation sampling, batched through the model.

The game of a row x is v(S) = mean over background rows b of f(x in the factors of S, b in the
others); its Shapley values are the SHAP values of Lundberg and Lee (2017, "interventional"). The
value of a factor is the mean, over background rows and orders of the factors, of what the
prediction gains when this factor is the next to turn from b to x (Castro et al. 2009;
Štrumbelj and Kononenko 2014). Every background row draws its own random order and also takes it
reversed, which cancels interactions of two factors exactly (Covert and Lee 2021 call this
antithetic or paired sampling). The gains of one order telescope to f(x) − f(b), so base and values
add up to the prediction whatever is drawn.

Trees are explained in the same way, so that all models play one game. shap's TreeExplainer is exact
and agrees (a test), but for a forest's raw probability only: it knows neither a recalibration nor
the log-odds of a mean, and takes the inputs of a one-hot factor for several players.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from .game import Game, Value

#: Share of steps that change nothing (x and b agree, as class codes often do) from which they are
#: left out of the batches: picking the others costs time as well.
WORTH_SKIPPING = 0.05


@dataclass
class Background:
    """Rows that stand for "the factor is not known", as model inputs, with their predictions.

    ``inputs`` is (inputs, rows) float32, ``prediction`` (rows,) on the game's scale.
    """

    inputs: np.ndarray
    prediction: np.ndarray

    @property
    def base(self) -> float:
        """Mean prediction: the value of knowing no factor."""
        return float(self.prediction.mean())

    def __len__(self) -> int:
        return len(self.prediction)


def draw_orders(rng: np.random.Generator, rows: int, background: int, factors: int) -> np.ndarray:
    """Return (rows, background, factors): the place of each factor in each random order."""
    return np.argsort(rng.random((rows, background, factors)), axis=-1)


class Estimator:
    """Estimates Shapley values of a few rows at a time; one object a thread.

    Parameters
    ----------
    game : Game
    value : callable
        From ``game.for_thread``.
    background : Background
    """

    def __init__(self, game: Game, value: Value, background: Background) -> None:
        self._owner, self._factors, self._value = game.owner, game.factors, value
        self._background = background

    def rows_at_once(self, batch: int) -> int:
        """Return how many rows fill a batch of ``batch`` hybrids."""
        return max(1, batch // max(1, 2 * len(self._background) * (self._factors - 1)))

    def explain(
        self, inputs: np.ndarray, prediction: np.ndarray, places: np.ndarray
    ) -> tuple[np.ndarray, Optional[np.ndarray]]:
        """Return Shapley values of rows and their standard errors.

        Parameters
        ----------
        inputs : 2d-array of float32, (inputs, rows)
        prediction : 1d-array, (rows,)
            Of these rows, on the game's scale.
        places : 4d-array of int, (rounds, rows or 1, background, factors)
            From ``draw_orders``, one a round; one row of orders serves all rows.

        Returns
        -------
        values : 2d-array of float64, (rows, factors)
        errors : 2d-array of float64, (rows, factors), or None for a single round
            From the spread of the rounds at every background row, which are the strata of the
            sample: the background itself is given and carries no error.
        """
        rounds = len(places)
        first = self._gains(inputs, prediction, places[0])
        if rounds == 1:
            return first.mean(axis=1), None
        total, squares = first, np.zeros_like(first)
        for number, drawn in enumerate(places[1:], start=2):  # Welford, so nothing cancels
            gains = self._gains(inputs, prediction, drawn)
            step = gains - total
            total = total + step / number
            squares += step * (gains - total)
        variance = squares.sum(axis=1) / (rounds - 1) / rounds / len(self._background) ** 2
        return total.mean(axis=1), np.sqrt(variance)

    def _gains(self, inputs: np.ndarray, prediction: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return (rows, background, factors) mean gains along an order and its reverse."""
        rows, ends = inputs.shape[1], self._background.prediction
        count, factors = len(ends), self._factors
        # Along the steps: [0] from b to x, [1] from x to b (the reverse order, read backwards).
        path = np.empty((2, rows, count, factors + 1))
        path[0, :, :, 0] = path[1, :, :, -1] = ends
        path[0, :, :, -1] = path[1, :, :, 0] = prediction[:, None]
        if factors > 1:
            self._fill(path, inputs, places)
        gains = np.diff(path, axis=-1)
        gains = (gains[0] - gains[1]) / 2
        return np.take_along_axis(gains, np.broadcast_to(places, gains.shape), axis=-1)

    def _fill(self, path: np.ndarray, inputs: np.ndarray, places: np.ndarray) -> None:
        """Fill in the predictions between the two ends of every path."""
        steps = np.arange(1, self._factors)
        inside = places.transpose(2, 0, 1)[..., None] < steps  # factors, rows, background, steps
        inside = inside if len(self._owner) == self._factors else inside[self._owner]
        x = inputs[:, :, None, None]
        b = self._background.inputs[:, None, :, None]
        shape = (len(inputs), *path.shape[1:3], len(steps))
        hybrids = np.empty((len(inputs), 2, *shape[1:]), dtype=np.float32)
        hybrids[:, 0] = np.where(inside, x, b)
        hybrids[:, 1] = np.where(inside, b, x)
        changed = self._changed(inputs, places)
        if changed is None:
            path[..., 1:-1] = self._value(hybrids.reshape(len(inputs), -1)).reshape(2, *shape[1:])
            return
        picked = np.broadcast_to(changed, (2, *shape[1:]))
        inner = path[..., :-1]
        inner[..., 1:][picked] = self._value(hybrids[:, picked])
        # A step without change repeats the prediction of the last one with a change.
        last = np.zeros(inner.shape, dtype=np.intp)
        last[..., 1:] = np.where(picked, steps, 0)
        np.maximum.accumulate(last, axis=-1, out=last)
        path[..., :-1] = np.take_along_axis(inner, last, axis=-1)

    def _changed(self, inputs: np.ndarray, places: np.ndarray) -> Optional[np.ndarray]:
        """Return (rows, background, steps) where the step's factor differs between x and b.

        None where so few agree that all steps are computed.
        """
        other = inputs[:, :, None] != self._background.inputs[:, None, :]
        if len(self._owner) > self._factors:
            starts = np.searchsorted(self._owner, np.arange(self._factors))
            other = np.logical_or.reduceat(other, starts, axis=0)
        if other.mean() > 1 - WORTH_SKIPPING:
            return None
        other = other.transpose(1, 2, 0)
        order = np.argsort(np.broadcast_to(places, other.shape), axis=-1)
        return np.take_along_axis(other, order, axis=-1)[..., :-1]
