"""Which windows a training step sees: origins in random order, at random places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Optional

import numpy as np

from .area import Area
from .batch import Window

#: Draws of a crop before one without any valid cell is taken after all.
TRIES = 20


class WindowSampler:
    """Draws the windows of an epoch.

    Parameters
    ----------
    areas : sequence of Area
        Tiles of a grid (all cropped to one size), or groups of nodes.
    origins : 1d-array of int
    crop : int, optional
        Side of the crops in cells; None takes tiles and groups whole.
    """

    def __init__(self, areas: Sequence[Area], origins: np.ndarray, crop: Optional[int]) -> None:
        self.areas, self.origins = list(areas), np.asarray(origins)
        valid = np.array([a.mask.sum() for a in self.areas], float)
        self.share = valid / valid.sum()
        self.size = None
        if crop is not None:
            self.size = tuple(min(crop, *(a.shape[i] for a in self.areas)) for i in (0, 1))

    def epoch(self, rng: np.random.Generator, batch: int) -> Iterator[list[Window]]:
        """Yield batches of windows: every origin once, each at a place drawn anew."""
        order = rng.permutation(self.origins)
        chosen = rng.choice(len(self.areas), len(order), p=self.share)
        for start in range(0, len(order), batch):
            part = slice(start, start + batch)
            yield [
                Window(self._place(self.areas[index], rng), int(origin))
                for origin, index in zip(order[part], chosen[part])
            ]

    def steps(self, batch: int) -> int:
        """Return the number of batches of an epoch."""
        return -(-len(self.origins) // batch)

    def _place(self, area: Area, rng: np.random.Generator) -> Area:
        if self.size is None:
            return area
        rows, columns = self.size
        for _ in range(TRIES):
            row = int(rng.integers(area.shape[0] - rows + 1))
            column = int(rng.integers(area.shape[1] - columns + 1))
            if area.mask[row : row + rows, column : column + columns].any():
                break
        return area.cut(row, column, rows, columns)


def spaced(origins: np.ndarray, most: int) -> np.ndarray:
    """Return at most ``most`` of the origins, evenly spaced, first and last included."""
    if len(origins) <= most:
        return np.asarray(origins)
    return np.asarray(origins)[np.round(np.linspace(0, len(origins) - 1, most)).astype(int)]
