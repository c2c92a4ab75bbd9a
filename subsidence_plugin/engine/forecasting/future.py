"""Dates of a forecast: origin, future dates, or those of the data where the origin is past."""

from __future__ import annotations

import re
from typing import Optional

import numpy as np

from ..errors import InputError
from ..insar.dates import parse_limit

DAY = "datetime64[D]"
#: So many dates back; a date as EGMS writes it (20230630) has no sign.
_BACK = re.compile(r"-\d{1,6}")


def typical_step(days: np.ndarray) -> int:
    """Return the median number of whole days between dates, at least 1."""
    return max(int(np.floor(np.median(np.diff(days)) + 0.5)), 1) if len(days) > 1 else 1


def origin_index(dates: np.ndarray, origin: Optional[str], window: int, what: str) -> int:
    """Return the place of the last input date.

    Parameters
    ----------
    dates : (dates,) array of datetime64[D]
        Ascending.
    origin : str, optional
        ISO date; or a negative number such as ``-10``, so many dates before the last; empty for
        the last.
    window : int
        Dates that the forecaster needs.
    what : str
        Names the data in errors, for example "The stack 'x.tif' (INPUT)".

    Raises
    ------
    InputError
        There is no such date, or there are fewer dates up to it than the window.
    """
    index, wanted = len(dates) - 1, None
    if origin and _BACK.fullmatch(origin.strip()):
        back = int(origin)
        if -back > index:
            raise InputError(
                f"ORIGIN is {back}, but {what[0].lower()}{what[1:]} has only {len(dates)} dates; "
                "go back fewer dates."
            )
        index, wanted = index + back, dates[index + back]
    else:
        wanted = parse_limit(origin, "ORIGIN")
    if wanted is not None:
        index = int(np.searchsorted(dates, wanted))
        if index == len(dates) or dates[index] != wanted:
            near = sorted(dates[max(index - 1, 0) : index + 1])
            verb = "are" if len(near) > 1 else "is"
            raise InputError(
                f"ORIGIN is {wanted}, which is no date of {what[0].lower()}{what[1:]}; the nearest "
                f"{verb} {' and '.join(map(str, near))}."
            )
    if index + 1 < window:
        raise InputError(
            f"{what} has {index + 1} dates up to {dates[index]}, and the forecaster needs its "
            f"window of {window}; give a longer series"
            + (", or a later ORIGIN." if wanted is not None else ".")
        )
    return index


def target_days(days: np.ndarray, origin: int, gap: int, horizon: int) -> np.ndarray:
    """Return the days of the targets, (horizon,) int64 since 1970.

    Targets are the dates ``origin + gap + 1`` and on. Those that the data have (the origin lies
    in the past) are taken as they are; the others follow the last date in typical steps.

    Parameters
    ----------
    days : (dates,) array of int64
    origin : int
    gap, horizon : int
    """
    days = np.asarray(days, np.int64)
    wanted = origin + gap + 1 + np.arange(horizon)
    beyond = np.maximum(wanted - (len(days) - 1), 0)
    known = days[np.minimum(wanted, len(days) - 1)]
    return known + beyond * typical_step(days)


def as_dates(days: np.ndarray) -> np.ndarray:
    """Return days since 1970 as datetime64[D]."""
    return np.asarray(days, np.int64).astype(DAY)


def as_days(dates: np.ndarray) -> np.ndarray:
    """Return datetime64[D] as days since 1970."""
    return np.asarray(dates, DAY).astype(np.int64)
