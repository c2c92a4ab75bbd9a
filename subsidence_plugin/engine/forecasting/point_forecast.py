"""From forecasts of cells to forecasts at the points that the cells were gridded from."""

from __future__ import annotations

import numpy as np

from .window import step_in_time


def point_offsets(
    series: np.ndarray, days: np.ndarray, surface: np.ndarray, surface_days: np.ndarray
) -> np.ndarray:
    """Return how far points lie above the surface: the mean difference over the window, mm.

    Gridding smooths, so a point keeps a level of its own beside that of its cell; the forecast at
    a point is that of the surface plus this difference.

    Parameters
    ----------
    series : (points, dates) array
        NaN where there is no value.
    days : (dates,) array of int64
    surface : (points, window) array
        The stack at the points, NaN where it has no value.
    surface_days : (window,) array of int64
        A point without a date on one of them is interpolated between its neighbouring dates.

    Returns
    -------
    (points,) array of float32
        NaN where no date has both.
    """
    difference = step_in_time(series, days, surface_days) - surface
    known = np.isfinite(difference)
    count = known.sum(axis=1)
    total = np.where(known, difference, 0).sum(axis=1, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan).astype(np.float32)
