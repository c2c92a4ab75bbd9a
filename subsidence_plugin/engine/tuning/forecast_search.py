"""What ``tuneforecaster`` searches: a forecaster's recipe and space, and what it must beat."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Callable, Optional

import numpy as np

from ..forecasting.member import target_levels
from ..forecasting.recipe import ForecastRecipe
from ..forecasting.scaling import pooled_series
from ..naive.baselines import Baselines
from ..progress import Progress
from .forecast import Forecasting, loss_of
from .search_base import DEFAULTS, SearchBase
from .space import parse_changes, space_of
from .trials import quiet


@dataclass(frozen=True)
class ForecastSearch(SearchBase):
    """A forecaster to be tuned, see ``SearchBase``; the metric is its validation loss."""

    objective = "forecast"

    @classmethod
    def of(
        cls, recipe: ForecastRecipe, given: Collection[str], strategy: str, changes: str, seed: int
    ) -> ForecastSearch:
        """Return the search of a recipe's forecaster.

        Parameters
        ----------
        recipe : ForecastRecipe
        given : collection of str
            Hyperparameters and settings that the user gave: not searched unless ``changes`` names
            them.
        strategy, changes : str
            See ``space_of`` and ``parse_changes``.
        seed : int
        """
        known = {**recipe.hyperparameters, **recipe.settings}
        fixed = {name: repr(known[name]) for name in given}
        space, fixed = space_of(recipe.kind, strategy, {**fixed, **parse_changes(changes)})
        return cls(recipe.with_values(fixed), strategy, space, seed)

    def repeated(self, number: int) -> ForecastSearch:
        """Return the search with the seed of a later repeat, from 0."""
        return replace(self, seed=self.seed + number)

    @property
    def model_name(self) -> str:
        """Spatial and temporal encoder."""
        return self.base.kind.name

    @property
    def maximise(self) -> bool:
        """False: it is a loss."""
        return False

    @property
    def metric_title(self) -> str:
        """The metric as people write it."""
        return "Validation loss"

    def judge(
        self, data: Mapping[str, np.ndarray], device: str, aside: Optional[str]
    ) -> Forecasting:
        """Return the objective whose values, where none are given, are the declared defaults."""
        arguments = {"recipe": self.base.as_dict(), "seed": self.seed}
        return Forecasting(arguments, data, device, aside)

    def references(
        self,
        judge: Forecasting,
        progress: Progress,
        naive: Optional[Mapping[str, float]] = None,
        expect: Optional[Callable[[float], str]] = None,
    ) -> dict[str, float]:
        """Return what the defaults and the naive baselines reach as trials are judged.

        Parameters
        ----------
        judge : Forecasting
        progress : Progress
        naive : mapping of str to float, optional
            Of the baselines, where an earlier search has found it: no seed changes it; the
            passes of the defaults are then not logged again.
        expect : callable, optional
            Makes a line for the log of the seconds that training the defaults took.
        """
        progress.info("The defaults are trained first; every trial is set beside them.")
        start = time.monotonic()
        network = judge.network({}, quiet(progress) if naive else progress, seed=self.seed)
        found = {DEFAULTS: loss_of(network)}
        if expect is not None and (line := expect(time.monotonic() - start)):
            progress.info(line)
        if not naive:
            naive = baseline_losses(judge)
            found.update(naive)
        for name, value in found.items():
            progress.info(f"{self.reference_title(name)}, judged as the trials are: "
                          f"{self.metric_title} {value:.4f}.")  # fmt: skip
        return {**found, **naive}

    def reference_title(self, name: str) -> str:
        """Return a reference as people write it."""
        if name == DEFAULTS:
            return f"{self.base.title} with its defaults (manual)"
        titles = Baselines(self.base.window, self.base.horizon, self.base.gap).titles
        return f"{titles[name][0].upper()}{titles[name][1:]}"


def expected(trials: int, workers: int) -> Callable[[float], str]:
    """Return what tells how long a search will take from the seconds of one training.

    A training of less than a second needs no such line: the network was kept, or all is quick.
    """

    def line(seconds: float) -> str:
        if seconds < 1:
            return ""
        rounds = -(-trials // workers)
        how = f"{trials} trial{'s' if trials != 1 else ''}"
        how += f" with {workers} workers" if workers > 1 else ""
        return (
            f"A trial takes about {duration(seconds)}, as the defaults did (pruned ones less, "
            f"larger networks more); {how} about {duration(rounds * seconds)}."
        )

    return line


def duration(seconds: float) -> str:
    """Return a time as people say it: 45 s, 12 min, 3.5 h."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 99.5 * 60 else f"{seconds / 3600:.1f} h"


def baseline_losses(judge: Forecasting) -> dict[str, float]:
    """Return the naive baselines' loss on the windows that trials are judged by, by name.

    As for a network: the mean over horizons of MSE divided by that of the linear start. What is
    pooled over nodes is fitted on the training part.
    """
    recipe, prepared = judge.base, judge.prepared
    baselines = Baselines(recipe.window, recipe.horizon, recipe.gap)
    baselines.fit(pooled_series(prepared.data.areas), prepared.data.split.bounds("train")[1])
    sums = {name: np.zeros(recipe.horizon) for name in baselines.names}
    count = np.zeros(recipe.horizon)
    for window in prepared.validation.windows:
        area, mask = window.area, window.area.mask
        level, known = target_levels(recipe, area, window.origin)
        level, known = level[:, mask].T, known[:, mask].T
        found = baselines.forecast(area.series(), area.days, window.origin)
        for name, forecast in found.items():
            sums[name] += ((forecast - level) ** 2 * known).sum(axis=0, dtype=float)
        count += known.sum(axis=0)
    seen = count > 0
    reference = prepared.validation.reference
    return {
        name: float(np.mean((total / np.maximum(count, 1) / reference)[seen]))
        for name, total in sums.items()
    }
