"""The Python interpreter for worker processes, found from the running Python and tried out.

Inside QGIS ``sys.executable`` may be QGIS itself, a shim or empty: a worker started with it would
open another QGIS. The interpreter that belongs to the running Python lies under
``sys.base_exec_prefix``.

Bandit's general warnings of ``subprocess`` are marked: no shell is involved, the program is an
interpreter beside the running one, and the arguments are ours.
"""

from __future__ import annotations

import os
import subprocess  # nosec B404
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import MissingPackageError

#: Folder that holds the package ``engine``: what ``python -m engine.…`` needs on its path.
ENGINE_PARENT = Path(__file__).resolve().parents[2]
#: Variables that would let numerical libraries use several threads in each worker.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
#: Seconds that the trial of an interpreter may take (torch from a cold disk).
CHECK_SECONDS = 180
#: Windows: no console window for a worker.
NO_WINDOW = 0x08000000


def candidates() -> list[str]:
    """Return where the interpreter of the running Python may lie, the likeliest first."""
    prefix, version = Path(sys.base_exec_prefix), sys.version_info
    if os.name == "nt":
        names = ["python.exe", "python3.exe", "Scripts/python.exe", "bin/python.exe"]
    else:
        names = [f"bin/python{version[0]}.{version[1]}", f"bin/python{version[0]}", "bin/python"]
    found = [str(prefix / name) for name in names if (prefix / name).is_file()]
    # Python says itself where it was started from; only if that is a Python by its name.
    for own in (getattr(sys, "_base_executable", ""), sys.executable):
        if own and Path(own).name.lower().startswith("python") and own not in found:
            found.append(own)
    return found


def worker_environment() -> dict[str, str]:
    """Return the environment of a worker: the parent's module path, one thread, UTF-8."""
    paths = [str(ENGINE_PARENT), *(p for p in sys.path if p and Path(p).exists())]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONEXECUTABLE"):
        environment.pop(name, None)
    return {**environment, **dict.fromkeys(THREADS, "1")}


def find_interpreter(packages: Iterable[str], purpose: str) -> str:
    """Return an interpreter that can import ``packages`` in the worker's environment.

    Parameters
    ----------
    packages : iterable of str
        Import names.
    purpose : str
        Ends the sentence "No Python interpreter was found ...".

    Raises
    ------
    MissingPackageError
        None was found, or none can import the packages; says what was tried.
    """
    return _checked(tuple(candidates()), tuple(packages), purpose)


@lru_cache(maxsize=8)
def _checked(found: tuple[str, ...], packages: tuple[str, ...], purpose: str) -> str:
    reasons = []
    for path in found:
        reason = _fault(path, packages)
        if not reason:
            return path
        reasons.append(f"{path}: {reason}")
    tried = "; ".join(reasons) or f"there is none under {sys.base_exec_prefix}"
    raise MissingPackageError(
        f"No Python interpreter was found {purpose} ({tried}); set WORKERS to 1 to compute in "
        "this process."
    )


def _fault(path: str, packages: tuple[str, ...]) -> str:
    """Return why an interpreter cannot serve; empty where it can."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    code = f"import sys; import {', '.join(packages)}; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(  # nosec B603
            [path, "-c", code], env=worker_environment(), capture_output=True, text=True,
            errors="replace", stdin=subprocess.DEVNULL, timeout=CHECK_SECONDS, check=False,
            **window_options(),
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return lines[-1] if lines else f"it ended with code {done.returncode}"
    said = done.stdout.strip().splitlines()[-1:]
    return "" if said == [version] else f"it is no Python {version}"


def window_options() -> dict[str, Any]:
    """Return the options of ``subprocess`` that keep Windows from opening a console."""
    return {"creationflags": NO_WINDOW} if os.name == "nt" else {}
