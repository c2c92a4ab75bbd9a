"""Tables of a forecaster's tuning: all trials, and the repeated runs for ``comparemodels``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..forecasting.arguments import configuration
from ..forecasting.assess import assess
from ..forecasting.training import ForecastData
from ..progress import Progress
from ..training.scores import runs_table
from .forecast import Forecasting
from .forecast_ensemble import ForecastTuning, joined, networks_of
from .outcome import Searched
from .results import trial_columns

#: Values of a trial, and the seed of its training.
Wanted = tuple[dict[str, Any], int]


def tuned_name(searched: Searched) -> str:
    """Return the configuration of the runs: the strategy, and what was not left to the defaults."""
    return configuration(searched.tuned.base).replace("manual", searched.strategy_title, 1)


def top_values(tuning: ForecastTuning) -> list[Wanted]:
    """Return values and seeds of the ensemble's members."""
    return [(candidate.params, candidate.seed) for candidate in tuning.top]


def run_values(tuning: ForecastTuning) -> list[Wanted]:
    """Return values and seeds of the repeats: first of the defaults, then of the best trials."""
    seeds = [searched.tuned.seed for searched in tuning.searches]
    best = [(searched.trial.params, searched.tuned.seed) for searched in tuning.searches]
    return [*(({}, seed) for seed in seeds), *best]


def runs_of(
    tuning: ForecastTuning, judge: Forecasting, data: ForecastData, progress: Progress
) -> dict[str, Any]:
    """Return the runs table: of single networks with the defaults, and with each search's best.

    As R, Section 4.1: the same split, another seed in each repeat. Scored on the test part, the
    validation part where there is none; the validation part chose the trials.
    """
    networks = networks_of(judge, run_values(tuning), progress.part(0, 0.5))
    part = tuning.measured.judged.part
    judged = assess(joined(networks), data, part, None, tuning.best.device, progress.part(0.5, 1))
    rows = [{part: metrics} for metrics in judged.member_metrics()]
    kind, seeds = judge.base.title, [searched.tuned.seed for searched in tuning.searches]
    names = (configuration(judge.base), tuned_name(tuning.best))
    halves = (rows[: len(seeds)], rows[len(seeds) :])
    return _stacked([runs_table(kind, name, seeds, own) for name, own in zip(names, halves)])


def trials_of(tuning: ForecastTuning) -> dict[str, Any]:
    """Return the trial table of all searches, with number and seed of the search in front."""
    tables = []
    for number, searched in enumerate(tuning.searches, 1):
        columns = trial_columns(searched.study, searched.tuned.space)
        count = len(columns["trial"])
        front = {"search": np.full(count, number), "seed": np.full(count, searched.tuned.seed)}
        tables.append({**front, **columns})
    return _stacked(tables)


def _stacked(tables: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return tables of the same columns below one another."""
    return {
        name: np.concatenate([table[name] for table in tables])
        if isinstance(column, np.ndarray)
        else [value for table in tables for value in table[name]]
        for name, column in tables[0].items()
    }
