"""One job a file, named as its algorithm: reads, computes with the array rooms, writes.

A job is a name and plain arguments (paths, numbers, lists), so that it can run in this process,
in a worker process (``python -m``, see ``__main__``) or on another computer.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from ..errors import InputError
from ..progress import Progress


def run_job(name: str, arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Run the job ``name`` and return its plain results (figures, counts).

    Raises
    ------
    SubsidenceError
        With one sentence that says what to change.
    Cancelled
        When ``progress`` was cancelled; no output is left.
    """
    if not name.isidentifier():
        raise InputError(f"There is no job '{name}'.")
    try:
        module = importlib.import_module(f".{name}", __package__)
    except ModuleNotFoundError as error:
        if error.name == f"{__package__}.{name}":
            raise InputError(f"There is no job '{name}'.") from error
        raise
    return module.run(progress.timed(), **arguments) or {}
