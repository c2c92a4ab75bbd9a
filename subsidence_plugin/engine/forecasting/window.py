"""The window of dates before an origin: gaps in time filled, cells without support left out."""

from __future__ import annotations

from typing import Callable, Optional

import numpy as np

from ..naive.fill import MOST_MISSING

#: Returns the values of the date so many before the window, None where there is none.
Before = Callable[[int], Optional[np.ndarray]]


def fill_window(
    values: np.ndarray, before: Before, most_missing: float = MOST_MISSING
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fill gaps by the last value before them; see ``fill``, which does so for whole series.

    Parameters
    ----------
    values : (dates, ...) array of float32
        NaN where missing; filled in place.
    before : callable
        Asked, from 1 on, while a cell with values in the window has none at its first date. What
        no earlier date can fill gets the first value of the window.
    most_missing : float
        Share of the dates of the window that a cell may lack.

    Returns
    -------
    levels : (dates, ...) array
        ``values``; 0 where the mask is False.
    observed : (dates, ...) array of bool
    mask : (...) array of bool
        Cells with enough values.
    """
    values[~np.isfinite(values)] = np.nan
    observed = np.isfinite(values)
    known = observed.sum(axis=0)
    mask = (known > 0) & (len(values) - known <= most_missing * len(values))
    _fill_first(values, observed, mask, before)
    for earlier, later in zip(values, values[1:]):
        np.copyto(later, earlier, where=np.isnan(later))
    values[:, ~mask] = 0
    return values, observed, mask


def _fill_first(values: np.ndarray, observed: np.ndarray, mask: np.ndarray, before: Before) -> None:
    """Give the first date of the window the last value before it, else the first in the window."""
    waiting, number = mask & ~observed[0], 1
    while waiting.any():
        earlier = before(number)
        if earlier is None:
            break
        found = waiting & np.isfinite(earlier)
        values[0][found] = earlier[found]
        waiting &= ~found
        number += 1
    if waiting.any():
        first = observed.argmax(axis=0)[waiting]
        values[0][waiting] = np.take_along_axis(values[:, waiting], first[None], axis=0)[0]


def step_in_time(values: np.ndarray, days: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return series at other days, linear between neighbouring dates; NaN where one is missing.

    Parameters
    ----------
    values : (nodes, dates) array
    days : (dates,) array of int64
        Ascending.
    wanted : (days,) array of int64
    """
    result = np.full((len(values), len(wanted)), np.nan, np.float32)
    right = np.searchsorted(days, wanted)
    for place, (index, day) in enumerate(zip(right, wanted)):
        if index < len(days) and days[index] == day:
            result[:, place] = values[:, index]
        elif 0 < index < len(days):
            share = (day - days[index - 1]) / (days[index] - days[index - 1])
            result[:, place] = (1 - share) * values[:, index - 1] + share * values[:, index]
    return result
