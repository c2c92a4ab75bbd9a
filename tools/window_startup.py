"""Runs in QGIS before its plugins are loaded: what fails there is written down, not shown.

QGIS would open a dialog with the traceback and wait for a click that nobody makes.
"""

import faulthandler
import json
import os
import traceback
from pathlib import Path

import qgis.utils

_folder = Path(os.environ["WINDOW_FOLDER"])
#: Kept where it stays open as long as QGIS runs.
qgis.utils.window_stacks = (_folder / "stacks.txt").open("w")


def _failed(kind, value, trace, *_how, **_more):
    """Write the traceback and end QGIS."""
    text = "".join(traceback.format_exception(kind, value, trace))
    (_folder / "said.json").write_text(json.dumps({"error": text}), encoding="utf-8")
    os._exit(0)


faulthandler.enable(qgis.utils.window_stacks)
faulthandler.dump_traceback_later(
    max(int(os.environ["WINDOW_SECONDS"]) - 3, 1), file=qgis.utils.window_stacks
)
qgis.utils.showException = _failed
