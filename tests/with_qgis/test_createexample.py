"""``createexample`` through Processing and through ``qgis_process``."""

import json

import numpy as np
import pytest


def test_runs_by_id_and_loads_styled(run, log, tmp_path):
    from qgis.core import QgsRasterLayer, QgsVectorLayer

    results = run(
        "subsidence:createexample",
        {
            "WIDTH": 120, "HEIGHT": 100, "SEED": 3, "DATES": 30,
            "FACTORS": str(tmp_path / "factors.tif"), "TRUTH": str(tmp_path / "truth.tif"),
            "INVENTORY": str(tmp_path / "inventory.gpkg"), "INSAR": str(tmp_path / "insar.gpkg"),
        },
        feedback=log,
    )  # fmt: skip
    assert "DEM" not in results and not (tmp_path / "dem.tif").exists()
    stack = QgsRasterLayer(results["FACTORS"], "factors")
    assert stack.bandCount() == 19 and stack.crs().authid() == "EPSG:32648"
    assert stack.bandName(9).endswith("holocene_thickness")
    points = QgsVectorLayer(results["INVENTORY"], "inventory")
    assert points.featureCount() == results["PRESENCE_COUNT"] == 400
    assert points.renderer().type() == "categorizedSymbol"
    insar = QgsVectorLayer(results["INSAR"], "insar")
    assert insar.renderer().type() == "graduatedSymbol"
    assert insar.fields().indexOf("D20200103") > 0
    assert 0.85 < results["BAYES_AUC"] < 0.93
    assert "400 subsidence points" in log.text


def test_temporary_outputs_work(run):
    results = run(
        "subsidence:createexample",
        {
            "WIDTH": 100, "HEIGHT": 100, "DATES": 20, "POINTS": 7, "DEM": "TEMPORARY_OUTPUT",
            "FACTORS": "TEMPORARY_OUTPUT", "TRUTH": "TEMPORARY_OUTPUT",
            "INVENTORY": "TEMPORARY_OUTPUT", "INSAR": "TEMPORARY_OUTPUT",
        },
    )  # fmt: skip
    assert results["DEM"].endswith(".tif") and results["INVENTORY"].endswith(".gpkg")
    assert results["PRESENCE_COUNT"] == 7


def test_runs_headless_and_refuses_bad_sizes(qgis_process, tmp_path):
    outputs = [
        f"--{name}={tmp_path / file}"
        for name, file in (
            ("FACTORS", "f.tif"), ("TRUTH", "t.tif"), ("INVENTORY", "i.gpkg"), ("INSAR", "s.gpkg"),
        )
    ]  # fmt: skip
    call = "run", "subsidence:createexample", "--SEED=3", "--DATES=20", *outputs
    refused = qgis_process(*call, "--WIDTH=20", "--HEIGHT=100")
    assert refused.returncode != 0
    assert "WIDTH is 20; it must be from 100 to 5000." in refused.stdout + refused.stderr
    assert not list(tmp_path.iterdir())
    done = qgis_process(*call, "--WIDTH=100", "--HEIGHT=100")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {p.name for p in tmp_path.iterdir()} >= {"f.tif", "t.tif", "i.gpkg", "s.gpkg", "f.qml"}


@pytest.mark.parametrize(("name", "value"), [("WIDTH", 50), ("HEIGHT", 6000), ("RESOLUTION", 0)])
def test_toolbox_refuses_bad_sizes(run, name, value):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=f"{name} is {value}; it must be from"):
        run("subsidence:createexample", {name: value, "FACTORS": "TEMPORARY_OUTPUT"})


def test_the_folder_holds_what_a_study_begins_with(run, tmp_path):
    """Surveys as rasters, wells whose level is that of the ground, and the planted fault."""
    from osgeo import gdal, ogr

    names = {"FACTORS": "f.tif", "TRUTH": "t.tif", "INVENTORY": "i.gpkg", "INSAR": "s.gpkg"}
    files = {name: str(tmp_path / file) for name, file in names.items()}
    raw = tmp_path / "raw"
    run("subsidence:createexample", {"WIDTH": 120, "HEIGHT": 100, "FOLDER": str(raw), **files})
    level = gdal.Open(str(raw / "groundwater.tif"))
    values, transform = level.ReadAsArray(), level.GetGeoTransform()
    wells = ogr.Open(str(raw / "wells.gpkg"))
    layer = wells.GetLayer()
    compared = 0
    for feature in layer:
        point = feature.GetGeometryRef()
        column = int((point.GetX() - transform[0]) / transform[1])
        row = int((point.GetY() - transform[3]) / transform[5])
        if np.isfinite(values[row, column]):  # the survey has holes, the wells have none
            assert feature["level_m"] == pytest.approx(values[row, column], abs=1e-4)
            compared += 1
    assert layer.GetFeatureCount() == 40 and compared > 30
    series = ogr.Open(files["INSAR"])
    points = series.GetLayer()
    planted = json.loads(points.GetMetadata()["PLANTED"])["fault"]
    fault = ogr.Open(str(raw / "fault.gpkg"))
    trace = fault.GetLayer()
    feature = trace.GetNextFeature()
    line = [point[:2] for point in feature.geometry().GetPoints()]
    assert line == [(planted["x1"], planted["y1"]), (planted["x2"], planted["y2"])]
    from qgis.core import QgsRasterLayer

    use = QgsRasterLayer(str(raw / "lulc.tif"), "lulc")  # with the style beside it
    named = {entry.value: entry.label for entry in use.renderer().classes()}
    assert named[1] == "Agricultural land" and len(named) == 4
