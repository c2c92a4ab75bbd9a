"""One search from beginning to end: the study begun or taken up, trials run, the result ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Callable, Optional

import numpy as np

from ..progress import Progress
from ..workers.interpreter import find_interpreter
from .requeue import requeue, requeue_lost, sweep
from .storage import HEARTBEAT, open_storage, quiet_optuna, storage_errors
from .storage_url import Place
from .study import REFERENCES, begin_study, best_trial, counts, queue_grid
from .task import Plan, Task
from .trials import TrialRunner, run_here


def search(
    task: Task,
    data: Mapping[str, np.ndarray],
    plan: Plan,
    place: Place,
    name: str,
    *,
    workers: int = 1,
    heartbeat: int = HEARTBEAT,
    describe: Callable[[Any], str] = lambda trial: f"{trial.value:.4f}",
    references: Optional[Callable[[Progress], dict[str, float]]] = None,
    packages: Sequence[str] = ("torch",),
    progress: Optional[Progress] = None,
) -> Any:
    """Return the study with as many finished trials as wanted.

    Parameters
    ----------
    task : Task
    data : mapping of str to ndarray
        What the objective needs; workers get it as an ``.npz`` file.
    plan : Plan
        ``trials`` counts those that an earlier run or another computer finished.
    place : Place
        See ``place_of``.
    name : str
        Of the study; one that the storage holds is taken up where it stopped.
    workers : int
        Trials at the same time: 1 runs in this process and is repeatable by seed; more run in
        worker processes, in an order that no seed can fix.
    heartbeat : int
        See ``open_storage``.
    describe : callable
        ``describe(trial)`` is the value of a completed trial in the log.
    references : callable, optional
        Returns what the result is to be set beside, by name; kept in the study, so that it is
        computed once.
    packages : sequence of str
        What worker processes must be able to import, beside numpy and optuna.
    progress : Progress, optional

    Raises
    ------
    InputError
        The study was begun otherwise, the storage cannot be reached or drops out, no trial can
        be computed. Finished trials stay in the storage.
    Cancelled
        Likewise.
    """
    progress = progress or Progress()
    interpreter = ""
    if workers > 1:
        wanted = ("numpy", "optuna", *packages)
        interpreter = find_interpreter(wanted, "for worker processes")
    storage = open_storage(place, heartbeat, requeue)
    with quiet_optuna():
        study = begin_study(storage, place, name, task, data, plan)
        with storage_errors(place, lambda: None):
            plan = _take_up(study, task, plan, progress)
        known = study.user_attrs.get(REFERENCES)
        if references is not None and known is None:
            found = references(progress.part(0.0, 0.03))
            with storage_errors(place, lambda: 0):
                study.set_user_attr(REFERENCES, found)
        log = TrialLog(study, plan, describe, progress)
        finished = counts(study).finished
        progress.resume(min(finished / plan.trials, 1.0))
        if finished < plan.trials:
            if workers > 1:
                from .parallel import run_parallel

                run_parallel(
                    study, place, name, data, plan, workers, heartbeat, log, progress, interpreter
                )
            else:
                run_here(TrialRunner(study, place, task, data, plan, progress, log))
    progress(1.0)
    return study


def _take_up(study: Any, task: Task, plan: Plan, progress: Progress) -> Plan:
    """Queue what broke off earlier and the grid; return the plan, at most the grid's points."""
    before = counts(study)
    swept = [*sweep(study), *requeue_lost(study)]
    if before.finished:
        progress.info(
            f"The study '{study.study_name}' holds {before.finished} finished trials "
            f"({before.pruned} pruned) and goes on."
        )
    if swept:
        progress.info(f"Trials that broke off earlier are run again: {_numbers(swept)}.")
    if plan.strategy != "grid":
        return plan
    points = queue_grid(study, task, plan)
    if points > plan.trials:
        progress.warn(
            f"The grid has {points} points; TRIALS allows {plan.trials} of them, drawn at random."
        )
    return replace(plan, trials=min(plan.trials, points))


class TrialLog:
    """Writes a line a trial, with the best value so far."""

    def __init__(
        self, study: Any, plan: Plan, describe: Callable[[Any], str], progress: Progress
    ) -> None:
        self.study, self.plan, self.describe, self.progress = study, plan, describe, progress

    def __call__(self, trial: Any, worker: str = "") -> None:
        """Log a trial that ended."""
        now, best = counts(self.study), best_trial(self.study)
        state = {"COMPLETE": "", "PRUNED": "pruned"}.get(trial.state.name, "broke off")
        value = state or self.describe(trial)
        note = trial.user_attrs.get("note")
        line = f"Trial {trial.number} ({now.finished} of {self.plan.trials}{worker}): {value}"
        line += f" ({note})" if note else f" with {listed(trial.params)}"
        if best is not None:
            line += f"; best so far {self.describe(best)} in trial {best.number}"
        self.progress(min(now.finished / self.plan.trials, 1.0))
        left = self.progress.time_left()
        self.progress.info(line + (f"; {left}." if left else "."))


def listed(values: Mapping[str, Any]) -> str:
    """Return values by name as text."""
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())


def _numbers(numbers: list[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))
