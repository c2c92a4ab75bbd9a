"""Thinning points to a least distance from others and from each other."""

from __future__ import annotations

from typing import Callable, Optional

import numpy as np

#: Points compared with each other at a time.
CHUNK = 1000


def far_from(
    x: np.ndarray, y: np.ndarray, other_x: np.ndarray, other_y: np.ndarray, distance: float
) -> np.ndarray:
    """Tell which points are at least ``distance`` from every other point."""
    if distance <= 0 or len(other_x) == 0 or len(x) == 0:
        return np.ones(len(x), dtype=bool)
    from scipy.spatial import cKDTree

    tree = cKDTree(np.column_stack([other_x, other_y]))
    # The bound is exclusive, so a point at exactly the distance has no neighbour below it.
    nearest, _index = tree.query(np.column_stack([x, y]), distance_upper_bound=distance)
    return ~(nearest < distance)


def spaced(
    x: np.ndarray,
    y: np.ndarray,
    distance: float,
    most: Optional[int] = None,
    kept: Optional[np.ndarray] = None,
    check: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Return the indices of points that stay, in their order, when near later ones are dropped.

    Parameters
    ----------
    x, y : 1d-array
        In the order in which they are preferred (random points: random order).
    distance : float
        Least distance between points that stay; 0 keeps all.
    most : int, optional
        Stop once this many stay.
    kept : array of shape (k, 2), optional
        Points that stay already and to which the distance holds too.
    check : callable
        Called now and then; raises to stop.
    """
    most = len(x) if most is None else most
    if distance <= 0:
        return np.arange(min(most, len(x)))
    from scipy.spatial import cKDTree

    points = np.column_stack([x, y]).astype(float)
    chosen: list[int] = []
    neighbours = np.empty((0, 2)) if kept is None else np.asarray(kept, float)
    for start in range(0, len(points), CHUNK):
        check()
        part = np.arange(start, min(start + CHUNK, len(points)))
        if len(neighbours):
            part = part[far_from(*points[part].T, *neighbours.T, distance)]
        part = part[_greedy(cKDTree(points[part]), len(part), distance)] if len(part) else part
        part = part[: most - len(chosen)]
        chosen.extend(part.tolist())
        neighbours = np.concatenate([neighbours, points[part]])
        if len(chosen) >= most:
            break
    return np.array(chosen, dtype=np.int64)


def _greedy(tree, count: int, distance: float) -> np.ndarray:
    """Return which of ``count`` points stay when each drops the later ones that are too near."""
    stays = np.ones(count, dtype=bool)
    pairs = tree.query_pairs(np.nextafter(distance, 0), output_type="ndarray")
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    firsts, starts = np.unique(pairs[:, 0], return_index=True)
    for first, later in zip(firsts, np.split(pairs[:, 1], starts[1:])):
        if stays[first]:
            stays[later] = False
    return stays
