"""What a baseline consists of, and the checks that its arrays share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Callable

import numpy as np

from ..errors import ModelFileError
from ..hyperparameter import Hyperparameter, Tunable
from .options import Options

Arrays = Mapping[str, np.ndarray]
Evaluator = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Baseline(Tunable):
    """A baseline model.

    Parameters
    ----------
    name : str
        Id in model files.
    title : str
        As people write it.
    fit : callable
        ``fit(inputs, label, weights, seed, progress, **options)`` returns arrays by name.
    check : callable
        ``check(arrays, n_inputs)`` raises ``ModelFileError`` unless the arrays can be evaluated
        without reading outside them and in bounded time.
    evaluator : callable
        ``evaluator(arrays)`` returns a function from (rows, inputs) float32 to (rows,)
        probabilities; safe to call from several threads.
    hyperparameters : tuple of Hyperparameter
        Options of ``fit``.
    settings : tuple of Hyperparameter
        Of the training; a baseline has none that tuning could vary.
    """

    name: str
    title: str
    fit: Callable[..., dict[str, np.ndarray]]
    check: Callable[[Arrays, int], None]
    evaluator: Callable[[Arrays], Evaluator]
    hyperparameters: tuple[Hyperparameter, ...]
    settings: tuple[Hyperparameter, ...] = ()

    @property
    def described(self) -> str:
        """What it is, as a sentence about it begins."""
        return self.title


def declared(
    options: Options,
    fit: Callable[..., dict[str, np.ndarray]],
    check: Callable[[Arrays, int], None],
    evaluator: Callable[[Arrays], Evaluator],
) -> Baseline:
    """Return the baseline of these options."""
    name, title, hyperparameters = options
    return Baseline(name, title, fit, check, evaluator, hyperparameters)


def refuse(reason: str) -> None:
    """Raise ``ModelFileError`` with this reason."""
    raise ModelFileError(f"The model file is damaged: {reason}.")


def sigmoid(logit: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(−logit)) without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(logit, dtype=np.float64)))
