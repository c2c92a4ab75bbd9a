"""Predicted beside observed changes since the origin, counted in cells of a plane."""

from __future__ import annotations

import numpy as np

#: Cells a side; odd, so that one of them holds no change.
CELLS = 61
#: Nodes counted at once.
BLOCK = 2048
#: Share of the observed changes that lies within the plane.
SHARE = 0.998


class IncrementHistogram:
    """Counts of (observed, predicted) changes since the origin.

    Parameters
    ----------
    limit : float
        mm at the edges of the plane; larger changes count in its outermost cells.
    """

    def __init__(self, limit: float) -> None:
        self.limit = float(limit) if limit > 0 else 1.0
        self.edges = np.linspace(-self.limit, self.limit, CELLS + 1)
        #: (observed, predicted) counts.
        self.counts = np.zeros((CELLS, CELLS), dtype=np.int64)

    @classmethod
    def of(cls, levels: np.ndarray, first: int, steps: int) -> IncrementHistogram:
        """Return an empty plane wide enough for changes over ``steps`` dates from a date on.

        Parameters
        ----------
        levels : (nodes, dates) array
            mm, without gaps; at most 20,000 nodes of them are looked at.
        first : int
            First date that is scored.
        steps : int
            Dates between an origin and its last target.
        """
        some = levels[:: max(1, len(levels) // 20_000), max(0, first - steps) :].astype(float)
        change = np.abs(some[:, steps:] - some[:, :-steps])
        return cls(float(np.quantile(change, SHARE)) if change.size else 1.0)

    def add(
        self, forecast: np.ndarray, targets: np.ndarray, last: np.ndarray, observed: np.ndarray
    ) -> None:
        """Add the forecasts from one origin; arguments as in ``Scores.add``."""
        for start in range(0, len(targets), BLOCK):
            rows = slice(start, start + BLOCK)
            known = observed[rows] & np.isfinite(forecast[rows])
            seen = self._cells(targets[rows], last[rows], known)
            made = self._cells(forecast[rows], last[rows], known)
            cells = np.bincount(seen * CELLS + made, minlength=CELLS**2)
            self.counts += cells.reshape(CELLS, CELLS)

    def _cells(self, levels: np.ndarray, last: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the places along one side of the values that are known."""
        scaled = ((levels - last[:, None])[known] + self.limit) * (CELLS / (2 * self.limit))
        return np.clip(scaled, 0, CELLS - 1).astype(np.intp)

    def columns(self) -> dict[str, np.ndarray]:
        """Return the cells that hold anything: their middles in mm and their counts."""
        middles = (self.edges[:-1] + self.edges[1:]) / 2
        seen, made = np.nonzero(self.counts)
        return {
            "observed_mm": middles[seen], "predicted_mm": middles[made],
            "count": self.counts[seen, made],
        }  # fmt: skip
