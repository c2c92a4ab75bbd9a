"""Weighted means of series with gaps: the sparse product of weights and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


#: Places and dates of a block: what they need of the values stays in the processor's cache.
PLACES, DATES = 4096, 32


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
    means = np.empty((values.shape[1], matrix.shape[0]), np.float32)
    starts = range(0, matrix.shape[0], PLACES)
    parts = [matrix[start : start + PLACES] for start in starts]
    for first in range(0, values.shape[1], DATES):
        own = np.ascontiguousarray(values[:, first : first + DATES], dtype=np.float32)
        known = np.isfinite(own)
        gaps = np.flatnonzero(~known.all(axis=0))  # dates at which some point has no value
        if len(gaps):
            own = np.where(known, own, np.float32(0))
            known = known[:, gaps].astype(np.float32)
        for start, part in zip(starts, parts):
            block = part @ own
            if len(gaps):
                share = part @ known
                with np.errstate(invalid="ignore", divide="ignore"):
                    block[:, gaps] = np.where(share > 0, block[:, gaps] / share, np.nan)
            block[np.diff(part.indptr) == 0] = np.nan
            means[first : first + DATES, start : start + PLACES] = block.T
    return means.T


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
