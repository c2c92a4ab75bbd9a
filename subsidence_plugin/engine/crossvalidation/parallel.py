"""Folds in worker processes of this computer; the result is that of one process."""

from __future__ import annotations

import queue
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..progress import Progress
from ..workers.folder import worker_folder
from ..workers.interpreter import find_interpreter
from ..workers.pool import WorkerProcess
from .folds import Partition
from .recipes import Candidate
from .results import CrossValidation, FoldLog, Rows

#: Workers that ended by themselves are replaced so many times in all, for each worker.
RESTARTS = 2


def cross_validate_in_workers(
    candidates: Sequence[Candidate],
    rows: Rows,
    partitions: Sequence[Partition],
    device: str,
    workers: int,
    progress: Progress,
) -> CrossValidation:
    """Do as ``running.cross_validate``, the folds dealt out to so many processes.

    Seeds belong to the partitions, so the result does not depend on the number of workers. A
    worker that dies is replaced and runs what it had left.

    Raises
    ------
    InputError
        A fold cannot be trained, or workers keep dying.
    MissingPackageError
        No interpreter for workers was found.
    Cancelled
    """
    log = FoldLog(progress, candidates, rows.label, partitions)
    with worker_folder() as folder:
        path = folder / "folds.npz"
        _write(path, rows, partitions)
        orders = _orders(candidates, rows, partitions, device, path)
        crew = _Crew(log, orders, str(folder), workers)
        progress.info(f"{workers} worker processes with one thread each ({crew.interpreter}).")
        try:
            crew.run()
        finally:
            crew.stop()
    return log.result


def _write(path: Path, rows: Rows, partitions: Sequence[Partition]) -> None:
    """Write the arrays that all workers read."""
    arrays = {"values": rows.values, "label": rows.label}
    for index, partition in enumerate(partitions):
        arrays[f"fold{index}"] = partition.fold
        if partition.groups is not None:
            arrays[f"groups{index}"] = partition.groups
    np.savez(path, **arrays)


def _orders(
    candidates: Sequence[Candidate], rows: Rows, partitions: Sequence[Partition], device: str,
    path: Path,
) -> dict[str, Any]:  # fmt: skip
    """Return what a worker is told, but for its folds."""
    return {
        "data": str(path), "device": device, "names": list(rows.names), "kinds": list(rows.kinds),
        "candidates": [
            {"title": c.title, "recipes": [r.as_dict() for r in c.recipes]} for c in candidates
        ],
        "partitions": [[p.scheme, p.repeat, p.seed] for p in partitions],
    }  # fmt: skip


class _Crew:
    """The workers of one run and the folds that each has left."""

    def __init__(self, log: FoldLog, orders: Mapping[str, Any], folder: str, count: int) -> None:
        self.log, self.orders, self.folder, self.count = log, orders, folder, count
        networks = any("epochs" in r["settings"] for c in orders["candidates"]
                       for r in c["recipes"])  # fmt: skip
        packages = ("numpy", "torch", "sklearn") if networks else ("numpy", "sklearn")
        self.interpreter = find_interpreter(packages, "for worker processes")
        self.inbox: queue.Queue = queue.Queue()
        self.left: dict[WorkerProcess, list[int]] = {}
        self.crashes = 0

    def run(self) -> None:
        """Let the workers run until every fold is entered."""
        folds = list(range(len(self.log.folds)))
        for number in range(1, self.count + 1):
            self._start(number, folds[number - 1 :: self.count])
        while self.left:
            self.log.progress(len(self.log.scores) / len(folds))
            try:
                worker, message = self.inbox.get(timeout=0.2)
            except queue.Empty:
                continue
            if message is None:
                self._ended(worker)
            else:
                self._message(worker, message)

    def stop(self) -> None:
        """End all workers."""
        for worker in self.left:
            worker.cancel()
        for worker in self.left:
            worker.end()
        self.left = {}

    def _start(self, number: int, folds: list[int]) -> None:
        if not folds:
            return
        worker = WorkerProcess(
            number, self.interpreter, "engine.crossvalidation.worker",
            {**self.orders, "folds": folds}, self.inbox, self.folder,
        )  # fmt: skip
        self.left[worker] = list(folds)

    def _message(self, worker: WorkerProcess, message: Mapping[str, Any]) -> None:
        if "error" in message:
            raise InputError(str(message["error"]))
        if message.get("level") == "warning":
            self.log.warn(str(message["message"]))
        if "fold" in message:
            self.left[worker].remove(message["fold"])
            found = [np.array(column, dtype=float) for column in message["probability"]]
            self.log.add(message["fold"], found)

    def _ended(self, worker: WorkerProcess) -> None:
        folds = self.left.pop(worker)
        if not folds:
            return
        self.crashes += 1
        if self.crashes > RESTARTS * self.count:
            said = worker.errors[-1] if worker.errors else "it said nothing"
            raise InputError(
                f"The workers keep ending unexpectedly (code {worker.code}: {said:.200}); set "
                "WORKERS to 1, or to fewer where the memory runs out."
            )
        self.log.progress.warn(
            f"Worker {worker.number} ended unexpectedly (code {worker.code}); another runs its "
            f"{len(folds)} folds."
        )
        self._start(worker.number, folds)
