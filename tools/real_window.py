"""Starts QGIS's real window on a screen without display and runs a script in it.

The script finds the helpers of ``window_inside.py``: ``iface``, ``shot``, ``wait_until``, ``done``
and others. Used by the tests that need a window and for pictures.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NAME = "land_subsidence"
#: What is loaded beside QGIS's own core; the others only make the start longer.
PLUGINS = {
    "processing": True, NAME: True, "db_manager": False, "MetaSearch": False,
    "grassprovider": False, "sagaprovider": False, "otbprovider": False,
}  # fmt: skip
#: Versions of which the tips of the day are switched off (QGIS keeps one switch a version).
VERSIONS = [*range(322, 360), *range(400, 420)]


class WindowError(RuntimeError):
    """What went wrong in the window: a traceback, or how QGIS ended."""


def missing() -> str:
    """Return the program that is not here, of those that a window without a screen needs."""
    if not (shutil.which("qgis.bin") or shutil.which("qgis")):
        return "qgis"
    return "" if shutil.which("xvfb-run") else "xvfb-run"


def start(
    script: Path, home: Path, seconds: int, options: tuple = (), **environment: str
) -> subprocess.CompletedProcess:
    """Run ``script`` in a window of QGIS with ``home`` as the user's; return how QGIS ended.

    Parameters
    ----------
    script : Path
        Python file that QGIS runs after its start and that must end QGIS.
    home : Path
        Folder of the user: made when absent.
    seconds : int
        Time limit.
    options : tuple of str
        Further options of QGIS.
    **environment : str
        Further variables.
    """
    (home / "run").mkdir(parents=True, mode=0o700, exist_ok=True)
    dropped = ("QGIS_", "PYTHON", "QT_", "XDG_", "SUBSIDENCE_", "LC_", "LANG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    variables = {
        **kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"), "LANG": "C.UTF-8",
        "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": sysconfig.get_path("purelib"), **environment,
    }  # fmt: skip
    program = shutil.which("qgis.bin") or "qgis"
    # The time limit is that of timeout(1): it ends QGIS, too, not only what starts the display.
    call = [
        "xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", "timeout", str(seconds),
        program, "--nologo", "--noversioncheck", *options, "--code", str(script),
    ]  # fmt: skip
    for _attempt in range(3):
        ended = subprocess.run(
            call, env=variables, capture_output=True, encoding="utf-8", errors="replace",
            check=False,
        )  # fmt: skip
        # Two that begin at the same moment may choose the same number for their display.
        if "Xvfb failed to start" not in ended.stderr:
            break
    return ended


def run_window(
    script: str, folder: Path, *, language: str = "", seconds: int = 120, **environment: str
) -> dict[str, Any]:
    """Run ``script`` in a window of QGIS with this checkout as a plugin; return what it said.

    Parameters
    ----------
    script : str
        Python text; ends with ``done({...})``. See ``window_inside.py`` for its helpers.
    folder : Path
        Where pictures (``<name>.png``), what was said and the user's profile go; the profile of an
        earlier run there is used again.
    language : str
        For example ``"de"``; empty means English.
    seconds : int
        Time limit.
    **environment : str
        Further variables, for example ``DATA="/some/folder"``.

    Raises
    ------
    WindowError
        With the traceback of an exception, in the script or anywhere else in QGIS's Python, or with
        the way in which QGIS ended.
    """
    home = folder / "home"
    _write_profile(home / "profiles" / "default" / "QGIS", language)
    plugins = home / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    if not (plugins / NAME).exists():
        (plugins / NAME).symlink_to(ROOT, target_is_directory=True)
    said, stacks, text = (folder / name for name in ("said.json", "stacks.txt", "script.py"))
    for old in (said, stacks):
        old.unlink(missing_ok=True)
    text.write_text(script, encoding="utf-8")
    ended = start(
        ROOT / "tools" / "window_inside.py", home, seconds, ("--profiles-path", str(home)),
        PYQGIS_STARTUP=str(ROOT / "tools" / "window_startup.py"),
        QGIS_PLUGINPATH=str(plugins), WINDOW_FOLDER=str(folder), WINDOW_SECONDS=str(seconds),
        **environment,
    )  # fmt: skip
    return _answer(said, stacks, ended)


def _write_profile(folder: Path, language: str) -> None:
    """Write the settings of a new user who has enabled the plugin and seen the tips."""
    tips = [f"showTips{version}=false" for version in VERSIONS]
    plugins = [f"{name}={str(loaded).lower()}" for name, loaded in PLUGINS.items()]
    spoken = ["overrideFlag=true", f"userLocale={language}"] if language else []
    # [General] of the file is what QGIS calls without a group; its own switches are in [qgis].
    lines = [
        "[qgis]", *tips, "checkVersion=false", "[PythonPlugins]", *plugins,
        "[core]", "NewsFeed\\httpsfeedqgisorg\\disabled=true", "[locale]", *spoken,
    ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("QGIS3.ini", "QGIS4.ini"):
        if not (folder / name).exists():
            (folder / name).write_text("\n".join([*lines, ""]), encoding="utf-8")


def _answer(said: Path, stacks: Path, ended: subprocess.CompletedProcess) -> dict[str, Any]:
    """Return what the script said, or raise with all that is known of what went wrong."""
    answer = json.loads(said.read_text("utf-8")) if said.is_file() else {}
    if answer.get("error"):
        raise WindowError(answer["error"])
    if ended.returncode or not said.is_file():
        stack = stacks.read_text("utf-8", "replace") if stacks.is_file() else ""
        stack = stack.split("\nExtension modules:")[0]  # a long list, from Python 3.10 on
        how = "in time" if ended.returncode == 124 else f"well (code {ended.returncode})"
        raise WindowError(f"QGIS did not end {how}.\n{stack[-3000:]}\n{ended.stderr[-1500:]}")
    return answer["values"]
