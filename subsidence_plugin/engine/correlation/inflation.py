"""Variance inflation factors: how far a factor repeats what the others say together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: A factor of which so small a share is its own is a combination of others (float32 rounding
#: leaves less).
EXACT = 1e-10
#: VIF that is often called high, and too high; the latter is a tolerance below 0.1.
HIGH, TOO_HIGH = 5.0, 10.0


def tolerances(correlation: np.ndarray) -> np.ndarray:
    """Return 1 - R² of each factor regressed on all others; 0 for an exact combination of them.

    Parameters
    ----------
    correlation : (factors, factors) array
        Pearson's, without constant factors.
    """
    size = len(correlation)
    found = np.ones(size)
    for j in range(size):
        others = np.arange(size) != j
        own = correlation[others, j]
        # The pseudo-inverse also serves where the others are collinear among themselves.
        inverse = np.linalg.pinv(correlation[np.ix_(others, others)], rcond=EXACT, hermitian=True)
        found[j] = 1 - own @ inverse @ own
    found = np.clip(found, 0, 1)
    found[found < EXACT] = 0
    return found


def inflation(tolerance: np.ndarray) -> np.ndarray:
    """Return the variance inflation factors, infinite where the tolerance is 0."""
    with np.errstate(divide="ignore"):
        return 1 / tolerance


def verdict(vif: float) -> str:
    """Say what a variance inflation factor means."""
    if np.isnan(vif):
        return "not known"
    if np.isinf(vif):
        return "combination of others"
    if vif > TOO_HIGH:
        return "too high"
    return "high" if vif > HIGH else "low"


def inflation_columns(names: Sequence[str], tolerance: np.ndarray) -> dict[str, list]:
    """Return the table of inflation factors, the highest first; an infinite one is empty."""
    vif = inflation(tolerance)
    order = np.argsort(-vif, kind="stable")
    return {
        "factor": [names[i] for i in order],
        "vif": [float(vif[i]) if np.isfinite(vif[i]) else np.nan for i in order],
        "tolerance": [float(tolerance[i]) for i in order],
        "verdict": [verdict(vif[i]) for i in order],
    }
