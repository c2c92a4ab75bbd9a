"""Trials of workers that died are queued again with the same values; nothing finished is lost."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Optional

from ..needs import need
from ..outputs import alive
from .storage import quiet_optuna
from .study import NOTE, RETRIES, SURPLUS, WORKER

#: A trial is tried again so many times; then it is left as failed.
MAX_RETRIES = 3
#: A running trial that names no worker after so many seconds was killed as it began.
NAMELESS_SECONDS = 60


#: Runs of this process; QGIS lives on when one of them has ended.
_runs: set[str] = set()


@contextmanager
def worker_name() -> Iterator[dict[str, Any]]:
    """Give host, process and run, as trials name their worker, while this run lasts."""
    run = uuid.uuid4().hex[:12]
    _runs.add(run)
    try:
        yield {"host": socket.gethostname(), "pid": os.getpid(), "run": run}
    finally:
        _runs.discard(run)


def requeue(study: Any, trial: Any) -> None:
    """Queue a failed trial again with the same values, unless it failed too often."""
    optuna = need("optuna", "to tune models")
    history = [*trial.system_attrs.get(RETRIES, []), trial.number]
    if len(history) > MAX_RETRIES:
        return
    values = {
        name: trial.system_attrs[name] for name in ("fixed_params",) if name in trial.system_attrs
    }
    study.add_trial(
        optuna.create_trial(
            state=optuna.trial.TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            system_attrs={**values, RETRIES: history, "failed_trial": history[0]},
        )
    )


def sweep(study: Any, ended: Collection[int] = ()) -> list[int]:
    """Queue the running trials of dead workers again and return their numbers.

    Parameters
    ----------
    study : optuna Study
    ended : collection of int
        Processes of this computer that are known to have ended.
    """
    optuna = need("optuna", "to tune models")
    # In a database, trials of other computers give signs of life.
    with quiet_optuna():
        optuna.storages.fail_stale_trials(study)
    running = optuna.trial.TrialState.RUNNING
    swept = []
    for trial in study.get_trials(deepcopy=False, states=(running,)):
        if _is_dead(trial, ended) and fail(study, trial):
            requeue(study, trial)
            swept.append(trial.number)
    return swept


def fail(study: Any, trial: Any) -> bool:
    """Mark a running trial as failed; False where another process was faster."""
    optuna = need("optuna", "to tune models")
    try:
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
        return False
    return True


def requeue_lost(study: Any, ended: Optional[Collection[int]] = None) -> list[int]:
    """Queue again the trials that broke off (Cancel, a crash) and that no other trial repeats.

    Parameters
    ----------
    study : optuna Study
    ended : collection of int, optional
        Only those of these processes of this computer.
    """
    trials = study.get_trials(deepcopy=False)
    repeated = {number for trial in trials for number in trial.system_attrs.get(RETRIES, [])}
    lost = [
        trial
        for trial in trials
        if trial.state.name == "FAIL"
        and trial.number not in repeated
        and not trial.user_attrs.get(SURPLUS)
        and (trial.params or trial.system_attrs.get("fixed_params"))
        and (ended is None or _ran_in(trial, ended))
    ]
    for trial in lost:
        requeue(study, trial)
    return [trial.number for trial in lost]


def worker_of(trial: Any) -> Optional[Mapping[str, Any]]:
    """Return host and process that run, or ran, the trial."""
    return trial.user_attrs.get(WORKER)


def note_of(trial: Any) -> str:
    """Return why a trial was pruned or failed, where it was not the pruner."""
    return str(trial.user_attrs.get(NOTE, ""))


def _ran_in(trial: Any, pids: Collection[int]) -> bool:
    worker = worker_of(trial) or {}
    return worker.get("host") == socket.gethostname() and worker.get("pid") in pids


def _is_dead(trial: Any, ended: Collection[int]) -> bool:
    worker = worker_of(trial)
    if worker is None:
        begun = trial.datetime_start
        return begun is not None and datetime.now() - begun > timedelta(seconds=NAMELESS_SECONDS)
    if worker.get("host") != socket.gethostname():
        return False
    pid = int(worker.get("pid", 0))
    if pid == os.getpid():
        return worker.get("run") not in _runs
    return pid in ended or not alive(pid)
