"""Neighbours of places and their inverse distance weights, as a sparse matrix.

The weights depend on positions alone: they are found once and applied to every date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

import numpy as np

from ..errors import InputError
from ..needs import need

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from scipy.spatial import cKDTree

#: A point nearer than this (map units) lies on the place; GDAL's gridding has the same limit.
TOUCHING = 1e-6
#: Share of the other neighbours where a point lies on the place: too small to be seen in single
#: precision, yet they take over at dates at which that point has no value.
BEHIND = 1e-9


@dataclass(frozen=True)
class Rule:
    """How a place gets its value.

    ``neighbours`` nearest points, each weighted by 1 / distance to the ``power``, within
    ``max_distance`` (map units). Cells of a map whose nearest point is farther than
    ``fill_distance`` are left empty; None: no nearer than ``max_distance``.
    """

    neighbours: int = 12
    power: float = 2.0
    max_distance: float = 500.0
    fill_distance: Optional[float] = None

    def __post_init__(self) -> None:
        for name, value, low in (
            ("NEIGHBOURS", self.neighbours, 1), ("POWER", self.power, 0),
        ):  # fmt: skip
            if not np.isfinite(value) or value < low:
                raise InputError(f"{name} is {value:g}; it must be {low} or more.")
        if not np.isfinite(self.max_distance) or self.max_distance <= 0:
            raise InputError(
                f"MAX_DISTANCE is {self.max_distance:g}; it must be greater than 0 (map units)."
            )
        if self.fill_distance is not None and not 0 < self.fill_distance <= self.max_distance:
            raise InputError(
                f"FILL_DISTANCE is {self.fill_distance:g}; it must be greater than 0 and at most "
                f"MAX_DISTANCE, {self.max_distance:g} (map units), or empty."
            )

    @property
    def filled_within(self) -> float:
        """Distance to the nearest point within which a cell has a value, map units."""
        return self.max_distance if self.fill_distance is None else self.fill_distance

    @property
    def limit(self) -> str:
        """Name of the parameter that ``filled_within`` is from."""
        return "MAX_DISTANCE" if self.fill_distance is None else "FILL_DISTANCE"


def make_tree(x: np.ndarray, y: np.ndarray) -> cKDTree:
    """Return the search tree of points."""
    spatial = need("scipy.spatial", "to find the neighbours of grid cells")
    return spatial.cKDTree(np.column_stack([x, y]))


def neighbours_of(
    tree: cKDTree, places: np.ndarray, rule: Rule, workers: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and indices of the nearest points, the nearest first.

    Parameters
    ----------
    tree : cKDTree
        Of the points.
    places : (places, 2) array
    rule : Rule
    workers : int
        Threads.

    Returns
    -------
    distance, index : (places, at most neighbours) arrays
        Infinite, and the number of points, where there is none within reach.
    """
    count = min(rule.neighbours, tree.n)
    limit = rule.max_distance * (1 + 1e-9)  # the tree leaves out what lies on the limit
    distance, index = tree.query(
        places, k=np.arange(1, count + 1), distance_upper_bound=limit, workers=workers
    )
    beyond = distance > rule.max_distance
    distance[beyond], index[beyond] = np.inf, tree.n
    return distance, index


def leave_empty(distance: np.ndarray, index: np.ndarray, rule: Rule, none: int) -> None:
    """Take all neighbours from places whose nearest point is beyond ``rule.fill_distance``.

    The other places keep theirs, up to ``rule.max_distance``.

    Parameters
    ----------
    distance, index : (places, neighbours) arrays
        As ``neighbours_of`` returns them; changed in place.
    rule : Rule
    none : int
        Index that stands for no neighbour.
    """
    if rule.fill_distance is not None:
        far = distance[:, 0] > rule.fill_distance
        distance[far], index[far] = np.inf, none


def idw_weights(distance: np.ndarray, power: float) -> np.ndarray:
    """Return weights that sum to 1 in each row (0 where a row has no neighbour).

    Shepard's weights, 1 / distance^power, taken relative to the nearest so that no distance is
    too short for them. A point on the place decides alone.

    Parameters
    ----------
    distance : (places, neighbours) array
        Infinite where there is no neighbour.
    power : float
    """
    known = np.isfinite(distance)
    on_place = distance < TOUCHING
    apart = np.where(known & ~on_place, distance, np.inf)
    nearest = apart.min(axis=1, keepdims=True, initial=np.inf)
    with np.errstate(invalid="ignore"):
        weights = np.where(np.isfinite(apart), (nearest / apart) ** power, 0.0)
    touched = on_place.any(axis=1)
    weights[touched] *= BEHIND
    weights[on_place] = 1.0
    total = weights.sum(axis=1, keepdims=True)
    return weights / np.where(total > 0, total, 1.0)


def weight_matrix(
    distance: np.ndarray, index: np.ndarray, power: float
) -> tuple[csr_matrix, np.ndarray]:
    """Return the weights as a matrix, and the points that are its columns.

    Parameters
    ----------
    distance, index : (places, neighbours) arrays
        As ``neighbours_of`` returns them.
    power : float

    Returns
    -------
    matrix : (places, columns) csr_matrix of float32
    columns : 1d-array
        Indices of the points that are a neighbour of some place.
    """
    sparse = need("scipy.sparse", "to weight the neighbours of grid cells")
    known = np.isfinite(distance)
    weights = idw_weights(distance, power)[known].astype(np.float32)
    points = index[known]
    used = np.zeros(points.max(initial=-1) + 1, dtype=bool)
    used[points] = True
    columns, place = np.flatnonzero(used), np.cumsum(used, dtype=np.int32) - np.int32(1)
    ends = np.r_[0, np.cumsum(known.sum(axis=1))]
    shape = (len(distance), len(columns))
    return sparse.csr_matrix((weights, place[points], ends), shape=shape), columns
