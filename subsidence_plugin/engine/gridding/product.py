"""Weighted means of series with gaps: the sparse product of weights and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def weighted_means(matrix: csr_matrix, values: np.ndarray) -> np.ndarray:
    """Return the weighted mean at each place and date.

    A point without a value at a date does not count there: the weights of the others are
    renormalised to sum 1.

    Parameters
    ----------
    matrix : (places, points) sparse matrix
        Weights that sum to 1 in each row, or rows without any.
    values : (points, dates) array of float32
        NaN where there is no value.

    Returns
    -------
    (places, dates) array of float32
        NaN where no point with a weight has a value; each date is contiguous in memory.
    """
    values = np.asfortranarray(values, dtype=np.float32)
    means = np.empty((matrix.shape[0], values.shape[1]), np.float32, order="F")
    for date, own in enumerate(values.T):  # a date at a time stays in the processor's cache
        known = np.isfinite(own)
        if known.all():
            means[:, date] = matrix @ own
            continue
        total = matrix @ np.where(known, own, np.float32(0))
        share = matrix @ known.astype(np.float32)
        with np.errstate(invalid="ignore", divide="ignore"):
            means[:, date] = np.where(share > 0, total / share, np.nan)
    means[np.diff(matrix.indptr) == 0] = np.nan
    return means


def first_known(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return at each place and date the value of the nearest point that has one.

    Parameters
    ----------
    values : (points, dates) array
    index : (places, neighbours) array
        The nearest first; ``len(values)`` where there is none.
    """
    found = np.full((len(index), values.shape[1]), np.nan, values.dtype)
    for column in index.T:
        rows = np.flatnonzero((column < len(values)) & ~np.isfinite(found).all(axis=1))
        if not len(rows):
            continue
        missing = ~np.isfinite(found[rows])
        found[rows] = np.where(missing, values[column[rows]], found[rows])
    return found
