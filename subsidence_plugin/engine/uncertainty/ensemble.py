"""Median, spread and all maps of an ensemble for the pixels of a tile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from . import levels
from .bivariate import bivariate_class

#: Pixels computed together, so that the members' values stay in the processor's cache.
CHUNK = 16_384


@dataclass(frozen=True)
class Thresholds:
    """What divides the pixels: Q of |m| for the levels, two terciles of the spread."""

    magnitude: tuple[float, ...]
    spread: tuple[float, float]


def valid_members(values: np.ndarray) -> np.ndarray:
    """Tell which pixels of (members, pixels) have a finite value in all members."""
    return np.isfinite(values).all(axis=0)


def median_and_spread(members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the median m of d and the standard deviation of |d| (ddof 0), both float32.

    Parameters
    ----------
    members : 2d-array of float32, (members, pixels)
        Valid values; the intensity is |m|, not the median of |d|.
    """
    count, pixels = members.shape
    median, spread = np.empty(pixels, np.float32), np.empty(pixels, np.float32)
    for first in range(0, pixels, CHUNK):
        part = slice(first, first + CHUNK)
        ordered = np.sort(members[:, part], axis=0)
        middle = ordered[(count - 1) // 2].astype(np.float64) + ordered[count // 2]
        median[part] = middle / 2
        spread[part] = np.abs(ordered).std(axis=0, dtype=np.float64)
    return median, spread


def ensemble_maps(
    members: np.ndarray, thresholds: Thresholds, wanted: Collection[str]
) -> dict[str, np.ndarray]:
    """Return the maps of (members, pixels) by name, each (bands, pixels); see ``levels``.

    All of them but ``class_probability``, which is there where wanted: the summary needs the
    others.
    """
    count = len(members)
    median, spread = median_and_spread(members)
    level = levels.level_of(np.abs(median), thresholds.magnitude)
    counts = levels.exceedance_counts(members, thresholds.magnitude)
    maps = {
        "levels": level,
        "bivariate": bivariate_class(level, spread, thresholds.spread),
        "median": median,
        "spread": spread,
        "confidence": levels.confidence(counts, count, level),
        "rank_variance": levels.rank_variance(counts, count),
        "exceedance": levels.exceedance(counts, count),
    }
    if "class_probability" in wanted:
        maps["class_probability"] = levels.class_probability(counts, count)
    return {name: np.atleast_2d(values) for name, values in maps.items()}
