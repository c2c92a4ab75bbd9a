"""What is taken from the training part before a network is trained: scaling and linear start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..naive.ridge import PooledRidge, fit_ridge
from .area import Area
from .sampling import spaced

#: Nodes that the linear start is fitted on, at most, and origins its errors are taken at.
MOST_NODES, MOST_ORIGINS = 60_000, 12
#: Smallest standard deviation in mm: below it there is nothing to learn.
SMALLEST = 1e-6


@dataclass(frozen=True)
class Start:
    """Figures of the training part.

    Parameters
    ----------
    mean, std : float
        Of the levels, mm.
    around : float
        Standard deviation of levels around the mean of their window, mm.
    ridge : PooledRidge
        Linear forecast of all nodes together.
    errors : (horizon,) array
        Mean square error of the ridge on the training windows, mm².
    """

    mean: float
    std: float
    around: float
    ridge: PooledRidge
    errors: np.ndarray


def make_start(
    areas: Sequence[Area], stop: int, origins: np.ndarray, window: int, horizon: int, gap: int
) -> Start:
    """Return the figures of the dates before ``stop``.

    Parameters
    ----------
    areas : sequence of Area
    stop : int
        First date after the training part.
    origins : 1d-array of int
        Of the training windows.
    window, horizon, gap : int

    Raises
    ------
    InputError
        The series do not change at all.
    """
    levels = pooled_series(areas)
    train = levels[:, :stop]
    mean, std = float(train.mean(dtype=float)), float(train.std(dtype=float))
    if not std > SMALLEST:
        raise InputError(
            "The series of the training part do not change at all; choose another layer or extent."
        )
    ridge = fit_ridge(levels, stop, horizon, gap, window)
    around, errors = [], []
    for origin in spaced(origins, MOST_ORIGINS):
        part = levels[:, origin - window + 1 : origin + 1].astype(float)
        around.append(float((part - part.mean(axis=1, keepdims=True)).std()))
        target = levels[:, origin + gap + 1 : origin + gap + 1 + horizon]
        errors.append(((ridge.at(origin)(levels) - target) ** 2).mean(axis=0))
    floor = (1e-3 * std) ** 2
    return Start(
        mean, std, max(float(np.mean(around)), SMALLEST), ridge,
        np.maximum(np.mean(errors, axis=0), floor),
    )  # fmt: skip


def pooled_series(areas: Sequence[Area]) -> np.ndarray:
    """Return the levels of the areas' nodes, evenly thinned to ``MOST_NODES``, (nodes, dates)."""
    total = sum(int(a.mask.sum()) for a in areas)
    every = -(-total // MOST_NODES)
    return np.concatenate([a.series()[::every] for a in areas])
