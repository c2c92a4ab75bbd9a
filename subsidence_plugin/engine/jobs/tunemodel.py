"""Job ``tunemodel``: search on training rows, refit the best trials, say what it brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..cores import cores
from ..models.card import Card
from ..models.model import Model
from ..needs import need
from ..outputs import Outputs
from ..progress import Progress
from ..training.device import choose_device
from ..training.samples import encoded_samples, make_card, results, save_measured
from ..training.scores import log_comparison, log_metrics, logistic_metrics, runs_table
from ..training.table import Encoded, Table
from ..tuning.begin import check_choices, offer_worker_data, study_place
from ..tuning.model_search import ModelSearch
from ..tuning.outcome import Outcome
from ..tuning.refit import refit_best, refit_top
from ..tuning.results import trial_columns
from ..tuning.search import search
from ..tuning.space import STRATEGIES
from ..tuning.study import ranking
from ..tuning.susceptibility import METRICS
from ..tuning.task import Plan
from ..vector.read import read_features
from ..vector.write import write_table
from .tuning_samples import Evaluation, tuning_data


def run(
    progress: Progress,
    samples: str,
    model: str,
    model_type: str = "drdn",
    strategy: int = 2,
    trials: int = 50,
    top: int = 10,
    evaluation: int = 0,
    holdout: float = 0.25,
    folds: int = 5,
    block_size: Optional[float] = None,
    metric: int = 0,
    pruning: bool = True,
    space: str = "",
    settings: Optional[Mapping[str, Any]] = None,
    factor_fields: Sequence[str] = (),
    label_field: str = "label",
    storage: Optional[str] = None,
    study: Optional[str] = None,
    workers: int = 1,
    repeats: int = 1,
    seed: int = 42,
    device: int = 0,
    ensemble: Optional[str] = None,
    trials_table: Optional[str] = None,
    runs: Optional[str] = None,
    worker_data: Optional[str] = None,
    report: Optional[str] = None,
) -> dict[str, Any]:
    """Search, refit the best trial on all training rows, and write what is asked for.

    Parameters
    ----------
    samples : str
        Points or a table of ``extractsamples``.
    model : str
        Model file of the best trial, a member a repeat.
    model_type : str
        One of ``MODEL_TYPES``.
    strategy : int
        0 grid, 1 random, 2 TPE.
    trials : int
        Finished trials wanted in all, earlier ones of the study counted.
    top : int
        Trials that become members of ``ensemble``.
    evaluation, holdout, folds, block_size
        See ``tuning_samples.Evaluation``.
    metric : int
        0 AUC, 1 log loss.
    pruning : bool
    space : str
        See ``tuning.space.parse_changes``.
    settings : mapping
        Training settings that are not searched; None as value leaves the default.
    factor_fields, label_field
        See ``read_table``.
    storage : str, optional
        See ``place_of``; empty: a journal file beside the model, which stays.
    study : str, optional
        Name in the storage; empty: one that follows from model type, settings and samples.
    workers : int
        See ``search``; 0 is one a core.
    repeats, seed, device : int
    ensemble, trials_table, runs, worker_data, report : str, optional
        Further outputs; ``worker_data`` is written at once and stays whatever happens.

    Returns
    -------
    dict
        ``AUC`` and ``MODEL_ID`` of the best model, ``BEST_VALUE``, ``BEST_TRIAL``,
        ``STUDY_NAME`` and ``STORAGE_SHOWN``.
    """
    choices = {"STRATEGY": (strategy, STRATEGIES), "METRIC": (metric, METRICS)}
    check_choices(choices, {"trials": trials, "top": top, "repeats": repeats})
    tuned = ModelSearch.of(model_type, STRATEGIES[strategy], METRICS[metric], space, settings, seed)
    targets = {"model": model, "ensemble": ensemble, "trials_table": trials_table, "runs": runs,
               "report": report}  # fmt: skip
    workers = workers or cores()
    place = study_place(storage, model, [samples, worker_data, *targets.values()], progress)
    where = choose_device(device, progress) if tuned.base.is_network else "cpu"
    features = read_features(samples)
    table, encoded = encoded_samples(features, factor_fields, label_field, progress)
    how = Evaluation(evaluation, holdout, folds, block_size, seed)
    data = tuning_data(features, table, how, progress)
    plan = Plan(tuned.strategy, trials, seed, pruning, tuned.warm_up(data), device)
    outcome = Outcome(
        tuned, plan, place, study or tuned.name(data), how.title(data), workers, where, samples
    )
    with Outputs(*targets.values(), inputs=[samples]) as outputs:
        if worker_data:
            offer_worker_data(worker_data, data, place, [outcome.name], progress)
        share = _search_share(trials, len(data["held"]), repeats + (top if ensemble else 0))
        progress.stage("Search")
        outcome.study = search(
            tuned.task, data, plan, place, outcome.name, workers=workers,
            packages=("torch",) if tuned.base.is_network else ("sklearn",),
            describe=tuned.described, references=lambda p: tuned.references(data, where, p),
            progress=progress.part(0.02, share),
        )  # fmt: skip
        progress.stage("Training of the best")
        _refit(outcome, data, repeats, top if ensemble else 0, progress.part(share, 0.98))
        _write(outcome, outputs, targets, table, encoded, progress)
        progress(1.0)
    return {
        **results(outcome.best.card, outcome.model_id), "BEST_VALUE": outcome.trial.value,
        "BEST_TRIAL": outcome.trial.number, "STUDY_NAME": outcome.name,
        "STORAGE_SHOWN": place.shown,
    }  # fmt: skip


def _search_share(trials: int, evaluations: int, refits: int) -> float:
    """Return up to which fraction the search goes, by the number of trainings."""
    return 0.98 * trials * evaluations / (trials * evaluations + refits)


def _refit(
    outcome: Outcome, data: Mapping[str, np.ndarray], repeats: int, top: int, progress: Progress
) -> None:
    """Train the best trial, and the ensemble of the best ones, on all training rows."""
    tuned, ranked = outcome.tuned, ranking(outcome.study)
    outcome.trial = tuned.best(ranked, outcome.study)
    progress.info(
        f"The best is trial {outcome.trial.number} with {tuned.described(outcome.trial)}: "
        f"{outcome.words()}. It is trained again on all training rows."
    )
    share = repeats / (repeats + min(top, len(ranked)))
    outcome.best = refit_best(
        tuned.base, outcome.trial.params, data, seed=tuned.seed, repeats=repeats,
        device=outcome.device, progress=progress.part(0.0, share),
    )  # fmt: skip
    if top > len(ranked):
        progress.warn(
            f"TOP is {top}, but {len(ranked)} different trials were completed: the ensemble has "
            f"{len(ranked)} members."
        )
    if top:
        outcome.top = refit_top(
            tuned.base, ranked[:top], data, seed=tuned.seed, device=outcome.device,
            progress=progress.part(share, 1.0),
        )  # fmt: skip


def _write(
    outcome: Outcome, outputs: Outputs, targets: Mapping[str, Optional[str]], table: Table,
    encoded: Encoded, progress: Progress,
) -> None:  # fmt: skip
    title = outcome.tuned.base.title
    complete_card(outcome.best, outcome, table, encoded)
    outcome.model_id, members = save_measured(
        outputs.path(targets["model"]), outcome.best.arrays, outcome.best.card, encoded
    )
    if outcome.top is not None:
        complete_card(outcome.top, outcome, table, encoded)
        path = outputs.path(targets["ensemble"])
        save_measured(path, outcome.top.arrays, outcome.top.card, encoded)
        log_metrics(f"Ensemble of {outcome.top.members}", outcome.top.card.metrics, progress)
    metrics, baseline = outcome.best.card.metrics, outcome.best.card.baseline
    outcome.logistic = baseline or logistic_metrics(encoded)
    log_metrics(f"Tuned {title}", metrics, progress)
    log_comparison(f"the tuned {title}", metrics, outcome.logistic, progress)
    about = {"model_id": outcome.model_id, "study": outcome.name}
    if targets["trials_table"]:
        columns = trial_columns(outcome.study, outcome.tuned.space)
        path = outputs.path(targets["trials_table"])
        write_table(path, columns, {**about, "SUBSIDENCE_KIND": "trials"})
    if targets["runs"]:
        columns = runs_table(
            title, outcome.strategy_title, outcome.best.card.seeds, members
        )  # fmt: skip
        write_table(outputs.path(targets["runs"]), columns, {**about, "SUBSIDENCE_KIND": "runs"})
    if targets["report"]:
        from ..report.tuning_report import write_tuning_report

        write_tuning_report(outputs.path(targets["report"]), outcome)


def complete_card(model: Model, outcome: Outcome, table: Table, encoded: Encoded) -> None:
    """Enter into a card what every trained model's card says, and how this one was found."""
    card: Card = model.card
    filled = make_card(card.architecture, card.hyperparameters, table, encoded, outcome.samples)
    card.rules, card.split, card.crs = filled.rules, filled.split, filled.crs
    card.source, card.versions = filled.source, filled.versions
    library = {"torch": "torch"} if model.is_network else {"scikit-learn": "sklearn"}
    for package, module in {"optuna": "optuna", **library}.items():
        card.versions[package] = need(module, "to tune models").__version__
    card.training["tuning"] = outcome.summary()
