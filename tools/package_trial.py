"""Installs the plugin's zip into a fresh QGIS profile and runs an algorithm from there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path

PLUGINS = ".local/share/QGIS/QGIS3/profiles/default/python/plugins"
#: The smallest area that 'Create example area' makes.
EXAMPLE = {"WIDTH": 100, "HEIGHT": 100, "DATES": 20}
OUTPUTS = {
    "FACTORS": "factors.tif", "INVENTORY": "inventory.gpkg", "INSAR": "insar.gpkg",
    "TRUTH": "truth.tif",
}  # fmt: skip
SECONDS = 300


def run(archive: Path, home: Path) -> list[str]:
    """Return what went wrong when the zip was installed, listed and run.

    Parameters
    ----------
    archive : Path
        The plugin's zip.
    home : Path
        A folder that does not exist yet: home of a user whose QGIS starts for the first time.
    """
    program = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    if program is None:
        sys.exit("qgis_process is not installed: run 'make setup', or pass --no-run.")
    plugins = home / PLUGINS
    plugins.mkdir(parents=True)
    with zipfile.ZipFile(archive) as content:
        content.extractall(plugins)
    name = next(plugins.iterdir()).name
    begin = time.perf_counter()
    qgis = _Qgis(program, home)
    found = qgis("plugins", "enable", name)[1] or _missing(qgis, plugins / name) or _example(qgis)
    if not found:
        print(f"fresh profile   createexample ran, {time.perf_counter() - begin:.0f} s in all")
    return [f"fresh profile: {line}" for line in found]


class _Qgis:
    """Calls of ``qgis_process`` for a new user who has installed the Python packages."""

    def __init__(self, program: str, home: Path) -> None:
        self.program, self.home = program, home
        (home / "run").mkdir(mode=0o700)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("QGIS_", "PYTHON", "SUBSIDENCE_", "XDG_"))
        }
        self.environment = {
            **kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"),
            "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": sysconfig.get_path("purelib"),
        }  # fmt: skip

    def __call__(self, *arguments: str) -> tuple[str, list[str]]:
        """Return what was printed, and the last lines of the errors if it failed."""
        done = subprocess.run(
            [self.program, *arguments], cwd=self.home, env=self.environment, capture_output=True,
            encoding="utf-8", errors="replace", timeout=SECONDS, check=False,
        )  # fmt: skip
        failed = done.returncode or "Traceback" in done.stderr
        return done.stdout, [*done.stderr.strip().splitlines()[-5:]] if failed else []


def _missing(qgis: _Qgis, plugin: Path) -> list[str]:
    """Return the algorithms and workflows of the plugin that QGIS does not list."""
    text, failed = qgis("--json", "list")
    if failed:
        return failed
    listed = json.loads(text)["providers"].get("subsidence", {}).get("algorithms", {})
    wanted = {path.stem for path in plugin.glob("resources/workflows/*.model3")}
    for path in plugin.glob("algorithms/*/*.py"):
        wanted |= set(re.findall(r'^    NAME = "(\w+)"', path.read_text("utf-8"), re.MULTILINE))
    lost = sorted(name for name in wanted if f"subsidence:{name}" not in listed)
    return [f"QGIS lists {len(listed)} algorithms, not: {', '.join(lost)}"] if lost else []


def _example(qgis: _Qgis) -> list[str]:
    """Run 'Create example area'; return what failed."""
    values = {**EXAMPLE, **{name: qgis.home / file for name, file in OUTPUTS.items()}}
    call = [f"--{name}={value}" for name, value in values.items()]
    _text, failed = qgis("run", "subsidence:createexample", *call)
    absent = [file for file in OUTPUTS.values() if not (qgis.home / file).is_file()]
    return failed or [f"createexample did not write {file}" for file in absent]
