"""Areas of levels and of bivariate classes, and how sure the members are of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..progress import Progress
from .bivariate import bivariate_labels
from .ensemble import Thresholds
from .levels import level_names
from .quantity import Quantity


@dataclass
class Summary:
    """What is known of an ensemble once all tiles are written.

    Parameters
    ----------
    members : int
    cells : int
        Cells of the raster.
    quantity : Quantity
    shares : tuple of float
        Percentages of the quantiles.
    thresholds : Thresholds
    middle, largest : float
        Median and maximum of the intensity |m|.
    widest : float
        98th percentile of the spread, where its colours end.
    """

    members: int
    cells: int
    quantity: Quantity
    shares: tuple[float, ...]
    thresholds: Thresholds
    middle: float
    largest: float
    widest: float
    counts: np.ndarray = field(default_factory=lambda: np.zeros(10, np.int64))
    km2: np.ndarray = field(default_factory=lambda: np.zeros(10))
    level_counts: np.ndarray = field(default_factory=lambda: np.zeros(6, np.int64))
    level_km2: np.ndarray = field(default_factory=lambda: np.zeros(6))
    level_confidence: np.ndarray = field(default_factory=lambda: np.zeros(6))
    level_spread: np.ndarray = field(default_factory=lambda: np.zeros(6))
    #: Pixels by quantile and number of members that reach it.
    reached: np.ndarray = field(init=False)
    agreed: int = 0
    largest_rank_variance: float = 0.0

    def __post_init__(self) -> None:
        self.reached = np.zeros((len(self.shares), self.members + 1), np.int64)

    def add(self, maps: Mapping[str, np.ndarray], km2: np.ndarray) -> None:
        """Add the valid pixels of a tile; ``km2`` is the area of each."""
        if not len(km2):
            return
        level, both = maps["levels"][0], maps["bivariate"][0]
        self.counts += np.bincount(both, minlength=10)
        self.km2 += np.bincount(both, km2, minlength=10)
        self.level_counts += np.bincount(level, minlength=6)
        self.level_km2 += np.bincount(level, km2, minlength=6)
        self.level_confidence += np.bincount(level, maps["confidence"][0], minlength=6)
        self.level_spread += np.bincount(level, maps["spread"][0], minlength=6)
        for counts, probability in zip(self.reached, maps["exceedance"]):
            number = np.rint(probability * self.members).astype(np.int64)
            counts += np.bincount(number, minlength=self.members + 1)
        variance = maps["rank_variance"][0]
        self.agreed += int(np.count_nonzero(variance == 0))
        self.largest_rank_variance = max(self.largest_rank_variance, float(variance.max()))

    @property
    def valid(self) -> int:
        """Number of pixels valid in all members."""
        return int(self.level_counts.sum())

    @property
    def unit(self) -> str:
        """Unit of median and spread; none for probabilities."""
        return "" if self.quantity.probability else self.quantity.units

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levels."""
        return level_names(len(self.shares))

    @property
    def labels(self) -> list[str]:
        """Names of the levels with their bounds, as in the legend."""
        symbol = "|m|" if not self.quantity.probability else "median"
        texts = [self.quantity.value(q) for q in self.thresholds.magnitude]
        labels = [f"{self.names[0]}: {symbol} < {texts[0]}"]
        for name, lower, upper in zip(self.names[1:], texts, texts[1:]):
            labels.append(f"{name}: {lower} ≤ {symbol} < {upper}")
        return [*labels, f"{self.names[-1]}: {symbol} ≥ {texts[-1]}"]

    def level_columns(self) -> dict[str, list]:
        """Return the table of levels: bounds, area, share, mean confidence and mean spread."""
        codes = range(1, len(self.names) + 1)
        bounds = [None, *self.thresholds.magnitude, None]
        percent = [None, *self.shares, None]
        total = self.level_km2.sum()

        def mean(sums: np.ndarray) -> list:
            return [
                float(sums[c] / self.level_counts[c]) if self.level_counts[c] else None
                for c in codes
            ]

        return {
            "level": list(codes),
            "name": list(self.names),
            "lower_quantile": percent[:-1],
            "lower": bounds[:-1],
            "upper": bounds[1:],
            "cells": [int(self.level_counts[c]) for c in codes],
            "area_km2": [float(self.level_km2[c]) for c in codes],
            "share": [float(self.level_km2[c] / total) for c in codes],
            "mean_confidence": mean(self.level_confidence),
            "mean_spread": mean(self.level_spread),
        }

    def bivariate_columns(self) -> dict[str, list]:
        """Return the area of the nine bivariate classes."""
        total = self.km2.sum()
        return {
            "class": list(range(1, 10)),
            "name": list(bivariate_labels()),
            "cells": [int(n) for n in self.counts[1:]],
            "area_km2": [float(a) for a in self.km2[1:]],
            "share": [float(a / total) for a in self.km2[1:]],
        }

    def exceedance_columns(self) -> dict[str, list]:
        """Return the share of pixels that one, half and all of the members put at a quantile."""
        from_top = self.reached[:, ::-1].cumsum(axis=1)[:, ::-1] / max(self.valid, 1)
        half = -(-self.members // 2)
        return {
            "quantile": list(self.shares),
            "threshold": list(self.thresholds.magnitude),
            "any_member": from_top[:, 1].tolist(),
            "half_of_the_members": from_top[:, half].tolist(),
            "all_members": from_top[:, -1].tolist(),
        }


def log_summary(summary: Summary, progress: Progress) -> None:
    """Log areas and agreement, one line a level."""
    columns = summary.level_columns()
    for label, area, share, sure in zip(
        summary.labels, columns["area_km2"], columns["share"], columns["mean_confidence"]
    ):
        known = "" if sure is None else f", mean confidence {sure:.2f}"
        progress.info(f"{label}: {area:.6g} km² ({100 * share:.2f} %){known}")
    both = summary.km2
    progress.info(
        f"High levels with low spread (robust): {both[7]:.6g} km²; with high spread (unstable): "
        f"{both[9]:.6g} km². All members agree on the level of "
        f"{100 * summary.agreed / summary.valid:.2f} % of the pixels."
    )
