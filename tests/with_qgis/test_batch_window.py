"""QGIS's batch panel and Processing history in the real window."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from window import WINDOW, run_window

pytestmark = WINDOW

BATCH = """
import inspect
import traceback
from qgis.core import QgsApplication, QgsProcessingContext, QgsProject
from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
from processing import createAlgorithmDialog
from qgis.PyQt.QtWidgets import QApplication

said = {"failed": {}}
registry = QgsApplication.processingRegistry()
every = sorted(a.id() for a in registry.providerById("subsidence").algorithms())
said["opened"] = len(every)
for name in every:
    try:
        dialog = BatchAlgorithmDialog(registry.createAlgorithmById(name), window)
        panel = dialog.mainWidget()
        if panel.batchRowCount() < 1:
            panel.addRow()
        panel.addRow()
        values = {"row": 1, "context": QgsProcessingContext(), "warnOnInvalid": False}
        known = inspect.signature(panel.parametersForRow).parameters  # 3.22 takes no context
        panel.parametersForRow(**{name: values[name] for name in values if name in known})
        dialog.close()
        dialog.deleteLater()
    except Exception:
        said["failed"][name] = traceback.format_exc()

dialog = BatchAlgorithmDialog(
    registry.createAlgorithmById("subsidence:classifysusceptibility"), window)
dialog.show()
panel, context = dialog.mainWidget(), None
panel.clear()
from processing.tools import dataobjects
for number in (1, 2):
    panel.addRow()
    row = panel.batchRowCount() - 1
    column = panel.parameter_to_column["INPUT"]
    source = str(folder / f"đo {number}.tif")
    panel.wrappers[row][column].setParameterValue(source, dataobjects.createContext())
    column = panel.parameter_to_column["METHOD"]
    panel.wrappers[row][column].setParameterValue(number, dataobjects.createContext())
    for output, name in (("OUTPUT", f"classes {number}.tif"), ("TABLE", f"shares {number}.csv")):
        if output == "TABLE" and number == 1:
            continue  # an optional output left empty
        widget = panel.tblParameters.cellWidget(row + 1, panel.parameter_to_column[output])
        widget.setValue(str(folder / name))
said["rows"] = panel.batchRowCount()
dialog.runAlgorithm()
from qgis.PyQt.QtWidgets import QTextEdit
def log():
    return "\\n".join(t.toPlainText() for t in dialog.findChildren(QTextEdit))
wait_until(lambda: "Batch execution completed" in log())  # newer QGIS runs a batch in a task
said["log"] = log()
said["layers"] = sorted(l.name() for l in QgsProject.instance().mapLayers().values())
shot("batch", dialog)
dialog.close()

# A run of the dialog is in the history, as one line of Python that runs it again.
single = createAlgorithmDialog("subsidence:classifysusceptibility", {
    "INPUT": str(folder / "đo 1.tif"), "METHOD": 2, "OUTPUT": str(folder / "again.tif")})
single.show()
results = run_tool(single)
said["results"] = results
try:
    from processing.core.ProcessingLog import ProcessingLog
    lines = [entry.text for entry in ProcessingLog.getLogEntries()]
except ModuleNotFoundError:  # from QGIS 3.26 on, the history is QGIS's own
    from qgis.gui import QgsGui
    found = QgsGui.historyProviderRegistry().queryEntries(providerId="processing")
    lines = [entry.entry.get("python_command", "") for entry in found]
said["history"] = [line for line in lines if "subsidence:" in line]
import processing
(folder / "again.tif").unlink()
single.close()
exec(said["history"][-1])
said["repeated"] = (folder / "again.tif").exists()
done(said)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    random = np.random.default_rng(3)
    for number in (1, 2):
        grid = Grid(30, 20, (600000.0, 30.0, 0.0, 2300000.0, 0.0, -30.0), "EPSG:32648")
        about = {"SUBSIDENCE_KIND": "susceptibility"}
        with RasterWriter(str(folder / f"đo {number}.tif"), grid, ["p"], metadata=about) as writer:
            writer.write(random.random((1, 20, 30)).astype(np.float32))
    result = run_window(BATCH, folder, seconds=120)
    return {**result, "folder": folder}


def test_every_algorithm_opens_in_the_batch_panel(said):
    assert said["failed"] == {}
    assert said["opened"] > 35


def test_a_batch_of_two_rows_writes_both(said):
    assert said["rows"] == 2, said["log"]
    for number in (1, 2):
        classes = Raster(str(said["folder"] / f"classes {number}.tif")).read()
        assert set(np.unique(classes)) == {1, 2, 3, 4, 5}, said["log"]
    assert (said["folder"] / "shares 2.csv").exists()
    assert not list(said["folder"].glob("shares 1*"))
    assert said["log"].count("Results:") == 2


def test_a_run_is_in_the_history_as_a_line_that_repeats_it(said):
    line = said["history"][-1]
    assert line.startswith(
        "processing.run("
    ) and '"subsidence:classifysusceptibility"' in line.replace("'", '"')
    assert json.dumps(said["results"])
    assert said["repeated"]
