"""Individual conditional expectation: predictions of rows while one factor is varied.

Goldstein et al. (2015); the mean of the curves is the partial dependence. Appendix C of the Hanoi
paper shows one such plot a factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

import numpy as np

from ..models.card import Factor
from ..models.encode import encode
from ..progress import Progress
from .game import Game, Value
from .result import Explanation, Ice

#: Points of a continuous factor's curve, and of each side of a two-way surface.
GRID_POINTS, SURFACE_POINTS = 25, 12
#: Rows that get a curve: more make a plot darker, not clearer.
CURVES = 100


def factor_grid(factor: Factor, values: np.ndarray, points: int = GRID_POINTS) -> np.ndarray:
    """Return the values that a factor is given.

    Parameters
    ----------
    factor : Factor
    values : 1d-array
        The factor's values in the explained rows, in its own unit.
    points : int

    Returns
    -------
    1d-array of float32, ascending
        Categories seen in training; class codes from the lowest to the highest trained on;
        otherwise evenly spaced quantiles of ``values``, so that no curve leaves the data.
    """
    if factor.kind == "categorical":
        return np.asarray(factor.categories, dtype=np.float32)
    if factor.kind == "classes":
        return np.arange(round(factor.minimum), round(factor.maximum) + 1, dtype=np.float32)
    distinct = np.unique(np.asarray(values, dtype=np.float32))
    if len(distinct) <= points:
        return distinct
    quantiles = np.quantile(values.astype(np.float64), np.linspace(0, 1, points))
    return np.unique(quantiles.astype(np.float32))


def grid_labels(factor: Factor, grid: np.ndarray, texts: Mapping[float, str]) -> list[str]:
    """Return the text of every grid value of codes, empty for a continuous factor."""
    if factor.kind == "continuous":
        return []
    return [texts.get(float(code)) or f"{code:g}" for code in grid]


def spread_rows(prediction: np.ndarray, count: int) -> np.ndarray:
    """Return the indices of ``count`` rows evenly along their predictions, ascending."""
    if count >= len(prediction):
        return np.arange(len(prediction))
    middle = ((np.arange(count) + 0.5) * len(prediction) / count).astype(int)
    return np.sort(np.argsort(prediction, kind="stable")[middle])


def varied(
    game: Game, value: Value, values: np.ndarray, changes: Mapping[int, np.ndarray]
) -> np.ndarray:
    """Return predictions of rows at every point of a list of changes.

    Parameters
    ----------
    values : 2d-array of float32, (rows, factors)
    changes : mapping of factor index to 1d-array, (points,)
        Values that replace the rows' own.

    Returns
    -------
    2d-array of float64, (rows, points)
    """
    points = len(next(iter(changes.values())))
    every = np.repeat(np.asarray(values, dtype=np.float32), points, axis=0)
    for index, given in changes.items():
        every[:, index] = np.tile(np.asarray(given, dtype=np.float32), len(values))
    inputs, _clipped, _valid = encode(every, game.model.factors)
    return value(np.ascontiguousarray(inputs.T)).reshape(len(values), points)


def ice_curves(
    game: Game,
    value: Value,
    explanation: Explanation,
    count: int = CURVES,
    progress: Optional[Progress] = None,
) -> list[Ice]:
    """Return the ICE curves of every factor, in the model's order.

    Parameters
    ----------
    game : Game
    value : callable
        From ``game.for_thread``.
    explanation : Explanation
        Its rows get the curves, ``count`` of them evenly along the predictions.
    progress : Progress, optional
    """
    progress = progress or Progress()
    rows = spread_rows(explanation.prediction, count)
    own, curves = explanation.values[rows], []
    for index, factor in enumerate(game.model.factors):
        grid = factor_grid(factor, explanation.values[:, index])
        texts = explanation.categories.get(factor.name, {})
        curves.append(
            Ice(
                factor.name,
                factor.kind,
                grid,
                varied(game, value, own, {index: grid}),
                rows,
                grid_labels(factor, grid, texts),
            )
        )
        progress((index + 1) / game.factors)
    return curves
