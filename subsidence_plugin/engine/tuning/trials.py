"""Runs trials of a study in this process, one after another, beside any other worker."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Callable, Optional

import numpy as np

from ..errors import Cancelled, InputError
from ..needs import need
from ..progress import Progress
from .requeue import fail, requeue, sweep, worker_name
from .storage import quiet_optuna, storage_errors
from .storage_url import Place
from .study import NOTE, SURPLUS, WORKER, best_trial, counts
from .task import Plan, Task

#: A search ends when so many trials could not be computed at all and none could.
HOPELESS = 3
#: Trials of others are waited for so many times the longest trial, and at least so long.
PATIENCE_TIMES, PATIENCE_SECONDS = 5, 120

#: ``on_trial(trial)`` hears of every trial that ended.
OnTrial = Callable[[Any], None]


class Surplus(Exception):
    """Another worker took the last trial wanted at the same moment."""


class TrialRunner:
    """Runs trials until as many as wanted have finished or are being run elsewhere.

    Parameters
    ----------
    study : optuna Study
        Equipped with sampler and pruner.
    place : Place
    task : Task
    data : mapping of str to ndarray
    plan : Plan
    progress : Progress
        Cancels within a mini-batch; the trial is queued again then.
    on_trial : callable, optional
    """

    def __init__(
        self,
        study: Any,
        place: Place,
        task: Task,
        data: Mapping[str, np.ndarray],
        plan: Plan,
        progress: Progress,
        on_trial: Optional[OnTrial] = None,
    ) -> None:
        self.study, self.place, self.task, self.plan = study, place, task, plan
        self.progress, self.on_trial = progress, on_trial
        self.objective = task.prepare(data, plan.device, progress, place.aside)
        self.known: Optional[int] = None
        self.ours = {"host": "", "pid": 0}
        self.current: Optional[int] = None

    def run(self) -> None:
        """Run trials; leave when none is left to begin.

        Raises
        ------
        InputError
            The storage dropped out, or no trial can be computed.
        Cancelled
        """
        with storage_errors(self.place, lambda: self.known), quiet_optuna(), worker_name() as name:
            self.ours = name
            self.known = counts(self.study).finished
            try:
                while self._wanted():
                    self.progress.check()
                    self._one()
            except (Cancelled, KeyboardInterrupt):
                self._put_back()
                raise

    def _wanted(self) -> bool:
        now = counts(self.study)
        self.known = now.finished
        self.progress(min(now.finished / self.plan.trials, 1.0))
        if now.finished >= self.plan.trials:
            return False
        if now.waiting:
            return True
        return self.plan.strategy != "grid" and now.finished + now.running < self.plan.trials

    def _one(self) -> None:
        optuna = need("optuna", "to tune models")
        try:
            self.study.optimize(self._trial, n_trials=1, catch=(Surplus,), callbacks=[self._after])
        except optuna.exceptions.UpdateFinishedTrialError:
            self.progress.info(
                "A trial was finished by another worker meanwhile; its result stands there."
            )
        except ValueError as error:
            # Optuna says so where the trial was given to another worker meanwhile.
            if not str(error).startswith("Cannot tell a"):
                raise
            self.progress.info("A trial was given to another worker meanwhile.")

    def _put_back(self) -> None:
        """Queue the trial that was cut off again, with its values."""
        for trial in self.study.get_trials(deepcopy=False):
            if trial.number == self.current and (
                trial.state.name == "FAIL"
                or (trial.state.name == "RUNNING" and fail(self.study, trial))
            ):
                requeue(self.study, trial)

    def _trial(self, trial: Any) -> float:
        """Return the value of a trial; what cannot be computed counts as pruned, with a note."""
        optuna = need("optuna", "to tune models")
        self.current = trial.number
        if self._is_surplus(trial):
            trial.set_user_attr(SURPLUS, True)
            raise Surplus
        values = {dimension.name: dimension.suggest(trial) for dimension in self.task.space}
        trial.set_user_attr(WORKER, self.ours)

        def report(step: int, value: float) -> None:
            trial.report(value, step)
            if trial.should_prune():
                raise optuna.TrialPruned

        share = 1 / max(self.plan.trials, 1)
        done = min((self.known or 0) * share, 1 - share)
        try:
            return self.objective(values, report, quiet(self.progress.part(done, done + share)))
        except InputError as error:
            trial.set_user_attr(NOTE, str(error))
            raise optuna.TrialPruned from None

    def _is_surplus(self, trial: Any) -> bool:
        frozen = self.study.get_trials(deepcopy=False)[trial.number]
        if frozen.params or "fixed_params" in frozen.system_attrs:
            return False
        if self.plan.strategy == "grid":
            return True
        earlier = [
            t for t in self.study.get_trials(deepcopy=False)
            if t.state.name == "RUNNING" and t.number < trial.number
        ]  # fmt: skip
        return counts(self.study).finished + len(earlier) >= self.plan.trials

    def _after(self, study: Any, trial: Any) -> None:
        self.known = counts(study).finished
        if trial.user_attrs.get(SURPLUS):
            return
        if self.on_trial is not None:
            self.on_trial(trial)
        notes = [t.user_attrs[NOTE] for t in study.get_trials(deepcopy=False) if NOTE in
                 t.user_attrs]  # fmt: skip
        if len(notes) >= HOPELESS and best_trial(study) is None:
            raise InputError(f"None of {len(notes)} trials could be computed: {notes[-1]}")


def run_here(runner: TrialRunner) -> None:
    """Run trials in this process until as many as wanted have finished, here or elsewhere."""
    study, plan = runner.study, runner.plan
    while True:
        runner.run()
        known = counts(study).finished
        if known >= plan.trials:
            return
        if not wait_for_others(study, runner.place, plan, runner.progress, known):
            return


def patience_of(study: Any) -> float:
    """Return how many seconds to wait for trials that run elsewhere."""
    seconds = [t.duration.total_seconds() for t in study.get_trials(deepcopy=False) if t.duration]
    return max(PATIENCE_SECONDS, PATIENCE_TIMES * max(seconds, default=0.0))


def wait_for_others(study: Any, place: Place, plan: Plan, progress: Progress, known: int) -> bool:
    """Wait for trials that other workers run; True when there is something to do again.

    Trials that run elsewhere for too long are left to themselves.
    """
    begun, told, patience = time.monotonic(), False, patience_of(study)
    with storage_errors(place, lambda: known), quiet_optuna():
        while True:
            progress.check()
            swept = sweep(study)
            now = counts(study)
            if now.finished >= plan.trials or swept or now.waiting or not now.running:
                # A trial given up elsewhere is made up for by a new one; a grid has no others.
                more = now.waiting or swept or plan.strategy != "grid"
                return now.finished < plan.trials and bool(more)
            if time.monotonic() - begun > patience:
                progress.warn(
                    f"Trials that still run elsewhere are not waited for any more: {now.running}."
                )
                return False
            if not told:
                progress.info(f"Waiting for trials that other workers run: {now.running}.")
                told = True
            time.sleep(0.5)


def quiet(progress: Progress) -> Progress:
    """Return a progress that moves and cancels as this one and writes nothing to the log."""
    return Progress(progress, lambda _text, _level: None, progress.cancelled)
