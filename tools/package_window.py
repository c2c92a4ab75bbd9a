"""Installs the plugin's zip in the window of a new user's QGIS, as 'Install from ZIP' does."""

from __future__ import annotations

from pathlib import Path

import real_window

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


def run(archive: Path, home: Path, name: str) -> list[str]:
    """Return what went wrong; see ``real_window.missing`` before.

    Parameters
    ----------
    archive : Path
        The plugin's zip.
    home : Path
        A folder that does not exist yet.
    name : str
        The plugin's folder in the zip.
    """
    home.mkdir(parents=True)
    script, said = home / "install.py", home / "said.txt"
    script.write_text(SCRIPT, encoding="utf-8")
    variables = {
        "PLUGIN_ZIP": str(archive.resolve()), "PLUGIN_NAME": name, "PLUGIN_SAID": str(said),
    }  # fmt: skip
    done = real_window.start(script, home, SECONDS, **variables)
    if not said.is_file():
        return [f"window: QGIS ended with code {done.returncode}: {done.stderr.strip()[-300:]}"]
    return [f"window: {said.read_text(encoding='utf-8').strip()}"] if said.stat().st_size else []
