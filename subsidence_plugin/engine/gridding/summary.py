"""What a gridding did: coverage of the grid, settings, errors, for the log and the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from .left_out import LeftOut
from .steps import Steps
from .weights import Rule

#: Bins of the distance from a cell to its nearest point.
BINS = 1000


@dataclass
class Coverage:
    """How far the cells of a grid are from points.

    ``counts`` are the cells by distance to their nearest point, in ``BINS`` equal parts of
    ``reach``; ``supported`` those with a point near enough for a value, ``held`` those of them
    that contain a point, ``used`` the neighbours of all.
    """

    cells: int
    reach: float
    supported: int = 0
    held: int = 0
    used: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros(BINS, dtype=np.int64))

    def add(self, distance: np.ndarray, holds: np.ndarray) -> None:
        """Count a block's cells.

        Parameters
        ----------
        distance : (cells, neighbours) array
            The nearest first, infinite where there is none.
        holds : (cells,) array of bool
            Whether the cell contains a point.
        """
        known = np.isfinite(distance[:, 0])
        near = distance[known, 0]
        self.supported += len(near)
        self.held += int(np.count_nonzero(holds & known))
        self.used += int(np.isfinite(distance).sum())
        self.counts += np.histogram(near, BINS, (0, self.reach))[0]

    @property
    def edges(self) -> np.ndarray:
        """Bounds of the bins, in map units."""
        return np.linspace(0, self.reach, BINS + 1)

    def say_interpolated(self) -> str:
        """Return how many of the cells with a value contain no point, as a sentence."""
        empty = self.supported - self.held
        if not empty:
            return f"All {self.supported:,} cells with a value contain a point."
        return (
            f"{empty:,} of the {self.supported:,} cells with a value contain no point; values "
            f"there are interpolation ({empty / self.supported:.1%} of these cells)."
        )

    def quantile(self, share: float) -> float:
        """Return the distance within which ``share`` of the supported cells have a point."""
        total = np.cumsum(self.counts)
        return float(self.edges[1:][np.searchsorted(total, share * total[-1])])


@dataclass(frozen=True)
class Gridding:
    """A finished gridding.

    ``acquisitions`` are the dates of the points, ``unit`` is the map's, ``gaps`` what
    ``error_in_gaps`` returned.
    """

    rule: Rule
    resolution: float
    crs: str
    unit: str
    points: int
    acquisitions: np.ndarray
    steps: Steps
    coverage: Coverage
    errors: Optional[LeftOut]
    gaps: Optional[dict[str, list]]
    removed: str
    max_gap: float
