"""Points that overlapping tiles deliver twice: which of them stay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Fields of quality, the first that a layer has decides; True where high is good.
QUALITY = (("temporal_coherence", True), ("rmse_ts", False), ("rmse", False))


class PointRegister:
    """Keeps of every row what decides between duplicates: 40 bytes a row.

    Rows are duplicates when they have the same position and come from different tables or have
    the same identifier. The one with more values stays, then the one of better quality, then
    the first.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[np.ndarray, ...]] = []
        self._count = 0

    def add(
        self,
        table: int,
        x: np.ndarray,
        y: np.ndarray,
        identifiers: Sequence[str],
        values: np.ndarray,
        quality: np.ndarray,
    ) -> None:
        """Register rows in the order in which they are written.

        Parameters
        ----------
        table : int
            Number of the table.
        x, y : 1d-arrays
        identifiers : sequence of str
            Empty where the table has none.
        values : 1d-array
            Number of dates with a value.
        quality : 1d-array
            The higher, the better; NaN counts as worst.
        """
        names = np.array([hash(name) for name in identifiers], dtype=np.int64)
        if not len(names):
            names = np.arange(self._count, self._count + len(x), dtype=np.int64)
        self._count += len(x)
        self._parts.append((np.full(len(x), table, np.int32), x, y, names, values, quality))

    def duplicates(self, resolution: float) -> np.ndarray:
        """Return the rows that go, counted from 0.

        Parameters
        ----------
        resolution : float
            Positions that agree when rounded to it are the same, in map units.
        """
        if not self._parts:
            return np.empty(0, dtype=np.int64)
        table, x, y, names, values, quality = (np.concatenate(p) for p in zip(*self._parts))
        column, row = np.round(x / resolution), np.round(y / resolution)
        order = np.lexsort((row, column))
        same = (np.diff(column[order]) == 0) & (np.diff(row[order]) == 0)
        starts = np.r_[0, np.flatnonzero(~same) + 1]
        sizes = np.diff(np.r_[starts, len(order)])
        worst = np.where(np.isfinite(quality), -quality, np.inf)
        gone = []
        for start, size in zip(starts[sizes > 1], sizes[sizes > 1]):
            group = order[start : start + size]
            group = group[np.lexsort((group, worst[group], -values[group]))]
            kept: list[int] = []
            for index in group:
                double = any(table[index] != table[k] or names[index] == names[k] for k in kept)
                if double:
                    gone.append(index)
                else:
                    kept.append(index)
        return np.sort(np.array(gone, dtype=np.int64))


def quality_of(names: Sequence[str], values: np.ndarray) -> np.ndarray:
    """Return the quality of rows, the higher the better, NaN where none is known.

    Parameters
    ----------
    names : sequence of str
        Names of the first columns of ``values``.
    values : (rows, columns) array
    """
    for name, high in QUALITY:
        if name in names:
            column = values[:, list(names).index(name)]
            return column if high else -column
    return np.full(len(values), np.nan)
