"""Dissimilarity of the training rows among themselves, and the threshold that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError
from ..needs import need
from ..progress import Progress

#: Distances computed at once: some 32 MB.
PAIRS = 4_000_000


@dataclass(frozen=True)
class TrainingDissimilarity:
    """What the training rows say.

    ``mean_distance`` between two different training rows scales the index; ``index`` holds
    the index of each row against the rows of other folds, (rows,), NaN for a row without fold;
    ``threshold`` is the largest index that counts as inside.
    """

    mean_distance: float
    index: np.ndarray
    threshold: float


def training_dissimilarity(
    rows: np.ndarray,
    fold: Optional[np.ndarray] = None,
    threshold: Optional[float] = None,
    progress: Optional[Progress] = None,
) -> TrainingDissimilarity:
    """Return dissimilarity index and threshold of the training rows.

    Meyer and Pebesma (2021), sections 2.2 to 2.4, as the authors' R package CAST computes them:
    the index is the distance to the nearest row of another fold over the mean distance of all
    pairs of rows; without folds the nearest of all other rows is taken.

    Parameters
    ----------
    rows : 2d-array, (rows, columns)
        Coordinates from ``PredictorSpace``.
    fold : 1d-array, (rows,), optional
        Any numbers; a row with NaN has no index, but its distances count in the mean.
    threshold : float, optional
        Taken instead of the one that follows from the rows.
    progress : Progress, optional

    Raises
    ------
    InputError
        All rows are alike.
    """
    distance = need("scipy.spatial.distance", "to measure dissimilarity")
    progress = progress or Progress()
    count, total = len(rows), 0.0
    nearest = np.empty(count)
    step = max(PAIRS // count, 1)
    for start in range(0, count, step):
        progress(start / count)
        part = np.arange(start, min(start + step, count))
        between = distance.cdist(rows[part], rows)
        total += between.sum()
        between[np.arange(len(part)), part] = np.inf
        if fold is not None:
            between[fold[part][:, None] == fold[None, :]] = np.inf
        nearest[part] = between.min(axis=1)
    mean = float(total) / (count * (count - 1))
    if not mean > 0:
        raise InputError(
            "All training rows are alike in the factors that the model uses, so there is no "
            "distance to compare with; set WEIGHTS to 'none', or give other samples."
        )
    if fold is not None:
        nearest[~np.isfinite(fold)] = np.nan
    index = nearest / mean
    limit = outlier_removed_maximum(index) if threshold is None else float(threshold)
    return TrainingDissimilarity(mean, index, limit)


def outlier_removed_maximum(index: np.ndarray) -> float:
    """Return the upper whisker of a box plot: Q3 + 1.5 (Q3 − Q1), at most the largest value.

    Quartiles are interpolated linearly (R's type 7), NaN are left out; CAST since version 0.6.
    """
    known = index[np.isfinite(index)]
    first, third = np.quantile(known, [0.25, 0.75])
    return float(min(third + 1.5 * (third - first), known.max()))
