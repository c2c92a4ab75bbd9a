"""Installs the plugin's zip in the window of a new user's QGIS, as 'Install from ZIP' does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

SECONDS = 180
#: Run by QGIS after its start; says what came of it and ends QGIS.
SCRIPT = """
import os, traceback
from pathlib import Path
import pyplugin_installer
import qgis.utils
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QTimer

def install():
    try:
        pyplugin_installer.instance().installFromZipFile(os.environ["PLUGIN_ZIP"])
        active = os.environ["PLUGIN_NAME"] in qgis.utils.active_plugins
        provider = QgsApplication.processingRegistry().providerById("subsidence")
        said = "" if active and provider and provider.algorithms() else "it is not active"
    except Exception:
        said = traceback.format_exc()
    Path(os.environ["PLUGIN_SAID"]).write_text(said, encoding="utf-8")
    os._exit(0)

QTimer.singleShot(1000, install)
"""


def missing() -> str:
    """Return the program that is not here, of those that a window without a screen needs."""
    if not (shutil.which("qgis.bin") or shutil.which("qgis")):
        return "qgis"
    return "" if shutil.which("xvfb-run") else "xvfb-run"


def run(archive: Path, home: Path, name: str) -> list[str]:
    """Return what went wrong; see ``missing`` before.

    Parameters
    ----------
    archive : Path
        The plugin's zip.
    home : Path
        A folder that does not exist yet.
    name : str
        The plugin's folder in the zip.
    """
    (home / "run").mkdir(parents=True, mode=0o700)
    script, said = home / "install.py", home / "said.txt"
    script.write_text(SCRIPT, encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("QGIS_", "PYTHON", "QT_"))}
    environment = {
        **kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"),
        "PYTHONPATH": sysconfig.get_path("purelib"), "PLUGIN_ZIP": str(archive.resolve()),
        "PLUGIN_NAME": name, "PLUGIN_SAID": str(said),
    }  # fmt: skip
    program = shutil.which("qgis.bin") or "qgis"
    # The time limit is that of timeout(1): it ends QGIS, too, not only what starts the display.
    call = [
        "xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", "timeout", str(SECONDS),
        program, "--nologo", "--noversioncheck", "--code", str(script),
    ]  # fmt: skip
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    if not said.is_file():
        return [f"window: QGIS ended with code {done.returncode}: {done.stderr.strip()[-300:]}"]
    return [f"window: {said.read_text(encoding='utf-8').strip()}"] if said.stat().st_size else []
