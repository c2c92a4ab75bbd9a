"""What the map of dissimilarity amounts to: shares, areas, and the factors that make it so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from .tally import PixelTally
from .tile_index import Reference


@dataclass(frozen=True)
class AreaSummary:
    """The counted map: what it was compared with, pixels, and km² inside and outside."""

    reference: Reference
    tally: PixelTally
    km2_inside: float
    km2_outside: float

    @property
    def share_outside(self) -> float:
        """Share of the area that lies outside, 0 to 1."""
        return self.km2_outside / (self.km2_inside + self.km2_outside)

    @property
    def names(self) -> list[str]:
        """Factor names in the model's order."""
        return [factor.name for factor in self.reference.space.factors]

    @property
    def training_outside(self) -> int:
        """Training rows whose own index is above the threshold."""
        return int((self.reference.training.index > self.reference.threshold).sum())

    def ranked(self) -> np.ndarray:
        """Return the factors by their share outside, then by weight, the largest first."""
        return np.lexsort((-self.reference.space.weights, -self.tally.shares))


def factor_columns(summary: AreaSummary) -> dict[str, list]:
    """Return the table of factors, ranked by what they contribute outside.

    ``weight``: share of the factor in the sum of weights; ``share_outside``: its share in the
    squared weighted distance between the pixels outside and their nearest training rows (sums to
    1; 0 where nothing is outside); ``beyond``, ``beyond_outside``: share of all pixels, and of
    those outside, whose value is beyond the range of the training rows.
    """
    space, tally = summary.reference.space, summary.tally
    weights = space.weights / space.weights.sum()
    order = summary.ranked()
    chosen = [space.factors[i] for i in order]
    return {
        "factor": [factor.name for factor in chosen],
        "kind": [factor.kind for factor in chosen],
        "weight": weights[order].tolist(),
        "share_outside": tally.shares[order].tolist(),
        "beyond": (tally.beyond[order] / tally.pixels).tolist(),
        "beyond_outside": (tally.beyond_outside[order] / max(tally.outside, 1)).tolist(),
    }


def log_area(summary: AreaSummary, progress: Progress) -> None:
    """Say how much lies outside, and where that comes from."""
    tally, training = summary.tally, summary.reference.training
    progress.info(
        f"Threshold of the dissimilarity index: {training.threshold:.4g} "
        f"({summary.training_outside} of {np.isfinite(training.index).sum()} training rows are "
        "above it)."
    )
    if tally.unknown:
        progress.info(
            f"{tally.unknown} pixels have a category that the model has not seen: no data, as in "
            "the map of the model."
        )
    say = progress.warn if summary.share_outside > 0.5 else progress.info
    say(
        f"Outside the area of applicability: {summary.share_outside:.2%} of the area "
        f"({summary.km2_outside:.6g} of {summary.km2_inside + summary.km2_outside:.6g} km²)."
    )
    if tally.outside:
        order = summary.ranked()[:3]
        named = ", ".join(f"{summary.names[i]} {tally.shares[i]:.0%}" for i in order)
        progress.info(f"Share of the squared distance outside, by factor: {named}.")
