"""What is counted over the pixels of a map: how far they lie, and in which factors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

#: Bins of the histogram of the index, and how many times the threshold they span.
BINS, SPAN = 160, 4.0


@dataclass
class PixelTally:
    """Sums over pixels that have an index.

    Parameters
    ----------
    factors : int
    width : float
        Width of the histogram's bins, in units of the index.

    Attributes
    ----------
    counts : 1d-array of int64, (BINS + 1,)
        Pixels by bin of the index; the last bin takes all beyond.
    pixels, outside : int
        Pixels with an index, and those above the threshold.
    unknown : int
        Pixels without index since a category is not known to the model.
    squares : 1d-array, (factors,)
        Sum of the squared weighted distance to the nearest training row along each factor, over
        the pixels outside.
    beyond, beyond_outside : 1d-array of int64, (factors,)
        Pixels whose value lies outside the range of the training rows; of those outside, too.
    """

    factors: int
    width: float
    pixels: int = 0
    outside: int = 0
    unknown: int = 0
    counts: np.ndarray = field(init=False)
    squares: np.ndarray = field(init=False)
    beyond: np.ndarray = field(init=False)
    beyond_outside: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.counts = np.zeros(BINS + 1, np.int64)
        self.squares = np.zeros(self.factors)
        self.beyond = np.zeros(self.factors, np.int64)
        self.beyond_outside = np.zeros(self.factors, np.int64)

    def count(self, index: np.ndarray) -> None:
        """Add values of the index to the histogram."""
        bins = np.minimum(index / self.width, BINS).astype(np.int64)
        self.counts += np.bincount(bins, minlength=BINS + 1)
        self.pixels += len(index)

    def add(self, other: PixelTally) -> None:
        """Add the sums of another part of the map."""
        for name in ("pixels", "outside", "unknown"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("counts", "squares", "beyond", "beyond_outside"):
            getattr(self, name)[:] += getattr(other, name)

    @property
    def edges(self) -> np.ndarray:
        """Bounds of the bins, (BINS + 1,), without that of the last, open one."""
        return np.arange(BINS + 1) * self.width

    @property
    def shares(self) -> np.ndarray:
        """Share of each factor in the squared distance of the pixels outside, (factors,)."""
        total = self.squares.sum()
        return self.squares / total if total > 0 else np.zeros(self.factors)


def bin_width(threshold: float, largest: float) -> float:
    """Return a width of bins that shows the threshold and the training rows well.

    Parameters
    ----------
    threshold, largest : float
        The threshold, and the largest index of a training row.
    """
    span = threshold if threshold > 0 else largest
    return SPAN * (span if span > 0 else 1.0) / BINS
