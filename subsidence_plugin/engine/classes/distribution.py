"""All valid values of a band as sorted bins with exact counts and sums, in bounded memory.

Up to ``HELD`` values are kept and sorted; a larger band is read twice and only its bins are
kept. A bin never splits equal values, and a band of at most ``MAX_BINS`` distinct values has one
bin a value, so everything computed from it is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

#: Bins of a band with more distinct values: half of equal width, half of equal count.
MAX_BINS = 65_536
#: Values that are kept in memory (float32, 64 MiB); above, two streaming passes.
HELD = 2**24
#: Values looked at together while streaming, and size of the sample that places quantile bins.
CHUNK = 2**20


@dataclass
class Distribution:
    """Values of one band in ascending bins.

    Parameters
    ----------
    lower, upper : 1d-array of float32
        Smallest and largest value in each bin; no bin is empty.
    count, total : 1d-array of float64
        Number of values in each bin, and the sum of their deviations from ``mean``.
    mean : float
        Mean of all values.
    square : float
        Sum of all squared deviations from ``mean``.
    values : 1d-array of float32, optional
        All values, sorted, where they are held.
    """

    lower: np.ndarray
    upper: np.ndarray
    count: np.ndarray
    total: np.ndarray
    mean: float
    square: float
    values: Optional[np.ndarray] = None

    @property
    def size(self) -> int:
        """Number of valid values."""
        return int(self.count.sum())

    @property
    def minimum(self) -> float:
        """Smallest value."""
        return float(self.lower[0])

    @property
    def maximum(self) -> float:
        """Largest value."""
        return float(self.upper[-1])

    @property
    def deviation(self) -> float:
        """Standard deviation (of the population: all cells are known)."""
        return float(np.sqrt(self.square / self.size))

    @property
    def exact(self) -> bool:
        """Tell whether each bin holds one distinct value."""
        return bool(np.array_equal(self.lower, self.upper))

    @property
    def distinct(self) -> int:
        """Number of distinct values, or of bins (more than ``MAX_BINS`` / 2) where not exact."""
        return len(self.upper)


def collect(chunks: Callable[[], Iterable[np.ndarray]], cells: int) -> Optional[Distribution]:
    """Return the distribution of a band, None where it has no valid value.

    Parameters
    ----------
    chunks : callable
        Returns an iterator over 1d-arrays of all valid (not NaN) values, the same at each call:
        it is called once where ``cells`` is at most ``HELD``, three times at most otherwise.
    cells : int
        Cells of the raster, an upper limit of the number of values.
    """
    if cells > HELD:
        return _streamed(chunks, cells)
    held = np.empty(cells, np.float32)
    size = 0
    for chunk in chunks():
        held[size : size + len(chunk)] = chunk
        size += len(chunk)
    return from_values(held[:size]) if size else None


def from_values(values: np.ndarray) -> Distribution:
    """Return the distribution of a 1d-array without NaN; a float32 array is sorted in place."""
    values = np.asarray(values, np.float32)
    values.sort()
    new = values[1:] != values[:-1]
    exact = np.count_nonzero(new) < MAX_BINS
    starts = np.append(0, np.flatnonzero(new) + 1) if exact else _hybrid_starts(values)
    ends = np.append(starts[1:], len(values))
    mean = float(values.mean(dtype=np.float64))
    total, square = _sums(values, starts, ends, mean)
    return Distribution(
        values[starts], values[ends - 1], (ends - starts).astype(float), total, mean, square, values
    )


def _hybrid_starts(values: np.ndarray) -> np.ndarray:
    """Return where bins start in sorted values: half equal width, half equal count."""
    half = MAX_BINS // 2
    edges = np.linspace(values[0], values[-1], half + 1)[1:-1].astype(np.float32)
    by_width = np.searchsorted(values, edges, side="right")
    ranks = np.arange(1, half) * len(values) // half
    by_count = np.searchsorted(values, values[ranks], side="left")
    starts = np.unique(np.concatenate([[0], by_width, by_count]))
    return starts[starts < len(values)]


def _sums(values, starts, ends, mean: float) -> tuple[np.ndarray, float]:
    """Return the sum of deviations in each bin and the sum of all squares, block by block."""
    total, square = np.empty(len(starts)), 0.0
    first = 0
    while first < len(starts):
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + CHUNK, side="right")))
        deviations = np.subtract(values[starts[first] : ends[last - 1]], mean, dtype=np.float64)
        total[first:last] = np.add.reduceat(deviations, starts[first:last] - starts[first])
        square += float(np.dot(deviations, deviations))
        first = last
    return total, square


def _streamed(chunks: Callable[[], Iterable[np.ndarray]], cells: int) -> Optional[Distribution]:
    """Return the distribution of a band too large to hold, by two passes over it."""
    size, total = 0, 0.0
    minimum, maximum = np.inf, -np.inf
    distinct: Optional[np.ndarray] = np.empty(0, np.float32)
    step = cells // CHUNK | 1  # odd, or the sample would follow a few columns of the tiles
    sample = []
    for chunk in _large(chunks()):
        size, total = size + len(chunk), total + float(chunk.sum(dtype=np.float64))
        minimum, maximum = min(minimum, chunk.min()), max(maximum, chunk.max())
        sample.append(chunk[::step].copy())
        if distinct is not None:
            distinct = np.union1d(distinct, chunk)
            distinct = distinct if len(distinct) <= MAX_BINS else None
    if not size:
        return None
    edges = distinct if distinct is not None else _hybrid_edges(minimum, maximum, sample)
    return _binned(chunks, edges, total / size)


def _hybrid_edges(minimum: float, maximum: float, sample: list[np.ndarray]) -> np.ndarray:
    """Return upper edges of bins; the sample only says where bins are narrow, sums are exact."""
    half = MAX_BINS // 2
    ordered = np.sort(np.concatenate(sample))
    by_count = ordered[np.arange(1, half) * len(ordered) // half]
    by_width = np.linspace(minimum, maximum, half + 1)[1:].astype(np.float32)
    by_width[-1] = maximum
    return np.unique(np.concatenate([by_width, by_count]))


def _binned(
    chunks: Callable[[], Iterable[np.ndarray]], edges: np.ndarray, mean: float
) -> Distribution:
    """Sum all values into the bins that end at ``edges`` (inclusive); drop the empty ones."""
    count, total, square = np.zeros(len(edges)), np.zeros(len(edges)), 0.0
    lower, upper = np.full(len(edges), np.inf), np.full(len(edges), -np.inf)
    for chunk in _large(chunks()):
        ordered = np.sort(chunk)
        deviations = np.subtract(ordered, mean, dtype=np.float64)
        square += float(np.dot(deviations, deviations))
        ends = np.searchsorted(ordered, edges, side="right")
        starts = np.concatenate([[0], ends[:-1]])
        filled = np.flatnonzero(ends > starts)
        starts, ends = starts[filled], ends[filled]
        count[filled] += ends - starts
        total[filled] += np.add.reduceat(deviations, starts)
        lower[filled] = np.minimum(lower[filled], ordered[starts])
        upper[filled] = np.maximum(upper[filled], ordered[ends - 1])
    filled = count > 0
    return Distribution(
        lower[filled].astype(np.float32), upper[filled].astype(np.float32),
        count[filled], total[filled], mean, square,
    )  # fmt: skip


def _large(chunks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Join small chunks, since each costs a pass over all bins."""
    waiting: list[np.ndarray] = []
    size = 0
    for chunk in chunks:
        if len(chunk):
            waiting.append(np.asarray(chunk, np.float32))
            size += len(chunk)
        if size >= CHUNK:
            yield np.concatenate(waiting)
            waiting, size = [], 0
    if waiting:
        yield np.concatenate(waiting)
