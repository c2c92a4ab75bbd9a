"""A process with QGIS's canvas and no window, in which the inspect panel is driven by a script."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

START = """
import faulthandler, importlib.util, json, os, sys, time
faulthandler.dump_traceback_later(100, exit=True)
os.environ["QT_QPA_PLATFORM"] = "offscreen"
spec = importlib.util.spec_from_file_location(
    "land_subsidence", ROOT + "/__init__.py", submodule_search_locations=[ROOT]
)
module = importlib.util.module_from_spec(spec)
sys.modules["land_subsidence"] = module
spec.loader.exec_module(module)
from qgis.core import *
from qgis.gui import QgsMapCanvas, QgsMapToolPan, QgsMessageBar
from qgis.PyQt.QtCore import QEventLoop, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDockWidget, QMainWindow
app = QgsApplication([], True)
app.initQgis()
project = QgsProject.instance()

class Interface:
    def __init__(self):
        self.window = QMainWindow()
        self.canvas, self.bar, self.removed = QgsMapCanvas(), QgsMessageBar(), []
        self.window.setCentralWidget(self.canvas)
        self.window.resize(1000, 700)
        self.window.show()
    def mainWindow(self):
        return self.window
    def mapCanvas(self):
        return self.canvas
    def messageBar(self):
        return self.bar
    def addTabifiedDockWidget(self, area, dock, beside, front):
        self.window.addDockWidget(area, dock)
    def removeDockWidget(self, dock):
        self.removed.append(dock)
        self.window.removeDockWidget(dock)

def wait(done, seconds=60):
    loop, timer, stop = QEventLoop(), QTimer(), QTimer()
    timer.timeout.connect(lambda: done() and loop.quit())
    stop.setSingleShot(True)
    stop.timeout.connect(loop.quit)
    timer.start(10)
    stop.start(int(1000 * seconds))
    loop.exec()
    return bool(done())

def add(name, path):
    kind = QgsVectorLayer if ".gpkg" in path or ".csv" in path else QgsRasterLayer
    layer = kind(path, name)
    project.addMapLayer(layer)
    return layer

def look_at(layer):
    "Let the canvas show a layer in the project's CRS."
    crs = project.crs() if project.crs().isValid() else layer.crs()
    canvas.setDestinationCrs(crs)
    turned = QgsCoordinateTransform(layer.crs(), crs, project)
    canvas.setExtent(turned.transformBoundingBox(layer.extent()))

def click(x, y):
    "Click with the left button on a place of the map's CRS."
    pixel = canvas.getCoordinateTransform().transform(QgsPointXY(x, y))
    at = QPoint(round(pixel.x()), round(pixel.y()))
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    return canvas.getCoordinateTransform().toMapCoordinates(at)

ends, shown = [], []

def whole(seconds=90):
    "Wait for the end of the last click; return its report."
    before = len(ends)
    wait(lambda: len(ends) > before, seconds)
    return panel.report

iface = Interface()
canvas = iface.canvas
from land_subsidence.subsidence_plugin.gui.inspect.panel import InspectPanel
from land_subsidence.subsidence_plugin.gui.inspect.task import RUNNING
panel = InspectPanel(iface)
panel.work.ended.connect(ends.append)
panel.work.shown.connect(shown.append)

def texts():
    "Everything the dock shows."
    dock = panel.dock
    return dict(
        headline=dock.headline.text(), place=dock.place.text(), message=dock.message.text(),
        why=dock.why.text(), values=dock.values.text(), factors=dock.factors.text(),
        skipped=dock.skipped.text(), choose=dock.choose.isVisibleTo(dock),
        boxes=[box.isVisibleTo(dock) for box in dock.boxes],
        waterfall=dock.waterfall.height(), series=[f.height() for _t, f in dock._series],
        titles=[t.text() for t, _f in dock._series],
    )

def say(**values):
    print("SAID", json.dumps(values, default=str))
"""


def in_panel(code, folder, at=(0.0, 0.0), **paths) -> dict:
    """Run ``code`` with a panel over a canvas; return what it said (``say(name=value)``).

    ``X`` and ``Y`` are those of ``at``, ``FOLDER`` is ``folder``, ``paths`` are ``path["NAME"]``.
    """
    known = f"ROOT, FOLDER, (X, Y) = {str(ROOT)!r}, {str(folder)!r}, {tuple(map(float, at))!r}\n"
    text = known + f"path = {paths!r}\n" + START + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=150, check=False,
        env={**os.environ, "HOME": str(folder), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    if done.returncode or "Traceback" in done.stderr:
        raise RuntimeError(f"{done.returncode}\n{done.stdout}\n{done.stderr}")
    said = {}
    for line in done.stdout.splitlines():
        if line.startswith("SAID "):
            said.update(json.loads(line[5:]))
    return said
