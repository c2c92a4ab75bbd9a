"""Exact quantiles of any number of values from two counting passes, in a fixed memory.

The bits of a float32 that is not negative, read as a whole number, are in the order of the values.
The first pass counts by the upper 16 bits, which says in which of 65,536 bins each order statistic
lies; the second counts by the lower 16 bits inside these few bins, where a bin is one value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

BINS = 2**16


class StreamedQuantiles:
    """Quantiles of values that are shown twice.

    Call ``count`` with all values, then ``refine``, then ``count_again`` with the same values in
    any order; ``values`` are the quantiles.

    Parameters
    ----------
    shares : sequence of float
        Quantiles from 0 (the minimum) to 1 (the maximum).

    Attributes
    ----------
    size : int
        Number of values.
    """

    def __init__(self, shares: Sequence[float]) -> None:
        self.shares = tuple(shares)
        self._coarse = np.zeros(BINS, np.int64)
        self._fine: dict[int, np.ndarray] = {}

    @property
    def size(self) -> int:
        """Number of values counted."""
        return int(self._coarse.sum())

    def count(self, values: np.ndarray) -> None:
        """Count values of the first pass: 1d float32, finite, none negative."""
        self._coarse += np.bincount(_bits(values) >> 16, minlength=BINS)

    def refine(self) -> None:
        """Choose the bins that the second pass looks into."""
        ends = np.cumsum(self._coarse)
        bins = {int(np.searchsorted(ends, rank, side="right")) for rank in self._ranks()}
        self._fine = {number: np.zeros(BINS, np.int64) for number in bins}

    def count_again(self, values: np.ndarray) -> None:
        """Count the same values in the second pass."""
        bits = _bits(values)
        upper = bits >> 16
        for number, counts in self._fine.items():
            inside = bits[upper == number]
            if len(inside):
                counts += np.bincount(inside & (BINS - 1), minlength=BINS)

    def values(self) -> np.ndarray:
        """Return the quantiles (float64), linear between neighbouring values as in ``np.quantile``.

        Definition 7 of Hyndman and Fan (1996): rank (n − 1) · share, counted from 0.
        """
        if not self.size:
            return np.full(len(self.shares), np.nan)
        quantiles = []
        for share in self.shares:
            place = (self.size - 1) * share
            low, high = (self._statistic(r) for r in (math.floor(place), math.ceil(place)))
            part = place - math.floor(place)
            step = high - low
            quantiles.append(low + step * part if part < 0.5 else high - step * (1 - part))
        return np.array(quantiles)

    def _ranks(self) -> set[int]:
        places = [(self.size - 1) * share for share in self.shares] if self.size else []
        return {rank for place in places for rank in (math.floor(place), math.ceil(place))}

    def _statistic(self, rank: int) -> float:
        """Return the value of a rank, from 0."""
        ends = np.cumsum(self._coarse)
        number = int(np.searchsorted(ends, rank, side="right"))
        before = int(ends[number - 1]) if number else 0
        within = np.cumsum(self._fine[number])
        lower = int(np.searchsorted(within, rank - before, side="right"))
        return float(np.array([number << 16 | lower], np.uint32).view(np.float32)[0])


def smallest_at_least(threshold: float) -> np.float32:
    """Return the smallest float32 that is not below ``threshold``.

    A float32 is at least the threshold where it is at least this number: rounding the threshold
    itself to float32 would move values over it that equal it but for the rounding.
    """
    rounded = np.float32(threshold)
    return rounded if float(rounded) >= threshold else np.nextafter(rounded, np.float32(np.inf))


def largest_at_most(threshold: float) -> np.float32:
    """Return the largest float32 that is not above ``threshold`` (see ``smallest_at_least``)."""
    rounded = np.float32(threshold)
    return rounded if float(rounded) <= threshold else np.nextafter(rounded, np.float32(-np.inf))


def _bits(values: np.ndarray) -> np.ndarray:
    """Return whole numbers in the order of the values; −0 becomes 0."""
    plain = np.ascontiguousarray(values, np.float32) + np.float32(0)
    return plain.view(np.uint32).astype(np.int64)
