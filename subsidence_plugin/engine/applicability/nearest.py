"""The nearest training row of many pixels: exactly, by matrix products or by a k-d tree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable

import numpy as np

from ..needs import need

#: Points a step: with some thousand rows their products stay in the processor's cache.
CHUNK = 256
#: Bound on the rounding error of a product in single precision, as a share of the lengths
#: multiplied: 6e-8 for each rounding, some dozens of which add up.
ROUNDING = 4e-6
#: A tree is worth it from so many rows on, where they spread in few directions. Measured with
#: weights by importance (1.4 to 2.4 directions): 0.9 times the speed at 2,000 rows, 1.2 times at
#: 6,000 and 2.3 times at 20,000; with 19 factors weighted alike a third to a twentieth.
TREE_ROWS, TREE_DIRECTIONS = 6000, 4.0

#: Takes (points, columns) float64, at most ``CHUNK`` points, and returns distance and row of each.
Search = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def nearest_search(rows: np.ndarray) -> Search:
    """Return the faster way to search these rows; one a thread, since it may keep buffers.

    Both ways are exact; which is taken depends on the rows alone, so runs repeat.
    """
    if len(rows) >= TREE_ROWS and directions(rows) < TREE_DIRECTIONS:
        return need("scipy.spatial", "to measure dissimilarity").cKDTree(rows).query
    return Products(rows)


def directions(rows: np.ndarray) -> float:
    """Return in how many columns rows spread: (Σ variance)² / Σ variance², 1 to their number."""
    variance = rows.var(axis=0)
    return float(variance.sum() ** 2 / max((variance**2).sum(), 1e-300))


class Products:
    """Compares points with all rows by matrix products.

    |x − t|² is smallest where x·t − |t|²/2 is largest, and that is one matrix product for all rows
    at once (with −1 as one more column of x). It is taken in single precision, which is twice as
    fast, and all rows within its rounding error of the best (nearly always one) are compared again
    in double precision, so the result is exact; of rows at the same distance it is the first.

    Parameters
    ----------
    rows : 2d-array, (rows, columns)
    """

    def __init__(self, rows: np.ndarray) -> None:
        count, width = rows.shape
        self._rows = np.ascontiguousarray(rows, dtype=np.float64)
        squares = np.einsum("ij,ij->i", self._rows, self._rows)
        self._longest = float(np.sqrt(squares.max()))
        self._factors = np.empty((width + 1, count), dtype=np.float32)
        self._factors[:-1], self._factors[-1] = self._rows.T, squares / 2
        self._points = np.full((CHUNK, width + 1), -1, dtype=np.float32)
        self._products = np.empty((CHUNK, count), dtype=np.float32)
        self._close = np.empty((CHUNK, count), dtype=bool)

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (distance, row) of each of at most ``CHUNK`` points, (points, columns) float64."""
        count, numbers = len(points), np.arange(len(points))
        point, row = self._candidates(points)
        difference = points[point] - self._rows[row]
        squares = np.einsum("ij,ij->i", difference, difference)
        smallest = np.minimum.reduceat(squares, np.searchsorted(point, numbers))
        best = np.flatnonzero(squares == smallest[point])
        first = best[np.searchsorted(point[best], np.arange(count))]
        return np.sqrt(smallest), row[first]

    def _candidates(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs (point, row) among which the nearest row of every point is, by point."""
        count = len(points)
        self._points[:count, :-1] = points
        products, close = self._products[:count], self._close[:count]
        np.matmul(self._points[:count], self._factors, out=products)
        best = products[np.arange(count), products.argmax(axis=1)]
        length = np.sqrt(np.einsum("ij,ij->i", points, points))
        slack = ROUNDING * self._longest * (length + self._longest)
        np.greater_equal(products, (best - slack).astype(np.float32)[:, None], out=close)
        return np.divmod(np.flatnonzero(close.ravel()), len(self._rows))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let numpy multiply on one thread inside the block, since tiles are computed in parallel.

    ``threadpoolctl`` comes with scikit-learn; without it numpy's own threads slow each other
    down, but the result is the same.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        yield
        return
    with threadpool_limits(1, user_api="blas"):
        yield
