"""Where pip must install so that this QGIS sees it, found from the running interpreter.

One of: a virtual environment on Python's path, the OSGeo4W installation of Windows, QGIS's bundle
of macOS, conda, Flatpak, or the Python of a Linux system, which may be marked as managed by the
system's own packages (PEP 668).
"""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from ..workers.interpreter import candidates
from .places import venv_of

TERMINAL = "a terminal"


@dataclass(frozen=True)
class Target:
    """An installation that pip can install into.

    Parameters
    ----------
    title : str
        What it is.
    command : tuple of str
        Starts its pip.
    options : tuple of str
        Options of ``pip install`` that it needs.
    shell : str
        Where the line is typed.
    notes : tuple of str
        Sentences that the user should know before.
    """

    title: str
    command: tuple[str, ...]
    options: tuple[str, ...] = ()
    shell: str = TERMINAL
    notes: tuple[str, ...] = ()


def find_target() -> Target:
    """Return what the running QGIS (or Python) imports from and pip may write to."""
    venv = _venv()
    if venv:
        return Target(f"virtual environment {venv}", _pip(_venv_python(venv)))
    if os.environ.get("FLATPAK_ID"):
        command = ("flatpak", "run", "--command=python3", os.environ["FLATPAK_ID"], "-m", "pip")
        return Target("QGIS as Flatpak", command, ("--user",))
    if (Path(sys.base_prefix) / "conda-meta").is_dir():
        shell = "the Anaconda Prompt" if sys.platform == "win32" else TERMINAL
        return Target(f"conda environment {sys.base_prefix}", _pip(_python()), (), shell)
    if sys.platform == "win32":
        return Target(
            "QGIS for Windows (OSGeo4W)", _pip(_python()), (),
            "the OSGeo4W Shell of this QGIS (in the Start menu, folder QGIS)",
        )  # fmt: skip
    if sys.platform == "darwin":
        return Target("QGIS for macOS", _pip(_python()), ("--user",), "the Terminal")
    return _system()


def _system() -> Target:
    """Return the Python of a Linux system, into whose user folder pip may install."""
    python = _python()
    managed = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    notes = [] if _has_pip() else ["pip is not here yet: install the package python3-pip first."]
    if not managed.is_file():
        return Target("Python of this system", _pip(python), ("--user",), notes=tuple(notes))
    notes.append(
        "This system guards its Python against pip. The line installs into your own folder "
        "(~/.local) and leaves the system's packages as they are; a virtual environment made with "
        "--system-site-packages, on PYTHONPATH when QGIS starts, does without that option."
    )
    options = ("--user", "--break-system-packages")
    return Target(
        "Python of this system (externally managed)", _pip(python), options, notes=tuple(notes)
    )


def _venv() -> str:
    """Return the virtual environment that runs, or that Python's path leads to; else empty."""
    if sys.prefix != sys.base_prefix:
        return sys.prefix
    found = (venv_of(folder) for folder in sys.path if folder)
    return str(next((venv for venv in found if venv), ""))


def _venv_python(venv: str) -> str:
    below = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return os.path.join(venv, *below)


def _python() -> str:
    """Return the interpreter of the running Python; inside QGIS ``sys.executable`` is QGIS."""
    return next(iter(candidates()), "python3")


def _pip(python: str) -> tuple[str, ...]:
    return (python, "-m", "pip")


def _has_pip() -> bool:
    from importlib.util import find_spec

    return find_spec("pip") is not None
