"""Susceptibility classes by id: breaks, km² and shares by hand, style, refusals."""

import csv

import jenkspy
import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from osgeo import osr

ID = "subsidence:classifysusceptibility"
LABELS = ["Very low", "Low", "Moderate", "High", "Very high"]


def write(path, values, cell=500.0, code=32648, y=0.0):
    values = np.asarray(values, np.float32)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(code)
    rows, columns = values.shape
    grid = Grid(columns, rows, (0, cell, 0, y, 0, -cell), reference.ExportToWkt())
    with RasterWriter(str(path), grid, ["probability"], kinds=["continuous"]) as writer:
        writer.write(values, band=1)
    return str(path)


def classify(run, tmp_path, source, feedback=None, **parameters):
    output, table = str(tmp_path / "classes.tif"), str(tmp_path / "classes.csv")
    run(ID, {"INPUT": source, "OUTPUT": output, "TABLE": table, **parameters}, feedback=feedback)
    with open(table, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return np.nan_to_num(Raster(output).read()[0]).astype(int), rows


def test_breaks_of_the_paper(run, log, tmp_path):
    values = [
        [0, 0.078125, 0.0782, 0.249999],
        [0.25, 0.507811, 0.6, 0.781248],
        [0.79, 1, np.nan, 0.9],
    ]
    codes, rows = classify(run, tmp_path, write(tmp_path / "p.tif", values), log, METHOD=5)
    assert codes.tolist() == [[1, 1, 2, 2], [3, 3, 4, 4], [5, 5, 0, 5]]
    assert [row["label"] for row in rows] == LABELS
    assert [int(row["cells"]) for row in rows] == [2, 2, 2, 2, 3]
    assert [float(row["area_km2"]) for row in rows] == [0.5, 0.5, 0.5, 0.5, 0.75]
    assert [float(row["share"]) for row in rows] == pytest.approx([2 / 11] * 4 + [3 / 11])
    assert (float(rows[0]["lower"]), float(rows[0]["upper"])) == (0, 0.078125)
    assert (float(rows[4]["lower"]), float(rows[4]["upper"])) == (0.781248, 1)
    assert "5 Very high: 0.781248 to 1, 0.75 km², 27.27 %" in log.text
    raster = Raster(str(tmp_path / "classes.tif"))
    assert raster.metadata["SUBSIDENCE_KIND"] == "susceptibility_classes"
    assert raster.bands[0].data_type == "Byte"
    style = (tmp_path / "classes.qml").read_text(encoding="utf-8")
    assert all(f'label="{label}"' in style for label in LABELS)


def test_jenks_is_the_default(run, tmp_path):
    values = np.random.default_rng(0).beta(0.5, 1, (40, 50)).astype(np.float32)
    codes, rows = classify(run, tmp_path, write(tmp_path / "p.tif", values))
    breaks = jenkspy.jenks_breaks(values.ravel().astype(float), n_classes=5)[1:-1]
    assert [float(row["upper"]) for row in rows[:4]] == pytest.approx(breaks, rel=1e-6)
    assert np.array_equal(codes, np.digitize(values, np.float32(breaks), right=True) + 1)


def test_other_methods_and_numbers_of_classes(run, tmp_path):
    source = write(tmp_path / "p.tif", [[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.9]])
    codes, rows = classify(run, tmp_path, source, METHOD=1, CLASSES=4)
    assert codes.tolist() == [[1, 1, 2, 2], [3, 3, 4, 4]]
    assert [row["label"] for row in rows] == ["Low", "Moderate", "High", "Very high"]
    codes, rows = classify(run, tmp_path, source, METHOD=4, BREAKS="0.15 0.25 0.35 0.45 0.55 0.65")
    assert codes.tolist() == [[1, 2, 3, 4], [5, 6, 7, 7]]
    assert rows[0]["label"] == "Class 1 (lowest)"
    assert rows[6]["label"] == "Class 7 (highest)"
    codes, _ = classify(run, tmp_path, source, METHOD=2, CLASSES=2)
    assert codes.tolist() == [[1, 1, 1, 1], [1, 2, 2, 2]]  # break 0.5


def test_areas_in_degrees_shrink_towards_the_pole(run, tmp_path):
    source = write(tmp_path / "p.tif", [[0.1, 0.2], [0.8, 0.9]], 1.0, 4326, 61.0)
    _, rows = classify(run, tmp_path, source, METHOD=4, BREAKS="0.5")
    # WGS 84, authalic formula by hand: cells of 1° between 59, 60 and 61° north
    a, e = 6378.137, 0.0818191908426

    def zone(degrees):
        s = np.sin(np.radians(degrees))
        q = (1 - e**2) * (s / (1 - (e * s) ** 2) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))
        return 0.5 * a**2 * q * np.radians(1)

    expected = [2 * (zone(61) - zone(60)), 2 * (zone(60) - zone(59))]
    assert [float(row["area_km2"]) for row in rows] == pytest.approx(expected, rel=1e-9)
    assert expected[0] < expected[1]
    assert float(rows[0]["share"]) == pytest.approx(expected[0] / sum(expected))


def test_style_loads_with_its_labels(run, tmp_path):
    from qgis.core import QgsRasterLayer

    classify(run, tmp_path, write(tmp_path / "p.tif", np.linspace(0, 1, 64).reshape(8, 8)))
    layer = QgsRasterLayer(str(tmp_path / "classes.tif"), "classes")
    items = layer.renderer().legendSymbologyItems()
    assert [text for text, _colour in items] == LABELS


def test_refusals(run, tmp_path):
    from qgis.core import QgsProcessingException

    ramp = write(tmp_path / "p.tif", [[0.1, 0.2], [0.8, np.nan]])
    flat = write(tmp_path / "flat.tif", [[0.5, 0.5]])
    empty = write(tmp_path / "empty.tif", [[np.nan, np.nan]])
    folder = tmp_path / "out"
    folder.mkdir()
    for source, parameters, message in (
        (ramp, {}, "has 3 distinct values, fewer than the 5 classes asked for"),
        (flat, {}, "is constant (0.5 in every cell)"),
        (empty, {}, "has no valid cell"),
        (empty, {"METHOD": 5}, "has no valid cell to classify"),
        (ramp, {"METHOD": 4}, "the manual method needs breaks"),
        (ramp, {"METHOD": 4, "BREAKS": "0.5, 0.2"}, "the breaks 0.5, 0.2 do not increase"),
    ):
        with pytest.raises(QgsProcessingException) as failure:
            run(ID, {"INPUT": source, "OUTPUT": str(folder / "c.tif"), **parameters})
        assert message in str(failure.value)
        assert not list(folder.iterdir())


def test_headless_on_a_raster_larger_than_what_is_held(qgis_process, tmp_path):
    """17 million cells: the breaks come from streamed bins, equal to numpy's quantiles."""
    from osgeo import gdal

    path = str(tmp_path / "p.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(
        path, 4200, 4100, 1, gdal.GDT_Float32, ["TILED=YES"]
    )
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.SetGeoTransform((0, 10, 0, 0, 0, -10))
    values = np.random.default_rng(0).random((4100, 4200), dtype=np.float32)
    dataset.GetRasterBand(1).WriteArray(values)
    dataset = None
    table = tmp_path / "c.csv"
    done = qgis_process(
        "run", ID, f"--INPUT={path}", "--METHOD=1", f"--OUTPUT={tmp_path}/c.tif", f"--TABLE={table}"
    )
    assert done.returncode == 0, done.stderr
    with table.open(encoding="utf-8", newline="") as file:
        uppers = [float(row["upper"]) for row in csv.DictReader(file)][:4]
    assert uppers == pytest.approx(np.quantile(values, [0.2, 0.4, 0.6, 0.8]), abs=5e-5)
