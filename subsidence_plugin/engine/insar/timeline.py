"""Common dates of two tracks, and series at dates between their own."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .dates import describe_dates

#: The options of the enum DATES.
EITHER, BOTH, STEP = range(3)


def common_dates(first: np.ndarray, second: np.ndarray, how: int, step: int) -> np.ndarray:
    """Return the dates of the decomposed series, within the time that both tracks cover.

    Parameters
    ----------
    first, second : 1d-arrays of datetime64[D]
        In order.
    how : int
        0 all dates of either track, 1 those that both have, 2 every ``step`` days.
    step : int

    Raises
    ------
    InputError
        There are fewer than two.
    """
    start, end = max(first[0], second[0]), min(first[-1], second[-1])
    if start >= end:
        raise InputError(
            f"The tracks do not overlap in time: {describe_dates(first)}; {describe_dates(second)}."
        )
    if how == BOTH:
        dates = np.intersect1d(first, second)
        if len(dates) < 2:
            raise InputError(
                f"The tracks have {len(dates)} dates in common; choose another option of DATES."
            )
        return dates
    if how == STEP:
        dates = np.arange(start, end + np.timedelta64(1, "D"), np.timedelta64(int(step), "D"))
        if len(dates) < 2:
            raise InputError(f"STEP is {step} days, longer than the tracks overlap; shorten it.")
        return dates
    every = np.union1d(first, second)
    return every[(every >= start) & (every <= end)]


def at_dates(series: np.ndarray, own: np.ndarray, wanted: np.ndarray, longest: float) -> np.ndarray:
    """Return series at other dates, linear between the values a series has.

    Parameters
    ----------
    series : (series, dates) array
        NaN where there is no value.
    own, wanted : 1d-arrays of datetime64[D]
        In order.
    longest : float
        Gaps of more days than this are not bridged: NaN.
    """
    own_days, days = own.astype("int64").astype(float), wanted.astype("int64").astype(float)
    if np.isfinite(series).all():
        return _linear(series, own_days, days, longest)
    result = np.full((len(series), len(days)), np.nan)
    known = np.isfinite(series)
    patterns, index = np.unique(np.packbits(known, axis=1), axis=0, return_inverse=True)
    index = index.reshape(-1)
    for number in range(len(patterns)):  # series with gaps at the same dates go together
        rows = np.flatnonzero(index == number)
        mask = known[rows[0]]
        if mask.any():
            result[rows] = _linear(series[np.ix_(rows, np.flatnonzero(mask))], own_days[mask],
                                   days, longest)  # fmt: skip
    return result


def _linear(series: np.ndarray, own: np.ndarray, wanted: np.ndarray, longest: float) -> np.ndarray:
    """Interpolate series without gaps; NaN outside their time and in long gaps."""
    right = np.clip(np.searchsorted(own, wanted), 0, len(own) - 1)
    exact = own[right] == wanted
    left = np.where(exact, right, np.maximum(right - 1, 0))
    span = own[right] - own[left]
    share = np.where(span > 0, (wanted - own[left]) / np.where(span > 0, span, 1), 0.0)
    values = series[:, left] * (1 - share) + series[:, right] * share
    outside = (wanted < own[0]) | (wanted > own[-1])
    values[:, outside | (span > longest)] = np.nan
    return values
