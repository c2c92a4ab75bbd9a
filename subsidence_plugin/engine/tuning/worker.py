r"""A worker of a study, without QGIS and GDAL: ``python -m engine.tuning.worker``.

From the plugin's folder ``subsidence_plugin`` (or with it on PYTHONPATH), with torch and optuna::

    python -m engine.tuning.worker --storage 'postgresql://user@host/db' --study NAME \
        --samples samples.npz

The tuning must have been started first: it begins the study and writes the ``.npz``. Start as many
workers as there are cores, on any computer; stop them with Ctrl+C. A password is read from
PGPASSWORD, from ``~/.pgpass``, or from a variable named in the URL as ``${NAME}``.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..errors import Cancelled, InputError, SubsidenceError
from ..progress import Progress
from ..workers.interpreter import THREADS
from .data_file import read_data
from .requeue import requeue
from .search import TrialLog
from .storage import HEARTBEAT, open_storage, quiet_optuna
from .storage_url import Place, place_of
from .study import join_study
from .trials import OnTrial, TrialRunner, run_here

#: Environment variable that stands for ``--storage``.
STORAGE = "SUBSIDENCE_STORAGE"


def work(
    place: Place,
    study_name: str,
    data: Mapping[str, np.ndarray],
    progress: Progress,
    *,
    trials: Optional[int] = None,
    heartbeat: int = HEARTBEAT,
    on_trial: Optional[OnTrial] = None,
) -> int:
    """Run trials of a study that was begun elsewhere until none is left; return how many ended.

    Parameters
    ----------
    place : Place
    study_name : str
    data : mapping of str to ndarray
        The same arrays as those of the study.
    progress : Progress
    trials : int, optional
        Finished trials wanted in all; default as the study says.
    heartbeat : int
    on_trial : callable, optional
        Hears of every trial, of a worker whose parent waits for the others; default: a line in
        the log, and this worker waits for trials that others may leave behind.
    """
    storage = open_storage(place, heartbeat, requeue)
    with quiet_optuna():
        study, task, plan = join_study(place, study_name, data, storage)
        plan = plan if trials is None else replace(plan, trials=trials)
        ended: list[int] = []
        log = on_trial or TrialLog(study, plan, lambda t: f"{t.value:.4f}", progress)

        def after(trial: Any) -> None:
            ended.append(trial.number)
            log(trial)

        runner = TrialRunner(study, place, task, data, plan, progress, after)
        if on_trial is None:
            run_here(runner)
        else:  # the parent waits and sweeps
            runner.run()
    return len(ended)


def managed() -> int:
    """Work for a parent process: orders on stdin, messages on stdout."""
    from ..workers.link import ParentLink

    link = ParentLink()
    orders = link.orders

    def on_trial(trial: Any) -> None:
        link.send(trial=trial.number)

    place = Place(
        orders["address"], orders["shown"], orders["is_database"], tuple(orders["hidden"])
    )
    try:
        work(
            place, orders["study"], read_data(orders["data"]), link.progress(),
            trials=orders["trials"], heartbeat=orders["heartbeat"], on_trial=on_trial,
        )  # fmt: skip
    except SubsidenceError as error:
        link.send(error=str(error))
        return 1
    except Cancelled:
        return 2
    return 0


def _check_file(place: Place) -> None:
    """Refuse a mistyped file, which the storage would otherwise create empty."""
    scheme = "sqlite:///"
    path = place.shown[len(scheme) :] if place.shown.startswith(scheme) else place.address
    if path and "://" not in path and not Path(path.split("?")[0]).is_file():
        raise InputError(f"There is no study in '{path}'; start the tuning first.")


def alone(arguments: Optional[list[str]] = None) -> int:
    """Work as the command line says; 0 on success, 1 with one sentence on an error."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.tuning.worker", description="Runs trials of a study."
    )
    parser.add_argument(
        "--storage", default=os.environ.get(STORAGE),
        help=f"database URL or journal file; default: the environment variable {STORAGE}",
    )  # fmt: skip
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--samples", required=True, help="the .npz file that the tuning wrote")
    parser.add_argument("--trials", type=int, help="finished trials wanted in all")
    parser.add_argument("--heartbeat", type=int, default=HEARTBEAT, help="seconds")
    given = parser.parse_args(arguments)
    for name in THREADS:
        os.environ.setdefault(name, "1")
    # Batch systems end a job so; the trial is put back as after Ctrl+C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = Progress(on_message=lambda text, _level: sys.stderr.write(text + "\n"))
    try:
        if not given.storage:
            raise InputError(f"Name the storage with --storage, or in the variable {STORAGE}.")
        place = place_of(given.storage, "")
        if place.typed:
            progress.warn(
                "The password in --storage can be read by others on this computer; use ${NAME}, "
                "PGPASSWORD or ~/.pgpass."
            )
        data = read_data(given.samples)
        _check_file(place)
        count = work(
            place, given.study, data, progress, trials=given.trials, heartbeat=given.heartbeat
        )
    except SubsidenceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("Stopped; a trial that was running is run again by another worker.\n")
        return 2
    sys.stderr.write(f"No trial is left to begin; this worker ran {count}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(managed() if "--managed" in sys.argv[1:] else alone())
