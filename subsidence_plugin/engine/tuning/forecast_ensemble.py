"""From searches to forecasters: the best different trials as one ensemble, and every run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Optional

from ..forecasting.forecaster import Forecaster
from ..forecasting.measure import Measured
from ..progress import Progress
from .forecast import Forecasting
from .outcome import Searched
from .search_base import DEFAULTS
from .study import ranking
from .trials import quiet


@dataclass(frozen=True)
class Candidate:
    """Values that may become a member: of a completed trial, or the defaults.

    Parameters
    ----------
    searched : Searched
    number : int, optional
        Of the trial; None for the defaults.
    params : dict
    value : float
        Validation loss.
    """

    searched: Searched
    number: Optional[int]
    params: dict[str, Any]
    value: float

    @property
    def seed(self) -> int:
        """Of the training."""
        return self.searched.tuned.seed


@dataclass
class ForecastTuning:
    """All searches of one tuning, a repeat each, and what came of them.

    Parameters
    ----------
    searches : list of Searched
    top : list of Candidate
        Members of the ensemble, the best first.
    ensemble : Forecaster, optional
    measured : Measured, optional
        Of the ensemble.
    runs : dict of str to list, optional
        Runs table: each repeat of the defaults and of the search.
    model_id : str
    facts : dict of str to str
        Of the data.
    warnings : list of str
        What the reader should not overlook.
    """

    searches: list[Searched]
    top: list[Candidate] = field(default_factory=list)
    ensemble: Optional[Forecaster] = None
    measured: Optional[Measured] = None
    runs: Optional[dict[str, list]] = None
    model_id: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def best(self) -> Searched:
        """The search that found the best trial."""
        return min(self.searches, key=lambda searched: searched.trial.value)


def top_candidates(searches: Sequence[Searched], count: int) -> list[Candidate]:
    """Return the best of all searches' trials and the defaults, each set of values once.

    The defaults are trained and judged anyway: an ensemble of a short search is not to be worse
    than they are.
    """
    found = [
        Candidate(searched, trial.number, dict(trial.params), float(trial.value))
        for searched in searches
        for trial in ranking(searched.study)
    ]
    for searched in searches:
        if DEFAULTS in searched.references:
            base = searched.tuned.base
            known = {**base.hyperparameters, **base.settings}
            values = {dimension.name: known[dimension.name] for dimension in searched.tuned.space}
            found.append(Candidate(searched, None, values, searched.references[DEFAULTS]))
    found.sort(key=lambda candidate: candidate.value)
    different: dict[str, Candidate] = {}
    for candidate in found:
        different.setdefault(str(sorted(candidate.params.items())), candidate)
    return list(different.values())[:count]


def networks_of(
    judge: Forecasting, wanted: Sequence[tuple[Mapping[str, Any], int]], progress: Progress
) -> list[Forecaster]:
    """Return a network for each (values, seed), kept ones at once, others trained again."""
    found = []
    for index, (values, seed) in enumerate(wanted):
        part = quiet(progress.part(index / len(wanted), (index + 1) / len(wanted)))
        part(0)
        found.append(judge.network(values, part, seed=seed))
    return found


def joined(networks: Sequence[Forecaster]) -> Forecaster:
    """Return networks of one kind as the members of one forecaster, each as it was set."""
    card = deepcopy(networks[0].card)
    card.members = len(networks)
    card.member_hyperparameters = [dict(network.card.hyperparameters) for network in networks]
    card.seeds = [network.card.seeds[0] for network in networks]
    card.training["members"] = [
        {**network.card.training["members"][0], "settings": network.card.training["settings"]}
        for network in networks
    ]
    return Forecaster(card, [network.arrays[0] for network in networks])
