"""DeLong's test: whether two models differ in AUC by more than chance, on the same rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ..comparison.welch import benjamini_hochberg

#: Two-sided 95 % quantile of the normal distribution.
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Comparison:
    """Two models on the same rows: AUCs, their difference with its 95 % interval, and p.

    ``z`` and ``p`` are two-sided, NaN where a class has a single row; ``adjusted_p`` is ``p``
    after Benjamini and Hochberg (1995) over all pairs that were compared.
    """

    first: str
    second: str
    auc_first: float
    auc_second: float
    low: float
    high: float
    z: float
    p: float
    adjusted_p: float = float("nan")

    @property
    def difference(self) -> float:
        """AUC of the first less that of the second."""
        return self.auc_first - self.auc_second


def placements(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the structural components V10 (a positive each) and V01 (a negative each).

    V10: share of the negatives that a positive is ranked above; V01: share of the positives that
    a negative is ranked below; ties count half. The mean of each is the AUC (DeLong, DeLong and
    Clarke-Pearson 1988, equations 4 and 5).

    Parameters
    ----------
    labels : 1d-array of 0/1
    scores : 1d-array of float
    """
    scores = np.asarray(scores, float)
    positive = np.asarray(labels) == 1
    positives, negatives = np.sort(scores[positive]), np.sort(scores[~positive])
    above = _counted(negatives, scores[positive]) / len(negatives)
    below = 1 - _counted(positives, scores[~positive]) / len(positives)
    return above, below


def delong_test(labels: np.ndarray, scores: Mapping[str, np.ndarray]) -> list[Comparison]:
    """Return the comparison of every pair of models.

    Rows are taken as independent of each other; neighbouring samples are not quite, so that the
    test finds differences somewhat too easily.

    Parameters
    ----------
    labels : 1d-array of 0/1
        Both classes.
    scores : mapping of model to 1d-array
        Probabilities of the same rows.
    """
    parts = {model: placements(labels, values) for model, values in scores.items()}
    found = [_compared(a, b, parts[a], parts[b]) for a, b in combinations(parts, 2)]
    adjusted = benjamini_hochberg([pair.p for pair in found])
    return [replace(pair, adjusted_p=float(p)) for pair, p in zip(found, adjusted)]


def _counted(others: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return how many of the sorted ``others`` lie below each value, ties as a half."""
    low = np.searchsorted(others, values, side="left")
    high = np.searchsorted(others, values, side="right")
    return (low + high) / 2


def _compared(first: str, second: str, one: tuple, other: tuple) -> Comparison:
    means = float(one[0].mean()), float(other[0].mean())
    difference = means[0] - means[1]
    # The variance of the difference from the difference of the components: exactly zero for two
    # models that rank alike, where variances and covariance would leave a rest of rounding.
    variance = sum(_variance(a - b) for a, b in zip(one, other))
    error = math.sqrt(variance)
    if variance == 0:
        z = 0.0 if difference == 0 else math.copysign(math.inf, difference)
    else:
        z = difference / error
    return Comparison(
        first, second, *means, difference - Z_95 * error, difference + Z_95 * error, z,
        math.erfc(abs(z) / math.sqrt(2)),
    )  # fmt: skip


def _variance(values: np.ndarray) -> float:
    """Return the variance of the mean of the values, NaN for a single one."""
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else float("nan")
