"""Time series of points as means over square cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Points summed at a time.
CHUNK = 5000


@dataclass
class CellMeans:
    """Means of the points in each cell.

    ``cells`` is (cells, 2): column and row, counted from the origin of the map in steps of the
    cell size; ``count`` the points, ``series`` (cells, dates) and ``columns`` their means.
    """

    cells: np.ndarray
    count: np.ndarray
    series: np.ndarray
    columns: dict[str, np.ndarray]


def cell_means(
    x: np.ndarray,
    y: np.ndarray,
    series: np.ndarray,
    columns: dict[str, np.ndarray],
    size: float,
) -> CellMeans:
    """Return the mean series of each cell that has points; dates without a value do not count.

    Parameters
    ----------
    x, y : (points,) arrays
    series : (points, dates) array
        NaN where there is no value.
    columns : dict of str to (points,) array
    size : float
        Side of a cell in map units; cells begin at multiples of it.
    """
    places = np.floor(np.column_stack([x, y]) / size).astype(np.int64)
    cells, index = np.unique(places, axis=0, return_inverse=True)
    index = index.reshape(-1)  # numpy 2.0 gives two dimensions
    count = np.bincount(index, minlength=len(cells))
    order = np.argsort(index, kind="stable")
    sums = np.zeros((len(cells), series.shape[1]))
    known = np.zeros((len(cells), series.shape[1]), dtype=np.int32)
    for start in range(0, len(order), CHUNK):
        part = order[start : start + CHUNK]
        cell = index[part]
        firsts = np.r_[0, np.flatnonzero(np.diff(cell)) + 1]
        values = series[part].astype(float)
        finite = np.isfinite(values)
        sums[cell[firsts]] += np.add.reduceat(np.where(finite, values, 0.0), firsts, axis=0)
        known[cell[firsts]] += np.add.reduceat(finite.astype(np.int32), firsts, axis=0)
    with np.errstate(invalid="ignore"):
        means = sums / np.where(known, known, np.nan)
    averages = {name: _mean(index, values, len(cells)) for name, values in columns.items()}
    return CellMeans(cells, count, means, averages)


def common_cells(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places in ``a`` and in ``b``, each (cells, 2), of the cells that both have."""
    both, inverse = np.unique(np.concatenate([a, b]), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    place_a = np.full(len(both), -1)
    place_b = np.full(len(both), -1)
    place_a[inverse[: len(a)]] = np.arange(len(a))
    place_b[inverse[len(a) :]] = np.arange(len(b))
    shared = (place_a >= 0) & (place_b >= 0)
    return place_a[shared], place_b[shared]


def _mean(index: np.ndarray, values: np.ndarray, cells: int) -> np.ndarray:
    finite = np.isfinite(values)
    sums = np.bincount(index[finite], values[finite], cells)
    counts = np.bincount(index[finite], minlength=cells)
    with np.errstate(invalid="ignore"):
        return sums / np.where(counts, counts, np.nan)
