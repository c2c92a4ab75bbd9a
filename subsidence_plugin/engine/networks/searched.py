"""The training settings that tuning varies beside an architecture's own hyperparameters."""

from __future__ import annotations

from ..hyperparameter import Hyperparameter
from ..training.settings import RANGES, Settings


def searched_settings(
    rate: float, rates: tuple[float, float], rate_grid: tuple[float, ...]
) -> tuple[Hyperparameter, ...]:
    """Return learning rate, batch size and weight decay with their search ranges.

    The optimizer stays the preset's, since rates of Adam and SGD do not compare. The number of
    epochs is not searched either: early stopping finds it.

    Parameters
    ----------
    rate : float
        The default preset's learning rate.
    rates : (low, high)
        Search range of the learning rate.
    rate_grid : tuple of float
        Learning rates of the grid search.
    """
    return (
        Hyperparameter(
            "learning_rate", rate, *RANGES["learning_rate"], "Size of the optimizer's steps.",
            log=True, search=rates, grid=rate_grid,
        ),
        Hyperparameter(
            "batch_size", Settings.batch_size, *RANGES["batch_size"], "Training rows in each step.",
            log=True, search=(16, 256),
        ),
        Hyperparameter(
            "weight_decay", Settings.weight_decay, *RANGES["weight_decay"],
            "Shrinks the weights a little each step, against overfitting.",
            log=True, search=(1e-4, 1.0),
        ),
    )  # fmt: skip
