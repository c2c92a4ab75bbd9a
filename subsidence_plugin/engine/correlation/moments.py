"""Means and comoments of rows that come in parts, and a sample of them, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Moments:
    """Count, mean, extremes and sums of products of deviations of complete rows.

    Parts are joined by the formulas of Chan, Golub and LeVeque (1983), *Am. Stat.* 37, which lose
    no figures where means are large beside deviations.

    Parameters
    ----------
    factors : int
        Columns of the rows.
    """

    factors: int
    count: int = 0
    mean: np.ndarray = field(init=False)
    comoment: np.ndarray = field(init=False)
    low: np.ndarray = field(init=False)
    high: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.mean = np.zeros(self.factors)
        self.comoment = np.zeros((self.factors, self.factors))
        self.low = np.full(self.factors, np.inf)
        self.high = np.full(self.factors, -np.inf)

    def add(self, rows: np.ndarray) -> None:
        """Add complete rows, a (rows, factors) array of finite numbers."""
        if not len(rows):
            return
        rows = np.asarray(rows, np.float64)
        self.low = np.minimum(self.low, rows.min(axis=0))
        self.high = np.maximum(self.high, rows.max(axis=0))
        mean = rows.mean(axis=0)
        deviations = rows - mean
        total = self.count + len(rows)
        step = mean - self.mean
        between = np.outer(step, step) * (self.count * len(rows) / total)
        self.comoment += deviations.T @ deviations + between
        self.mean += step * (len(rows) / total)
        self.count = total

    @property
    def constant(self) -> np.ndarray:
        """Which factors have one value in all rows."""
        return self.low == self.high

    def correlation(self) -> np.ndarray:
        """Return Pearson's matrix; NaN in rows and columns of constant factors."""
        return normalised(self.comoment, self.constant)


def normalised(comoment: np.ndarray, constant: np.ndarray) -> np.ndarray:
    """Return correlations of sums of products of deviations, NaN for constant factors."""
    spread = np.sqrt(np.diag(comoment))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = comoment / np.outer(spread, spread)
    r = np.clip(r, -1, 1)
    np.fill_diagonal(r, 1)
    r[constant], r[:, constant] = np.nan, np.nan
    return r


class RowSample:
    """A random sample of rows that come in parts, every row being equally likely to be in it.

    Each row draws a number, and the rows of the smallest numbers stay.

    Parameters
    ----------
    size : int
        Rows to keep.
    factors : int
        Columns of the rows.
    seed : int
    """

    def __init__(self, size: int, factors: int, seed: int) -> None:
        self.size = size
        self._random = np.random.default_rng(seed)
        self._keys = np.empty(0)
        self._rows = np.empty((0, factors), np.float32)

    def add(self, rows: np.ndarray) -> None:
        """Draw among more rows, a (rows, factors) array."""
        keys = self._random.random(len(rows))
        if len(self._keys) == self.size:
            chosen = keys < self._keys.max()
            keys, rows = keys[chosen], rows[chosen]
        keys = np.concatenate([self._keys, keys])
        rows = np.concatenate([self._rows, np.asarray(rows, np.float32)])
        if len(keys) > self.size:
            kept = np.argpartition(keys, self.size)[: self.size]
            keys, rows = keys[kept], rows[kept]
        self._keys, self._rows = keys, rows

    @property
    def rows(self) -> np.ndarray:
        """The rows that were drawn."""
        return self._rows
