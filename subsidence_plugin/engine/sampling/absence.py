"""Choosing absence points: uniform in an area, away from presence and from each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, NamedTuple, Optional, Protocol

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .polygons import Rings, edges_of, in_boxes, inside_polygons, near_edges
from .spacing import far_from, spaced

#: Random points tried at most, so that an area with no room left ends.
MOST_TRIALS = 5_000_000
#: Random points drawn in one go.
BATCH = 200_000


class Source(Protocol):
    """Where random points come from."""

    def draw(
        self, count: int, rng: np.random.Generator, progress: Progress
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return about ``count`` new points in random order; none when there are no more."""


@dataclass
class Presence:
    """What absence points keep away from: points, and polygon parts (rings of vertices)."""

    x: np.ndarray
    y: np.ndarray
    polygons: list[Rings]

    def far(self, x: np.ndarray, y: np.ndarray, distance: float) -> np.ndarray:
        """Tell which points are outside every polygon and ``distance`` or more from presence."""
        keep = far_from(x, y, self.x, self.y, distance)
        if self.polygons:
            keep &= ~inside_polygons(x, y, self.polygons)
            if distance > 0:
                chosen = np.flatnonzero(keep)
                edges = edges_of(self.polygons)
                keep[chosen] = ~near_edges(x[chosen], y[chosen], edges, distance)
        return keep


class Choice(NamedTuple):
    """Chosen points, and how many were tried, too near presence, or too near each other."""

    x: np.ndarray
    y: np.ndarray
    tried: int
    near: int
    crowded: int


def choose_absence(
    source: Source,
    presence: Presence,
    count: int,
    min_distance: float,
    spacing: float,
    seed: int,
    progress: Optional[Progress] = None,
) -> Choice:
    """Return up to ``count`` random points of ``source`` that keep the distances.

    Parameters
    ----------
    source : Source
        Draws points uniformly from an area, or from candidates.
    presence : Presence
    count : int
    min_distance, spacing : float
        Least distance to presence, and between absence points; 0 for none.
    seed : int
    progress : Progress, optional

    Returns
    -------
    Choice
        Fewer than ``count`` points where the area has no more room.
    """
    rng = np.random.default_rng(seed)
    progress = progress or Progress()
    x = y = np.empty(0)
    tried = near = crowded = 0
    ask = int(1.2 * count) + 16
    while len(x) < count and tried < MOST_TRIALS:
        new_x, new_y = source.draw(min(ask, BATCH), rng, progress)
        if len(new_x) == 0:
            break
        tried += len(new_x)
        far = presence.far(new_x, new_y, min_distance)
        near += int((~far).sum())
        new_x, new_y = new_x[far], new_y[far]
        wanted = count - len(x)
        kept = np.column_stack([x, y])
        stay = spaced(new_x, new_y, spacing, wanted, kept, progress.check)
        looked_at = int(stay[-1]) + 1 if len(stay) == wanted else len(new_x)
        crowded += looked_at - len(stay)
        x, y = np.concatenate([x, new_x[stay]]), np.concatenate([y, new_y[stay]])
        ask = 2 * ask
        progress(len(x) / count)
    return Choice(x, y, tried, near, crowded)


class Candidates:
    """Draws each of given points once, in random order."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self._x, self._y = x, y
        self._order: Optional[np.ndarray] = None

    def draw(self, count: int, rng: np.random.Generator, progress: Progress):
        """Return the next ``count`` points."""
        progress.check()
        if self._order is None:
            self._order = rng.permutation(len(self._x))
        chosen, self._order = self._order[:count], self._order[count:]
        return self._x[chosen], self._y[chosen]


class Box:
    """Draws points uniformly from a rectangle (x minimum, y minimum, x maximum, y maximum)."""

    def __init__(self, bounds: tuple[float, float, float, float]) -> None:
        self._bounds = bounds

    def draw(self, count: int, rng: np.random.Generator, progress: Progress):
        """Return ``count`` points."""
        progress.check()
        left, bottom, right, top = self._bounds
        return rng.uniform(left, right, count), rng.uniform(bottom, top, count)


class PolygonArea:
    """Draws points uniformly from the union of polygon parts.

    A point falls into one of the parts' bounding boxes, chosen by area, and counts where it is
    inside; where several boxes overlap it is thinned by their number, so that no place is
    preferred.
    """

    def __init__(self, parts: list[Rings]) -> None:
        self._parts = parts
        self._low = np.array([rings[0].min(axis=0) for rings in parts])
        self._high = np.array([rings[0].max(axis=0) for rings in parts])
        area = (self._high - self._low).prod(axis=1)
        if not area.sum() > 0:
            raise InputError("The mask polygons have no area; choose other polygons.")
        self._share = area / area.sum()

    def draw(self, count: int, rng: np.random.Generator, progress: Progress):
        """Return points, possibly fewer than ``count`` where many fell outside."""
        for _attempt in range(50):
            progress.check()
            box = rng.choice(len(self._share), count, p=self._share)
            xy = rng.uniform(self._low[box], self._high[box])
            xy = xy[rng.random(count) * self._boxes_over(xy) < 1]
            xy = xy[inside_polygons(*xy.T, self._parts)]
            if len(xy):
                return xy[:, 0], xy[:, 1]
        return np.empty(0), np.empty(0)

    def _boxes_over(self, xy: np.ndarray) -> np.ndarray:
        number = np.zeros(len(xy))
        for near in in_boxes(*xy.T, self._parts):
            number[near] += 1
        return np.maximum(number, 1)


class CellArea:
    """Draws points uniformly from numbered cells, at most one a cell.

    Parameters
    ----------
    total : int
        Number of cells.
    place : callable
        Takes cell numbers (ascending), a generator and a progress; returns x, y of a random
        point in each cell, and which of them to keep.
    """

    def __init__(self, total: int, place: Callable) -> None:
        self._total, self._place = total, place
        self._taken = np.empty(0, dtype=np.int64)

    def draw(self, count: int, rng: np.random.Generator, progress: Progress):
        """Return points in cells that were not drawn before."""
        while True:
            left = self._total - len(self._taken)
            if left <= 0:
                return np.empty(0), np.empty(0)
            if count >= left / 2:  # dense: all that are left, shuffled
                numbers = np.setdiff1d(np.arange(self._total), self._taken, assume_unique=True)
                numbers = np.sort(rng.choice(numbers, min(count, left), replace=False))
            else:
                numbers = np.unique(rng.integers(0, self._total, count))
                numbers = np.setdiff1d(numbers, self._taken, assume_unique=True)
            self._taken = np.union1d(self._taken, numbers)
            x, y, keep = self._place(numbers, rng, progress)
            x, y = x[keep], y[keep]
            if len(x):
                order = rng.permutation(len(x))
                return x[order], y[order]
