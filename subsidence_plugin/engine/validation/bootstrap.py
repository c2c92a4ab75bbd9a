"""Confidence band of a ROC curve by the bootstrap: how far it would move with other rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..progress import Progress

#: False positive rates at which the band is given.
GRID = np.linspace(0, 1, 201)
#: Resamples of a band, and the share of them that lies within it.
REPLICATES, LEVEL = 1000, 0.95
#: Resamples between two looks at Cancel.
BATCH = 20


@dataclass(frozen=True)
class RocBand:
    """Pointwise band of true positive rates over ``GRID``, and the interval of the AUC.

    ``low`` and ``high`` are (grid,); ``level`` is the share of the resamples between them.
    """

    low: np.ndarray
    high: np.ndarray
    auc_low: float
    auc_high: float
    level: float = LEVEL
    replicates: int = REPLICATES


def roc_band(
    labels: np.ndarray,
    scores: np.ndarray,
    replicates: int = REPLICATES,
    seed: int = 42,
    level: float = LEVEL,
    progress: Optional[Progress] = None,
) -> RocBand:
    """Return the percentile band of the ROC curve over stratified resamples.

    Rows of each class are drawn with replacement among themselves, as many as there are, so that
    the share of subsidence stays (Efron and Tibshirani 1993, section 8.3; Carpenter and Bithell
    2000). The band is pointwise, at each false positive rate by itself, and takes rows as
    independent: neighbouring samples are alike, so the truth is wider.

    Parameters
    ----------
    labels : 1d-array of 0/1
        Both classes.
    scores : 1d-array of float
    replicates : int
        At least 1.
    seed : int
        The same for several models on the same rows draws the same rows for all.
    level : float
        Between 0 and 1.
    progress : Progress, optional
    """
    progress = progress or Progress()
    rng = np.random.default_rng(seed)
    # Rank of each row's score, the highest first; rows that tie share it.
    _values, rank = np.unique(-np.asarray(scores, float), return_inverse=True)
    positive = np.asarray(labels) == 1
    classes = (rank[positive], rank[~positive])
    size = rank.max() + 1
    rates, areas = np.empty((replicates, len(GRID))), np.empty(replicates)
    for index in range(replicates):
        if index % BATCH == 0:
            progress(index / replicates)
        true, false = (_resampled(own, size, rng) for own in classes)
        rates[index] = np.interp(GRID, false, true)
        areas[index] = np.sum(np.diff(false) * (true[1:] + true[:-1])) / 2
    tail = (1 - level) / 2
    low, high = np.quantile(rates, [tail, 1 - tail], axis=0)
    auc_low, auc_high = np.quantile(areas, [tail, 1 - tail])
    progress(1)
    return RocBand(low, high, float(auc_low), float(auc_high), level, replicates)


def _resampled(ranks: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return the cumulative share of a resample of one class by falling score, from 0 to 1."""
    drawn = ranks[rng.integers(0, len(ranks), len(ranks))]
    counts = np.bincount(drawn, minlength=size)
    return np.concatenate([[0.0], np.cumsum(counts) / len(ranks)])
