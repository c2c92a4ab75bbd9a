"""A study in its storage: begun or taken up again, its trials counted and ranked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, NamedTuple, Optional

import numpy as np

from ..errors import InputError
from ..needs import need
from .samplers import make_pruner, make_sampler
from .space import grid_points
from .storage import storage_errors
from .storage_url import Place
from .task import Plan, Task, signature_of

#: Attributes of a study and of its trials.
TASK, DATA, PLAN, REFERENCES = "task", "data", "plan", "references"
WORKER, NOTE, SURPLUS, RETRIES = "worker", "note", "surplus", "retry_history"


class Counts(NamedTuple):
    """Numbers of trials by state; ``finished`` are completed or pruned, ``lost`` broke off."""

    complete: int
    pruned: int
    running: int
    waiting: int
    lost: int

    @property
    def finished(self) -> int:
        """Trials that count towards ``TRIALS``."""
        return self.complete + self.pruned


def begin_study(
    storage: Any, place: Place, name: str, task: Task, data: Mapping[str, np.ndarray], plan: Plan
) -> Any:
    """Return a study: a new one, or the one of this name if it tunes the same on the same data.

    Raises
    ------
    InputError
        The study of this name has another search space, other settings or other data.
    """
    optuna = need("optuna", "to tune models")
    direction = "maximize" if task.maximise else "minimize"
    with storage_errors(place):
        try:
            study = optuna.create_study(
                storage=storage, study_name=name, direction=direction, load_if_exists=True
            )
        except optuna.exceptions.DuplicatedStudyError:  # another process was faster
            study = optuna.load_study(study_name=name, storage=storage)
        attributes = study.user_attrs
        if TASK not in attributes:
            study.set_user_attr(DATA, signature_of(data))
            study.set_user_attr(TASK, _plain(task.as_dict()))
        else:
            check_study(study, name, task, data)
        study.set_user_attr(PLAN, asdict(plan))
    equip(study, plan)
    return study


def check_study(study: Any, name: str, task: Task, data: Mapping[str, np.ndarray]) -> None:
    """Raise ``InputError`` unless the stored study has this task and these data."""
    stored = Task.from_dict(study.user_attrs[TASK])
    changes = Task.from_dict(_plain(task.as_dict())).changes(stored)
    if changes:
        raise InputError(
            f"The study '{name}' was begun otherwise: {changes}. Set it back, or choose another "
            "STUDY name."
        )
    if study.user_attrs.get(DATA) != signature_of(data):
        raise InputError(
            f"The study '{name}' was begun with other samples, another EVALUATION or another "
            "SEED, so its trials do not compare with new ones; choose another STUDY name."
        )


def join_study(
    place: Place, name: str, data: Mapping[str, np.ndarray], storage: Any
) -> tuple[Any, Task, Plan]:
    """Return a study begun elsewhere, its task and plan, for a worker.

    Raises
    ------
    InputError
        There is no such study, or these are not its data.
    """
    optuna = need("optuna", "to tune models")
    with storage_errors(place):
        try:
            study = optuna.load_study(study_name=name, storage=storage)
        except KeyError:
            raise InputError(
                f"The storage {place.shown} holds no study '{name}'; start the tuning first, then "
                "its workers."
            ) from None
        attributes = study.user_attrs
        if not {TASK, DATA, PLAN} <= attributes.keys():
            raise InputError(f"The study '{name}' was not begun by this plugin.")
    if attributes[DATA] != signature_of(data):
        raise InputError(
            f"The study '{name}' was begun with other samples than those given to this worker; "
            "give it the file that the tuning wrote."
        )
    known = {field.name for field in fields(Plan)}
    plan = Plan(**{name: v for name, v in attributes[PLAN].items() if name in known})
    equip(study, plan)
    return study, Task.from_dict(attributes[TASK]), plan


def equip(study: Any, plan: Plan) -> None:
    """Give the study the sampler and pruner of a plan."""
    study.sampler = make_sampler(plan.strategy, plan.seed)
    study.pruner = make_pruner(plan.pruning, plan.warm_up)


def queue_grid(study: Any, task: Task, plan: Plan) -> int:
    """Queue the points of the grid that have no trial yet, as many as wanted; return their number.

    A grid of queued trials needs no sampler: whichever worker comes takes the next one, and a
    trial that broke off is queued again with its values, as in any other strategy.
    """
    trials = study.get_trials(deepcopy=False)
    known = {_key(values_of(trial)) for trial in trials}
    points = grid_points(task.space, plan.seed)
    missing = [point for point in points if _key(point) not in known]
    wanted = max(min(plan.trials, len(points)) - len(points) + len(missing), 0)
    for point in missing[:wanted]:
        study.enqueue_trial(point)
    return len(points)


def values_of(trial: Any) -> dict[str, Any]:
    """Return a trial's values by name, also where it waits."""
    return dict(trial.params or trial.system_attrs.get("fixed_params", {}))


def _key(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), sort_keys=True)


def counts(study: Any) -> Counts:
    """Return the numbers of trials by state."""
    states = [
        trial.state.name
        for trial in study.get_trials(deepcopy=False)
        if not trial.user_attrs.get(SURPLUS)
    ]
    names = ("COMPLETE", "PRUNED", "RUNNING", "WAITING", "FAIL")
    return Counts(*(states.count(name) for name in names))


def ranking(study: Any) -> list[Any]:
    """Return the completed trials, the best first, each set of values once."""
    sign = -1 if study.direction.name == "MAXIMIZE" else 1
    complete = [t for t in study.get_trials(deepcopy=False) if t.state.name == "COMPLETE"]
    complete.sort(key=lambda trial: (sign * trial.value, trial.number))
    best: dict[str, Any] = {}
    for trial in complete:
        best.setdefault(_key(trial.params), trial)
    return list(best.values())


def best_trial(study: Any) -> Optional[Any]:
    """Return the best completed trial, None before there is one."""
    return next(iter(ranking(study)), None)


def _plain(values: Any) -> Any:
    """Return what JSON makes of the values, so that stored and new ones compare."""
    return json.loads(json.dumps(values))
