"""How much each factor counts in the distance: its importance in the model, or all alike."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..explanation.background import make_background
from ..explanation.game import Game
from ..explanation.rows import BACKGROUND, ROWS, explain_rows
from ..models.model import Model
from ..progress import Progress

#: By the integer of WEIGHTS.
WEIGHTS = ("importance", "none")
#: Training rows that are explained, and background rows: enough for weights within a few percent.
EXPLAINED, BEHIND = 200, 50


def factor_weights(
    model: Model,
    inputs: np.ndarray,
    method: int = 0,
    seed: int = 42,
    workers: int = 1,
    progress: Progress = None,
) -> np.ndarray:
    """Return the weight of each factor, (factors,), summing to 1.

    Parameters
    ----------
    model : Model
    inputs : 2d-array of float32, (rows, inputs)
        Training rows, encoded.
    method : int
        0: mean |SHAP value| of the factor over training rows, on the scale of the mapped
        probability: the ranking that *Explain model* draws. Meyer and Pebesma weight by the
        importance that the model itself gives, which a network has not; SHAP values are the
        same measure for networks, trees and regressions, and need no labels. 1: all alike.
    seed, workers : int
    progress : Progress, optional

    Raises
    ------
    InputError
        The model's prediction does not change with any factor.
    """
    if not 0 <= method < len(WEIGHTS):
        raise InputError(f"WEIGHTS is {method}; allowed is 0 to {len(WEIGHTS) - 1}.")
    count = len(model.factors)
    if WEIGHTS[method] == "none":
        return np.full(count, 1 / count)
    importance = mean_absolute_shap(model, inputs, seed, workers, progress or Progress())
    if not importance.sum() > 0:
        raise InputError(
            "The model gives the same probability whatever the factors are, so none has a weight; "
            "set WEIGHTS to 'none', or train the model again."
        )
    return importance / importance.sum()


def mean_absolute_shap(
    model: Model, inputs: np.ndarray, seed: int, workers: int, progress: Progress
) -> np.ndarray:
    """Return mean |SHAP value| of each factor over some training rows, (factors,)."""
    explained = _drawn(inputs, EXPLAINED, np.random.default_rng([seed, ROWS]))
    behind = _drawn(inputs, BEHIND, np.random.default_rng([seed, BACKGROUND]))
    game = Game(model)
    background = make_background(behind, game.for_thread())
    values = explain_rows(game, background, explained, 1, seed, workers, progress)[0]
    return np.abs(values).mean(axis=0)


def _drawn(inputs: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    if len(inputs) <= size:
        return inputs
    return inputs[np.sort(rng.choice(len(inputs), size, replace=False))]
