"""Levels of intensity from global quantiles, and what the members say of them.

Liu et al. (Rhineland forecasting paper), Section 4.4. Let d_k be the value of member k of K, m the
median of the members, |m| the intensity, and Q the quantiles of |m| over the pixels that are valid
in all members. Everything about levels follows from c_j, the number of members with |d_j| ≥ Q_j,
in whole numbers, so that members that agree give a variance of exactly zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from .quantiles import smallest_at_least

#: Names of the levels by their number: three quantiles make the paper's four.
NAMES = {
    3: ("Low", "Medium", "High"),
    4: ("Low", "Medium", "High", "Highest"),
    5: ("Low", "Medium", "High", "Very high", "Highest"),
}
QUANTILES = (85.0, 95.0, 99.0)
#: Level from which a pixel counts as high: the paper's Figure 8 merges its two highest levels.
HIGH = 3


def read_quantiles(text: str) -> tuple[float, ...]:
    """Return the percentages of a text such as ``85, 95, 99``.

    Raises
    ------
    InputError
        These are not two to four ascending percentages between 0 and 100.
    """
    try:
        shares = tuple(float(part) for part in (text or "").replace(";", ",").split(","))
    except ValueError:
        shares = ()
    return check_quantiles(shares, text)


def check_quantiles(shares: Sequence[float], text: object = None) -> tuple[float, ...]:
    """Return the percentages, two to four of them, between 0 and 100 and ascending."""
    rising = all(a < b for a, b in zip(shares, shares[1:]))
    if not 2 <= len(shares) <= 4 or not rising or not all(0 < share < 100 for share in shares):
        shown = text if text is not None else ", ".join(f"{share:g}" for share in shares)
        raise InputError(
            f"QUANTILES is '{shown}'; give two to four ascending percentages between 0 and 100, "
            "such as 85, 95, 99."
        )
    return tuple(float(share) for share in shares)


def level_names(quantiles: int) -> tuple[str, ...]:
    """Return the names of the levels that so many quantiles make, from the lowest."""
    return NAMES[quantiles + 1]


def level_of(magnitude: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Return the level from 1 of each magnitude (float32): 1 + the number of Q that it reaches."""
    levels = np.ones(magnitude.shape, np.uint8)
    for threshold in thresholds:
        levels += magnitude >= smallest_at_least(threshold)
    return levels


def exceedance_counts(members: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Return c, (quantiles, pixels): how many members have |d_k| ≥ Q, of (members, pixels)."""
    magnitude = np.abs(members)
    return np.stack(
        [np.count_nonzero(magnitude >= smallest_at_least(q), axis=0) for q in thresholds]
    )


def exceedance(counts: np.ndarray, members: int) -> np.ndarray:
    """Return P, (quantiles, pixels): the share of members that reach each quantile."""
    return counts / members


def class_probability(counts: np.ndarray, members: int) -> np.ndarray:
    """Return the probability mass of each level, (levels, pixels); its sum is 1.

    Low = 1 − P85, Medium = P85 − P95, High = P95 − P99, Highest = P99.
    """
    pixels = counts.shape[1]
    bounds = np.vstack([np.full(pixels, members), counts, np.zeros(pixels, counts.dtype)])
    return (bounds[:-1] - bounds[1:]) / members


def confidence(counts: np.ndarray, members: int, levels: np.ndarray) -> np.ndarray:
    """Return the probability mass of each pixel's own level: the share of members in it."""
    mass = class_probability(counts, members)
    return np.take_along_axis(mass, levels[None].astype(np.intp) - 1, axis=0)[0]


def rank_variance(counts: np.ndarray, members: int) -> np.ndarray:
    """Return the variance (ddof 0) of the members' levels.

    A member that reaches r quantiles has level 1 + r, and r² = 1 + 3 + … + (2r − 1); summed over
    the members these are the counts c, weighted 1, 3, 5, ….
    """
    odd = 2 * np.arange(1, len(counts) + 1)[:, None] - 1
    squares, total = (odd * counts).sum(axis=0), counts.sum(axis=0)
    return (members * squares - total**2) / members**2
