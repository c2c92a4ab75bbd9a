"""Runs inside QGIS's window (``real_window.py`` starts it): the helpers of a script, and its end.

A script may use ``iface``, ``window`` (the main window), ``folder`` (for what it writes) and:

``shot(name, widget=None)``
    Saves ``<name>.png`` in the folder: the whole screen with dialogs and menus, or one widget.
``wait(seconds)``, ``wait_until(condition, seconds=30)``
    Let QGIS go on meanwhile; ``wait_until`` returns the first true value or raises.
``later(action, condition=None)``
    Calls ``action`` as soon as ``condition()`` is true, also while a modal dialog is open.
``find(kind, name)``
    The widget (or action) of this class and object name that is shown, or None.
``choose(name)``
    Triggers the menu entry of this object name.
``tool(title="")``
    The shown dialog of a Processing algorithm (whose window title holds ``title``), or None.
``run_tool(dialog, seconds=60)``
    Presses Run, waits for the end and returns the results; raises with the log after a failure.
``say(values)``, ``done(values)``
    Write what ``run_window`` returns; ``done`` ends QGIS at once.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path

from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QTimer
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QAction, QApplication, QTextEdit, QWidget
from qgis.utils import active_plugins, iface

folder = Path(os.environ["WINDOW_FOLDER"])
window = iface.mainWindow()
_pending = []
_said = []


def _write(answer):
    """Write the answer whole or not at all."""
    _said.append(answer)
    (folder / "said.part").write_text(json.dumps(answer), encoding="utf-8")
    (folder / "said.part").replace(folder / "said.json")


def say(values):
    """Write what ``run_window`` returns, and go on."""
    _write({"values": values})


def done(values):
    """Write what ``run_window`` returns and end QGIS at once."""
    say(values)
    os._exit(0)


def _fail(kind, value, trace):
    """Write the traceback, save a picture of the moment and end QGIS."""
    _write({"error": "".join(traceback.format_exception(kind, value, trace))})
    shot("failed")
    os._exit(0)


def shot(name, widget=None):
    """Save a picture of the whole screen, or of one widget."""
    wait(0.3)
    if widget is None:
        picture = QGuiApplication.primaryScreen().grabWindow(0)
    else:
        picture = widget.grab()
    picture.save(str(folder / f"{name}.png"))


def wait(seconds):
    """Let QGIS go on for ``seconds``."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def wait_until(condition, seconds=30):
    """Return the first true value of ``condition()``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        wait(0.05)
    source = getattr(condition, "__code__", None)
    place = f" (line {source.co_firstlineno} of the script)" if source else ""
    raise TimeoutError(f"This did not come true within {seconds} s{place}.")


def later(action, condition=None):
    """Call ``action`` as soon as ``condition()`` is true."""
    timer = QTimer(window)

    def look():
        if condition is None or condition():
            timer.stop()
            _pending.remove(timer)
            action()

    timer.timeout.connect(look)
    _pending.append(timer)
    timer.start(50)


def find(kind, name):
    """Return the shown widget of this object name, or the action; None where there is none."""
    for top in [window, *QApplication.topLevelWidgets()]:
        for found in [top, *top.findChildren(kind, name)]:
            if isinstance(found, kind) and found.objectName() == name:
                if not isinstance(found, QWidget) or found.isVisible():
                    return found
    return None


def choose(name):
    """Trigger a menu entry."""
    action = find(QAction, name)
    if action is None:
        raise LookupError(f"There is no menu entry {name!r}.")
    action.trigger()


def tool(title=""):
    """Return the shown dialog of an algorithm, or None."""
    for top in [*QApplication.topLevelWidgets(), *window.findChildren(QWidget)]:
        if isinstance(top, QgsProcessingAlgorithmDialogBase) and top.isVisible():
            if title in top.windowTitle():
                return top
    return None


def run_tool(dialog, seconds=60):
    """Press Run and return the results."""
    ends = []
    dialog.algorithmFinished.connect(lambda *end: ends.append(end))
    dialog.runButton().click()
    try:
        succeeded, results = wait_until(lambda: ends and ends[0], seconds)
    except TimeoutError as error:
        raise TimeoutError(f"No end within {seconds} s: {_log(dialog)}") from error
    if not succeeded:
        raise RuntimeError(_log(dialog))
    return results


def _log(dialog):
    """Return the end of a dialog's log, and what its message bar says."""
    texts = [text.toPlainText() for text in dialog.findChildren(QTextEdit)]
    return "\n".join(text for text in texts if text.strip())[-2000:]


def _run():
    """Run the script."""
    text = (folder / "script.py").read_text(encoding="utf-8")
    names = {
        "iface": iface, "window": window, "folder": folder, "shot": shot, "wait": wait,
        "wait_until": wait_until, "later": later, "find": find, "choose": choose, "tool": tool,
        "run_tool": run_tool, "say": say, "done": done,
    }  # fmt: skip
    try:
        exec(compile(text, "script", "exec"), names)
    except SystemExit:
        pass
    if not _said and not _pending:
        done({})


def _begin():
    """Wait until the window is there, then run the script."""
    if not window.isVisible() or QCoreApplication.startingUp():
        QTimer.singleShot(50, _begin)
        return
    screen = QGuiApplication.primaryScreen().availableGeometry()
    window.showNormal()
    window.setGeometry(screen)
    for dock in ("Browser", "Browser2", "Panels"):
        found = window.findChild(QWidget, dock)
        if found is not None:
            found.hide()
    wait(0.2)
    if "land_subsidence" not in active_plugins:
        raise RuntimeError("The plugin is not loaded (QGIS disables one that ended it before).")
    _run()


sys.excepthook = _fail
QTimer.singleShot(0, _begin)
