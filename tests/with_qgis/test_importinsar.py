"""``subsidence:importinsar`` by id: parameters, outputs, errors, headless."""

import re
import zipfile

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from qgis.core import QgsProcessingException, QgsProcessingFeedback, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, QDateTime

NAME = "subsidence:importinsar"
TABLE = "name,x,y,20200103,20200109,20210103\na,500000,2000000,0,1,-9\nb,500900,2000000,0,2,3\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text(TABLE)
    return str(path)


def test_a_table_with_all_parameters(run, tmp_path, table, log):
    target = str(tmp_path / "out.gpkg")
    result = run(
        NAME,
        {
            "INPUT": [table], "CRS": "EPSG:32648", "COMPONENT": 2, "UNIT": 1, "OUTPUT": target,
            "EXTENT": "499000,500500,1999000,2001000 [EPSG:32648]", "MAX_DATE": "2020-12-31",
        },
        log,
    )  # fmt: skip
    assert result == {
        "OUTPUT": target, "POINTS": 1, "DATES": 2, "BROKEN_ROWS": 0, "DUPLICATES": 0,
        "COMPONENT": "U", "GEOMETRY": "",
    }  # fmt: skip
    layer = QgsVectorLayer(target, "insar")
    assert layer.isValid() and layer.featureCount() == 1
    assert layer.crs().authid() == "EPSG:32648"
    names = layer.fields().names()
    assert names[:4] == ["fid", "name", "x", "y"] and names[-2:] == ["D20200103", "D20200109"]
    assert next(layer.getFeatures())["D20200109"] == 10
    assert (tmp_path / "out.qml").exists()
    assert "Component: vertical (U); negative is subsidence. Unit: mm" in log.text
    assert "(delivered in cm)" in log.text


def test_dates_of_the_window(run, tmp_path, table):
    dates = {"MIN_DATE": QDateTime(QDate(2020, 1, 9)), "MAX_DATE": QDateTime(QDate(2021, 1, 3))}
    options = {"INPUT": [table], "CRS": "EPSG:32648", **dates}
    assert run(NAME, {**options, "OUTPUT": str(tmp_path / "o.gpkg")})["DATES"] == 2


def test_help_says_which_dates_are_left_out():
    from qgis.core import QgsApplication

    algorithm = QgsApplication.processingRegistry().algorithmById(NAME)
    for name, others in (("MIN_DATE", "Earlier"), ("MAX_DATE", "Later")):
        assert algorithm.parameterDefinition(name).help().startswith(f"{others} dates are left out")


def test_help_of_the_inventory_names_the_field_of_each_release():
    from qgis.core import QgsApplication

    registry = QgsApplication.processingRegistry()
    algorithm = registry.algorithmById("subsidence:insarinventory")
    assert "rmse_ts (release 2020–2024) or rmse (older" in algorithm.shortHelpString()
    text = algorithm.parameterDefinition("QUALITY_FIELD").help()
    assert "rmse_ts (L3 of 2020–2024), rmse (older L3)" in text


def test_other_columns_of_coordinates_and_geojson(run, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TABLE.replace("x,y", "rechts,hoch"))
    target = str(tmp_path / "out.geojson")
    fields = {"X_FIELD": "rechts", "Y_FIELD": "hoch", "CRS": "EPSG:32648"}
    run(NAME, {"INPUT": [str(path)], **fields, "OUTPUT": target})
    assert read_features(target).columns["D20200109"].tolist() == [1, 2]


def test_errors_are_one_sentence(run, tmp_path, table):
    target = str(tmp_path / "out.gpkg")
    with pytest.raises(QgsProcessingException, match="does not say which coordinate reference"):
        run(NAME, {"INPUT": [table], "OUTPUT": target})
    path = str(tmp_path / "e.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(QgsProcessingException, match="holds no csv file; choose the zip of a"):
        run(NAME, {"INPUT": [path], "OUTPUT": target})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e.zip", "series.csv"]


def test_cancel(run, tmp_path, table):
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    run(NAME, {"INPUT": [table], "CRS": "EPSG:32648", "OUTPUT": str(tmp_path / "o.gpkg")}, feedback)
    assert [p.name for p in tmp_path.iterdir()] == ["series.csv"]


def test_several_files_headless(qgis_process, tmp_path, table):
    other = tmp_path / "b.csv"
    other.write_text(TABLE.replace("a,500000", "c,700000"))
    target = tmp_path / "out.gpkg"
    done = qgis_process(
        "run", NAME, f"--INPUT={table}", f"--INPUT={other}", "--CRS=EPSG:32648",
        "--MIN_DATE=2020-01-05", f"--OUTPUT={target}",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"DUPLICATES:\s+1", done.stdout)
    assert re.search(r"POINTS:\s+3", done.stdout)
    found = read_features(str(target))
    assert np.isfinite(found.number("mean_velocity")).all()
    assert "D20200103" not in found.columns
