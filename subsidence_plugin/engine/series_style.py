"""Styles of points with time series, whose colours follow QGIS's temporal controller.

QGIS tells an expression the time that the controller shows (``@map_start_time``). The expression
names the fields of its dates one by one: one that puts a field's name together makes QGIS read
all fields of every point, which takes half a minute for 100,000 points of 300 dates.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .insar.dates import DAYS_A_YEAR, date_field
from .styles import replace_field, write_style

#: Values that QGIS may read for one picture (points × dates): 100,000 points get 24 dates, which
#: took 5 s on a busy core where a single field took 2 s.
VALUES = 2_400_000
#: Dates that even the largest layer gets.
FEWEST_DATES = 12


def write_velocity_style(path: str, dates: np.ndarray, points: int) -> None:
    """Write the style of mean velocities; where the controller plays, displacement takes its place.

    Displacement until the date shown is divided by the years of the whole series, so that the
    classes (mm/yr) hold, and the last picture is about that of the mean velocity.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    dates : (dates,) array of datetime64[D]
        Those of the fields ``DYYYYMMDD``, in order.
    points : int
    """
    write_style("insar", path)
    span = (dates[-1] - dates[0]).astype(int) / DAYS_A_YEAR if len(dates) else 0
    if span <= 0:
        return
    values = {date: f'"{date_field(date)}" / {span:.4f}' for date in chosen_dates(dates, points)}
    first = f'"{date_field(dates[0])}" / {span:.4f}'
    replace_field(path, "mean_velocity", by_time(values, '"mean_velocity"', first))


def write_forecast_style(
    path: str,
    origin: np.datetime64,
    targets: np.ndarray,
    forecast: np.ndarray,
    now: np.ndarray,
) -> None:
    """Write the style of points with forecast: the change from the origin to the last date.

    Where the controller plays, the change until the date that it shows.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    origin : datetime64[D]
        Last date before the forecast; it has a field.
    targets : (horizon,) array of datetime64[D]
    forecast : (points, horizon) array
        Displacement in mm, NaN where there is none.
    now : (points,) array
        Displacement at the origin.
    """
    change = np.abs(forecast[:, -1] - now)
    known = change[np.isfinite(change)]
    top = round_limit(float(np.quantile(known, 0.98)) if len(known) else 0.0)
    values = {date: f'"{date_field(date)}" - "{date_field(origin)}"' for date in targets}
    ends = {f"{word}{step}": f"{sign * top * part:g}"
            for word, sign in (("low", -1), ("high", 1))
            for step, part in ((1, 0.2), (2, 0.5), (3, 1))}  # fmt: skip
    ends.update({f"text_{name}": value.replace("-", "−") for name, value in ends.items()})
    field = by_time(values, values[targets[-1]], "0")
    write_style("point_forecast", path, field=field, since=str(origin), **ends)


def by_time(values: Mapping[np.datetime64, str], still: str, before: str) -> str:
    """Return an expression of the value at the last date that is not after the controller's time.

    Parameters
    ----------
    values : mapping of datetime64 to str
        Expressions in the order of time.
    still : str
        Expression where the controller is off.
    before : str
        Expression before the first date.
    """
    # The variable is known before QGIS looks at the points, and so is every comparison.
    shown = "format_date(@map_start_time, 'yyyyMMdd')"
    cases = " ".join(
        f"WHEN {shown} >= '{str(date).replace('-', '')}' THEN {value}"
        for date, value in reversed(values.items())
    )
    return f"CASE WHEN @map_start_time IS NULL THEN {still} {cases} ELSE {before} END"


def chosen_dates(dates: np.ndarray, points: int) -> np.ndarray:
    """Return the dates that a style tells apart: all, or evenly spaced ones with the last."""
    most = max(VALUES // max(points, 1), FEWEST_DATES)
    step = -(-len(dates) // most)
    return dates[::-1][::step][::-1]


def round_limit(size: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least ``size``; 1 for nothing."""
    if size <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(size))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= size * (1 - 1e-9)))
