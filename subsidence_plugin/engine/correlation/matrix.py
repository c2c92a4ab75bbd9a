"""Pearson's and Spearman's correlation of factors with their significance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..needs import need
from .moments import Moments, normalised

#: Largest p of one, two and three stars (H, Figure 3).
STARS = (0.05, 0.01, 0.001)


@dataclass(frozen=True)
class Correlations:
    """Matrices of (factors, factors).

    ``count`` rows made Pearson's coefficients; ``tested`` rows made Spearman's, and are the
    number of rows that all p-values assume.
    """

    names: list[str]
    pearson: np.ndarray
    pearson_p: np.ndarray
    spearman: np.ndarray
    spearman_p: np.ndarray
    count: int
    tested: int

    def pairs(self) -> list[tuple[int, int]]:
        """Return all pairs of factors (first, second), in order."""
        size = len(self.names)
        return [(i, j) for i in range(size) for j in range(i + 1, size)]

    def above(self, threshold: float) -> list[tuple[int, int]]:
        """Return the pairs with |Pearson's r| above the threshold, the strongest first."""
        strength = np.abs(self.pearson)
        found = [pair for pair in self.pairs() if strength[pair] > threshold]
        return sorted(found, key=lambda pair: -strength[pair])


def correlate(names: Sequence[str], moments: Moments, sample: np.ndarray) -> Correlations:
    """Return both matrices.

    Parameters
    ----------
    names : sequence of str
        One a factor; none of them constant.
    moments : Moments
        Of all complete rows.
    sample : (rows, factors) array
        All of them, or a random sample, for Spearman's coefficient.
    """
    pearson = moments.correlation()
    spearman = spearman_matrix(sample)
    tested = len(sample)
    return Correlations(
        list(names), pearson, p_values(pearson, tested), spearman, p_values(spearman, tested),
        moments.count, tested,
    )  # fmt: skip


def spearman_matrix(values: np.ndarray) -> np.ndarray:
    """Return Spearman's matrix: Pearson's of the ranks, ties having their mean rank."""
    stats = need("scipy.stats", "to correlate ranks")
    ranks = stats.rankdata(values, axis=0)
    ranks -= ranks.mean(axis=0)
    return normalised(ranks.T @ ranks, np.ptp(ranks, axis=0) == 0)


def p_values(r: np.ndarray, count: int) -> np.ndarray:
    """Return two-sided p-values of correlations of so many independent rows.

    ``t = r sqrt((n - 2) / (1 - r²))`` has Student's distribution with n - 2 degrees of freedom;
    NaN with fewer than three rows.
    """
    special = need("scipy.special", "to test correlations")
    if count < 3:
        return np.full(r.shape, np.nan)
    with np.errstate(divide="ignore"):
        t = np.abs(r) * np.sqrt((count - 2) / ((1 - r) * (1 + r)))
    return 2 * special.stdtr(count - 2, -t)


def least_significant(count: int, alpha: float = STARS[0]) -> float:
    """Return the smallest |r| that so many independent rows call significant."""
    special = need("scipy.special", "to test correlations")
    t = special.stdtrit(count - 2, 1 - alpha / 2)
    return float(t / np.sqrt(t**2 + count - 2))


def stars(p: float) -> str:
    """Return ``*`` for p ≤ 0.05, ``**`` for p ≤ 0.01, ``***`` for p ≤ 0.001 (H, Figure 3)."""
    return "*" * sum(p <= limit for limit in STARS)


def pair_columns(found: Correlations, threshold: float) -> dict[str, list]:
    """Return the table of ``factorcorrelation``: a row a pair, the strongest first."""
    order = sorted(found.pairs(), key=lambda pair: -abs(found.pearson[pair]))
    rows = [
        {
            "factor1": found.names[i], "factor2": found.names[j],
            "pearson": found.pearson[i, j], "pearson_p": found.pearson_p[i, j],
            "pearson_stars": stars(found.pearson_p[i, j]),
            "spearman": found.spearman[i, j], "spearman_p": found.spearman_p[i, j],
            "spearman_stars": stars(found.spearman_p[i, j]),
            "n": found.tested,
            "above_threshold": "yes" if abs(found.pearson[i, j]) > threshold else "no",
        }
        for i, j in order
    ]  # fmt: skip
    return {name: [row[name] for row in rows] for name in rows[0]}
