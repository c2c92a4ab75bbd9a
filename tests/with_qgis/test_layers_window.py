"""Results in QGIS's real window: the dialog's outputs, the legend, the temporal controller."""

import numpy as np
import pytest
from test_layers_loaded import write_raster
from window import WINDOW, run_window

pytestmark = WINDOW

SCRIPT = """
import os
import processing
from qgis.core import Qgis, QgsProject, QgsProcessingOutputLayerDefinition
from qgis.core import QgsTemporalNavigationObject
from land_subsidence.subsidence_plugin.layers.tree import date_groups

data, project, said = os.environ["DATA"], QgsProject.instance(), {}

# An algorithm from its dialog, by its own button.
dialog = processing.createAlgorithmDialog(
    "subsidence:classifysusceptibility", {"INPUT": data + "/probability.tif"})
dialog.show()
dialog.runButton().click()
wait_until(lambda: project.mapLayersByName("Susceptibility classes"))
dialog.close()
(classes,) = project.mapLayersByName("Susceptibility classes")
said["classes"] = [classes.renderer().type(),
                   project.layerTreeRoot().findLayer(classes.id()).parent().name()]

# Dates: off they are one picture; with the controller on, that of its time.
processing.runAndLoadResults("subsidence:griddeformation", {
    "INPUT": data + "/insar.gpkg", "RESOLUTION": 100, "OUTPUT": data + "/stack.tif"})
(stack,) = project.mapLayersByName("Deformation stack")
canvas = iface.mapCanvas()
controller = canvas.temporalController()
said["frames"] = controller.totalFrameCount()
said["days"] = controller.frameDuration().days()
said["off"] = [g.itemVisibilityChecked() for g in date_groups(project)]
newer = getattr(Qgis, "TemporalNavigationMode", None)
modes = newer or QgsTemporalNavigationObject.NavigationMode
controller.setNavigationMode(modes.Animated)
controller.setCurrentFrameNumber(2)
wait(1)
said["on"] = [g.itemVisibilityChecked() for g in date_groups(project)]
moment = canvas.mapSettings().temporalRange()
drawn = [la for la in canvas.layers() if la.temporalProperties().isActive()
         and la.temporalProperties().isVisibleInTemporalRange(moment)]
said["drawn"] = [la.name() for la in drawn]
said["date"] = moment.begin().date().toString("yyyy-MM-dd")
shot("dates")
controller.setNavigationMode(modes.Disabled if newer else modes.NavigationOff)
wait(0.5)
said["again"] = [g.itemVisibilityChecked() for g in date_groups(project)]
said["folded"] = [g.isExpanded() for g in date_groups(project)]
said["active"] = iface.activeLayer().name()

# The next run comes above the dates: it is selected, and they stay folded.
processing.runAndLoadResults("subsidence:ensembleuncertainty", {
    "INPUT": [data + "/members.tif"],
    **{name: f"{data}/{name}.tif" for name in ("LEVELS", "EXCEEDANCE", "SPREAD", "BIVARIATE")}})
wait(0.5)
said["next"] = iface.activeLayer().name()
said["folded"] += [g.isExpanded() for g in date_groups(project)]
said["top"] = project.layerTreeRoot().findLayers()[0].name()
shot("next")
done(said)
"""


@pytest.fixture(scope="module")
def said(qgis_app, tmp_path_factory):
    """What the window said."""
    import processing

    folder = tmp_path_factory.mktemp("window")
    values = np.linspace(0, 1, 2500, dtype="float32").reshape(1, 50, 50)
    write_raster(folder / "probability.tif", values, "probability")
    members = np.random.default_rng(1).normal(0, 40, (3, 50, 50)).cumsum(axis=2)
    write_raster(folder / "members.tif", members, "forecast_members")
    names = {"FACTORS": "factors.tif", "INVENTORY": "inventory.gpkg", "INSAR": "insar.gpkg",
             "TRUTH": "truth.tif"}  # fmt: skip
    paths = {key: str(folder / name) for key, name in names.items()}
    size = {"WIDTH": 100, "HEIGHT": 100, "DATES": 24, "POINTS": 200}
    processing.run("subsidence:createexample", {**size, **paths})
    return run_window(SCRIPT, folder / "shots", DATA=str(folder))


def test_output_of_a_dialog_is_styled_and_grouped(said):
    assert said["classes"] == ["paletted", "Susceptibility"]


def test_controller_plays_the_dates_of_a_stack(said):
    assert (said["frames"], said["days"]) == (24, 6)
    # The third frame: two steps of six days after 2020-01-03.
    assert said["date"] == "2020-01-15"
    assert len(said["drawn"]) == 1
    assert said["drawn"][0] in ("Deformation stack 2020-01-15", "Deformation stack")


def test_group_of_dates_is_drawn_only_while_the_controller_is_on(said):
    if not said["off"]:
        pytest.skip("this QGIS knows a time range for each band")
    assert (said["off"], said["on"], said["again"]) == ([False], [True], [False])
    assert said["folded"] == [False, False]
    assert said["active"] == "Deformation stack"


def test_main_result_of_the_last_run_is_selected(said):
    assert said["next"] == said["top"] == "Bivariate map"
