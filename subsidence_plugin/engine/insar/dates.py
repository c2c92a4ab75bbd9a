"""Dates of time series: recognised in column names, put in order, written as field names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError

#: ``20200103``, ``D20200103``, ``2020-01-03``, ``2020-01-03T05:12:30``, ``D_2020_01_03``.
NAME = re.compile(r"[Dd]?[_ ]?((?:19|20)\d\d)([-_/.]?)(\d\d)\2(\d\d)(?:[T ]\d\d.*)?")
DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class DateColumns:
    """Columns of dates in the order of time.

    ``indices`` are their places in the header, ``dates`` their days (datetime64[D]), ``ordered``
    tells whether the header has them in this order.
    """

    indices: np.ndarray
    dates: np.ndarray
    ordered: bool


def date_of(name: str) -> Optional[np.datetime64]:
    """Return the date that a column name stands for, None where it is no date."""
    match = NAME.fullmatch(name.strip())
    if not match:
        return None
    try:
        return np.datetime64(f"{match[1]}-{match[3]}-{match[4]}", "D")
    except ValueError:  # a month 13
        return None


def date_columns(header: Sequence[str], what: str) -> DateColumns:
    """Return the columns of dates of a table.

    Parameters
    ----------
    header : sequence of str
    what : str
        Names the table in errors, for example "The file 'tile.csv'".

    Raises
    ------
    InputError
        There are no dates, or one stands twice.
    """
    found = [(date_of(name), index) for index, name in enumerate(header)]
    found = [(date, index) for date, index in found if date is not None]
    if not found:
        raise InputError(
            f"{what} has no column of a date (named 20200103, D20200103 or 2020-01-03); its "
            f"columns are {_some(header)}."
        )
    dates = np.array([date for date, _index in found], dtype="datetime64[D]")
    indices = np.array([index for _date, index in found])
    order = np.argsort(dates, kind="stable")
    repeated = np.flatnonzero(np.diff(dates[order]).astype(int) == 0)
    if len(repeated):
        first, second = indices[order[repeated[0]]], indices[order[repeated[0] + 1]]
        raise InputError(
            f"{what} has the date {dates[order[repeated[0]]]} twice, in the columns "
            f"'{header[first]}' and '{header[second]}'; remove one."
        )
    return DateColumns(indices[order], dates[order], bool((np.diff(order) == 1).all()))


def date_field(date: np.datetime64) -> str:
    """Return the field name of a date, ``DYYYYMMDD``, as the InSAR viewers read it."""
    return "D" + str(date).replace("-", "")


def parse_limit(text: Optional[str], parameter: str) -> Optional[np.datetime64]:
    """Return a date a user gave as ``YYYY-MM-DD``, None where empty."""
    if not text:
        return None
    date = date_of(text)
    if date is None:
        raise InputError(f"{parameter} is '{text}'; it must be a date such as 2020-01-31.")
    return date


def years(dates: np.ndarray, origin: Optional[np.datetime64] = None) -> np.ndarray:
    """Return dates as years of 365.25 days since ``origin`` (default: the first date)."""
    start = dates[0] if origin is None else origin
    return (dates - start).astype("timedelta64[D]").astype(float) / DAYS_A_YEAR


def regular_step(dates: np.ndarray) -> Optional[int]:
    """Return the days between dates where they are all the same, else None."""
    steps = np.unique(np.diff(dates).astype(int))
    return int(steps[0]) if len(steps) == 1 else None


def describe_dates(dates: np.ndarray) -> str:
    """Return "304 dates from 2020-01-03 to 2024-12-25, every 6 days"."""
    if len(dates) == 1:
        return f"1 date, {dates[0]}"
    steps = np.diff(dates).astype(int)
    step = regular_step(dates)
    how = f"every {step} days" if step else f"{steps.min()} to {steps.max()} days apart"
    return f"{len(dates)} dates from {dates[0]} to {dates[-1]}, {how}"


def date_metadata(dates: np.ndarray) -> dict[str, str]:
    """Return what the metadata of a layer of time series say of its dates."""
    known = {"FIRST_DATE": str(dates[0]), "LAST_DATE": str(dates[-1]), "DATES": str(len(dates))}
    step = regular_step(dates)
    return {**known, "STEP_DAYS": str(step)} if step else known


def _some(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
