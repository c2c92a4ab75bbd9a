"""Forecasts that are linear in the levels: means, lines and lines with an annual wave.

A least-squares line extrapolated to given dates is a weighted sum of the levels, and the weights
depend on the dates only. One small matrix an origin therefore forecasts all nodes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..insar.fits import design_matrix, is_seasonal

DAYS_OF_YEAR = 365.25


@dataclass(frozen=True)
class LinearForecast:
    """Forecast = levels[:, first : origin + 1] @ project [@ extend] + constant.

    Parameters
    ----------
    first : int
        First date that is used.
    project : (dates, terms) array
    extend : (terms, targets) array, optional
        None where ``project`` leads to the targets already.
    constant : (targets,) array, optional
        mm; None for none.
    """

    first: int
    project: np.ndarray
    extend: Optional[np.ndarray] = None
    constant: Optional[np.ndarray] = None

    def __call__(self, levels: np.ndarray) -> np.ndarray:
        """Return (nodes, targets) of the type of ``levels``, (nodes, dates)."""
        kind = levels.dtype
        used = levels[:, self.first : self.first + len(self.project)]
        found = used @ self.project.astype(kind)
        if self.extend is not None:
            found = found @ self.extend.astype(kind)
        if self.constant is not None:
            found += self.constant.astype(kind)
        return found


def mean_of_last(origin: int, count: int, targets: int) -> LinearForecast:
    """Return the forecast by the mean of the last ``count`` levels; 1 is persistence."""
    count = min(count, origin + 1)
    project = np.full((count, 1), 1.0 / count)
    return LinearForecast(origin + 1 - count, project, np.ones((1, targets)))


def trend(
    days: np.ndarray, target_days: np.ndarray, first: int = 0, seasonal: bool = False
) -> LinearForecast:
    """Return the forecast by a least-squares line through each node's own levels.

    Parameters
    ----------
    days : 1d-array
        Days (any zero) of all dates up to the origin.
    target_days : 1d-array
        Days of the dates to forecast.
    first : int
        First date that is fitted.
    seasonal : bool
        Add one cosine and one sine wave a year, as ``insar.fits`` does for velocities.
        Less than a year, or fewer than eight dates, cannot tell a wave from a trend: a line then.

    Notes
    -----
    One date, or dates on one day, leave a constant.
    """
    used = np.asarray(days[first:], float)
    middle = used.mean()
    time = (used - middle) / DAYS_OF_YEAR
    later = (np.asarray(target_days, float) - middle) / DAYS_OF_YEAR
    waves = seasonal and is_seasonal(time)
    design, wanted = design_matrix(time, 1, waves), design_matrix(later, 1, waves)
    if np.ptp(time) == 0:
        design, wanted = design[:, :1], wanted[:, :1]
    # Orthonormal columns keep the products of single-precision levels exact.
    orthonormal, triangle = np.linalg.qr(design)
    return LinearForecast(first, orthonormal, np.linalg.solve(triangle.T, wanted.T))
