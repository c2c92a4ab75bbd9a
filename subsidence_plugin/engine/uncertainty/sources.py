"""The quantities that a priority map is decided on, read from a tile of several rasters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from .levels import HIGH
from .priority import Bounds, low, prioritise


@dataclass(frozen=True)
class Sources:
    """Which layers of a tile are which quantity.

    Parameters
    ----------
    spread : slice
    residual, exceedance, levels : slice, optional
        Layers of a quantity; several (forecast steps) are averaged, residuals by their size.
    """

    spread: slice
    residual: Optional[slice] = None
    exceedance: Optional[slice] = None
    levels: Optional[slice] = None

    def valid(self, values: np.ndarray) -> np.ndarray:
        """Tell which pixels of (layers, pixels) have a value in all layers; level 0 is none."""
        good = np.isfinite(values).all(axis=0)
        if self.levels is not None:
            good &= values[self.levels][0] > 0
        return good

    def measures(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Return spread, and residual and exceedance where given, of valid pixels as float32."""
        found = {}
        for name in ("spread", "residual", "exceedance"):
            layers = getattr(self, name)
            if layers is not None:
                found[name] = np.abs(values[layers]).mean(axis=0, dtype=np.float64)
        return {name: own.astype(np.float32) for name, own in found.items()}


@dataclass(frozen=True)
class Limits:
    """From where each quantity is high, and up to where a spread is low."""

    high: dict[str, Bounds]
    low_spread: float

    def classes(self, sources: Sources, values: np.ndarray) -> np.ndarray:
        """Return the class 1 to 7 of the valid pixels (layers, pixels)."""
        measures = sources.measures(values)
        high = {name: self.high[name].high(own) for name, own in measures.items()}
        levels = None
        if sources.levels is not None:
            levels = values[sources.levels][0] >= HIGH
        return prioritise(
            high["spread"],
            low(measures["spread"], self.low_spread),
            high.get("exceedance", levels),
            high.get("residual"),
            levels,
        )
