"""Parts and folds of samples by one of three methods, whatever the order of the rows."""

from __future__ import annotations

from typing import Optional

import numpy as np

from .splits import (
    SPLIT_CLUSTERS,
    block_folds,
    block_numbers,
    kmeans_folds,
    random_folds,
    split_shares,
)

#: In the order of the parameter ``SPLIT``.
METHODS = ("random", "blocks", "kmeans")


def divide(
    method: str,
    x: np.ndarray,
    y: np.ndarray,
    labels: np.ndarray,
    validation: float,
    test: float,
    folds: int,
    seed: int,
    block_size: Optional[float] = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the part (``train``, ``validation``, ``test``) and the fold (1, 2, ...) of each row.

    Rows are taken by place, since QGIS hands selected features over in another order each time.

    Parameters
    ----------
    method : str
        One of ``METHODS``.
    x, y : 1d-array
        Coordinates in units that are as long in x as in y.
    labels : 1d-array of int
    validation, test : float
        Shares from 0 to 1.
    folds, seed : int
    block_size : float, optional
        Side of the squares of method ``blocks``.
    """
    order = np.lexsort((labels, x, y))
    x, y, labels, groups = x[order], y[order], labels[order], None
    if method == "random":
        fold = random_folds(labels, folds, seed)
    elif method == "blocks":
        groups = block_numbers(x, y, block_size)
        fold = block_folds(x, y, labels, block_size, folds, seed)
    else:
        fold = kmeans_folds(x, y, folds, seed)
        places = len(np.unique(np.column_stack([x, y]), axis=0))
        clusters = min(SPLIT_CLUSTERS, max(2, len(x) // 5), places)
        groups = kmeans_folds(x, y, clusters, seed) - 1
    parts = split_shares(labels, validation, test, seed, groups)
    back = np.argsort(order)
    return parts[back], fold[back]
