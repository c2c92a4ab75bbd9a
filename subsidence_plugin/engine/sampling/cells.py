"""Samples by raster cell: several points in one cell count once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class CellChoice(NamedTuple):
    """Rows that stay (ascending), how many were dropped, cells in which the labels disagreed."""

    rows: np.ndarray
    dropped: int
    conflicts: int


def one_per_cell(cells: np.ndarray, labels: np.ndarray) -> CellChoice:
    """Return the rows that stay when each cell counts once; presence (1) wins over absence (0).

    Parameters
    ----------
    cells : 1d-array of int
        Number of the cell of each row.
    labels : 1d-array of int
        0 or 1.
    """
    cells, labels = np.asarray(cells), np.asarray(labels)
    order = np.lexsort((np.arange(len(cells)), -labels, cells))
    first = np.ones(len(cells), dtype=bool)
    first[1:] = np.diff(cells[order]) != 0
    rows = np.sort(order[first])
    owner = np.cumsum(first) - 1
    some = np.zeros((owner[-1] + 1 if len(owner) else 0, 2), dtype=bool)
    some[owner, labels[order]] = True
    return CellChoice(rows, len(cells) - len(rows), int(some.all(axis=1).sum()))
