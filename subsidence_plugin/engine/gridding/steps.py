"""Equal steps of time: which are acquired and which lie in gaps, and the series at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from ..errors import InputError
from ..insar.dates import describe_dates
from ..insar.timeline import at_dates

#: Points interpolated at a time.
CHUNK = 4000


@dataclass(frozen=True)
class Steps:
    """Dates of the bands.

    ``dates`` are datetime64[D]; ``gap`` tells where no acquisition lies within the step (half a
    step to either side), ``nearest`` is the acquisition nearest to each date; ``step`` is the
    length in days, None where the dates are those of the acquisitions.
    """

    dates: np.ndarray
    gap: np.ndarray
    nearest: np.ndarray
    step: Optional[int] = None

    def __len__(self) -> int:
        return len(self.dates)


def own_dates(dates: np.ndarray) -> Steps:
    """Return the acquisitions themselves as bands, none of them in a gap."""
    return Steps(dates, np.zeros(len(dates), dtype=bool), dates)


def equal_steps(dates: np.ndarray, step: int) -> Steps:
    """Return dates every ``step`` days from the first acquisition on.

    Every acquisition belongs to one step: from half a step before its date (included) to half a
    step after it (excluded).

    Parameters
    ----------
    dates : 1d-array of datetime64[D]
        Acquisitions in order.
    step : int
        Days.

    Raises
    ------
    InputError
        There would be fewer than two dates.
    """
    if step < 1:
        raise InputError(f"STEP is {step}; it must be 1 day or more, or empty.")
    wanted = np.arange(dates[0], dates[-1] + np.timedelta64(1, "D"), np.timedelta64(step, "D"))
    if len(wanted) < 2:
        raise InputError(
            f"STEP is {step} days, longer than the series ({describe_dates(dates)}); shorten it."
        )
    right = np.clip(np.searchsorted(dates, wanted), 0, len(dates) - 1)
    left = np.maximum(right - 1, 0)
    nearer_left = wanted - dates[left] <= np.abs(dates[right] - wanted)
    nearest = np.where(nearer_left, dates[left], dates[right])
    days = (dates - dates[0]).astype(int)
    place = (2 * days + step) // (2 * step)
    acquired = np.isin(np.arange(len(wanted)), place)
    return Steps(wanted, ~acquired, nearest, int(step))


def resample(
    series: np.ndarray,
    dates: np.ndarray,
    steps: Steps,
    max_gap: float,
    check: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Return the series at the dates of the steps, linear between their own dates.

    Parameters
    ----------
    series : (points, dates) array of float32
        NaN where there is no value.
    dates : 1d-array of datetime64[D]
    steps : Steps
    max_gap : float
        Days between two values of a point beyond which nothing is put between them.
    check : callable
        Called at every block; raises to stop.

    Returns
    -------
    (points, steps) array of float32
    """
    if steps.step is None or np.array_equal(steps.dates, dates):
        return series
    result = np.empty((len(series), len(steps)), dtype=np.float32)
    for start in range(0, len(series), CHUNK):
        check()
        part = slice(start, start + CHUNK)
        result[part] = at_dates(series[part], dates, steps.dates, max_gap)
    return result
