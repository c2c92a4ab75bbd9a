"""Order statistics of any number of signed values from two counting passes, in a fixed memory.

The bits of a float32, those of negative values turned round, read as a whole number are in the
order of the values. The first pass counts by the upper 14 bits; the second by the 8 bits below
them, only in those bins that hold a value looked for. What is known after that is the value to
one part in 8,192 of its size (``PRECISION``): 22 of the 32 bits. All 32 would take megabytes a
forecast and date.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

UPPER, LOWER = 14, 8
REST = 32 - UPPER - LOWER
#: Largest error of an order statistic, relative to its size.
PRECISION = 2.0**-13
SIGN = 0x80000000


class OrderStatistics:
    """Values at places in the order of all values, which are shown twice.

    Call ``count`` with all values, then ``look_for`` the places, then ``count_again`` with the
    same values; ``at`` gives what stands there.

    Attributes
    ----------
    size : int
        Number of values counted.
    """

    def __init__(self) -> None:
        self._coarse = np.zeros(2**UPPER, np.int64)
        self._ends = np.empty(0, np.int64)
        self._bins = np.empty(0, np.int64)
        self._fine = np.empty((0, 2**LOWER), np.int64)

    @property
    def size(self) -> int:
        """Number of values counted."""
        return int(self._coarse.sum())

    def count(self, values: np.ndarray) -> None:
        """Count finite values, 1d float32, in the first pass."""
        self._coarse += np.bincount(_keys(values) >> (LOWER + REST), minlength=2**UPPER)

    def join(self, other: OrderStatistics) -> None:
        """Take the first count of another one."""
        self._coarse += other._coarse

    def look_for(self, places: Sequence[float]) -> None:
        """Choose the places (0 the smallest value, n − 1 the largest; fractions between two)."""
        self._ends = np.cumsum(self._coarse)
        ranks = _ranks(places, self.size)
        self._bins = np.unique(np.searchsorted(self._ends, ranks, side="right"))
        self._fine = np.zeros((len(self._bins), 2**LOWER), np.int64)

    def count_again(self, values: np.ndarray) -> None:
        """Count the same values in the second pass."""
        if not len(self._bins):
            return
        keys = _keys(values)
        upper = keys >> (LOWER + REST)
        slots = np.full(2**UPPER, -1, np.int64)
        slots[self._bins] = np.arange(len(self._bins))
        slot = slots[upper]
        inside = slot >= 0
        lower = (keys[inside] >> REST) & (2**LOWER - 1)
        counts = np.bincount(slot[inside] * 2**LOWER + lower, minlength=self._fine.size)
        self._fine += counts.reshape(self._fine.shape)

    def at(self, places: Sequence[float]) -> np.ndarray:
        """Return the values at places, linear between neighbours; NaN where nothing was counted."""
        places = np.clip(np.asarray(places, float), 0, max(self.size - 1, 0))
        if not self.size:
            return np.full(len(places), np.nan)
        low, high = np.floor(places).astype(int), np.ceil(places).astype(int)
        within = np.cumsum(self._fine, axis=1)
        known = {rank: self._value(rank, within) for rank in {*low.tolist(), *high.tolist()}}
        lower = np.array([known[rank] for rank in low.tolist()])
        upper = np.array([known[rank] for rank in high.tolist()])
        return lower + (upper - lower) * (places - low)

    def _value(self, rank: int, within: np.ndarray) -> float:
        """Return the value of a rank: where it lies in its bin, if the bin's values lie evenly."""
        number = int(np.searchsorted(self._ends, rank, side="right"))
        slot = int(np.searchsorted(self._bins, number))
        rank -= int(self._ends[number - 1]) if number else 0
        lower = int(np.searchsorted(within[slot], rank, side="right"))
        rank -= int(within[slot, lower - 1]) if lower else 0
        share = (rank + 0.5) / int(self._fine[slot, lower])
        key = (number << LOWER | lower) << REST
        ends = _numbers(np.array([key, key + 2**REST - 1]))
        return float(ends[0] + share * (ends[1] - ends[0]))


def _ranks(places: Sequence[float], size: int) -> np.ndarray:
    places = np.clip(np.asarray(places, float), 0, max(size - 1, 0))
    return np.unique(np.concatenate([np.floor(places), np.ceil(places)])) if size else np.empty(0)


def _keys(values: np.ndarray) -> np.ndarray:
    """Return whole numbers from 0 to 2³² − 1 in the order of the values; −0 becomes 0."""
    plain = np.ascontiguousarray(values, np.float32) + np.float32(0)
    bits = plain.view(np.uint32)
    return np.where(bits & SIGN, ~bits, bits | np.uint32(SIGN)).astype(np.int64)


def _numbers(keys: np.ndarray) -> np.ndarray:
    """Return the values of keys, as float64."""
    bits = keys.astype(np.uint32)
    plain = np.where(bits & SIGN, bits ^ np.uint32(SIGN), ~bits).astype(np.uint32)
    return plain.view(np.float32).astype(np.float64)
