"""The inner hold-out: training rows that decide when to stop, never the reported rows."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..errors import InputError


def holdout_rows(
    label: np.ndarray, share: float, seed: int, fold: Optional[np.ndarray] = None
) -> np.ndarray:
    """Return a mask of the rows to hold out: stratified by class, or whole (spatial) folds.

    Parameters
    ----------
    label : 1d-array of 0 and 1
        Of the training rows.
    share : float
        Share to hold out, 0 to 0.5; 0 holds out nothing.
    seed : int
    fold : 1d-array of int, optional
        Fold of each row; whole folds are drawn until the share is reached.

    Raises
    ------
    InputError
        Too few rows of a class, or no choice of folds leaves both classes on both sides.
    """
    mask = np.zeros(len(label), dtype=bool)
    if share == 0:
        return mask
    rng = np.random.default_rng([seed, 7])
    if fold is not None:
        return _fold_mask(label, share, rng, np.asarray(fold))
    for value in (0, 1):
        rows = np.flatnonzero(label == value)
        if len(rows) < 2:
            raise InputError(
                f"There are {len(rows)} training rows with label {value}; at least 2 are needed "
                "to hold one out (or set HOLDOUT to 0)."
            )
        count = min(max(round(share * len(rows)), 1), len(rows) - 1)
        mask[rng.permutation(rows)[:count]] = True
    return mask


def _fold_mask(
    label: np.ndarray, share: float, rng: np.random.Generator, fold: np.ndarray
) -> np.ndarray:
    mask = np.zeros(len(label), dtype=bool)
    for number in rng.permutation(np.unique(fold)):
        further = mask | (fold == number)
        if len(np.unique(label[~further])) < 2:
            continue
        mask = further
        if mask.mean() >= share and len(np.unique(label[mask])) == 2:
            return mask
    if len(np.unique(label[mask])) < 2:
        raise InputError(
            "No choice of whole folds leaves both classes inside and outside the hold-out; hold "
            "out single rows instead."
        )
    return mask
