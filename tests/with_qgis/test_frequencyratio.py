"""The frequency ratio algorithm by id, and through ``qgis_process``."""

import csv

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from qgis.core import QgsProcessingException, QgsVectorLayer

GRID = Grid(100, 100, (500000.0, 10.0, 0.0, 2300000.0, 0.0, -10.0), "")


@pytest.fixture
def area(tmp_path):
    """Classes 1 to 5 in bands of 20 rows; 200 events, the higher the class the denser."""
    from osgeo import osr

    utm = osr.SpatialReference()
    utm.ImportFromEPSG(32648)
    grid = Grid(GRID.width, GRID.height, GRID.transform, utm.ExportToWkt())
    classes = np.repeat(np.arange(1, 6, dtype=np.uint8), 20)[:, None] * np.ones((1, 100), np.uint8)
    with RasterWriter(
        str(tmp_path / "classes.tif"), grid, ["class"], "uint8",
        metadata={"SUBSIDENCE_KIND": "susceptibility_classes"},
    ) as writer:  # fmt: skip
        writer.write(classes, band=1)
    probability = (np.arange(100, dtype=np.float32)[:, None] / 100 + 0.005) * np.ones((1, 100))
    with RasterWriter(str(tmp_path / "probability.tif"), grid, ["probability"]) as writer:
        writer.write(probability.astype(np.float32), band=1)
    # 0, 20, 40, 60 and 80 events in classes 1 to 5, every second one for validation.
    rows = np.repeat(np.arange(5) * 20, np.arange(5) * 20)
    columns = np.concatenate([np.arange(n) for n in np.arange(5) * 20])
    x, y = grid.xy(columns + 0.5, rows + 0.5)
    split = np.where(np.arange(200) % 2, "train", "validation").tolist()
    write_points(
        str(tmp_path / "samples.gpkg"), x, y,
        {"label": np.ones(200, int), "split": split}, grid.crs,
    )  # fmt: skip
    return tmp_path


def table(path):
    layer = QgsVectorLayer(str(path), "t", "ogr")
    return [f.attributeMap() for f in layer.getFeatures()]


def test_ratios_rates_and_report_by_id(area, run, log):
    result = run(
        "subsidence:frequencyratio",
        {
            "CLASS_RASTER": str(area / "classes.tif"),
            "POINTS": str(area / "samples.gpkg"),
            "PROBABILITY": str(area / "probability.tif"),
            "OUTPUT": str(area / "ratios.gpkg"),
            "REPORT": str(area / "report.html"),
        },
        log,
    )
    rows = table(result["OUTPUT"])
    assert [row["frequency_ratio"] for row in rows] == pytest.approx([0, 0.5, 1, 1.5, 2])
    assert [row["validation_events"] for row in rows] == [0, 10, 20, 30, 40]
    # All events of a class lie in its first, least probable row: 19.5 rows above them and half.
    expected = sum(k * 10 * ((5 - k - 1) * 20 + 19.5) for k in range(5)) / 100 / 100
    assert result["PREDICTION_RATE"] == pytest.approx(1 - expected, abs=1e-6)
    assert result["SUCCESS_RATE"] == pytest.approx(1 - expected, abs=1e-6)
    assert result["EVENTS"] == 100
    assert "Events by split: train 100, validation 100." in log.text
    page = (area / "report.html").read_text(encoding="utf-8")
    assert "holds 40.0 % of 100 validation events: frequency ratio 2.00" in page
    assert page.count("data:image/png") == 2


def test_selected_and_memory_points_are_taken_as_they_are(area, run):
    points = QgsVectorLayer(str(area / "samples.gpkg"), "samples", "ogr")
    points.setSubsetString("\"split\" = 'train'")
    arguments = {"CLASS_RASTER": str(area / "classes.tif"), "OUTPUT": str(area / "ratios.csv")}
    run("subsidence:frequencyratio", {**arguments, "POINTS": points, "ROWS": 2})
    assert sum(row["events"] for row in table(area / "ratios.csv")) == 100
    memory = QgsVectorLayer("Point?crs=EPSG:32648", "m", "memory")
    points.setSubsetString("")
    memory.dataProvider().addFeatures(list(points.getFeatures()))
    run("subsidence:frequencyratio", {**arguments, "POINTS": memory})
    assert sum(row["events"] for row in table(area / "ratios.csv")) == 200


def test_no_presence_fails_with_one_sentence_and_no_output(area, run):
    points = QgsVectorLayer(str(area / "samples.gpkg"), "samples", "ogr")
    points.setSubsetString('"label" = 0')
    arguments = {"CLASS_RASTER": str(area / "classes.tif"), "OUTPUT": str(area / "ratios.gpkg")}
    with pytest.raises(QgsProcessingException, match="no points or polygons"):
        run("subsidence:frequencyratio", {**arguments, "POINTS": points})
    arguments["CLASS_RASTER"] = str(area / "probability.tif")
    points.setSubsetString("")
    with pytest.raises(QgsProcessingException, match="does not hold classes"):
        run("subsidence:frequencyratio", {**arguments, "POINTS": points})
    assert not [p for p in area.iterdir() if "ratios" in p.name]


def test_through_qgis_process(area, qgis_process):
    arguments = [
        f"--CLASS_RASTER={area / 'classes.tif'}", f"--POINTS={area / 'samples.gpkg'}",
        f"--PROBABILITY={area / 'probability.tif'}", "--LABEL_FIELD=label", "--SPLIT_FIELD=split",
        f"--OUTPUT={area / 'ratios.csv'}", f"--REPORT={area / 'report.html'}",
    ]  # fmt: skip
    done = qgis_process("run", "subsidence:frequencyratio", *arguments)
    assert done.returncode == 0, done.stderr
    with (area / "ratios.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["frequency_ratio"]) for row in rows] == pytest.approx([0, 0.5, 1, 1.5, 2])
    assert "Real" in (area / "ratios.csvt").read_text(encoding="utf-8")
    assert (area / "report.html").exists()
    bad = qgis_process(
        "run", "subsidence:frequencyratio", *arguments[:4], "--SPLIT_FIELD=part",
        f"--OUTPUT={area / 'other.csv'}",
    )  # fmt: skip
    assert bad.returncode != 0
    assert "There is no field 'part'" in bad.stdout + bad.stderr
    assert "Traceback" not in bad.stdout + bad.stderr
    assert not (area / "other.csv").exists()


def test_help_names_every_parameter(qgis_app):
    from qgis.core import QgsApplication

    algorithm = QgsApplication.processingRegistry().algorithmById("subsidence:frequencyratio")
    assert all(parameter.help() for parameter in algorithm.parameterDefinitions())
    names = {p.name() for p in algorithm.parameterDefinitions()}
    assert names >= {"CLASS_RASTER", "POINTS", "LABEL_FIELD", "SPLIT_FIELD", "PROBABILITY"}
