"""The residuals of one forecast, at one date or at all: what is told of them in a row."""

from __future__ import annotations

import math
from typing import Optional

import numpy as np

from .moments import Moments
from .normality import MARKS, Normality, normality, places
from .order_statistics import OrderStatistics

#: Rounding of a difference of float32, relative to the size of what is subtracted.
ROUNDING = 4e-6


class Sample:
    """Residuals, predicted minus observed, that go by in blocks twice.

    Call ``add`` with all of them, then ``settle``, then ``add_again`` with the same ones.

    Attributes
    ----------
    moments : Moments
        Of the residuals.
    order : OrderStatistics
        Of the residuals.
    """

    def __init__(self) -> None:
        self.moments, self.order = Moments(), OrderStatistics()
        self._observed = Moments()
        self._sizes = 0.0
        self._compared = np.zeros(3)  # values, own squares, squares of the baseline
        self._beyond = np.zeros(2, np.int64)
        self._normality: Optional[Normality] = None

    def add(
        self, residuals: np.ndarray, observed: np.ndarray, baseline: Optional[np.ndarray] = None
    ) -> None:
        """Take residuals, what was observed there, and the residuals of a baseline there.

        All 1d-arrays of float32; NaN in ``baseline`` alone is where it says nothing.
        """
        self.moments.add(residuals)
        self.order.count(residuals)
        self._observed.add(observed)
        self._sizes += float(np.abs(residuals).sum(dtype=np.float64))
        if baseline is not None:
            known = np.isfinite(baseline)
            own, other = residuals[known].astype(float), baseline[known].astype(float)
            self._compared += len(own), own @ own, other @ other

    def join(self, other: Sample) -> None:
        """Take all that another one took."""
        self.moments.join(other.moments)
        self.order.join(other.order)
        self._observed.join(other._observed)
        self._sizes += other._sizes
        self._compared += other._compared

    def settle(self) -> None:
        """End the first pass."""
        if self._observed.n:  # a constant added to float32 is not quite constant any more
            self.moments.noise = ROUNDING * math.sqrt(self._observed.mean_square)
        self.order.look_for(self._places())

    def add_again(self, residuals: np.ndarray) -> None:
        """Take the same residuals in the second pass."""
        self.order.count_again(residuals)
        off = np.abs(residuals.astype(float) - self.moments.mean)
        spread = self.moments.deviation
        if not self.moments.constant:
            self._beyond += [int((off > times * spread).sum()) for times in (2, 3)]

    def _places(self) -> np.ndarray:
        size = self.moments.n
        return np.append(places(size), 0.5 * max(size - 1, 0))

    @property
    def normality(self) -> Normality:
        """Q–Q points, lines and test."""
        if self._normality is None:
            self._normality = normality(self.order, self.moments)
        return self._normality

    @property
    def rmse(self) -> float:
        """Root of the mean squared residual."""
        return math.sqrt(self.moments.mean_square) if self.moments.n else math.nan

    @property
    def mae(self) -> float:
        """Mean size of the residuals."""
        return self._sizes / self.moments.n if self.moments.n else math.nan

    @property
    def r2(self) -> float:
        """1 − squared residuals / squared deviations of the observed values from their mean."""
        whole = self._observed.sum_of_squares
        if self._observed.constant or whole <= 0:
            return math.nan
        return 1 - self.moments.n * self.moments.mean_square / whole

    @property
    def baseline_rmse(self) -> float:
        """RMSE of the baseline, where it says something."""
        n, _own, other = self._compared
        return math.sqrt(other / n) if n else math.nan

    @property
    def skill(self) -> float:
        """1 − RMSE / RMSE of the baseline, on the same values."""
        n, own, other = self._compared
        return 1 - math.sqrt(own / other) if n and other > 0 else math.nan

    @property
    def beyond(self) -> np.ndarray:
        """Shares farther than 2 and 3 standard deviations from the mean (normal: 4.6, 0.27 %)."""
        return self._beyond / max(self.moments.n, 1)

    def row(self) -> dict[str, object]:
        """Return the columns of the table."""
        moments, found = self.moments, self.normality
        two, three = self.beyond.tolist()
        marks = {f"q{100 * mark:g}".replace(".", "_"): value
                 for mark, value in zip(MARKS, found.marks.tolist())}  # fmt: skip
        return {
            "n": moments.n, "bias": moments.mean, "mae": self.mae, "rmse": self.rmse,
            "r2": self.r2, "sd": moments.deviation, "skewness": moments.skewness,
            "excess_kurtosis": moments.kurtosis, "jarque_bera": found.statistic,
            "jarque_bera_p": found.p, "ols_slope": found.ols.slope,
            "ols_intercept": found.ols.intercept, "robust_slope": found.robust.slope,
            "robust_intercept": found.robust.intercept,
            "median": float(self.order.at([0.5 * (moments.n - 1)])[0]) if moments.n else math.nan,
            **marks, "beyond_2sd": two, "beyond_3sd": three,
            "persistence_rmse": self.baseline_rmse, "skill": self.skill,
        }  # fmt: skip


class Samples:
    """The residuals of one forecast by date, and all together.

    Parameters
    ----------
    dates : int
    """

    def __init__(self, dates: int) -> None:
        self.by_date = [Sample() for _ in range(dates)]
        self.all = self.by_date[0] if dates == 1 else Sample()

    def settle(self) -> None:
        """End the first pass."""
        if len(self.by_date) > 1:
            for sample in self.by_date:
                self.all.join(sample)
            self.all.settle()
        for sample in self.by_date:
            sample.settle()

    def add_again(self, date: int, residuals: np.ndarray) -> None:
        """Take the same residuals of a date in the second pass."""
        self.by_date[date].add_again(residuals)
        if len(self.by_date) > 1:
            self.all.add_again(residuals)
