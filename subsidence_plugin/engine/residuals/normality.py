"""Residuals against a normal distribution: Q–Q points, their two lines, and one test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..needs import need
from .moments import Moments
from .order_statistics import OrderStatistics

#: Tail marks of R, Figure 9.
MARKS = (0.01, 0.025, 0.05, 0.95, 0.975, 0.99)
#: Points of the Q–Q plot to which the lines are fitted; equally many values lie between them.
FITTED = 199
#: Further points drawn in either tail.
TAILS = (0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.002, 0.004, 0.006, 0.008, 0.01)
PURPOSE = "to compare residuals with a normal distribution"


@dataclass(frozen=True)
class Line:
    """A straight line through a Q–Q plot, in the units of the residuals."""

    slope: float
    intercept: float


@dataclass(frozen=True)
class Normality:
    """What a Q–Q plot shows.

    ``theoretical`` are standard normal quantiles, ``shares`` and ``values`` those of the
    residuals, ascending; ``fitted`` tells which points the lines were fitted to. ``marks`` are
    the residuals at ``MARKS``.
    """

    shares: np.ndarray
    theoretical: np.ndarray
    values: np.ndarray
    fitted: np.ndarray
    marks: np.ndarray
    normal: Line
    ols: Line
    robust: Line
    statistic: float
    p: float

    @property
    def extreme(self) -> np.ndarray:
        """Which points are drawn hollow: at or beyond Q1 and Q99."""
        return (self.shares <= MARKS[0]) | (self.shares >= MARKS[-1])


def plotting_shares(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of a Q–Q plot and which of them the lines are fitted to.

    Up to ``FITTED`` values each has its own point at (rank − 0.5) / n (Hazen 1914); of more,
    ``FITTED`` equally spaced shares stand for all, and ``TAILS`` and the two ends are drawn too.
    """
    count = min(size, FITTED)
    if not count:
        return np.empty(0), np.empty(0, bool)
    fitted = (np.arange(count) + 0.5) / count
    if size <= FITTED:
        return fitted, np.ones(count, bool)
    tails = [share for share in TAILS if share > 0.5 / size]
    ends = np.array([0.5 / size, *tails])
    extra = np.setdiff1d(np.concatenate([ends, 1 - ends]), fitted)
    shares = np.concatenate([fitted, extra])
    order = np.argsort(shares)
    return shares[order], (np.arange(len(shares)) < count)[order]


def places(size: int) -> np.ndarray:
    """Return the places in the order of ``size`` values that ``normality`` asks for."""
    shares, _fitted = plotting_shares(size)
    return np.concatenate([shares * size - 0.5, np.array(MARKS) * (size - 1)])


def normality(values: OrderStatistics, moments: Moments) -> Normality:
    """Compare values with the normal distribution of their mean and standard deviation.

    The OLS line minimises the squared vertical distances; the robust one is that of Theil and
    Sen (Sen 1968): the median of the slopes of all pairs of points, through the medians, which
    tails up to 29 % of the points do not move. Where all values are equal both are level.
    The test is that of Jarque and Bera (1980), which needs only the moments.

    Parameters
    ----------
    values : OrderStatistics
        After both passes, with ``places`` looked for.
    moments : Moments
        Of the same values.
    """
    stats = need("scipy.stats", PURPOSE)
    size = values.size
    shares, fitted = plotting_shares(size)
    found = values.at(places(size))
    theoretical = stats.norm.ppf(shares)
    drawn, marks = found[: len(shares)], found[len(shares) :]
    x, y = theoretical[fitted], drawn[fitted]
    if moments.constant or len(x) < 2:
        ols = robust = Line(0.0, moments.mean)
    else:
        ols = Line(*map(float, np.polyfit(x, y, 1)))
        robust = Line(*map(float, stats.theilslopes(y, x)[:2]))
    statistic = jarque_bera(moments)
    p = float(stats.chi2.sf(statistic, 2)) if statistic == statistic else math.nan
    normal = Line(moments.deviation, moments.mean)
    return Normality(
        shares, theoretical, drawn, fitted, marks, normal, ols, robust, statistic, p
    )  # fmt: skip


def jarque_bera(moments: Moments) -> float:
    """Return n / 6 · (skewness² + excess kurtosis² / 4), NaN where all values are equal."""
    return moments.n / 6 * (moments.skewness**2 + moments.kurtosis**2 / 4)
