"""Check installation: by id, headless, and from the menu with its dialog."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_lists_packages_device_and_line(run, log, tmp_path):
    import numpy
    from qgis.core import Qgis

    report, table = tmp_path / "r.html", tmp_path / "t.csv"
    result = run("subsidence:checkinstallation", {"REPORT": str(report), "TABLE": str(table)}, log)
    assert sorted(result) == [
        "DEVICE",
        "MISSING",
        "PIP_LINE",
        "REPORT",
        "SHELL",
        "TABLE",
        "WARNINGS",
    ]
    assert f"QGIS {Qgis.QGIS_VERSION}, Python {sys.version.split()[0]}" in log.text
    assert re.search(rf"^numpy {re.escape(numpy.__version__)}, .*: /", log.text, re.MULTILINE)
    assert f" numpy=={numpy.__version__} " in result["PIP_LINE"]
    assert "torch" in result["PIP_LINE"] and result["PIP_LINE"] in log.lines
    assert re.match(r"(CPU|GPU)[ ,]", result["DEVICE"])
    page = report.read_text(encoding="utf-8")
    assert "<pre" in page and numpy.__version__ in page
    assert len(table.read_text(encoding="utf-8").splitlines()) >= 10


def test_a_fault_is_a_warning_and_not_a_failure(run, log, monkeypatch):
    from osgeo import gdal_array

    def refuse(array):
        raise ImportError("numpy.core.multiarray failed to import")

    monkeypatch.setattr(gdal_array, "OpenArray", refuse)
    monkeypatch.setitem(sys.modules, "jenkspy", None)
    result = run("subsidence:checkinstallation", {}, log)
    assert result["WARNINGS"] == 1 and "jenkspy" in result["MISSING"].split(", ")
    assert "GDAL's bindings do not work with numpy" in log.text


@pytest.mark.slow
def test_headless_without_parameters(qgis_process):
    done = qgis_process("run", "subsidence:checkinstallation")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^PIP_LINE:\t.*-m pip install", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^DEVICE:\t(CPU|GPU)", done.stdout, re.MULTILINE)
    assert "QGIS" in done.stdout and "torch" in done.stdout


WINDOW = """
import importlib.util, os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
spec = importlib.util.spec_from_file_location(
    "land_subsidence", ROOT + "/__init__.py", submodule_search_locations=[ROOT]
)
module = importlib.util.module_from_spec(spec)
sys.modules["land_subsidence"] = module
spec.loader.exec_module(module)
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QEventLoop, QTimer
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QDialog, QMainWindow, QMenu
from qgis.gui import QgsMapCanvas
app = QgsApplication([], True)
app.initQgis()

class Interface:
    def __init__(self):
        self.window, self.menus = QMainWindow(), {}
        self.canvas = QgsMapCanvas(self.window)
    def mapCanvas(self):
        return self.canvas
    def mainWindow(self):
        return self.window
    def pluginMenu(self):
        return QMenu(self.window)
    def addPluginToMenu(self, name, action):
        self.menus.setdefault(name, QMenu(name, self.window)).addAction(action)
    def removePluginMenu(self, name, action):
        self.menus[name].removeAction(action)

def wait(done, seconds=60):
    loop, timer, stop = QEventLoop(), QTimer(), QTimer()
    timer.timeout.connect(lambda: done() and loop.quit())
    stop.setSingleShot(True)
    stop.timeout.connect(loop.quit)
    timer.start(50)
    stop.start(1000 * seconds)
    loop.exec()
    return done()

iface = Interface()
plugin = module.classFactory(iface)
plugin.initGui()
(action,) = [
    entry for entry in iface.menus["Land subsidence"].actions()
    if entry.objectName() == "subsidenceCheckInstallation"
]
"""


def window(code, tmp_path) -> subprocess.CompletedProcess:
    """Run ``code`` in a new Python with the plugin loaded into a window's menu."""
    text = f"ROOT = {str(ROOT)!r}\n" + WINDOW + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=180, check=False,
        env={**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
    )  # fmt: skip


@pytest.mark.slow
def test_menu_opens_the_dialog_which_shows_and_copies_the_line(qgis_app, tmp_path):
    code = """
    print("MENU", action.text(), action.icon().isNull())
    print("EAGER", [m for m in sys.modules if m.endswith("installation_dialog")])
    action.trigger()
    dialog = iface.window.findChild(QDialog, "subsidenceInstallation")
    print("BEGUN", dialog.isVisible(), dialog.again.isEnabled(), dialog.copy_button.isEnabled())
    action.trigger()  # no second check while one is under way
    print("DONE", wait(lambda: dialog.task is None))
    print("CAPTION", dialog.caption.text())
    print("SHOWN", "packages can" in dialog.page.toPlainText(), dialog.progress.isVisible())
    dialog.copy_button.click()
    print("COPIED", dialog.copy_button.text(), QGuiApplication.clipboard().text())
    print("LINE", dialog.line.toPlainText())
    dialog.again.click()
    print("AGAIN", wait(lambda: dialog.task is None), dialog.copy_button.text())
    plugin.unload()
    print("LEFT", iface.menus["Land subsidence"].actions(), os.listdir(os.environ["TMPDIR"]))
    """
    done = window(code, tmp_path)
    assert done.returncode == 0, done.stderr
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert said["MENU"] == "Check installation… False" and said["EAGER"] == "[]"
    assert said["CAPTION"].startswith("Line that installs the packages, to be typed in ")
    assert said["BEGUN"] == "True False False"
    assert said["DONE"] == "True" and said["SHOWN"] == "True False"
    assert said["COPIED"] == "Copied " + said["LINE"]
    assert "-m pip install" in said["LINE"]
    assert said["AGAIN"] == "True Copy"
    assert said["LEFT"].startswith("[] ") and "subsidence-installation" not in said["LEFT"]


def test_closing_stops_and_unloading_in_mid_check_is_harmless(qgis_app, tmp_path):
    code = """
    from land_subsidence.subsidence_plugin.gui.algorithm_task import RUNNING
    action.trigger()
    dialog = iface.window.findChild(QDialog, "subsidenceInstallation")
    dialog.reject()
    print("STOPPED", wait(lambda: dialog.task is None), dialog.page.toPlainText())
    action.trigger()
    print("AGAIN", dialog.isVisible(), len(RUNNING))
    plugin.unload()
    print("ENDED", wait(lambda: not RUNNING), iface.window.findChild(QDialog))
    """
    done = window(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "STOPPED True The check was stopped." in done.stdout
    assert "AGAIN True 1" in done.stdout and "ENDED True None" in done.stdout
    assert "Traceback" not in done.stderr


def test_without_the_algorithm_the_dialog_says_so(qgis_app, tmp_path):
    code = """
    QgsApplication.processingRegistry().removeProvider(plugin.provider)
    plugin.provider = None
    action.trigger()
    dialog = iface.window.findChild(QDialog, "subsidenceInstallation")
    print("SAYS", dialog.page.toPlainText())
    plugin.unload()
    """
    done = window(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "SAYS There is no algorithm subsidence:checkinstallation." in done.stdout


def test_the_line_is_the_same_whether_qgis_or_python_runs(run, log):
    """Inside QGIS ``sys.executable`` is QGIS: the line must name a Python all the same."""
    result = run("subsidence:checkinstallation", {}, log)
    python = result["PIP_LINE"].split(" -m pip")[0]
    done = subprocess.run(
        ["sh", "-c", f"{python} -c 'import sys; print(sys.version_info[:2])'"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == str(tuple(sys.version_info[:2])), done.stderr
    if "flatpak" not in python:
        assert "qgis" not in Path(python).name
