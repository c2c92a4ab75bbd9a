"""The frequency ratio job on rasters and points worked out by hand."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress

pytest.importorskip("osgeo.gdal")

from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import read_features, transform_points
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from osgeo import gdal, ogr, osr

UTM = osr.SpatialReference()
UTM.ImportFromEPSG(32648)
UTM = UTM.ExportToWkt()
#: Six columns, four rows of 10 m; class 1 has 12 cells, 2 has 6, 3 has 4; two cells have no data.
CLASSES = np.array(
    [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2], [3, 3, 3, 3, 0, 0]], np.uint8
)
GRID = Grid(6, 4, (580000.0, 10.0, 0.0, 2325000.0, 0.0, -10.0), UTM)


def centre(column, row):
    return GRID.xy(column + 0.5, row + 0.5)


@pytest.fixture
def class_raster(tmp_path):
    path = str(tmp_path / "classes.tif")
    with RasterWriter(
        path, GRID, ["susceptibility"], "uint8",
        metadata={"SUBSIDENCE_KIND": "susceptibility_classes"},
    ) as writer:  # fmt: skip
        writer.write(CLASSES, band=1)
    return path


def points(tmp_path, cells, name="points.gpkg", crs=UTM, **columns):
    """Write points at cell centres, given as (column, row)."""
    x, y = np.array([centre(*cell) for cell in cells]).T
    if crs != UTM:
        x, y = transform_points(x, y, UTM, crs)
    path = str(tmp_path / name)
    write_points(path, x, y, {"id": np.arange(len(x)), **columns}, crs)
    return path


class Log:
    def __init__(self):
        self.lines = []
        self.progress = Progress(on_message=lambda text, level: self.lines.append(text))

    @property
    def text(self):
        return "\n".join(self.lines)


def ratios(tmp_path, class_raster, layer, log=None, **arguments):
    output = str(tmp_path / "ratios.csv")
    arguments = {"class_raster": class_raster, "points": layer, "output": output, **arguments}
    results = run_job("frequencyratio", arguments, (log or Log()).progress)
    return read_features(output).columns, results


def test_counts_shares_and_ratios(tmp_path, class_raster):
    layer = points(tmp_path, [(0, 0), (0, 2), (1, 2), (0, 3)])
    table, results = ratios(tmp_path, class_raster, layer)
    assert table["factor"] == ["susceptibility"] * 3
    np.testing.assert_array_equal(table["class"], [1, 2, 3])
    np.testing.assert_array_equal(table["cells"], [12, 6, 4])
    np.testing.assert_array_equal(table["events"], [1, 2, 1])
    np.testing.assert_allclose(table["area_percent"], [100 * 12 / 22, 100 * 6 / 22, 100 * 4 / 22])
    np.testing.assert_allclose(table["event_percent"], [25, 50, 25])
    np.testing.assert_allclose(table["frequency_ratio"], [0.25 * 22 / 12, 0.5 * 22 / 6, 0.25 * 5.5])
    # Curve from class 3 down: (0, 0), (4/22, 1/4), (10/22, 3/4), (1, 1).
    area = (4 * 0.125 + 6 * 0.5 + 12 * 0.875) / 22
    assert results["SUCCESS_RATE"] == pytest.approx(area)
    assert "PREDICTION_RATE" not in results
    assert results["EVENTS"] == 4


def test_places_of_events_are_counted_in_the_log(tmp_path, class_raster):
    cells = [(0, 0), (0, 0), (0.2, 0.1), (5, 3), (40, 2), (2, 2)]
    log = Log()
    table, _ = ratios(tmp_path, class_raster, points(tmp_path, cells), log)
    np.testing.assert_array_equal(table["events"], [1, 1, 0])
    assert "No label field is given: all 6 rows count as subsidence" in log.text
    assert "There is no split field: all events are counted together." in log.text
    assert "1 outside it, 2 in a cell already counted" in log.text
    assert "1 of them on no data of 'susceptibility'" in log.text
    table, _ = ratios(tmp_path, class_raster, points(tmp_path, cells), one_per_cell=False)
    np.testing.assert_array_equal(table["events"], [3, 1, 0])


@pytest.mark.parametrize("epsg", [4326, 3857, 32649])
def test_points_of_another_crs(tmp_path, class_raster, epsg):
    other = osr.SpatialReference()
    other.ImportFromEPSG(epsg)
    layer = points(tmp_path, [(0, 0), (5, 2), (3, 3)], crs=other.ExportToWkt())
    table, _ = ratios(tmp_path, class_raster, layer)
    np.testing.assert_array_equal(table["events"], [1, 1, 1])


SAMPLES = {
    "cells": [(0, 0), (1, 0), (0, 2), (0, 3), (1, 3), (2, 3), (3, 3), (4, 0), (5, 0)],
    "label": np.array([1, 1, 1, 1, 1, 1, 1, 0, 0]),
    "split": ["train", "train", "train", "train", "validation", "validation", "test", "train",
              "validation"],
}  # fmt: skip


def samples(tmp_path, **changes):
    given = {**SAMPLES, **changes}
    return points(tmp_path, given["cells"], label=given["label"], split=given["split"])


def test_validation_presences_give_the_ratio_and_both_splits_are_listed(tmp_path, class_raster):
    table, results = ratios(tmp_path, class_raster, samples(tmp_path))
    np.testing.assert_array_equal(table["events"], [0, 0, 2])
    np.testing.assert_allclose(table["frequency_ratio"], [0, 0, 5.5])
    np.testing.assert_array_equal(table["training_events"], [2, 1, 1])
    np.testing.assert_array_equal(table["validation_events"], [0, 0, 2])
    assert results["PREDICTION_RATE"] == pytest.approx(1 - 2 / 22)
    assert results["SUCCESS_RATE"] == pytest.approx((4 * 0.125 + 6 * 0.375 + 12 * 0.75) / 22)
    for rows, expected in ((1, [2, 1, 1]), (2, [2, 1, 4])):
        table, _ = ratios(tmp_path, class_raster, samples(tmp_path), rows=rows)
        np.testing.assert_array_equal(table["events"], expected)


def test_the_probability_raster_makes_the_curves(tmp_path, class_raster):
    path = str(tmp_path / "probability.tif")
    probability = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)
    probability[3, 4:] = np.nan
    with RasterWriter(path, GRID, ["probability"]) as writer:
        writer.write(probability, band=1)
    table, results = ratios(tmp_path, class_raster, samples(tmp_path), probability=path)
    # Table, log and report say the same areas: those of the probability, not of the classes.
    for kind in ("success", "prediction"):
        assert table[f"{kind}_rate_area"] == pytest.approx([results[f"{kind.upper()}_RATE"]] * 3)
    # Validation events are the 2nd and 3rd most probable of 22 cells, each half way in its step.
    assert results["PREDICTION_RATE"] == pytest.approx(1 - (1.5 + 2.5) / 2 / 22)


def test_every_band_of_a_class_stack(tmp_path):
    path, report = str(tmp_path / "stack.tif"), str(tmp_path / "report.html")
    with RasterWriter(path, GRID, ["soil", "lithology <A>"], "uint8") as writer:
        writer.write(CLASSES, band=1)
        writer.write(np.where(CLASSES == 3, 0, 1 + (CLASSES == 1)).astype(np.uint8), band=2)
    layer, log = samples(tmp_path), Log()
    table, results = ratios(tmp_path, path, layer, log, report=report)
    assert table["factor"] == ["soil"] * 3 + ["lithology <A>"] * 2
    np.testing.assert_array_equal(table["cells"], [12, 6, 4, 8, 12])
    assert "4 of them on no data of 'lithology <A>'" in log.text
    # soil by training ratio: 3 (5.5/4), 2 (5.5/6 ...), 1; both validation events lie in 3.
    np.testing.assert_allclose(table["prediction_rate_area"][:3], 1 - 2 / 22)
    assert np.isnan(table["prediction_rate_area"][3:]).all()
    assert "SUCCESS_RATE" not in results
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "lithology &lt;A&gt;" in page
    assert "the classes of soil order the events best" in page


def test_polygons_count_the_cells_whose_centre_they_hold(tmp_path, class_raster):
    path = str(tmp_path / "areas.gpkg")
    dataset = gdal.GetDriverByName("GPKG").Create(path, 0, 0, 0, gdal.GDT_Unknown)
    longlat = osr.SpatialReference()
    longlat.ImportFromEPSG(4326)
    layer = dataset.CreateLayer("areas", longlat, ogr.wkbPolygon)
    corners = [GRID.xy(c, r) for c, r in ((0, 1.1), (2, 1.1), (2, 3.4), (0, 3.4), (0, 1.1))]
    x, y = transform_points(*np.array(corners).T, UTM, longlat.ExportToWkt())
    feature = ogr.Feature(layer.GetLayerDefn())
    ring = ", ".join(f"{a:.12f} {b:.12f}" for a, b in zip(x, y))
    feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON (({ring}))"))
    layer.CreateFeature(feature)
    feature = layer = dataset = None
    table, results = ratios(tmp_path, class_raster, path)
    np.testing.assert_array_equal(table["events"], [2, 2, 0])
    assert results["EVENTS"] == 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": np.full(9, 0)}, r"No row has the label 1 \(subsidence\) in the field 'label'"),
        ({"label": np.full(9, 3)}, "must be 1 .* or 0 .*, but it also holds 3"),
        ({"label": ["a"] * 9}, "'label' holds text"),
        ({"split": ["train"] * 9}, "No subsidence event has the split 'validation'"),
        ({"split": ["odd"] * 9}, "'split' holds 'odd'; a split is train, validation, test"),
        ({"split": np.arange(9)}, "'split' holds numbers"),
        ({"cells": [(90, 90)] * 9}, "None of the subsidence events lies on data of"),
    ],
)
def test_bad_samples_are_refused_and_leave_nothing(tmp_path, class_raster, changes, words):
    with pytest.raises(InputError, match=words):
        ratios(tmp_path, class_raster, samples(tmp_path, **changes))
    assert not [p for p in tmp_path.iterdir() if "ratios" in p.name]


def test_a_field_that_was_named_must_exist(tmp_path, class_raster):
    with pytest.raises(InputError, match="There is no field 'part'; the fields are id, label"):
        ratios(tmp_path, class_raster, samples(tmp_path), split_field="part")


def test_a_probability_raster_is_no_class_raster(tmp_path):
    path = str(tmp_path / "probability.tif")
    with RasterWriter(path, GRID, ["susceptibility"]) as writer:
        writer.write(np.full((4, 6), 0.3, np.float32), band=1)
    with pytest.raises(InputError, match="'susceptibility' does not hold classes"):
        ratios(tmp_path, path, points(tmp_path, [(0, 0)]))


def test_cancel_stops_at_a_tile_and_leaves_nothing(tmp_path, class_raster):
    log = Log()
    log.progress = Progress(is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        ratios(tmp_path, class_raster, points(tmp_path, [(0, 0)]), log)
    assert not [p for p in tmp_path.iterdir() if "ratios" in p.name]


def test_labels_and_bounds_come_from_the_rasters_own_rule(tmp_path):
    """Five classes of which the highest does not occur: it is listed, without a ratio."""
    probability, classes = str(tmp_path / "p.tif"), str(tmp_path / "c.tif")
    values = np.linspace(0, 0.7, 24, dtype=np.float32).reshape(4, 6)
    with RasterWriter(probability, GRID, ["probability"]) as writer:
        writer.write(values, band=1)
    breaks = [0.078125, 0.249999, 0.507811, 0.781248]
    arguments = {"probability": probability, "output": classes, "method": 4, "breaks": breaks}
    run_job("classifysusceptibility", arguments, Progress())
    table, _ = ratios(tmp_path, classes, points(tmp_path, [(0, 0), (5, 3)]))
    assert table["label"] == ["Very low", "Low", "Moderate", "High", "Very high"]
    np.testing.assert_allclose(table["upper"][:4], breaks)
    np.testing.assert_array_equal(table["cells"], [3, 6, 8, 7, 0])
    assert np.isnan(table["frequency_ratio"][4])
    np.testing.assert_allclose(table["frequency_ratio"][:4], [4, 0, 0, 12 / 7])
    np.testing.assert_allclose(table["area_km2"][:4], np.array([3, 6, 8, 7]) * 1e-4)


def test_a_raster_in_degrees_counts_area_not_cells(tmp_path):
    longlat = osr.SpatialReference()
    longlat.ImportFromEPSG(4326)
    grid = Grid(1, 2, (105.0, 10.0, 0.0, 70.0, 0.0, -35.0), longlat.ExportToWkt())
    path = str(tmp_path / "world.tif")
    with RasterWriter(path, grid, ["zone"], "uint8") as writer:
        writer.write(np.array([[1], [2]], np.uint8), band=1)
    layer = str(tmp_path / "p.gpkg")
    write_points(layer, np.array([110.0, 110.0]), np.array([60.0, 10.0]), {}, grid.crs)
    table, _ = ratios(tmp_path, path, layer)
    # On a sphere the zones have the areas sin 70 - sin 35 and sin 35; the ellipsoid is near it.
    south = np.sin(np.radians(35)) / np.sin(np.radians(70))
    np.testing.assert_allclose(table["area_percent"], [100 * (1 - south), 100 * south], atol=0.3)
    np.testing.assert_allclose(table["frequency_ratio"], 50 / table["area_percent"])
