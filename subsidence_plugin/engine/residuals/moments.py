"""Mean, spread, skewness and kurtosis of values that go by in blocks, without keeping them."""

from __future__ import annotations

import math

import numpy as np


class Moments:
    """Central moments up to the fourth, joined block by block.

    Formulas of Pébay (2008), Sandia report SAND2008-6212, which join the moments of two parts
    about their own means, so that nothing is lost where the mean is large beside the spread.

    Attributes
    ----------
    n : int
    mean : float
    noise : float
        Standard deviation up to which values count as equal.
    """

    def __init__(self) -> None:
        self.n, self.mean, self.noise = 0, 0.0, 0.0
        self._m2 = self._m3 = self._m4 = 0.0

    def add(self, values: np.ndarray) -> None:
        """Take a 1d-array of finite values."""
        count = len(values)
        if not count:
            return
        values = values.astype(np.float64)
        mean = float(values.mean())
        deviation = values - mean
        squares = deviation * deviation
        self._join(
            count,
            mean,
            float(squares.sum()),
            float((squares * deviation).sum()),
            float((squares * squares).sum()),
        )

    def join(self, other: Moments) -> None:
        """Take all values of another one."""
        if other.n:
            self._join(other.n, other.mean, other._m2, other._m3, other._m4)

    def _join(self, n: int, mean: float, m2: float, m3: float, m4: float) -> None:
        total, step = self.n + n, mean - self.mean
        a, b = self.n, n
        shift = step / total
        fourth = self._m4 + m4 + step * shift**3 * a * b * (a * a - a * b + b * b)
        fourth += 6 * shift**2 * (a * a * m2 + b * b * self._m2)
        fourth += 4 * shift * (a * m3 - b * self._m3)
        third = self._m3 + m3 + step * shift**2 * a * b * (a - b)
        third += 3 * shift * (a * m2 - b * self._m2)
        self._m2 += m2 + step * shift * a * b
        self._m3, self._m4 = third, fourth
        self.mean += shift * b
        self.n = total

    @property
    def sum_of_squares(self) -> float:
        """Sum of squared deviations from the mean."""
        return self._m2

    @property
    def constant(self) -> bool:
        """Whether all values are the same, but for rounding."""
        return self.n == 0 or self.deviation <= max(self.noise, 1e-12 * abs(self.mean))

    @property
    def deviation(self) -> float:
        """Standard deviation (ddof 0)."""
        return math.sqrt(max(self._m2, 0.0) / self.n) if self.n else math.nan

    @property
    def mean_square(self) -> float:
        """Mean of the squared values."""
        return self.mean**2 + self._m2 / self.n if self.n else math.nan

    @property
    def skewness(self) -> float:
        """Third standardised moment (biased, as ``scipy.stats.skew``); NaN for equal values."""
        return math.nan if self.constant else self._m3 / self.n / self.deviation**3

    @property
    def kurtosis(self) -> float:
        """Fourth standardised moment minus 3, which a normal distribution has 0 of."""
        return math.nan if self.constant else self._m4 / self.n / self.deviation**4 - 3
