"""Job ``tuneforecaster``: search by validation loss, join the best trials, say what it brought."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from ..cores import cores
from ..errors import InputError
from ..forecasting.arguments import recipe_from
from ..forecasting.file import save_forecaster
from ..forecasting.measure import measure
from ..forecasting.recipe import parse_values
from ..needs import need
from ..outputs import Outputs
from ..progress import Progress
from ..training.device import choose_device
from ..tuning.begin import check_choices, offer_worker_data, study_place
from ..tuning.forecast import WARM_UP_PASSES, Forecasting
from ..tuning.forecast_arrays import to_arrays
from ..tuning.forecast_ensemble import ForecastTuning, joined, networks_of, top_candidates
from ..tuning.forecast_runs import run_values, runs_of, top_values, trials_of, tuned_name
from ..tuning.forecast_search import ForecastSearch, expected
from ..tuning.outcome import Searched
from ..tuning.search import search
from ..tuning.search_base import DEFAULTS
from ..tuning.space import STRATEGIES
from ..tuning.study import ranking
from ..tuning.task import Plan
from ..vector.write import write_table
from .forecast_data import ForecastSource, read_forecast_data
from .trainforecaster import describe, results, say_kept


def run(
    progress: Progress,
    input: Optional[str],
    model: str,
    points: Optional[str] = None,
    covariates: Optional[str] = None,
    spatial: int = 2,
    temporal: int = 1,
    variant: int = 0,
    window: int = 60,
    horizon: int = 10,
    gap: int = 0,
    epochs: Optional[int] = None,
    batch_size: Optional[int] = None,
    learning_rate: Optional[float] = None,
    hyperparameters: Optional[str] = None,
    validation_share: float = 0.1,
    test_share: float = 0.1,
    strategy: int = 2,
    trials: int = 50,
    top: int = 10,
    pruning: bool = True,
    space: str = "",
    storage: Optional[str] = None,
    study: Optional[str] = None,
    workers: int = 1,
    repeats: int = 1,
    seed: int = 42,
    device: int = 0,
    table: Optional[str] = None,
    trials_table: Optional[str] = None,
    runs: Optional[str] = None,
    worker_data: Optional[str] = None,
    report: Optional[str] = None,
) -> dict[str, Any]:
    """Search a forecaster's values, join the best trials to an ensemble, and score it.

    Parameters
    ----------
    input, points, covariates, spatial, temporal, variant, window, horizon, gap
        See ``trainforecaster``.
    model : str
        Model file of the ensemble.
    epochs, batch_size, learning_rate, hyperparameters : optional
        What is given is not searched, unless ``space`` names it.
    validation_share, test_share : float
        Of the dates; the validation part judges trials.
    strategy : int
        0 grid, 1 random, 2 TPE.
    trials : int
        Finished trials wanted in each search, earlier ones of the study counted.
    top : int
        Trials that become members.
    pruning : bool
    space : str
        See ``tuning.space.parse_changes``.
    storage, study, workers
        See ``tunemodel``; a later repeat's study has its number behind the name.
    repeats : int
        Searches, with the seeds ``seed``, ``seed + 1`` ...
    seed, device : int
    table, trials_table, runs, worker_data, report : str, optional
        Further outputs; ``worker_data`` is written at once and stays whatever happens.

    Returns
    -------
    dict
        That of ``trainforecaster``, ``BEST_VALUE``, ``BEST_TRIAL``, ``STUDY_NAME`` of the search
        that found the best trial, and ``STORAGE_SHOWN``.
    """
    counted = {"trials": trials, "top": top, "repeats": repeats}
    check_choices({"STRATEGY": (strategy, STRATEGIES)}, counted)
    if not validation_share > 0:
        raise InputError(
            "VALIDATION_SHARE is 0, but trials are judged by the validation part; leave some dates "
            "for it, such as 0.1."
        )
    settings = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    recipe = recipe_from(
        spatial, temporal, variant, window, horizon, gap, hyperparameters or "", **settings
    )
    given = [*parse_values(hyperparameters or ""), *(n for n, v in settings.items() if v)]
    first = ForecastSearch.of(recipe, given, STRATEGIES[strategy], space, seed)
    sources = (input, points, covariates)
    targets = (model, table, trials_table, runs, report)
    place = study_place(storage, model, [*sources, worker_data, *targets], progress)
    where = choose_device(device, progress)
    with Outputs(*targets, inputs=sources) as outputs:
        progress.stage("Reading")
        source = read_forecast_data(
            progress.part(0, 0.04), recipe, input, points, covariates, validation_share,
            test_share, seed,
        )  # fmt: skip
        data = _arrays(source, progress)
        judge = first.judge(data, where, place.aside)
        searches = []
        for number in range(repeats):
            tuned = first.repeated(number)
            name = f"{study}{f'-{number + 1}' if number else ''}" if study else tuned.name(data)
            plan = Plan(
                tuned.strategy, trials, tuned.seed, pruning, WARM_UP_PASSES, device
            )  # fmt: skip
            searches.append(
                Searched(tuned, plan, place, name, _evaluation(judge), workers or cores(), where,
                         source.card["source"])
            )  # fmt: skip
        if worker_data:
            offer_worker_data(worker_data, data, place, [s.name for s in searches], progress)
        progress.stage("Search")
        _search(searches, data, judge, progress.part(0.04, 0.85))
        tuning = ForecastTuning(searches, facts=source.facts, warnings=source.warnings)
        progress.stage("Training of the ensemble")
        _join(tuning, judge, top, source, progress.part(0.85, 0.9))
        progress.stage("Measuring")
        _measure(tuning, judge, source, bool(runs or report), progress.part(0.9, 0.98))
        _write(tuning, outputs, targets, source, progress)
        judge.keep_only([*run_values(tuning), *top_values(tuning)])
        progress(1.0)
    best = tuning.best
    return {
        **results(tuning.measured, tuning.model_id), "BEST_VALUE": best.trial.value,
        "BEST_TRIAL": best.trial.number, "STUDY_NAME": best.name, "STORAGE_SHOWN": place.shown,
    }  # fmt: skip


def _arrays(source: ForecastSource, progress: Progress) -> dict[str, np.ndarray]:
    """Return what trials train on; of a large grid only some of the tiles."""
    data = to_arrays(source.data)
    taken, all_areas = len(data["shapes"]), len(source.data.areas)
    if taken < all_areas:
        text = f"{taken} of {all_areas} tiles; all of them are scored"
        source.facts["Trials train on"] = text
        progress.info(f"Trials train on {text}.")
    return data


def _evaluation(judge: Forecasting) -> str:
    windows = len(judge.prepared.validation.windows)
    return f"{windows} window{'s' if windows != 1 else ''} of the validation part"


def _search(
    searches: list[Searched], data: dict[str, np.ndarray], judge: Forecasting, progress: Progress
) -> None:
    """Run one search after another."""
    naive: dict[str, float] = {}
    packages = ("torch", "scipy") if judge.base.kind.spatial.on_graph else ("torch",)
    for number, searched in enumerate(searches):
        tuned = searched.tuned
        if len(searches) > 1:
            progress.info(f"Search {number + 1} of {len(searches)}, seed {tuned.seed}.")
        part = progress.part(number / len(searches), (number + 1) / len(searches))
        searched.study = search(
            tuned.task, data, searched.plan, searched.place, searched.name,
            workers=searched.workers, packages=packages, describe=tuned.described,
            references=lambda p, searched=searched: searched.tuned.references(
                judge, p, naive, expected(searched.plan.trials, searched.workers)
            ),
            progress=part,
        )  # fmt: skip
        naive.update({n: v for n, v in searched.references.items() if n != DEFAULTS})
        searched.trial = tuned.best(ranking(searched.study), searched.study)
        progress.info(
            f"The best is trial {searched.trial.number} with {tuned.described(searched.trial)}: "
            f"{searched.words()}."
        )


def _join(
    tuning: ForecastTuning, judge: Forecasting, top: int, source: ForecastSource,
    progress: Progress,
) -> None:  # fmt: skip
    """Make the ensemble of the best networks, and complete its card."""
    tuning.top = top_candidates(tuning.searches, top)
    if len(tuning.top) < top:
        progress.warn(
            f"TOP is {top}, but with the defaults there are {len(tuning.top)} different networks: "
            "so many members has the ensemble."
        )
    networks = networks_of(judge, top_values(tuning), progress)
    tuning.ensemble = joined(networks)
    card, best = tuning.ensemble.card, tuning.best
    say_kept(card.variant, card.training["members"], progress)
    if card.variant == "lastmap" and round(best.trial.value, 4) >= 1:
        progress.warn(
            "No trial has a lower validation loss than the linear start (best "
            f"{best.trial.value:.4f}, linear start 1), so the search brought nothing."
        )
    members = [
        {**entry, "trial": one.number, "value": one.value}
        for entry, one in zip(card.training["members"], tuning.top)
    ]
    describe(card, judge.base.with_values(tuning.top[0].params), source, best.device, members)
    card.training["configuration"] = tuned_name(best)
    card.training["tuning"] = best.summary()
    card.training["searches"] = len(tuning.searches)
    card.versions["optuna"] = need("optuna", "to tune models").__version__


def _measure(
    tuning: ForecastTuning, judge: Forecasting, source: ForecastSource, with_runs: bool,
    progress: Progress,
) -> None:  # fmt: skip
    """Score the ensemble, and on request the networks of all runs."""
    tuning.measured = measure(
        tuning.ensemble, source.data,
        f"tuned {judge.base.title} (median of {len(tuning.top)})",
        source.points, tuning.best.device, progress.part(0, 0.6),
    )  # fmt: skip
    tuning.measured.log(progress)
    if with_runs:
        tuning.runs = runs_of(tuning, judge, source.data, progress.part(0.6, 1))


def _write(
    tuning: ForecastTuning, outputs: Outputs, targets: tuple, source: ForecastSource,
    progress: Progress,
) -> None:  # fmt: skip
    model, table, trials_table, runs, report = targets
    forecaster = tuning.ensemble
    tuning.model_id = save_forecaster(outputs.path(model), forecaster.card, forecaster.arrays)
    about = {
        "model_id": tuning.model_id, "study": tuning.best.name,
        "SUBSIDENCE_SOURCE": source.card["source"],
    }  # fmt: skip
    if table:
        kind = {"SUBSIDENCE_KIND": "forecast_scores", "SUBSIDENCE_UNITS": source.card["units"]}
        write_table(outputs.path(table), tuning.measured.columns(), {**about, **kind})
    if trials_table:
        columns = trials_of(tuning)
        write_table(outputs.path(trials_table), columns, {**about, "SUBSIDENCE_KIND": "trials"})
    if runs:
        write_table(outputs.path(runs), tuning.runs, {**about, "SUBSIDENCE_KIND": "runs"})
    if report:
        from ..report.forecast_tuning_report import write_forecast_tuning_report

        write_forecast_tuning_report(outputs.path(report), tuning, source.data)
