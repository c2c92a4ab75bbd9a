"""Points against polygons on arrays: inside or not, and nearer than a distance or not.

A polygon part is a list of rings, each an (n, 2) array of vertices; holes need no mark, since a
point is inside when a ray from it crosses the rings an odd number of times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

#: Points × edges looked at in one go.
CHUNK = 2_000_000
Rings = Sequence[np.ndarray]


def inside_polygons(x: np.ndarray, y: np.ndarray, parts: Sequence[Rings]) -> np.ndarray:
    """Tell which points lie inside at least one polygon part.

    Parameters
    ----------
    x, y : 1d-array
    parts : sequence of list of (n, 2) arrays
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    result = np.zeros(len(x), dtype=bool)
    for rings, near in zip(parts, in_boxes(x, y, parts)):
        near = near[~result[near]]
        if len(near):
            result[near] = _odd_crossings(x[near], y[near], edges_of([rings]))
    return result


def in_boxes(x: np.ndarray, y: np.ndarray, parts: Sequence[Rings]) -> Iterator[np.ndarray]:
    """Yield, a polygon part at a time, the indices of the points in its bounding box."""
    order = np.argsort(x)
    sorted_x = x[order]
    for rings in parts:
        low, high = rings[0].min(axis=0), rings[0].max(axis=0)
        first = np.searchsorted(sorted_x, low[0], side="left")
        near = order[first : np.searchsorted(sorted_x, high[0], side="right")]
        yield near[(y[near] >= low[1]) & (y[near] <= high[1])]


def edges_of(parts: Sequence[Rings]) -> np.ndarray:
    """Return all edges as rows (x1, y1, x2, y2), every ring closed."""
    edges = []
    for rings in parts:
        for ring in rings:
            edges.append(np.hstack([ring, np.roll(ring, -1, axis=0)]))
    return np.concatenate(edges) if edges else np.empty((0, 4))


def _odd_crossings(x: np.ndarray, y: np.ndarray, edges: np.ndarray) -> np.ndarray:
    x1, y1, x2, y2 = edges[edges[:, 1] != edges[:, 3]].T
    slope = (x2 - x1) / (y2 - y1)
    odd = np.zeros(len(x), dtype=bool)
    step = max(1, CHUNK // max(len(x1), 1))
    for start in range(0, len(x), step):
        px, py = x[start : start + step, None], y[start : start + step, None]
        crosses = (y1 > py) != (y2 > py)
        odd[start : start + step] = (crosses & (px < x1 + (py - y1) * slope)).sum(axis=1) % 2 == 1
    return odd


def near_edges(x: np.ndarray, y: np.ndarray, edges: np.ndarray, distance: float) -> np.ndarray:
    """Tell which points are nearer than ``distance`` to some edge.

    Parameters
    ----------
    x, y : 1d-array
    edges : array of shape (edges, 4)
        As ``edges_of`` returns them.
    distance : float
        Greater than 0, in the unit of the coordinates.
    """
    from scipy.spatial import cKDTree

    points = np.column_stack([x, y]).astype(float)
    result = np.zeros(len(points), dtype=bool)
    if not len(points) or not len(edges):
        return result
    tree = cKDTree(points)
    edges = _short_edges(edges, max(4 * distance, np.ptp(points, axis=0).max() / 200))
    middles = (edges[:, :2] + edges[:, 2:]) / 2
    reach = np.hypot(*(edges[:, 2:] - edges[:, :2]).T) / 2 + distance
    for start in range(0, len(edges), 4096):
        part = slice(start, start + 4096)
        found = tree.query_ball_point(middles[part], reach[part] * (1 + 1e-9))
        counts = np.array([len(f) for f in found])
        if not counts.any():
            continue
        point = np.concatenate([f for f in found if f]).astype(np.int64)
        edge = np.repeat(np.arange(start, start + len(counts)), counts)
        near = _distances(points[point], edges[edge]) < distance
        result[point[near]] = True
    return result


def _short_edges(edges: np.ndarray, longest: float) -> np.ndarray:
    """Cut edges into pieces of at most ``longest``, so that each has few points around it."""
    vector = edges[:, 2:] - edges[:, :2]
    pieces = np.maximum(1, np.ceil(np.hypot(*vector.T) / longest)).astype(np.int64)
    owner = np.repeat(np.arange(len(edges)), pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    start = edges[owner, :2] + vector[owner] * (number / pieces[owner])[:, None]
    stop = edges[owner, :2] + vector[owner] * ((number + 1) / pieces[owner])[:, None]
    return np.hstack([start, stop])


def _distances(points: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the distance of each point to its edge (a row each)."""
    start, vector = edges[:, :2], edges[:, 2:] - edges[:, :2]
    length = np.maximum((vector**2).sum(axis=1), np.finfo(float).tiny)
    along = np.clip(((points - start) * vector).sum(axis=1) / length, 0, 1)
    return np.hypot(*(points - start - along[:, None] * vector).T)
