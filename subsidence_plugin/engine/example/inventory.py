"""Subsidence points drawn from the known truth."""

from __future__ import annotations

import numpy as np

from .fields import generator

#: Presence points of the paper's inventory, and the area (cells) that gets as many.
FULL_COUNT, FULL_CELLS = 4698, 2000 * 1500
#: Fewer points than this would not train a network.
LEAST_COUNT = 400


def presence_count(cells: int) -> int:
    """Return the number of presence points of an area of so many cells.

    4,698 from 2000 × 1500 cells on; below, in proportion to the side and not to the area, so
    that small examples still train, and at least 400.
    """
    share = min(1.0, cells / FULL_CELLS) ** 0.5
    return max(LEAST_COUNT, round(FULL_COUNT * share))


def draw_presence(
    probability: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (rows, columns, velocity) of points that subside; rows and columns are fractional.

    Every cell subsides with its probability; the points are a random part of the cells that
    do, each somewhere inside its own cell. Their density is thus exactly in proportion to the
    truth. If fewer than ``count`` cells subside, all of them are returned.

    Parameters
    ----------
    probability : (rows, columns) array
        NaN is outside the area.
    count : int
    seed : int

    Returns
    -------
    rows, columns : 1d-array of float
        0, 0 is the upper left corner of the grid.
    velocity : 1d-array of float
        mm/yr, negative, larger where the probability is higher.
    """
    rng = generator(seed, "inventory")
    subsides = rng.random(probability.shape, dtype=np.float32) < probability
    cells = np.flatnonzero(subsides)
    chosen = np.sort(rng.choice(cells, min(count, len(cells)), replace=False))
    rows, columns = np.unravel_index(chosen, probability.shape)
    p = probability.ravel()[chosen].astype(float)
    velocity = -(3 + 22 * p**1.3) * rng.lognormal(0, 0.25, len(chosen))
    inside = rng.uniform(0.05, 0.95, (2, len(chosen)))
    return rows + inside[0], columns + inside[1], np.round(velocity, 1)
