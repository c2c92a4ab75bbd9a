"""Where large values of a map cluster: Getis–Ord Gi* with a bound on false discoveries."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..needs import need

#: Shares of false discoveries that the classes allow, the stricter last.
ALPHAS = (0.05, 0.01)
CLASSES = (
    "Small errors cluster (5 % false discoveries)",
    "No cluster",
    "Large errors cluster (5 % false discoveries)",
    "Large errors cluster (1 % false discoveries)",
)
COLD, NONE, HOT, HOTTER = 1, 2, 3, 4
BINS = 2**16


def box_sums(values: np.ndarray, radius: int) -> np.ndarray:
    """Return the sum over the square of 2 · radius + 1 cells around each inner cell.

    ``values`` is (rows + 2 · radius, columns + 2 · radius); the result (rows, columns). Sums of
    sums: the same work for every radius.
    """
    side = 2 * radius + 1
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(np.cumsum(values, axis=0), axis=1, out=sums[1:, 1:])
    return sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]


def getis_ord(values: np.ndarray, radius: int, n: int, mean: float, deviation: float) -> np.ndarray:
    """Return the z of Gi* (Ord and Getis 1995, eq. 14) of each inner cell; NaN without data.

    The neighbours of a cell are the cells with data of the square around it, and it itself, each
    of weight 1: z = (Σ x − mean · W) / (deviation · √((n W − W²) / (n − 1))), W their number.

    Parameters
    ----------
    values : (rows + 2 · radius, columns + 2 · radius) array
        NaN where there is no data and outside the map.
    radius : int
        Of the square, in cells.
    n, mean, deviation
        Number of cells with data in the whole map, their mean and standard deviation (ddof 0).
    """
    known = np.isfinite(values)
    sums = box_sums(np.where(known, values - mean, 0.0), radius)
    weight = box_sums(known.astype(float), radius)
    variance = (n * weight - weight**2) / max(n - 1, 1)
    usable = (variance > 1e-9) & (deviation > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(usable, sums / (deviation * np.sqrt(np.maximum(variance, 1e-9))), 0.0)
    inner = known[radius : known.shape[0] - radius, radius : known.shape[1] - radius]
    return np.where(inner, z, np.nan).astype(np.float32)


class Discoveries:
    """From which |z| on the null hypothesis is rejected (Benjamini and Hochberg 1995), streamed.

    The p-values are two-sided and normal. The bound is exact for z as float32: the bits of a
    float32 that is not negative are in the order of the values, so a pass that counts by their
    upper half tells in which few bins the bound may lie, and a second looks into these.

    Parameters
    ----------
    alphas : sequence of float
    """

    def __init__(self, alphas: Sequence[float] = ALPHAS) -> None:
        self.alphas = tuple(alphas)
        self._coarse = np.zeros(BINS, np.int64)
        self._fine: dict[int, np.ndarray] = {}

    def count(self, z: np.ndarray) -> None:
        """Count the z of cells with data, 1d float32, in the first pass."""
        self._coarse += np.bincount(_bits(z) >> 16, minlength=BINS)

    def refine(self) -> None:
        """Choose the bins that the second pass looks into."""
        n = int(self._coarse.sum())
        bins = np.flatnonzero(self._coarse)
        reached = np.cumsum(self._coarse[::-1])[::-1][bins]  # values in the bin or above it
        low, high = _p(_edges(bins)), _p(_edges(bins + 1))
        for alpha in self.alphas:
            sure = np.flatnonzero(low <= reached * alpha / n) if n else []
            last = sure[0] if len(sure) else len(bins) - 1
            maybe = high <= reached * alpha / max(n, 1)
            for number in bins[: last + 1][maybe[: last + 1]].tolist():
                self._fine.setdefault(number, np.zeros(BINS, np.int64))

    def count_again(self, z: np.ndarray) -> None:
        """Count the same values in the second pass."""
        bits = _bits(z)
        upper = bits >> 16
        for number, counts in self._fine.items():
            inside = bits[upper == number]
            if len(inside):
                counts += np.bincount(inside & (BINS - 1), minlength=BINS)

    def bounds(self) -> list[float]:
        """Return the smallest |z| that is a discovery at each alpha; infinite where none is."""
        n, found = int(self._coarse.sum()), [math.inf] * len(self.alphas)
        above = np.cumsum(self._coarse[::-1])[::-1] - self._coarse
        for number in sorted(self._fine, reverse=True):
            counts = self._fine[number]
            lower = np.flatnonzero(counts)
            reached = np.cumsum(counts[::-1])[::-1][lower] + above[number]
            z = (number << 16 | lower).astype(np.uint32).view(np.float32).astype(float)
            p = _p(z)
            for place, alpha in enumerate(self.alphas):
                passed = np.flatnonzero(p <= reached * alpha / n)
                if len(passed):
                    found[place] = min(found[place], float(z[passed[0]]))
        return found


def classify(z: np.ndarray, bounds: Sequence[float]) -> np.ndarray:
    """Return the codes of ``CLASSES`` as uint8, 0 where z is NaN; ``bounds`` as of ``ALPHAS``."""
    codes = np.where(np.isfinite(z), NONE, 0).astype(np.uint8)
    codes[z <= -bounds[0]] = COLD
    codes[z >= bounds[0]] = HOT
    codes[z >= bounds[1]] = HOTTER
    return codes


def _bits(z: np.ndarray) -> np.ndarray:
    return np.abs(np.ascontiguousarray(z, np.float32)).view(np.uint32).astype(np.int64)


def _edges(bins: np.ndarray) -> np.ndarray:
    return (bins.astype(np.int64) << 16).astype(np.uint32).view(np.float32).astype(float)


def _p(z: np.ndarray) -> np.ndarray:
    """Return two-sided p-values of normal z."""
    return 2 * need("scipy.special", "to find hotspots").ndtr(-z)
