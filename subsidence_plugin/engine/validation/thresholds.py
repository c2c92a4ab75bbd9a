"""The threshold that tells subsidence from stable best: Youden's index beside 0.5."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .metrics import THRESHOLD


@dataclass(frozen=True)
class BestThreshold:
    """A threshold and its Youden index; ``threshold`` is NaN where none is better than chance."""

    threshold: float
    youden: float


def youden_index(labels: np.ndarray, probabilities: np.ndarray, threshold: float) -> float:
    """Return sensitivity + specificity − 1 at ``probability >= threshold``."""
    positive = np.asarray(labels) == 1
    called = np.asarray(probabilities) >= threshold
    return float(called[positive].mean() - called[~positive].mean())


def best_threshold(labels: np.ndarray, probabilities: np.ndarray) -> BestThreshold:
    """Return the threshold with the largest Youden index (Youden 1950).

    All thresholds between two neighbouring probabilities call the same rows: the one midway is
    returned. Of several as good, it is the one nearest to 0.5.

    Parameters
    ----------
    labels : 1d-array of 0/1
        Both classes.
    probabilities : 1d-array of float
    """
    values, place = np.unique(np.asarray(probabilities, float), return_inverse=True)
    positive = np.asarray(labels) == 1
    true = np.bincount(place[positive], minlength=len(values)) / positive.sum()
    false = np.bincount(place[~positive], minlength=len(values)) / (~positive).sum()
    # Called are the rows from a value on; from the lowest on, all are, which tells nothing.
    index = (np.cumsum((true - false)[::-1])[::-1])[1:]
    if not len(index) or index.max() <= 1e-12:
        return BestThreshold(float("nan"), 0.0)
    middles = (values[1:] + values[:-1]) / 2
    best = middles[index >= index.max() - 1e-12]
    nearest = best[np.argmin(np.abs(best - THRESHOLD))]
    return BestThreshold(float(nearest), float(index.max()))
