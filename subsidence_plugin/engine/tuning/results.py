"""What a finished study says: its trials as a table, how important each hyperparameter was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from ..errors import MissingPackageError
from ..needs import need
from .requeue import note_of, worker_of
from .space import Space
from .study import RETRIES, SURPLUS, best_trial, values_of

STATES = {
    "COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running",
    "WAITING": "waiting",
}  # fmt: skip
#: Completed trials from which importances are worth showing.
ENOUGH = 10
#: Trees of the importance's forest, and its seed.
TREES, TREE_SEED = 64, 0


def shown_trials(study: Any) -> list[Any]:
    """Return the trials in the order of their numbers, without those given up at once."""
    return [t for t in study.get_trials(deepcopy=False) if not t.user_attrs.get(SURPLUS)]


def trial_columns(study: Any, space: Space) -> dict[str, Any]:
    """Return the trial table: a row a trial, a column a hyperparameter.

    ``value`` is set for completed trials; ``last_value`` is what a pruned one had reached after
    ``steps`` (epochs or folds); ``best`` is 1 for the best trial.
    """
    trials, best = shown_trials(study), best_trial(study)
    columns: dict[str, Any] = {
        "trial": np.array([t.number for t in trials], dtype=np.int64),
        "state": [STATES[t.state.name] for t in trials],
        "value": np.array([value_of(t) for t in trials]),
        "best": np.array([int(best is not None and t.number == best.number) for t in trials]),
    }
    for dimension in space:
        found = [values_of(t).get(dimension.name, math.nan) for t in trials]
        columns[dimension.name] = np.array(found, dtype=float)
    columns["last_value"] = np.array([_last(t) for t in trials])
    columns["steps"] = np.array([t.last_step or 0 for t in trials], dtype=np.int64)
    columns["seconds"] = np.array(
        [t.duration.total_seconds() if t.duration else math.nan for t in trials]
    )
    columns["started"] = [
        t.datetime_start.isoformat(" ", "seconds") if t.datetime_start else None for t in trials
    ]
    columns["worker"] = [_worker(t) for t in trials]
    columns["repeats_trial"] = [
        ", ".join(map(str, t.system_attrs.get(RETRIES, []))) or None for t in trials
    ]
    columns["note"] = [note_of(t) or None for t in trials]
    return columns


def value_of(trial: Any) -> float:
    """Return the value of a completed trial, NaN for any other."""
    return float(trial.value) if trial.state.name == "COMPLETE" else math.nan


def _last(trial: Any) -> float:
    if trial.last_step is None:
        return math.nan
    return float(trial.intermediate_values[trial.last_step])


def _worker(trial: Any) -> Optional[str]:
    worker = worker_of(trial)
    return f"{worker['host']}:{worker['pid']}" if worker else None


def best_so_far(values: np.ndarray, maximise: bool) -> np.ndarray:
    """Return the best value up to each trial; NaN before the first."""
    running = np.fmax.accumulate(values) if maximise else np.fmin.accumulate(values)
    return np.asarray(running, dtype=float)


def importances(study: Any) -> Mapping[str, float]:
    """Return each hyperparameter's share of the variance of the value (fANOVA).

    Hutter, Hoos and Leyton-Brown (2014): a random forest is fitted to the completed trials, and
    its variance is split by hyperparameter. Empty with fewer than ``ENOUGH`` completed trials,
    without scikit-learn, or where the value does not vary.
    """
    values = [t.value for t in study.get_trials(deepcopy=False) if t.state.name == "COMPLETE"]
    if len(values) < ENOUGH or np.ptp(values) == 0:
        return {}
    importance = need("optuna.importance", "to tune models")
    try:
        need("sklearn.ensemble", "to find which hyperparameters matter")
    except MissingPackageError:
        return {}
    evaluator = importance.FanovaImportanceEvaluator(n_trees=TREES, seed=TREE_SEED)
    try:
        return importance.get_param_importances(study, evaluator=evaluator)
    except (ValueError, RuntimeError):  # too few different values to split by
        return {}
