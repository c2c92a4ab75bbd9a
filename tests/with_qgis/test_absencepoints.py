"""``subsidence:absencepoints`` by id: masks, candidates, layers in memory, bad input, Cancel."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from osgeo import osr
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsVectorLayer,
)

NAME = "subsidence:absencepoints"
reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
GRID = Grid(60, 60, (500000.0, 10.0, 0.0, 2000600.0, 0.0, -10.0), reference.ExportToWkt())


@pytest.fixture
def mask(tmp_path):
    values = np.ones((1, 60, 60), np.float32)
    values[0, :, :30] = np.nan
    with RasterWriter(str(tmp_path / "mask.tif"), GRID, ["a"]) as writer:
        writer.write(values)
    return str(tmp_path / "mask.tif")


@pytest.fixture
def presence(tmp_path):
    rng = np.random.default_rng(2)
    path = str(tmp_path / "presence.gpkg")
    x, y = rng.uniform(0, 600, (2, 40))
    write_points(path, x + 500000, y + 2000000, {}, GRID.crs)
    return path


def memory_layer(kind, wkts):
    layer = QgsVectorLayer(f"{kind}?crs=EPSG:32648", "in memory", "memory")
    features = []
    for wkt in wkts:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def test_absence_points_in_a_mask(run, tmp_path, mask, presence, log):
    target = str(tmp_path / "out.gpkg")
    options = {"MASK": mask, "RATIO": 1.5, "MIN_DISTANCE": 15, "SPACING": 5, "OUTPUT": target}
    result = run(NAME, {"PRESENCE": presence, **options}, log)
    assert result == {"OUTPUT": target, "PRESENCE_POINTS": 40, "ABSENCE_POINTS": 60}
    found, given = read_features(target), read_features(presence)
    absent = found.number("label") == 0
    assert absent.sum() == 60
    x, y = found.x[absent], found.y[absent]
    assert x.min() >= 500300
    assert np.hypot(x[:, None] - given.x, y[:, None] - given.y).min() >= 15
    assert "The mask has 1800 valid cells." in log.text


def test_polygons_in_memory_as_presence_and_as_mask(run, tmp_path):
    box = (
        "POLYGON ((500000 2000000, 500600 2000000, 500600 2000600, 500000 2000600, 500000 2000000))"
    )
    hole = (
        "POLYGON ((500200 2000200, 500400 2000200, 500400 2000400, 500200 2000400, 500200 2000200))"
    )
    target = str(tmp_path / "out.gpkg")
    layers = {
        "PRESENCE": memory_layer("Polygon", [hole]),
        "MASK_POLYGONS": memory_layer("Polygon", [box]),
    }
    run(NAME, {**layers, "RATIO": 200, "MIN_DISTANCE": 50, "OUTPUT": target})
    found = read_features(target)
    absent = found.number("label") == 0
    dx = np.maximum(np.abs(found.x[absent] - 500300) - 100, 0)
    dy = np.maximum(np.abs(found.y[absent] - 2000300) - 100, 0)
    assert absent.sum() == 200
    assert np.hypot(dx, dy).min() >= 50
    assert (found.x[~absent][0], found.y[~absent][0]) == pytest.approx((500300, 2000300), abs=100)


def test_candidates_are_the_only_places(run, tmp_path, presence):
    wkts = [f"POINT ({500000 + 10 * i} 2000900)" for i in range(50)]
    parameters = {"PRESENCE": presence, "CANDIDATES": memory_layer("Point", wkts), "RATIO": 0.5}
    result = run(NAME, {**parameters, "OUTPUT": str(tmp_path / "out.gpkg")})
    found = read_features(result["OUTPUT"])
    absent = found.number("label") == 0
    assert absent.sum() == 20
    assert set(found.y[absent]) == {2000900.0}
    assert len(set(found.x[absent])) == 20


def test_bad_input_is_one_sentence_and_no_file(run, tmp_path, mask, presence):
    target = tmp_path / "out.gpkg"
    empty, far = memory_layer("Point", []), memory_layer("Point", ["POINT (0 0)"])
    box = memory_layer("Polygon", ["POLYGON ((0 0, 1 0, 1 1, 0 0))"])
    for parameters, text in [
        ({"PRESENCE": empty, "MASK": mask}, "The layer of subsidence holds no points"),
        ({"PRESENCE": presence, "MASK": mask, "MASK_POLYGONS": box}, "Give either MASK or"),
        ({"PRESENCE": presence, "MASK": mask, "MIN_DISTANCE": 5000}, "No absence point was found"),
        ({"PRESENCE": presence, "MASK": mask, "CANDIDATES": far}, "No candidate lies inside"),
        ({"PRESENCE": presence, "MASK": mask, "OUTPUT": presence}, "The output "),
    ]:
        with pytest.raises(QgsProcessingException) as error:
            run(NAME, {"OUTPUT": str(target), **parameters})
        assert str(error.value).startswith(text)
        assert "Traceback" not in str(error.value)
        assert not target.exists()
    assert len(read_features(presence)) == 40


def test_cancel_leaves_nothing(run, tmp_path, mask, presence):
    feedback = QgsProcessingFeedback()
    feedback.cancel()
    parameters = {"PRESENCE": presence, "MASK": mask, "OUTPUT": str(tmp_path / "out.gpkg")}
    run(NAME, parameters, feedback)
    assert not [p for p in tmp_path.iterdir() if "out" in p.name]


def test_qgis_process_ends_with_an_error_code(qgis_process, tmp_path, mask, presence):
    target = tmp_path / "out.gpkg"
    arguments = [f"--PRESENCE={presence}", f"--MASK={mask}", f"--OUTPUT={target}"]
    done = qgis_process("run", NAME, *arguments)
    assert done.returncode == 0, done.stderr
    assert len(read_features(str(target))) == 80
    target.unlink()
    done = qgis_process("run", NAME, *arguments, "--MIN_DISTANCE=9999")
    assert done.returncode != 0
    assert "No absence point was found" in done.stdout + done.stderr
    assert not target.exists()
