"""Background rows: what a prediction is when a factor is not known is averaged over them."""

from __future__ import annotations

import numpy as np

from .game import Value
from .permutations import Background


def draw_rows(label: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return indices of ``size`` rows, ascending, each label in its share of all rows.

    Parameters
    ----------
    label : 1d-array
        Strata; shares are rounded so that the largest remainders win.
    size : int
        All rows are returned where there are no more.
    rng : numpy.random.Generator
    """
    if size >= len(label):
        return np.arange(len(label))
    strata, counts = np.unique(label, return_counts=True)
    exact = counts * (size / len(label))
    quota = np.floor(exact).astype(int)
    largest = np.argsort(quota - exact, kind="stable")[: size - quota.sum()]
    quota[largest] += 1
    chosen = [
        rng.choice(np.flatnonzero(label == stratum), count, replace=False)
        for stratum, count in zip(strata, quota)
    ]
    return np.sort(np.concatenate(chosen))


def make_background(inputs: np.ndarray, value: Value) -> Background:
    """Return background rows with their predictions.

    Parameters
    ----------
    inputs : 2d-array of float32, (rows, inputs)
    value : callable
        Of a game.
    """
    columns = np.ascontiguousarray(inputs.T, dtype=np.float32)
    return Background(columns, value(columns))


def representative(background: Background, size: int) -> Background:
    """Return ``size`` of the rows, evenly along their predictions.

    The rows are sorted by prediction and cut into groups of equal size, the middle one of each is
    taken: so their mean stays close to the base value of the whole, whatever the size.
    """
    count = len(background)
    if size >= count:
        return background
    middle = ((np.arange(size) + 0.5) * count / size).astype(int)
    chosen = np.sort(np.argsort(background.prediction, kind="stable")[middle])
    return Background(background.inputs[:, chosen], background.prediction[chosen])
