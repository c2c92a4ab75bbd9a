"""Gaps of time series filled so that forecasts have a level at every date."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..errors import InputError

#: Nodes filled at once: bounds the memory of the indices.
BLOCK = 16384
#: Series with a larger share of missing dates are left out.
MOST_MISSING = 0.25


class Filled(NamedTuple):
    """Levels without gaps, what of them was observed, and which series have enough of that."""

    levels: np.ndarray
    observed: np.ndarray
    keep: np.ndarray


def fill(values: np.ndarray, most_missing: float = MOST_MISSING) -> Filled:
    """Fill gaps by the last value before them, and gaps at the start by the first value.

    Values after a gap are never used inside it, so that what a forecast sees at its origin holds
    nothing of its future; only a series that begins late borrows its own first value.

    Parameters
    ----------
    values : (nodes, dates) array of float
        Displacement in mm, NaN (or infinite) where missing.
    most_missing : float
        Largest share of missing dates of a series that is kept, 0 to 1.

    Returns
    -------
    levels : (nodes, dates) array
        Same type; 0 in series without any value, which are never kept.
    observed : (nodes, dates) array of bool
    keep : (nodes,) array of bool
        Series with a value and no more missing than stated.

    Raises
    ------
    InputError
        No series is kept.
    """
    values = np.asarray(values)
    observed = np.isfinite(values)
    known = observed.sum(axis=1)
    dates = values.shape[1]
    keep = (known > 0) & (dates - known <= most_missing * dates)
    if not keep.any():
        best = known.max() / max(dates, 1) if len(known) else 0.0
        raise InputError(
            f"No series has values at {1 - most_missing:.0%} of the {dates} dates (the fullest of "
            f"{len(values)} has {best:.0%}); use data with fewer gaps or fewer dates."
        )
    levels = values.copy()
    incomplete = np.flatnonzero(known < dates)
    for start in range(0, len(incomplete), BLOCK):
        rows = incomplete[start : start + BLOCK]
        levels[rows] = _last_before(values[rows], observed[rows])
    return Filled(levels, observed, keep)


def _last_before(values: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return each value or the last known before it, at the start the first known, else 0."""
    first = observed.argmax(axis=1).astype(np.int32)
    place = np.where(observed, np.arange(values.shape[1], dtype=np.int32), first[:, None])
    # Before the first value its place is the largest so far: the running maximum keeps it there.
    place = np.maximum.accumulate(place, axis=1)
    filled = np.take_along_axis(values, place, axis=1)
    filled[~observed.any(axis=1)] = 0
    return filled
