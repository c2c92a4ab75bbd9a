"""Streamed GPKGs are whole: rows, nulls, index, extent, counts; and other formats."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError, OutputError
from land_subsidence.subsidence_plugin.engine.vector.extent_filter import ExtentFilter
from land_subsidence.subsidence_plugin.engine.vector.point_stream import PointStream
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.series_layer import read_series
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from osgeo import gdal, ogr

FIELDS = [("pid", "text"), ("n", "integer"), ("v", "real"), ("D20200103", "real")]
CRS = "EPSG:3035"


def streamed(path, remove=()):
    metadata = {"SUBSIDENCE_KIND": "insar", "COMPONENT": "U"}
    order = ["n", "pid", "v", "D20200103"]
    with PointStream(str(path), FIELDS, CRS, metadata, order) as stream:
        for start in (0, 3):
            x = np.arange(start, start + 3) * 10.0
            numbers = np.column_stack([x, x / 3, np.where(x == 10, np.nan, x)])
            stream.write(x, x + 1, [[f"p{i}" for i in range(start, start + 3)]], numbers)
        stream.remove(np.array(remove, dtype=int))
        return stream.finish()


def test_rows_nulls_order_and_metadata(tmp_path):
    assert streamed(tmp_path / "s.gpkg") == 6
    found = read_features(str(tmp_path / "s.gpkg"))
    assert list(found.columns) == ["n", "pid", "v", "D20200103"]
    assert found.columns["pid"] == [f"p{i}" for i in range(6)]
    np.testing.assert_array_equal(found.columns["D20200103"], [0, np.nan, 20, 30, 40, 50])
    np.testing.assert_array_equal(found.y, found.x + 1)
    assert found.metadata["COMPONENT"] == "U"


def test_rows_taken_out_count_extent_index_and_triggers(tmp_path):
    path = tmp_path / "s.gpkg"
    assert streamed(path, [0, 5]) == 4
    dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_UPDATE)
    layer = dataset.GetLayer(0)
    assert layer.GetFeatureCount() == 4
    assert layer.GetExtent() == (10, 40, 11, 41)
    assert layer.TestCapability(ogr.OLCFastSpatialFilter)
    layer.SetSpatialFilterRect(15, 0, 35, 100)
    assert [feature["pid"] for feature in layer] == ["p2", "p3"]
    layer.SetSpatialFilter(None)
    layer.DeleteFeature(2)
    assert layer.GetFeatureCount() == 3
    dataset = layer = None
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        count = database.execute("SELECT feature_count FROM gpkg_ogr_contents").fetchone()
        assert count == (3,)


@pytest.mark.parametrize("suffix", ["geojson", "csv", "fgb"])
def test_other_formats(tmp_path, suffix):
    path = tmp_path / f"s.{suffix}"
    assert streamed(path, [1]) == 5
    found = read_features(str(path))
    assert sorted(found.columns["pid"]) == ["p0", "p2", "p3", "p4", "p5"]
    assert not (tmp_path / "s.gpkg").exists()


def test_formats_and_columns_beyond_what_is_possible(tmp_path):
    with pytest.raises(OutputError, match=r"The format of .* is not known; use .gpkg, .csv"):
        PointStream(str(tmp_path / "s.xyz"), FIELDS, CRS, {})
    many = [(f"D{i}", "real") for i in range(1999)]
    with pytest.raises(OutputError, match="would have 1999 fields, and a GPKG has at most 1998"):
        PointStream(str(tmp_path / "s.gpkg"), many, CRS, {})


@pytest.mark.parametrize("suffix", ["gpkg", "geojson"])
def test_series_are_read_back_in_order_without_empty_points(tmp_path, suffix):
    path = str(tmp_path / f"series.{suffix}")
    columns = {
        "pid": ["a", "b", "c", "d"],
        "D20200109": np.array([2, np.nan, np.nan, 8.0]),
        "mean_velocity": np.array([1.0, 2, 3, 4]),
        "D20200103": np.array([1, 5, np.nan, 7.0]),
    }
    x = np.array([1.0, 2, 3, np.nan])
    write_points(path, x, x, columns, CRS, {"COMPONENT": "LOS"})
    found = read_series(path, "The layer")
    assert found.x.tolist() == [1, 2]
    assert [str(date) for date in found.dates] == ["2020-01-03", "2020-01-09"]
    assert found.series.dtype == np.float32
    np.testing.assert_array_equal(found.series, [[1, 2], [5, np.nan]])
    assert found.columns["mean_velocity"].tolist() == [1, 2]


def test_layers_that_are_no_series(tmp_path):
    path = str(tmp_path / "a.gpkg")
    write_points(path, np.zeros(2), np.zeros(2), {"v": np.ones(2)}, CRS)
    with pytest.raises(InputError, match="The layer has no column of a date"):
        read_series(path, "The layer")
    write_points(path + "2.gpkg", np.zeros(2), np.zeros(2), {"D20200103": ["x", "y"]}, CRS)
    with pytest.raises(InputError, match="The layer holds text in the field 'D20200103'; import"):
        read_series(path + "2.gpkg", "The layer")
    empty = {"D20200103": np.full(2, np.nan)}
    write_points(path + "3.gpkg", np.zeros(2), np.zeros(2), empty, CRS)
    with pytest.raises(InputError, match="The layer holds no point with a time series; choose"):
        read_series(path + "3.gpkg", "The layer")


def test_extents_in_another_system():
    same = ExtentFilter([0, 0, 10, 10, ""], CRS)
    assert same.inside(np.array([0, 11, 5]), np.array([10, 5, 5])).tolist() == [True, False, True]
    # Ustica: the point of the product that lies at 38.690708 N, 13.171103 E.
    x, y = np.array([4598603.43] * 2), np.array([1739722.18, 1739722.18 + 50])
    degrees = ExtentFilter([13.17, 38.69, 13.18, 38.6908, "EPSG:4326"], CRS)
    assert degrees.inside(x, y).tolist() == [True, False]
    with pytest.raises(InputError, match="EXTENT has no area; draw or choose another"):
        ExtentFilter([0, 0, 0, 10, ""], CRS)
