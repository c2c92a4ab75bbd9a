"""Layers written and read back, through OGR and through SQLite alike."""

import sqlite3

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError, OutputError
from land_subsidence.subsidence_plugin.engine.vector import read, write
from land_subsidence.subsidence_plugin.engine.vector.read import read_features, transform_points
from land_subsidence.subsidence_plugin.engine.vector.write import (
    refuse_shapefile,
    write_points,
    write_table,
)
from osgeo import gdal, ogr, osr

UTM48 = "EPSG:32648"
ROWS = 50


def columns():
    rng = np.random.default_rng(1)
    values = rng.random(ROWS)
    values[3] = np.nan
    return {
        "label": np.arange(ROWS) % 2,
        "big": np.arange(ROWS, dtype=np.int64) * 10**12,
        "small": np.arange(ROWS, dtype=np.uint8),
        "flag": np.arange(ROWS) % 3 == 0,
        "value": values,
        "single": values.astype(np.float32),
        "some": [None if i == 5 else i for i in range(ROWS)],
        'Tên "đất"': ["Hà Nội", None, *["x"] * (ROWS - 2)],
        "split": np.array(["train"] * ROWS),
    }


@pytest.fixture(params=["ogr", "sqlite"])
def way(request, monkeypatch):
    """Both ways of writing and of reading a GPKG."""
    monkeypatch.setattr(write, "MANY_VALUES", 0 if request.param == "sqlite" else 10**9)
    if request.param == "ogr":
        monkeypatch.setattr(read, "_read_fast", lambda *arguments: False)
    return request.param


def test_gpkg_round_trip(tmp_path, way):
    x, y = np.random.default_rng(2).uniform(5e5, 6e5, (2, ROWS))
    path, given = str(tmp_path / "a.gpkg"), columns()
    write_points(path, x, y, given, UTM48, {"SUBSIDENCE_KIND": "samples", "note": "ä"})
    found = read_features(path)
    assert (found.geometry, len(found)) == ("point", ROWS)
    assert np.array_equal(found.x, x)
    assert np.array_equal(found.y, y)
    assert osr.SpatialReference(found.crs).GetAuthorityCode(None) == "32648"
    assert found.metadata["SUBSIDENCE_KIND"] == "samples"
    assert found.metadata["note"] == "ä"
    assert list(found.columns) == list(given)
    for name in ("label", "big", "small", "flag", "value", "single"):
        assert np.array_equal(found.number(name), given[name].astype(float), equal_nan=True)
    assert np.isnan(found.number("some")[5])
    assert found.columns['Tên "đất"'] == given['Tên "đất"']
    assert found.columns["split"] == ["train"] * ROWS


def test_gpkg_filled_through_sqlite_is_a_whole_gpkg(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "MANY_VALUES", 0)
    x, y = np.arange(10.0), np.arange(10.0) * 2 + 1
    path = str(tmp_path / "a b'c.gpkg")
    write_points(path, x, y, {"value": x}, UTM48)
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    extent = database.execute("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents").fetchone()
    assert extent == (0, 1, 9, 19)
    assert database.execute("SELECT feature_count FROM gpkg_ogr_contents").fetchone() == (10,)
    triggers = {
        r[0] for r in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
    }
    database.close()
    assert any("rtree" in name for name in triggers)
    assert any("feature_count" in name for name in triggers)
    # OGR edits it as its own: counts, index and extent follow.
    dataset = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_UPDATE)
    layer = dataset.GetLayer(0)
    assert layer.TestCapability(ogr.OLCFastSpatialFilter)
    layer.SetSpatialFilterRect(2.5, 0, 4.5, 100)
    assert [f["value"] for f in layer] == [3, 4]
    layer.SetSpatialFilter(None)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt("POINT (100 100)"))
    layer.CreateFeature(feature)
    layer.DeleteFeature(1)
    assert layer.GetFeatureCount() == 10
    layer.SetSpatialFilterRect(99, 99, 101, 101)
    assert layer.GetFeatureCount() == 1


def test_many_columns_go_into_larger_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "MANY_VALUES", 0)
    wide = {f"D2020{i:04}": np.full(5, float(i)) for i in range(120)}
    write_points(str(tmp_path / "a.gpkg"), np.arange(5.0), np.arange(5.0), wide, UTM48)
    write_points(str(tmp_path / "b.gpkg"), np.arange(5.0), np.arange(5.0), {"v": [1] * 5}, UTM48)
    sizes = [
        sqlite3.connect(tmp_path / name).execute("PRAGMA page_size").fetchone()[0]
        for name in ("a.gpkg", "b.gpkg")
    ]
    assert sizes == [16384, 4096]
    assert read_features(str(tmp_path / "a.gpkg")).number("D20200119").tolist() == [119.0] * 5


def test_points_that_are_not_finite_have_no_geometry_and_are_left_out(tmp_path, way):
    path = str(tmp_path / "a.gpkg")
    x = np.array([1.0, np.nan, np.inf, 4.0])
    write_points(path, x, x, {"v": np.arange(4)}, UTM48)
    found = read_features(path)
    assert found.x.tolist() == [1, 4]
    assert found.number("v").tolist() == [0, 3]
    assert found.empty == 2
    dataset = gdal.OpenEx(path)
    assert dataset.GetLayer(0).GetFeatureCount() == 4


def test_tables_without_geometry(tmp_path, way):
    path = str(tmp_path / "t.gpkg")
    write_table(path, {"class": ["low", "high"], "ratio": [0.5, None], "n": [3, 4]})
    found = read_features(path)
    assert found.geometry == "none"
    assert found.columns["class"] == ["low", "high"]
    assert np.array_equal(found.number("ratio"), [0.5, np.nan], equal_nan=True)
    dataset = gdal.OpenEx(path)
    layer = dataset.GetLayer(0)
    types = [layer.GetLayerDefn().GetFieldDefn(i).GetTypeName() for i in range(3)]
    assert types == ["String", "Real", "Integer64"]


def test_csv_keeps_types_for_qgis(tmp_path):
    path = str(tmp_path / "t.csv")
    write_table(path, {"class": ["low"], "ratio": [0.5], "n": [3]})
    assert (tmp_path / "t.csvt").read_text().replace('"', "").strip() == ("String,Real,Integer64")
    assert (tmp_path / "t.csv").read_text().splitlines() == ["class,ratio,n", "low,0.5,3"]
    assert read_features(path).number("ratio").tolist() == [0.5]


@pytest.mark.parametrize("name", ["a.geojson", "a.fgb", "a.shp", "a.sqlite"])
def test_other_formats(tmp_path, name):
    path = str(tmp_path / name)
    write_points(path, np.array([105.5, 106]), np.array([21.0, 22]), {"v": [1, 2]}, "EPSG:4326")
    found = read_features(path)
    assert sorted(found.x.tolist()) == [105.5, 106]
    assert sorted(found.number("v").tolist()) == [1, 2]


def test_empty_layers_are_written_and_read(tmp_path, way):
    path = str(tmp_path / "a.gpkg")
    write_points(path, np.empty(0), np.empty(0), {"v": np.empty(0)}, UTM48)
    found = read_features(path)
    assert (len(found), found.geometry) == (0, "point")
    assert found.number("v").shape == (0,)


def test_impossible_writing_is_one_sentence(tmp_path):
    points = (np.zeros(2), np.zeros(2))
    with pytest.raises(OutputError, match=r"The format of '.*a\.xyz' is not known; use \.gpkg"):
        write_points(str(tmp_path / "a.xyz"), *points, {}, UTM48)
    with pytest.raises(OutputError, match="The column 'v' has 3 values for 2 rows"):
        write_points(str(tmp_path / "a.gpkg"), *points, {"v": [1, 2, 3]}, UTM48)
    with pytest.raises(OutputError, match=r"The layer '.*a\.gpkg' cannot be written: ."):
        write_points(str(tmp_path / "no" / "a.gpkg"), *points, {}, UTM48)
    with pytest.raises(OutputError, match="Samples cannot be a shapefile"):
        refuse_shapefile("folder/A.SHP", "Samples")


def layer_of(path, wkts, kind=ogr.wkbUnknown, fields=()):
    dataset = gdal.GetDriverByName("GPKG").Create(str(path), 0, 0, 0, gdal.GDT_Unknown)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    layer = dataset.CreateLayer("layer", reference, kind)
    for name, field_type, _values in fields:
        layer.CreateField(ogr.FieldDefn(name, field_type))
    for row, wkt in enumerate(wkts):
        feature = ogr.Feature(layer.GetLayerDefn())
        if wkt:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        for name, _type, values in fields:
            if values[row] is not None:
                feature.SetField(name, values[row])
        layer.CreateFeature(feature)
    return str(path)


def test_dates_and_times_are_iso_text(tmp_path, monkeypatch):
    fields = [
        ("day", ogr.OFTDate, ["2021/03/05", None]),
        ("moment", ogr.OFTDateTime, ["2021/03/05 12:30:00", "2021/03/05 12:30:07"]),
    ]
    path = layer_of(tmp_path / "a.gpkg", ["POINT (1 2)"] * 2, ogr.wkbPoint, fields)
    expected = {
        "day": ["2021-03-05", None],
        "moment": ["2021-03-05T12:30:00", "2021-03-05T12:30:07"],
    }
    assert read_features(path).columns == expected
    monkeypatch.setattr(read, "_read_fast", lambda *arguments: False)
    assert read_features(path).columns == expected


def test_points_with_height_and_envelopes_are_read(tmp_path, way):
    path = layer_of(tmp_path / "a.gpkg", ["POINT Z (1 2 3)", "POINT ZM (4 5 6 7)", None])
    found = read_features(path)
    assert (found.x.tolist(), found.y.tolist(), found.empty) == ([1, 4], [2, 5], 1)


def test_text_in_a_number_column_is_left_to_ogr(tmp_path):
    path = str(tmp_path / "a.gpkg")
    write_points(path, np.zeros(2), np.zeros(2), {"v": [1.5, 2.5]}, UTM48)
    with sqlite3.connect(path) as database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE a SET v = 'text' WHERE fid = 2")
    assert read_features(path).number("v").tolist() == [1.5, 0]


def test_multipoints_are_split_and_counted(tmp_path):
    wkts = ["MULTIPOINT (1 1, 2 2)", "MULTIPOINT (3 3)", "MULTIPOINT EMPTY"]
    path = layer_of(tmp_path / "a.gpkg", wkts, ogr.wkbMultiPoint, [("v", ogr.OFTReal, [7, 8, 9])])
    found = read_features(path)
    assert found.x.tolist() == [1, 2, 3]
    assert found.number("v").tolist() == [7, 7, 8]
    assert (found.multipoints, found.empty, found.geometry) == (1, 1, "point")


def test_polygons_lines_and_mixtures(tmp_path):
    square = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
    polygons = read_features(
        layer_of(tmp_path / "a.gpkg", [square, f"MULTI{square[:8]}({square[8:]})"])
    )
    assert (polygons.geometry, len(polygons), len(polygons.x)) == ("polygon", 2, 0)
    lines = read_features(layer_of(tmp_path / "b.gpkg", ["LINESTRING (0 0, 1 1)"]))
    assert lines.geometry == "line"
    with pytest.raises(InputError, match="mixes point and polygon features; split it"):
        read_features(layer_of(tmp_path / "c.gpkg", [square, "POINT (1 1)"]))


def test_filters_in_a_source_are_kept(tmp_path):
    path = str(tmp_path / "a.gpkg")
    write_points(path, np.arange(4.0), np.arange(4.0), {"label": [0, 1, 1, 0]}, UTM48)
    filtered = read_features(f'{path}|layername=a|subset="label" = 1')
    assert filtered.x.tolist() == [1, 2]
    assert read_features(f"{path}|layername=a|subset=SELECT * FROM a WHERE fid < 2").x.tolist() == [
        0
    ]


def test_missing_layers_and_fields_are_one_sentence(tmp_path):
    path = str(tmp_path / "a.gpkg")
    write_points(path, np.zeros(2), np.zeros(2), {"label": [0, 1], "name": ["a", "b"]}, UTM48)
    with pytest.raises(InputError, match=r"has no field 'slope'; its fields are label, name\."):
        read_features(path, ["slope"])
    with pytest.raises(InputError, match="The field 'name' holds text; choose a numeric field"):
        read_features(path).number("name")
    with pytest.raises(InputError, match="There is no field 'x'; the fields are label, name"):
        read_features(path).number("x")
    for source in (f"{path}|layername=other", str(tmp_path / "no.gpkg")):
        with pytest.raises(InputError, match="cannot be opened"):
            read_features(source)


def test_points_are_transformed_and_impossible_ones_are_infinite():
    # Origin of zone 48: 105° E on the equator is (500000, 0).
    x, y = transform_points(np.array([105.0, 105]), np.array([0.0, 91]), "EPSG:4326", UTM48)
    assert (x[0], y[0]) == pytest.approx((500000, 0), abs=1e-6)
    assert np.isinf([x[1], y[1]]).all()
    same = np.array([3.0])
    assert transform_points(same, same, UTM48, UTM48)[0].tolist() == [3]


def test_a_missing_crs_names_the_layer():
    with pytest.raises(InputError, match="The layer has no coordinate reference system; assign"):
        transform_points(np.zeros(1), np.zeros(1), "", UTM48)
    with pytest.raises(InputError, match="The raster has no coordinate reference system"):
        transform_points(np.zeros(1), np.zeros(1), UTM48, "")
