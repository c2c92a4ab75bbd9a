"""The error of gridding: points predicted from their neighbours, without themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional

import numpy as np

from .product import first_known, weighted_means
from .weights import TOUCHING, Rule, neighbours_of, weight_matrix

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

#: Points predicted at a time.
CHUNK = 1000
#: Ways to predict a left-out point: the gridding, and what it must beat.
METHODS = ("IDW", "nearest point", "mean of all points")


@dataclass(frozen=True)
class LeftOut:
    """Errors of points that were left out one at a time, of each method (``METHODS``).

    ``count``, ``square``, ``absolute`` and ``signed`` are sums over points, (methods, dates).
    Of ``points`` in all, ``tested`` have an error; ``isolated`` others were left out too, and
    have no other point within reach.
    """

    dates: np.ndarray
    points: int
    tested: int
    isolated: int
    count: np.ndarray
    square: np.ndarray
    absolute: np.ndarray
    signed: np.ndarray

    def rmse(self, by_date: bool = False) -> np.ndarray:
        """Root mean squared error of each method, (methods,) or (methods, dates), mm."""
        return np.sqrt(self._mean(self.square, by_date))

    def mae(self, by_date: bool = False) -> np.ndarray:
        """Mean absolute error, as ``rmse``."""
        return self._mean(self.absolute, by_date)

    def bias(self) -> np.ndarray:
        """Mean of predicted minus observed, (methods,)."""
        return self._mean(self.signed, False)

    @property
    def skill(self) -> float:
        """1 − RMSE / RMSE of the better baseline; NaN where that is exact."""
        own, *others = self.rmse()
        return float(1 - own / min(others)) if min(others) > 0 else float("nan")

    def _mean(self, sums: np.ndarray, by_date: bool) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            if by_date:
                return sums / np.where(self.count, self.count, np.nan)
            return sums.sum(axis=1) / self.count.sum(axis=1)


def leave_one_out(
    tree: cKDTree,
    series: np.ndarray,
    dates: np.ndarray,
    rule: Rule,
    most: int,
    seed: int,
    check: Callable[[], None] = lambda: None,
) -> Optional[LeftOut]:
    """Return the errors of points predicted by the others, None where none can be.

    Points on the very same position do not predict each other.

    Parameters
    ----------
    tree : cKDTree
        Of the points.
    series : (points, dates) array of float32
    dates : 1d-array
    rule : Rule
    most : int
        More points than this are a random sample.
    seed : int
    check : callable
        Called at every block; raises to stop.
    """
    total = len(series)
    chosen = np.arange(total)
    if total > most:
        chosen = np.sort(np.random.default_rng(seed).choice(total, most, replace=False))
    parts, tested = [], 0
    level = date_level(series)
    for start in range(0, len(chosen), CHUNK):
        check()
        part = chosen[start : start + CHUNK]
        distance, index = others_of(tree, part, rule)
        used = np.isfinite(distance).any(axis=1)
        part = part[used]
        if len(part):
            predicted = predict(distance[used], index[used], series, part, rule, level)
            parts.append(_sums(predicted, series[part]))
            tested += len(part)
    if not parts or not sum(part[0].sum() for part in parts):
        return None
    totals = [sum(part[i] for part in parts) for i in range(4)]
    return LeftOut(dates, total, tested, len(chosen) - tested, *totals)


def date_level(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and the number of values at each date."""
    sums, counts = np.zeros(series.shape[1]), np.zeros(series.shape[1], dtype=np.int64)
    for start in range(0, len(series), CHUNK):
        part = series[start : start + CHUNK]
        known = np.isfinite(part)
        sums += np.where(known, part, np.float32(0)).sum(axis=0, dtype=float)
        counts += known.sum(axis=0)
    return sums, counts


def others_of(tree: cKDTree, chosen: np.ndarray, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and indices of the neighbours of points without themselves."""
    more = Rule(rule.neighbours + 1, rule.power, rule.max_distance)
    distance, index = neighbours_of(tree, tree.data[chosen], more)
    same = distance < TOUCHING  # itself, and others on its position
    distance[same], index[same] = np.inf, tree.n
    order = np.argsort(distance, axis=1, kind="stable")[:, : rule.neighbours]
    return np.take_along_axis(distance, order, 1), np.take_along_axis(index, order, 1)


def predict(
    distance: np.ndarray,
    index: np.ndarray,
    series: np.ndarray,
    chosen: np.ndarray,
    rule: Rule,
    level: Optional[tuple[np.ndarray, np.ndarray]] = None,
) -> np.ndarray:
    """Return the prediction of points by each method, (methods, points, dates).

    Parameters
    ----------
    distance, index : (points, neighbours) arrays
        Of the points to use, the nearest first.
    series : (all points, dates) array of float32
    chosen : 1d-array of int
        The points to predict.
    rule : Rule
    level : (sums, numbers), optional
        As ``date_level`` returns them.
    """
    matrix, columns = weight_matrix(distance, index, rule.power)
    idw = weighted_means(matrix, series[columns])
    sums, counts = level or date_level(series)
    own = series[chosen].astype(float)
    here = np.isfinite(own)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (sums - np.where(here, own, 0)) / (counts - here)
    return np.stack([idw, first_known(series, index), np.where(np.isfinite(mean), mean, np.nan)])


def _sums(predicted: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return count and sums of errors by date, (methods, dates) each."""
    error = predicted.astype(float) - observed
    both = np.isfinite(error).all(axis=0)  # all methods on the same values
    error = np.where(both, error, 0.0)
    count = np.repeat(both.sum(axis=0)[None], len(predicted), axis=0)
    return count, (error**2).sum(axis=1), np.abs(error).sum(axis=1), error.sum(axis=1)
