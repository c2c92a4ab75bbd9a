"""The inspect panel in QGIS's real window: clicked, looked at, taken away."""

import pytest
from test_inspect_panel import maps, valid  # noqa: F401 - fixtures
from window import WINDOW, run_window

pytestmark = [*WINDOW, pytest.mark.slow]

LAYERS = ("DEFORMATION", "FORECAST", "LOWER", "UPPER", "SAMPLES", "FACTORS", "PROBABILITY",
          "LEVELS")  # fmt: skip
SCRIPT = """
import os
from qgis.core import QgsPointXY, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDockWidget, QToolButton
from land_subsidence.subsidence_plugin.gui.inspect.panel import InspectPanel
from land_subsidence.subsidence_plugin.gui.inspect.task import RUNNING

window.resize(1500, 950)
for name in os.environ["LAYERS"].split():
    path = os.environ["MAP_" + name]
    kind = QgsVectorLayer if path.endswith(".gpkg") else QgsRasterLayer
    layer = kind(path, name.title())
    layer.loadDefaultStyle()
    QgsProject.instance().addMapLayer(layer)
canvas = iface.mapCanvas()
canvas.setExtent(layer.extent())
wait(1)
before, items = canvas.mapTool(), len(canvas.scene().items())
docks = {dock.objectName() for dock in window.findChildren(QDockWidget)}
panel = InspectPanel(iface)
panel.show()
wait_until(lambda: find(QDockWidget, "subsidenceInspect"))
ends = []
panel.work.ended.connect(ends.append)
canvas.setExtent(layer.extent())
wait(1)
x, y = (float(os.environ[name]) for name in ("PLACE_X", "PLACE_Y"))
pixel = canvas.getCoordinateTransform().transform(QgsPointXY(x, y))
QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton,
                 pos=QPoint(round(pixel.x()), round(pixel.y())))
wait_until(lambda: ends, 90)
wait(0.5)
shot("panel")
shot("dock", panel.dock)
bar = panel.dock.scroll.horizontalScrollBar()
page, view = panel.dock.scroll.widget().width(), panel.dock.scroll.viewport().width()
found = dict(
    ends=ends, headline=panel.dock.headline.text(), why=panel.dock.why.text(),
    heights=[panel.dock.waterfall.height(), *(f.height() for _t, f in panel.dock._series)],
    fits=page <= view, width=panel.dock.width(), values=panel.dock.values.text(),
)
panel.remove()
wait_until(lambda: not RUNNING)
QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # else when the script ends
left = {dock.objectName() for dock in window.findChildren(QDockWidget)} - docks
done({**found, "left": sorted(left), "tool": canvas.mapTool() is before,
      "items": len(canvas.scene().items()) - items})
"""


def test_panel_in_the_real_window(maps, valid, tmp_path):  # noqa: F811
    x, y, _cell = valid
    known = {f"MAP_{name}": maps[name] for name in LAYERS}
    said = run_window(SCRIPT, tmp_path, PLACE_X=repr(float(x)), PLACE_Y=repr(float(y)),
                      LAYERS=" ".join(LAYERS), **known)  # fmt: skip
    assert said["ends"] == [""] and "probability of subsidence" in said["headline"]
    assert "&#9632;" in said["headline"]  # the colour of the class, as the map shows it
    assert said["why"].startswith("From the mean ") and min(said["heights"]) > 150
    assert said["fits"] and said["width"] < 600
    assert "Susceptibility classes" in said["values"]
    assert (said["left"], said["tool"], said["items"]) == ([], True, 0)
    for name in ("panel.png", "dock.png"):
        assert (tmp_path / name).stat().st_size > 10_000
