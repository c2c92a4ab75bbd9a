"""Whether a probability of 0.7 comes true seven times in ten: reliability, Brier score, ECE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Equal-width bins of the probability for the reliability curve and the calibration error.
BINS = 10
#: Two-sided 95 % quantile of the normal distribution.
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Reliability:
    """Predicted against observed frequency, by bins of equal width over 0 to 1.

    ``edges`` is (bins + 1,); the others (bins,): ``rows`` counts, ``predicted`` mean probability,
    ``observed`` share of subsidence, ``low`` and ``high`` its 95 % interval (Wilson 1927); NaN
    where a bin is empty. ``chance`` is the error ``ece`` that mere chance leaves a perfectly
    calibrated model on as many rows.
    """

    edges: np.ndarray
    rows: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    ece: float
    brier: float
    chance: float


def brier_score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean squared difference of probability and label (Brier 1950), 0 the best."""
    return float(np.mean((np.asarray(probabilities, float) - np.asarray(labels, float)) ** 2))


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> Reliability:
    """Return the reliability curve with expected calibration error and Brier score.

    The error is the mean over the rows of |observed − predicted| of their bin (Naeini, Cooper and
    Hauskrecht 2015); a bin holds probabilities above its lower and up to its upper edge.

    Parameters
    ----------
    labels : 1d-array of 0/1
    probabilities : 1d-array of float, 0 to 1
        At least one row.
    bins : int
    """
    labels, p = np.asarray(labels, float), np.asarray(probabilities, float)
    edges = np.linspace(0, 1, bins + 1)
    place = np.searchsorted(edges[1:-1], p)
    rows = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        predicted = np.bincount(place, p, bins) / rows
        observed = np.bincount(place, labels, bins) / rows
    filled = rows > 0
    gaps = np.abs(observed - predicted)[filled]
    ece = float(np.sum(gaps * rows[filled]) / len(p))
    # The count of ones in a bin is nearly normal; E|X| of a normal X is its deviation × √(2/π).
    deviation = np.sqrt(np.bincount(place, p * (1 - p), bins) * 2 / np.pi)
    chance = float(deviation.sum() / len(p))
    low, high = wilson_interval(observed, rows)
    return Reliability(
        edges, rows, predicted, observed, low, high, ece, brier_score(labels, p), chance
    )


def wilson_interval(share: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of a share of so many rows (Wilson 1927); NaN for no rows."""
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = 1 / (1 + Z_95**2 / rows)
        middle = weight * (share + Z_95**2 / (2 * rows))
        half = weight * Z_95 * np.sqrt(share * (1 - share) / rows + Z_95**2 / (4 * rows**2.0))
    return middle - half, middle + half
