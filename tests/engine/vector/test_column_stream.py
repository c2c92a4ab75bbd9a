"""Series read column by column through Arrow are those that SQLite and OGR's features give."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.vector import column_stream, series_layer
from land_subsidence.subsidence_plugin.engine.vector.read import open_layer
from land_subsidence.subsidence_plugin.engine.vector.series_layer import read_series
from osgeo import gdal, ogr, osr

arrow = pytest.mark.skipif(
    not hasattr(ogr, "OLCFastGetArrowStream"), reason="GDAL before 3.6 has no Arrow stream"
)


def dates(count):
    days = np.datetime64("2020-01-01") + 6 * np.arange(count)
    return ["D" + str(day).replace("-", "") for day in days]


def make(path, name, fields, rows, kind=ogr.wkbPoint):
    """Add a layer; ``rows`` are (WKT or None, values), where None is null."""
    driver, crs = ogr.GetDriverByName("GPKG"), osr.SpatialReference()
    crs.ImportFromEPSG(3035)
    dataset = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_UPDATE) if path.exists() else None
    dataset = dataset or driver.CreateDataSource(str(path))
    layer = dataset.CreateLayer(name, crs, kind)
    for field, type_, *subtype in fields:
        definition = ogr.FieldDefn(field, type_)
        definition.SetSubType(subtype[0] if subtype else ogr.OFSTNone)
        layer.CreateField(definition)
    layer.StartTransaction()
    for wkt, values in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        if wkt:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        for number, value in enumerate(values):
            if value is not None:
                feature.SetField(number, value)
        layer.CreateFeature(feature)
    layer.CommitTransaction()
    layer = dataset = None
    return str(path)


#: This GDAL's streams are not used, because they give wrong rows or do not end at times.
RACING = column_stream.RACING[0] <= int(gdal.VersionInfo("VERSION_NUM")) < column_stream.RACING[1]


def both(source, monkeypatch, streamed=True):
    """Read by columns and by features; check that they agree, and which way was taken."""
    calls, real = [], column_stream.read_columns
    with monkeypatch.context() as patch:
        patch.setattr(series_layer, "read_columns", lambda *a: calls.append(real(*a)) or calls[-1])
        found = read_series(source, "It")
    with monkeypatch.context() as patch:
        patch.setattr(series_layer, "_by_columns", lambda *_a: None)
        patch.setattr(series_layer, "_fast", lambda *_a: None)
        expected = read_series(source, "It")
    assert any(call is not None for call in calls) == (streamed and not RACING)
    for name in ("x", "y", "dates", "series"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert list(found.columns) == list(expected.columns)
    for name, values in found.columns.items():
        np.testing.assert_array_equal(values, expected.columns[name])
        assert values.dtype == float
    assert (found.series.dtype, found.metadata) == (np.float32, expected.metadata)
    return found


@arrow
def test_nulls_integers_and_names_beyond_ascii(tmp_path, monkeypatch):
    first, second, third = dates(3)
    fields = [
        ('Höhe "ü"', ogr.OFTReal), (first, ogr.OFTReal), ("Text 文", ogr.OFTString),
        (second, ogr.OFTInteger), ("n", ogr.OFTInteger64), (third, ogr.OFTInteger64),
    ]  # fmt: skip
    rows = [
        ("POINT (1 2)", (0.1, 1.5, "ä", 2, 2**40, 3)),
        (None, (0.2, 1.5, "a", 2, 1, 3)),
        ("POINT EMPTY", (0.2, 1.5, "a", 2, 1, 3)),
        ("POINT (3 4)", (None, None, None, None, None, -7)),
        ("POINT (5 6)", (0.3, None, None, None, 2, None)),
        ("POINT (7 8)", (0.4, 1e-7, "b", None, None, None)),
    ]
    path = make(tmp_path / "Gelände ä.gpkg", "other", fields[:3], [("POINT (9 9)", (1, 5, "z"))])
    make(tmp_path / "Gelände ä.gpkg", "Schicht 'ß'", fields, rows)
    found = both(f"{path}|layername=Schicht 'ß'", monkeypatch)
    np.testing.assert_array_equal(found.x, [1, 3, 7])  # two have no place, one has no value
    np.testing.assert_array_equal(found.y, [2, 4, 8])
    expected = [[1.5, 2, 3], [np.nan, np.nan, -7], [1e-7, np.nan, np.nan]]
    np.testing.assert_array_equal(found.series, np.float32(expected))
    np.testing.assert_array_equal(found.columns["n"], [2**40, np.nan, np.nan])
    np.testing.assert_array_equal(found.columns['Höhe "ü"'], [0.1, np.nan, 0.4])
    assert list(both(path, monkeypatch).x) == [9]


@arrow
def test_more_columns_than_gdal_can_stream_and_more_rows_than_a_batch(tmp_path, monkeypatch):
    random, names = np.random.default_rng(0), dates(270)
    values = random.normal(size=(2345, 271)).round(2)
    values[random.random(values.shape) < 0.01] = np.nan
    rows = [
        (f"POINT ({i} {-i})", [None if np.isnan(v) else v for v in row])
        for i, row in enumerate(values.tolist())
    ]
    fields = [(name, ogr.OFTReal) for name in ["v", *names]]
    path = make(tmp_path / "wide.gpkg", "wide", fields, rows)
    with closing(sqlite3.connect(path)) as database:  # rows whose numbers have gaps
        for (sql,) in database.execute(
            "SELECT 'DROP TRIGGER \"' || name || '\"' FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(sql)
        database.execute("DELETE FROM wide WHERE fid % 7 = 3")
        database.execute("UPDATE gpkg_ogr_contents SET feature_count = NULL")
        database.commit()
    left = np.arange(1, 2346) % 7 != 3
    found = both(path, monkeypatch)
    np.testing.assert_array_equal(found.x, np.flatnonzero(left))
    np.testing.assert_array_equal(found.series, np.float32(values[left, 1:]))
    np.testing.assert_array_equal(found.columns["v"], values[left, 0])


@arrow
@pytest.mark.parametrize("case", ["filter", "view", "z", "boolean", "count", "text"])
def test_what_is_read_in_another_way(tmp_path, monkeypatch, case):
    first, second = dates(2)
    fields = [(first, ogr.OFTReal), (second, ogr.OFTReal), ("b", ogr.OFTInteger)]
    if case == "boolean":
        fields[2] = (*fields[2], ogr.OFSTBoolean)
    wkt = "POINT Z (1 2 3)" if case == "z" else "POINT (1 2)"
    rows = [(wkt, (k + 0.5, 2.0, k % 2)) for k in range(9)]
    kind = ogr.wkbPoint25D if case == "z" else ogr.wkbPoint
    source = path = make(tmp_path / "p.gpkg", "p", fields, rows, kind)
    with closing(sqlite3.connect(path)) as database:
        run = database.execute
        if case == "count":  # another program left a wrong number of rows
            run("UPDATE gpkg_ogr_contents SET feature_count = 5")
        if case == "text":  # OGR reads it as 0
            run("DROP TRIGGER IF EXISTS rtree_p_geom_update7")
            for (name,) in run("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
                run(f'DROP TRIGGER "{name}"')
            run(f"UPDATE p SET {second} = 'none' WHERE fid = 3")
        if case == "view":
            run("CREATE VIEW seen AS SELECT geom, b, " + f"{first}, {second} FROM p")
            run("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
                "VALUES ('seen', 'features', 'seen', 3035)")  # fmt: skip
            run("INSERT INTO gpkg_geometry_columns VALUES ('seen', 'geom', 'POINT', 3035, 0, 0)")
        database.commit()
    if case == "filter":
        source = f"{path}|layername=p|subset={first} > 4"
    if case == "view":
        source = f"{path}|layername=seen"
    found = both(source, monkeypatch, streamed=case == "text")
    assert list(found.series[:, 0]) == [k + 0.5 for k in range(9) if case != "filter" or k > 3]
    assert found.columns["b"].sum() == sum(k % 2 for k in range(4 if case == "filter" else 0, 9))
    if case == "text":
        assert list(found.series[:, 1]) == [2, 2, 0, 2, 2, 2, 2, 2, 2]


@arrow
def test_a_stream_that_lies_fails_or_ends_early_is_not_believed(tmp_path, monkeypatch):
    rows = [(f"POINT ({k} 2)", (k + 0.5,)) for k in range(2500)]
    path = make(tmp_path / "p.gpkg", "p", [(dates(1)[0], ogr.OFTReal)], rows)
    real = column_stream._batches

    def with_error(layer):
        yield next(iter(real(layer)))

    def with_empty(layer):
        yield from real(layer)
        yield {name: values[:0] for name, values in next(iter(real(layer))).items()}

    def wrong(layer):
        for batch in real(layer):
            yield {**batch, dates(1)[0]: batch[dates(1)[0]] + 1}

    def twice(layer):
        for batch in real(layer):
            yield batch
            yield batch

    for fake in (with_error, with_empty, wrong, twice):
        monkeypatch.setattr(column_stream, "_batches", fake)
        found = both(path, monkeypatch, streamed=False)
        np.testing.assert_array_equal(found.series[:, 0], np.arange(2500) + np.float32(0.5))


def test_cancel_in_the_middle_and_reading_again(tmp_path):
    rows = [(f"POINT ({k} 2)", (k + 0.5,)) for k in range(3500)]
    path = make(tmp_path / "p.gpkg", "p", [(dates(1)[0], ogr.OFTReal)], rows)
    whole = []  # calls of a whole reading; rows come in other blocks where no stream is used
    assert len(read_series(path, "It", lambda: whole.append(1))) == 3500
    assert len(whole) >= 4
    for stop in (1, 2, 3, len(whole)) * 5:
        calls = iter(range(stop))

        def check(calls=calls):
            if next(calls, None) is None:
                raise Cancelled

        if stop < len(whole):
            with pytest.raises(Cancelled):
                read_series(path, "It", check)
        else:
            assert len(read_series(path, "It", check)) == 3500


def test_layers_without_points_or_values(tmp_path):
    name = dates(1)[0]
    path = make(tmp_path / "p.gpkg", "empty", [(name, ogr.OFTReal)], [])
    make(tmp_path / "p.gpkg", "null", [(name, ogr.OFTReal)], [("POINT (1 2)", (None,))] * 3)
    make(tmp_path / "p.gpkg", "nowhere", [(name, ogr.OFTReal)], [(None, (1.0,))] * 3)
    for layer in ("empty", "null", "nowhere"):
        with pytest.raises(InputError, match="It holds no point with a time series; choose"):
            read_series(f"{path}|layername={layer}", "It")


def test_gdal_without_the_stream(tmp_path, monkeypatch):
    name = dates(1)[0]
    path = make(tmp_path / "p.gpkg", "p", [(name, ogr.OFTReal)], [("POINT (1 2)", (3.5,))])
    monkeypatch.delattr(ogr, "OLCFastGetArrowStream", raising=False)
    dataset, layer = open_layer(path)
    assert not column_stream.streams_columns(layer, [name])
    assert read_series(path, "It").series.tolist() == [[3.5]]
    del dataset
