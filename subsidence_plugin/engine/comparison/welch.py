"""Welch's t-test with its confidence interval, and the Benjamini-Hochberg correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..needs import need

#: Values that differ by less than this share are the same number, written twice.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Welch:
    """Two-sided Welch t-test of two samples ``a`` and ``b``.

    ``difference`` is mean of b - mean of a, ``low`` and ``high`` its confidence interval,
    ``freedom`` the degrees of freedom of Welch and Satterthwaite. Standard deviations have
    ddof 1. Where neither sample varies there is no test: ``t``, ``freedom``, ``p``, ``low`` and
    ``high`` are NaN.
    """

    n_a: int
    n_b: int
    mean_a: float
    mean_b: float
    sd_a: float
    sd_b: float
    difference: float
    low: float
    high: float
    t: float
    freedom: float
    p: float


def welch_test(a: np.ndarray, b: np.ndarray, level: float = 0.95) -> Welch:
    """Test whether the means of two samples differ, their variances being unequal.

    Welch (1947), *Biometrika* 34; R, section 4.2. The test is scipy's.

    Parameters
    ----------
    a, b : 1d-array
        At least two values each.
    level : float
        Coverage of the confidence interval, 0 to 1.
    """
    stats = need("scipy.stats", "to compare models")
    share_a, share_b = _variance(a) / len(a), _variance(b) / len(b)
    difference = float(np.mean(b) - np.mean(a))
    error = np.sqrt(share_a + share_b)
    t = freedom = p = low = high = np.nan
    if error > 0:
        freedom = (share_a + share_b) ** 2 / (share_a**2 / (len(a) - 1) + share_b**2 / (len(b) - 1))
        t, p = stats.ttest_ind_from_stats(
            difference,
            np.sqrt(share_b * len(b)),
            len(b),
            0,
            np.sqrt(share_a * len(a)),
            len(a),
            equal_var=False,
        )
        reach = stats.t.ppf(0.5 + level / 2, freedom) * error
        low, high = difference - reach, difference + reach
    return Welch(
        len(a), len(b), float(np.mean(a)), float(np.mean(b)),
        float(np.sqrt(share_a * len(a))), float(np.sqrt(share_b * len(b))),
        difference, float(low), float(high), float(t), float(freedom), float(p),
    )  # fmt: skip


def conservative_bound(low: float, high: float) -> float:
    """Return the bound of a confidence interval that is nearer to zero, 0 where it holds zero.

    R, section 5.1 and Figure 4: the smallest gain that repeated trainings can be relied on.
    """
    if np.isnan(low):
        return np.nan
    return float(low if low > 0 else high if high < 0 else 0.0)


def benjamini_hochberg(p: Sequence[float]) -> np.ndarray:
    """Return p-values adjusted for the false discovery rate; NaN stays and does not count.

    Benjamini and Hochberg (1995), *J. R. Stat. Soc. B* 57: the k-th smallest of m is multiplied
    by m / k, and none may exceed that of a larger one.
    """
    p = np.asarray(p, float)
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted


def _variance(values: np.ndarray) -> float:
    """Return the variance (ddof 1), exactly 0 where all values are the same number."""
    if np.ptp(values) <= ROUNDING * np.max(np.abs(values)):
        return 0.0
    return float(np.var(values, ddof=1))
