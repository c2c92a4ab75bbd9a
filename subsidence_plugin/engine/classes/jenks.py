"""Natural breaks (Jenks 1967): the classes of least variance within, as Fisher (1958) finds them.

jenkspy's program is quadratic in the number of values; for more than ``JENKSPY`` of them the
same optimum is found over sorted bins with exact sums, by divide and conquer (the place of the
best last break never moves backwards), then moved to a fixed point on the values themselves.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from .distribution import Distribution

#: Largest number of values given to jenkspy.
JENKSPY = 10_000
#: Steps of the refinement on the values; it stops long before.
STEPS = 200


def jenks_breaks(distribution: Distribution, classes: int) -> list[float]:
    """Return the inner breaks: the largest value of each class but the last.

    Parameters
    ----------
    distribution : Distribution
        With at least ``classes`` distinct values.
    classes : int
        Number of classes, 2 or more.
    """
    if distribution.values is not None and distribution.size <= JENKSPY:
        breaks = _by_jenkspy(distribution, classes)
        if breaks is not None:
            return breaks
    ends = best_partition(distribution.count, distribution.total, classes)
    if distribution.values is None or distribution.exact:
        return distribution.upper[ends - 1].tolist()
    return distribution.values[_refined(distribution, ends) - 1].tolist()


def _by_jenkspy(distribution: Distribution, classes: int) -> Optional[list[float]]:
    if distribution.distinct <= classes:
        return None
    try:
        import jenkspy
    except ImportError:
        return None  # the program below finds the same optimum
    return list(jenkspy.jenks_breaks(distribution.values.astype(float), n_classes=classes)[1:-1])


def best_partition(count: np.ndarray, total: np.ndarray, classes: int) -> np.ndarray:
    """Return where the classes but the last end: numbers of bins, ascending.

    Maximises the sum over classes of (sum of deviations)² / number of values, which leaves the
    least variance within classes, whatever the spread inside the bins is.

    Parameters
    ----------
    count, total : 1d-array of float
        Number of values and sum of their deviations from the mean, by bin.
    classes : int
        From 2 to the number of bins.
    """
    bins = len(count)
    n = np.concatenate([[0.0], np.cumsum(count)])
    s = np.concatenate([[0.0], np.cumsum(total)])
    best = np.full(bins + 1, -np.inf)
    best[1:] = s[1:] ** 2 / n[1:]
    choices = []
    for number in range(2, classes):
        best, choice = _layer(best, n, s, number)
        choices.append(choice)
    last = np.arange(classes - 1, bins)
    ends = [int(last[np.argmax(best[last] + (s[-1] - s[last]) ** 2 / (n[-1] - n[last]))])]
    for choice in reversed(choices):
        ends.append(int(choice[ends[-1]]))
    return np.array(ends[::-1])


def _layer(
    before: np.ndarray, n: np.ndarray, s: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best value, and where the last class begins, of ``number`` classes by end.

    All ends of one level of the divide and conquer are looked at together: the best beginning of
    an end lies between those of its neighbours of the levels above.
    """
    size = len(n) - number  # ends number .. bins
    best, choice = np.full(len(n), -np.inf), np.zeros(len(n), np.int64)
    step = 1 << (size.bit_length() - 1)
    while step:
        at = np.arange(step - 1, size, 2 * step)
        ends = at + number
        low = np.where(at >= step, choice[np.maximum(ends - step, 0)], number - 1)
        above = at + step < size
        high = np.where(above, choice[np.where(above, ends + step, 0)], ends - 1)
        high = np.minimum(high, ends - 1)
        best[ends], choice[ends] = _best_of(before, n, s, ends, low, high)
        step >>= 1
    return best, choice


def _best_of(before, n, s, ends, low, high) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each end, the best value over beginnings from low to high, and the beginning."""
    lengths = high - low + 1
    offsets = np.cumsum(lengths) - lengths
    begin = np.arange(int(lengths.sum())) + np.repeat(low - offsets, lengths)
    value = np.repeat(s[ends], lengths)
    value -= s[begin]
    value *= value
    weight = np.repeat(n[ends], lengths)
    weight -= n[begin]
    value /= weight
    value += before[begin]
    best = np.maximum.reduceat(value, offsets)
    places = np.flatnonzero(value == np.repeat(best, lengths))
    return best, begin[places[np.searchsorted(places, offsets)]]


def _refined(distribution: Distribution, ends: np.ndarray) -> np.ndarray:
    """Return where classes end in the sorted values, after Lloyd's steps to a fixed point.

    A step puts each break midway between the means of its neighbours, which never adds variance.
    """
    values = distribution.values
    starts = np.concatenate([[0], np.cumsum(distribution.count)]).astype(np.int64)
    sums = np.concatenate([[0.0], np.cumsum(distribution.total)])
    places = starts[ends]
    for _step in range(STEPS):
        whole = np.searchsorted(starts, places, side="right") - 1
        part = [
            float(np.subtract(values[starts[b] : p], distribution.mean, dtype=np.float64).sum())
            for b, p in zip(whole, places)
        ]
        s = np.concatenate([[0.0], sums[whole] + part, [sums[-1]]])
        n = np.concatenate([[0], places, [len(values)]])
        means = np.diff(s) / np.diff(n) + distribution.mean
        middle = _at_most(0.5 * (means[1:] + means[:-1]))
        moved = np.searchsorted(values, middle, side="right")
        if np.array_equal(moved, places) or np.any(np.diff(np.r_[0, moved, len(values)]) <= 0):
            break
        places = moved
    return places


def _at_most(numbers: np.ndarray) -> np.ndarray:
    """Return the largest float32 not above each number (float64 needles would copy the values)."""
    rounded = numbers.astype(np.float32)
    return np.where(rounded > numbers, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def goodness(distribution: Distribution, breaks: list[float]) -> float:
    """Return the goodness of variance fit: 1 − variance within classes / variance of all values.

    Exact where breaks fall between bins, as those of ``jenks_breaks`` do for streamed bands;
    elsewhere a bin counts to the class of its upper value.
    """
    if distribution.square == 0:
        return 1.0
    group = np.searchsorted(np.asarray(breaks, np.float32), distribution.upper, side="left")
    n = np.bincount(group, distribution.count, len(breaks) + 1)
    s = np.bincount(group, distribution.total, len(breaks) + 1)
    between = np.divide(s**2, n, out=np.zeros_like(s), where=n > 0).sum()
    return float(between / distribution.square)
