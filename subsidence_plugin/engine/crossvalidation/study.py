"""What one cross-validation found: the figures that table, log and report share, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Optional

import numpy as np

from ..progress import Progress
from .block_size import Suggestion, separation, suggest_block_size
from .folds import BLOCKS, RANDOM, SPATIAL, Partition, Places
from .recipes import Candidate
from .results import CrossValidation
from .semivariogram import Semivariogram, semivariograms
from .summary import Difference, Summary, best_of, compare_models, gap, summarise

#: Spatial folds part neighbours by at least so many times the distance of random folds.
FARTHER = 1.5
#: The AUC of all folds together may fall so far below the folds' mean by chance and size alone.
UNLIKE = 0.1
#: Of the rows that semivariograms are made of, where there are too many for all.
SEED = 42


@dataclass(frozen=True)
class Terrain:
    """Where the rows lie and how far their factors reach.

    Parameters
    ----------
    places : Places
    curves : sequence of Semivariogram
        One a factor; empty without coordinates.
    suggestion : Suggestion, optional
        Of a block size.
    unit : str
        Of coordinates and distances.
    """

    places: Places
    curves: Sequence[Semivariogram] = ()
    suggestion: Optional[Suggestion] = None
    unit: str = "map units"


def look_at_terrain(
    x: np.ndarray,
    y: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    kinds: Sequence[str],
    *,
    folds: int,
    field: Optional[np.ndarray] = None,
    block_size: Optional[float] = None,
    unit: str = "map units",
) -> Terrain:
    """Return the places with a block size (the given one, else the suggested), and why.

    Parameters
    ----------
    x, y : 1d-array, (rows,)
        As long in x as in y.
    values : 2d-array, (rows, factors)
    names, kinds : sequence of str
    folds : int
    field : 1d-array, optional
        Fold numbers of the samples themselves.
    block_size : float, optional
    unit : str
    """
    # One seed for all runs: the same samples always get the same suggestion.
    curves = semivariograms(x, y, values, names, kinds, SEED)
    suggestion = suggest_block_size(curves, x, y, folds)
    places = Places(x, y, field, block_size or suggestion.size)
    return Terrain(places, curves, suggestion, unit)


def log_terrain(terrain: Terrain, method: str, given: Optional[float], progress: Progress) -> None:
    """Write how far the factors reach and what block size follows."""
    ranges = [f"{c.factor} {c.limit}{c.range:,.5g}" for c in terrain.curves if c.model]
    if ranges:
        progress.info(
            f"Range of the factors' semivariograms in {terrain.unit}: {', '.join(ranges)}."
        )
    found = terrain.suggestion
    text = f"{found.size:,g} {terrain.unit} ({found.blocks} blocks with samples): {found.why}."
    progress.info(f"Suggested block size: {text}")
    if method == BLOCKS and given:
        progress.info(f"Block size: {given:,g} {terrain.unit}, as given.")


def reaches(places: Places, partitions: Sequence[Partition]) -> dict[str, float]:
    """Return the median distance to the nearest row of another fold, by scheme, in repeat 1."""
    return {
        p.scheme: float(np.median(separation(places.x, places.y, p.fold)))
        for p in partitions
        if p.repeat == 1
    }


def doubt_spatial(terrain: Terrain, partitions: Sequence[Partition]) -> Optional[str]:
    """Return a warning where the spatial folds part neighbours hardly more than random ones."""
    if terrain.places.x is None:
        return None
    reach = reaches(terrain.places, partitions)
    if reach[SPATIAL] >= FARTHER * reach[RANDOM]:
        return None
    return (
        f"Half of the rows have a row of another spatial fold within {reach[SPATIAL]:,.3g} "
        f"{terrain.unit}, hardly farther than with random folds ({reach[RANDOM]:,.3g}): these "
        "folds say little about new places; take larger blocks, or another METHOD."
    )


@dataclass(frozen=True)
class Study:
    """A cross-validation and what it was made of; the first candidate is what it is about."""

    candidates: Sequence[Candidate]
    label: np.ndarray
    partitions: Sequence[Partition]
    result: CrossValidation
    terrain: Terrain = field(default_factory=lambda: Terrain(Places()))
    method: str = BLOCKS

    @property
    def main(self) -> Candidate:
        """The model that the run is about."""
        return self.candidates[0]

    @property
    def rivals(self) -> list[str]:
        """Titles of the other models, all of them baselines."""
        return [candidate.title for candidate in self.candidates[1:]]

    @property
    def repeats(self) -> int:
        """Number of random (and of spatial) partitions."""
        return max(p.repeat for p in self.partitions)

    @property
    def folds(self) -> int:
        """Folds of a partition."""
        return self.partitions[0].folds

    def partition(self, scheme: str, repeat: int = 1) -> Partition:
        """Return one partition."""
        return next(p for p in self.partitions if (p.scheme, p.repeat) == (scheme, repeat))

    @cached_property
    def summaries(self) -> dict[tuple[str, str], Summary]:
        """Means and spreads by (model, scheme)."""
        return summarise(self.result, self.label)

    @cached_property
    def gap(self) -> Difference:
        """Random less spatial AUC of the model."""
        return gap(self.result, self.main.title)

    @cached_property
    def best_rival(self) -> Optional[str]:
        """The baseline with the highest AUC under spatial folds."""
        return best_of(self.summaries, self.rivals) if self.rivals else None

    @cached_property
    def lead_over_rival(self) -> Optional[Difference]:
        """AUC of the model less that of the best baseline, under the same spatial folds."""
        if self.best_rival is None:
            return None
        return compare_models(self.result, self.main.title, self.best_rival)

    def results(self) -> dict[str, Any]:
        """Return the figures that the job hands back."""
        title = self.main.title
        found: dict[str, Any] = {
            "RANDOM_AUC": self.summaries[title, RANDOM].auc,
            "SPATIAL_AUC": self.summaries[title, SPATIAL].auc,
        }
        if self.best_rival:
            found["BEST_BASELINE"] = self.best_rival
            found["BASELINE_AUC"] = self.summaries[self.best_rival, SPATIAL].auc
        if self.terrain.suggestion:
            found["SUGGESTED_BLOCK_SIZE"] = self.terrain.suggestion.size
        return found

    def sentences(self) -> list[str]:
        """Return the honest result in words: both AUCs, the gap, and who is better."""
        spoken = [self._aucs(), self._scales(), self._gap_in_words()]
        spoken += [self._rivalry()] if self.best_rival else []
        return [sentence for sentence in spoken if sentence]

    def _aucs(self) -> str:
        random, spatial = (self.summaries[self.main.title, s] for s in (RANDOM, SPATIAL))
        folds = f"{random.folds} folds" if self.repeats > 1 else f"{self.folds} folds"
        more = f" of {self.repeats} partitions" if self.repeats > 1 else ""
        return (
            f"{self.main.title} reaches an AUC of {_spread(spatial)} in spatial folds and "
            f"{_spread(random)} in random folds (mean ± standard deviation over {folds}{more})."
        )

    def _scales(self) -> str:
        """Warn where the folds' probabilities are not on one scale."""
        found = self.summaries[self.main.title, SPATIAL]
        if not found.pooled < found.auc - UNLIKE:
            return ""
        return (
            f"All spatial folds together give only {found.pooled:.3f}: the probabilities of "
            "different folds are not on one scale, so train longer or otherwise before mapping."
        )

    def _gap_in_words(self) -> str:
        value, interval = self.gap.value, _interval(self.gap)
        if abs(value) < 0.0005:
            return f"A random split gives the same figure ({interval} of the difference)."
        if value <= 0:
            noise = "more than" if self.gap.is_clear else "within"
            return (
                f"A random split does not flatter it here: it gives {-value:.3f} less, {noise} "
                f"the noise of the folds ({_interval(self.gap.reversed)})."
            )
        if self.gap.is_clear:
            return (
                f"A random split flatters it by {value:.3f}, more than the noise of the folds "
                f"({interval}): expect the spatial figure on new places."
            )
        return (
            f"A random split flatters it by {value:.3f}, which is within the noise of the folds "
            f"({interval}): with these samples that may be chance."
        )

    def _rivalry(self) -> str:
        own = self.summaries[self.main.title, SPATIAL].auc
        other = self.summaries[self.best_rival, SPATIAL].auc
        difference = self.lead_over_rival
        rival = f"{_article(self.rivals)}, {self.best_rival} ({other:.3f})"
        shown = difference if difference.value > 0 else difference.reversed
        if abs(difference.value) < 0.0005:
            return f"Under the same spatial folds it ({own:.3f}) is as good as {rival}."
        if not difference.is_clear:
            tail = f"but not clearly ({_interval(shown)} of the difference)"
            if difference.value > 0:
                return f"Under the same spatial folds it ({own:.3f}) is ahead of {rival}, {tail}."
            return f"Under the same spatial folds {rival}, is ahead of it ({own:.3f}), {tail}."
        by = abs(round(own, 3) - round(other, 3))
        tail = f"by {by:.3f}, more than the noise of the folds ({_interval(shown)})"
        if difference.value > 0:
            return f"Under the same spatial folds it ({own:.3f}) is better than {rival}, {tail}."
        return f"Under the same spatial folds {rival}, is better than it ({own:.3f}), {tail}."


def _spread(summary: Summary) -> str:
    return f"{summary.auc:.3f} ± {summary.fold_deviation:.3f}"


def _interval(difference: Difference) -> str:
    low, high = difference.value - difference.margin, difference.value + difference.margin
    return f"95 % interval {low:+.3f} to {high:+.3f}".replace("-", "−")


def _article(rivals: Sequence[str]) -> str:
    return "the best baseline" if len(rivals) > 1 else "the baseline"
