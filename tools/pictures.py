"""Makes the README's pictures from QGIS's real window, on a screen without display.

    make demo demo-forecast
    .venv/bin/python tools/pictures.py            all, into resources/help/pictures
    .venv/bin/python tools/pictures.py map panel  only these

Needs xvfb-run, and chromium for the picture of a report.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import real_window
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "resources" / "help" / "pictures"
#: Colours of a picture: the windows and maps have few, so that the files stay small.
COLOURS = 256
#: Width and height of the window, pixels.
SIZE = (1400, 850)

#: Before each script: the window in its size, and what several scripts need.
BEGIN = """
import os
import qgis.utils
from qgis.core import QgsLayerTreeGroup, QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QToolBar, QTreeView, QWidget

DEMO, FORECAST = os.environ["DEMO"], os.environ["FORECAST"]
window.setGeometry(0, 0, {width}, {height})
canvas = iface.mapCanvas()
project = QgsProject.instance()

def dock(name):
    return window.findChild(QDockWidget, name)

def opened(path):
    # As a project that was made here, without QGIS's notes on it.
    if not iface.addProject(path):
        raise RuntimeError(path)
    iface.messageBar().clearWidgets()
    dock("Layers").show()

def fold(node, unfolded):
    # Shows the layers of these names with their legends and folds and hides all others.
    for child in node.children():
        if isinstance(child, QgsLayerTreeGroup):
            inside = {{layer.name() for layer in child.findLayers()}}
            child.setExpanded(bool(inside & unfolded) or child.name() in unfolded)
            child.setItemVisibilityChecked(bool(inside & unfolded) or child.name() in unfolded)
            fold(child, unfolded)
        else:
            child.setExpanded(child.name() in unfolded)
            child.setItemVisibilityChecked(child.name() in unfolded)

def near(layer, factor=1.05):
    box = canvas.mapSettings().layerExtentToOutputExtent(layer, layer.extent())
    box.scale(factor)
    canvas.setExtent(box)
    canvas.refresh()
    drawn()

def drawn():
    wait(0.5)
    wait_until(lambda: not canvas.isDrawing(), 60)
    wait(0.5)
    iface.messageBar().clearWidgets()  # of tasks that have ended meanwhile

def layer(part):
    return next(one for one in project.mapLayers().values() if part in one.source())

def toolbox():
    tools = dock("ProcessingToolbox")
    tools.show()
    for tree in tools.findChildren(QTreeView):
        model = tree.model()
        tree.collapseAll()
        for row in range(model.rowCount()):
            index = model.index(row, 0)
            if str(index.data()) == "Land subsidence":
                tree.expand(index)
                for group in range(model.rowCount(index)):
                    tree.expand(model.index(group, 0, index))
                tree.scrollTo(index, QTreeView.ScrollHint.PositionAtTop)
    return tools
"""

MAP = """
opened(DEMO + "/demo.qgz")
shown = layer("susceptibility_classes.tif")
fold(project.layerTreeRoot(), {shown.name()})
window.resizeDocks([dock("Layers"), toolbox()], [330, 300], Qt.Orientation.Horizontal)
wait(0.5)
near(shown)
shot("map", window)
done({})
"""

DIALOG = """
import processing
opened(DEMO + "/demo.qgz")
window.hide()
dialog = processing.createAlgorithmDialog("subsidence:traindrdn", {
    "SAMPLES": layer("samples.gpkg").id(), "EPOCHS": 200, "PATIENCE": 15,
    "MODEL": "/home/user/delta/drdn.safetensors", "REPORT": "/home/user/delta/drdn.html",
})
dialog.show()
wait_until(dialog.isVisible, 5)
dialog.resize(1120, 820)
wait(1)
shot("dialog", dialog)
done({})
"""

INSPECT = """
window.setGeometry(0, 0, 1400, 960)
for bar in window.findChildren(QToolBar):
    if bar.parent() is window:
        bar.hide()  # leaves more of the height to the panel
opened(DEMO + "/demo.qgz")
for name in ("deformation.tif", "forecast.tif", "lower.tif", "upper.tif"):
    iface.addRasterLayer(f"{FORECAST}/{name}", name[:-4])
points = iface.addVectorLayer(f"{FORECAST}/point_forecast.gpkg", "InSAR points", "ogr")
points.loadDefaultStyle()
shown = layer("susceptibility_classes.tif")
fold(project.layerTreeRoot(), {shown.name()})
choose("subsidenceInspect")
panel = wait_until(lambda: dock("subsidenceInspect"))
window.resizeDocks([dock("Layers"), panel], [270, 500], Qt.Orientation.Horizontal)
wait(1)
near(shown, 0.78)  # as high as the window rather than as wide
work = qgis.utils.plugins["land_subsidence"].menu.panel.work
ends = []
work.ended.connect(ends.append)
probability = layer("susceptibility.tif").dataProvider()
def high(feature):
    value, known = probability.sample(feature.geometry().asPoint(), 1)
    return value if known and value < 0.97 else 0
place = max(points.getFeatures(), key=high).geometry().asPoint()
pixel = canvas.getCoordinateTransform().transform(place)
QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton,
                 pos=QPoint(round(pixel.x()), round(pixel.y())))
wait_until(lambda: ends, 120)
wait(1)
drawn()
"""
PANEL = (
    INSPECT
    + """
shot("panel", window)
done({"ends": ends})
"""
)
SERIES = (
    INSPECT
    + """
boxes = {one.objectName(): one for one in panel.findChildren(QWidget)}
page = boxes["subsidenceInspectPage"]
page.verticalScrollBar().setValue(boxes["subsidenceInspectSeriesBox"].y())
wait(0.5)
shot("series", panel)
done({"ends": ends})
"""
)

MODELER = """
from qgis.gui import QgsModelDesignerDialog
from qgis.PyQt.QtWidgets import QAction
choose("subsidence_susceptibilityworkflow")
def modelers():
    both = [*QApplication.topLevelWidgets(), *window.findChildren(QWidget)]
    return [one for one in both if isinstance(one, QgsModelDesignerDialog) and one.isVisible()]
modeler = wait_until(modelers)[0]
modeler.resize(window.size())
wait(1)
modeler.findChild(QAction, "mActionZoomToItems").trigger()
wait(1)
shot("modeler", modeler)
done({})
"""

FORECAST = """
opened(FORECAST + "/demo.qgz")
shown = layer("priority.tif")
fold(project.layerTreeRoot(), {shown.name()})
window.resizeDocks([dock("Layers")], [440], Qt.Orientation.Horizontal)
wait(0.5)
near(shown)
shot("priority", window)
done({})
"""

#: Pictures by their name; the report is no window of QGIS.
SCRIPTS = {
    "map": MAP, "dialog": DIALOG, "panel": PANEL, "series": SERIES, "modeler": MODELER,
    "priority": FORECAST,
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when all pictures that were asked for are there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join([*SCRIPTS, "report"]))
    parser.add_argument("--demo", type=Path, default=ROOT / "build" / "demo")
    parser.add_argument("--forecast", type=Path, default=ROOT / "build" / "demo-forecast")
    parser.add_argument("--target", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    options.target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.names or [*SCRIPTS, "report"]:
            if name == "report":
                made = report(options.demo / "report.html", Path(scratch))
            else:
                made = picture(name, Path(scratch), options.demo, options.forecast)
            size = save(made, options.target / f"{name}.png")
            print(f"{name}.png: {size / 1000:.0f} kB", flush=True)
    return 0


def picture(name: str, scratch: Path, demo: Path, forecast: Path) -> Path:
    """Return the picture that a script in the window leaves."""
    begin = BEGIN.format(width=SIZE[0], height=SIZE[1])
    folder = scratch / name
    folder.mkdir()
    real_window.run_window(
        begin + SCRIPTS[name], folder, seconds=300,
        DEMO=str(demo.resolve()), FORECAST=str(forecast.resolve()),
    )  # fmt: skip
    return folder / f"{name}.png"


def report(page: Path, scratch: Path) -> Path:
    """Return a picture of the beginning of a report."""
    target = scratch / "report.png"
    program = shutil.which("chromium") or shutil.which("chromium-browser") or "chromium"
    subprocess.run(
        [
            program, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1000,850",
            f"--screenshot={target}", page.resolve().as_uri(),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return target


def save(picture: Path, target: Path) -> int:
    """Write the picture with few colours; return its size in bytes."""
    with Image.open(picture) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(target, optimize=True)
    return target.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
