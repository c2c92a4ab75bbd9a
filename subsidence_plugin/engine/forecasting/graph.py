"""The graph of a GCN: nearest nodes with the weights of the normalised adjacency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..needs import need
from .area import Area


@dataclass(frozen=True)
class Graph:
    """Edges of nodes.

    Parameters
    ----------
    neighbours : (nodes, k) array of int64
        The node itself first; absent neighbours point to the node itself.
    weights : (nodes, k) array of float32
        1 / √(dᵢ dⱼ) with dᵢ the number of edges of a node, itself counted (Kipf and Welling 2017);
        0 for absent neighbours.
    """

    neighbours: np.ndarray
    weights: np.ndarray


def graph_of(xy: np.ndarray, neighbours: int, radius: float = 0.0) -> Graph:
    """Return the edges to the nearest nodes (R, Section 3.2.1: k nearest, or within a radius).

    Parameters
    ----------
    xy : (nodes, 2) array
        Metres.
    neighbours : int
        Edges a node, at most.
    radius : float
        Longest edge in metres; 0 sets no limit.
    """
    spatial = need("scipy.spatial", "to join the nodes of a GCN")
    tree = spatial.cKDTree(xy)
    count = min(neighbours + 1, len(xy))
    distances, found = tree.query(xy, k=[*range(1, count + 1)])
    own = np.arange(len(xy))[:, None]
    # Nodes at one place may come before the node itself, which must lead its row.
    found = np.where(found == own, found[:, :1], found)
    found[:, 0] = own[:, 0]
    present = np.isfinite(distances)
    if radius > 0:
        present &= distances <= radius
    present[:, 0] = True
    degree = present.sum(axis=1).astype(float)
    found = np.where(present, found, own)
    weights = np.where(present, 1 / np.sqrt(degree[:, None] * degree[found]), 0.0)
    return Graph(found.astype(np.int64), weights.astype(np.float32))


def nearest_distance(xy: np.ndarray) -> float:
    """Return the median distance of a node to the nearest other one, metres."""
    spatial = need("scipy.spatial", "to measure the distances of the points")
    if len(xy) < 2:
        return 1.0
    distance = spatial.cKDTree(xy).query(xy, k=2)[0][:, 1]
    apart = distance[distance > 0]
    return float(np.median(apart)) if len(apart) else 1.0


def block_ids(xy: np.ndarray, side: float) -> np.ndarray:
    """Return the readout block of each node, numbered from 0: squares of ``side`` metres."""
    place = np.floor(xy / side).astype(np.int64)
    return np.unique(place, axis=0, return_inverse=True)[1].reshape(-1)


def groups(xy: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Yield the indices of nodes in compact groups of at most ``most``, by halving the longer side.

    Parameters
    ----------
    xy : (nodes, 2) array
    most : int
    """
    stack = [np.arange(len(xy))]
    while stack:
        index = stack.pop()
        if len(index) <= most:
            yield np.sort(index)
            continue
        axis = int(np.argmax(np.ptp(xy[index], axis=0)))
        order = index[np.argsort(xy[index, axis], kind="stable")]
        stack += [order[len(order) // 2 :], order[: len(order) // 2]]


def part_of(area: Area, index: np.ndarray) -> Area:
    """Return some nodes of an area."""
    return Area(
        levels=np.ascontiguousarray(area.levels[:, index]),
        mask=area.mask[index],
        days=area.days,
        static=np.ascontiguousarray(area.static[:, index]),
        xy=None if area.xy is None else area.xy[index],
        observed=None if area.observed is None else area.observed[:, index],
    )
