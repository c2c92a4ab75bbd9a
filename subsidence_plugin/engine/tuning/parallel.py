"""Trials in worker processes of this computer: what Python threads cannot speed up."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..progress import Progress
from ..workers.folder import worker_folder
from ..workers.pool import WorkerProcess
from .data_file import write_data
from .requeue import requeue_lost, sweep
from .storage import storage_errors
from .storage_url import Place
from .study import counts
from .task import Plan
from .trials import wait_for_others

#: Workers that ended by themselves are started again so many times in all, for each worker.
RESTARTS = 3


class Crew:
    """The workers of one search, and what became of them."""

    def __init__(
        self, study: Any, place: Place, name: str, plan: Plan, heartbeat: int, data: str,
        log: Any, progress: Progress, interpreter: str,
    ) -> None:  # fmt: skip
        self.study, self.place, self.plan, self.log = study, place, plan, log
        self.progress = progress
        self.interpreter = interpreter
        self.orders = {
            "address": place.address, "shown": place.shown, "is_database": place.is_database,
            "hidden": place.hidden, "study": name, "data": data, "trials": plan.trials,
            "heartbeat": heartbeat,
        }  # fmt: skip
        self.folder = str(Path(data).parent)
        self.inbox: queue.Queue = queue.Queue()
        self.workers: list[WorkerProcess] = []
        self.ended: set[int] = set()
        self.crashes = 0
        self.known = counts(study).finished

    def start(self, number: int) -> None:
        """Start a worker of this number."""
        worker = WorkerProcess(
            number, self.interpreter, "engine.tuning.worker", self.orders, self.inbox, self.folder
        )
        self.workers.append(worker)
        self.ended.discard(worker.pid)

    def run(self, workers: int) -> None:
        """Let so many workers run until none finds a trial to begin."""
        for number in range(1, workers + 1):
            self.start(number)
        while self.workers:
            self.progress(min(self.known / self.plan.trials, 1.0))
            try:
                worker, message = self.inbox.get(timeout=0.2)
            except queue.Empty:
                continue
            if message is None:
                self._ended(worker, workers)
            else:
                self._message(worker, message)

    def stop(self) -> None:
        """End all workers, and put their trials back."""
        for worker in self.workers:
            worker.cancel()
        for worker in self.workers:
            worker.end()
            self.ended.add(worker.pid)
        self.workers = []

    def _message(self, worker: WorkerProcess, message: Mapping[str, Any]) -> None:
        if "error" in message:
            raise InputError(str(message["error"]))
        if "message" in message:
            write = self.progress.warn if message.get("level") == "warning" else self.progress.info
            write(f"Worker {worker.number}: {message['message']}")
        if "trial" in message:
            trial = self.study.get_trials(deepcopy=False)[int(message["trial"])]
            self.known = counts(self.study).finished
            self.log(trial, f", worker {worker.number}")

    def _ended(self, worker: WorkerProcess, workers: int) -> None:
        self.workers.remove(worker)
        self.ended.add(worker.pid)
        if worker.code == 0:
            return
        self.crashes += 1
        swept = [*sweep(self.study, self.ended), *requeue_lost(self.study, {worker.pid})]
        again = f"; trial {swept[0]} is queued again" if swept else ""
        self.progress.warn(
            f"Worker {worker.number} ended unexpectedly (code {worker.code}){again}."
        )
        if self.crashes > RESTARTS * workers:
            last = self.place.mask(worker.errors[-1]) if worker.errors else "they said nothing"
            raise InputError(
                f"The workers keep ending unexpectedly (code {worker.code}: {last:.200}); set "
                "WORKERS to 1, or to fewer where the memory runs out. Finished trials are kept."
            )
        self.start(worker.number)


def run_parallel(
    study: Any, place: Place, name: str, data: Mapping[str, np.ndarray], plan: Plan, workers: int,
    heartbeat: int, log: Any, progress: Progress, interpreter: str,
) -> None:  # fmt: skip
    """Run trials in worker processes until as many as wanted have finished.

    Workers that were killed are replaced, and their trials run again. See ``search``.
    """
    with worker_folder() as folder:
        path = str(folder / "samples.npz")
        write_data(path, data)
        crew = Crew(study, place, name, plan, heartbeat, path, log, progress, interpreter)
        progress.info(
            f"{workers} worker processes with one thread each ({crew.interpreter}); the order of "
            "their trials, and so the search, cannot be repeated by the seed."
        )
        try:
            with storage_errors(place, lambda: crew.known):
                while True:
                    now = counts(study)
                    crew.run(max(1, min(workers, plan.trials - now.finished)))
                    sweep(study, crew.ended)
                    crew.known = counts(study).finished
                    if crew.known >= plan.trials or not wait_for_others(
                        study, place, plan, progress, crew.known
                    ):
                        return
        finally:
            crew.stop()
            _put_back(study, crew)


def _put_back(study: Any, crew: Crew) -> None:
    """Queue the trials of ended workers again; a storage that dropped out does so next time."""
    try:
        with storage_errors(crew.place):
            sweep(study, crew.ended)
            requeue_lost(study)
    except InputError:
        return
