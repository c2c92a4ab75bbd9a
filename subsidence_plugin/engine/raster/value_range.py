"""What is seen of the values of a band that is read tile by tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class ValueRange:
    """Count, minimum and maximum of the values seen."""

    count: int = 0
    low: float = np.inf
    high: float = -np.inf

    def add(self, values: np.ndarray) -> np.ndarray:
        """Count values, set infinite ones to NaN, return where they are finite."""
        good = np.isfinite(values)
        values[~good] = np.nan
        if good.any():
            self.count += int(np.count_nonzero(good))
            self.low = min(self.low, float(np.fmin.reduce(values, axis=None)))
            self.high = max(self.high, float(np.fmax.reduce(values, axis=None)))
        return good
