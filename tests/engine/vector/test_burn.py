"""Polygons on a grid: cells by hand, codes of texts, what is left out."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.vector.burn import BurntField
from osgeo import ogr, osr

reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
GRID = Grid(4, 3, (0.0, 10.0, 0.0, 30.0, 0.0, -10.0), reference.ExportToWkt())


def polygons(path, rows, code=32648, kind=ogr.OFTString):
    """Write rectangles (west, south, east, north, value) with the field ``geo``."""
    own = osr.SpatialReference()
    if code:
        own.ImportFromEPSG(code)
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = dataset.CreateLayer("units", own if code else None, ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("geo", kind))
    for west, south, east, north, value in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        text = (
            f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"
        )
        feature.SetGeometry(ogr.CreateGeometryFromWkt(text))
        if value is not None:
            feature.SetField(0, value)
        layer.CreateFeature(feature)
    dataset = layer = None
    return str(path)


ROWS = [(0, 0, 20, 30, "sand"), (20, 0, 40, 14, "clay"), (20, 14, 40, 24, None)]


def test_texts_are_coded_in_alphabetical_order(tmp_path):
    field = BurntField(polygons(tmp_path / "a.gpkg", ROWS), "geo", GRID)
    assert field.legend == {1: "clay", 2: "sand"}
    assert (field.kind, field.skipped) == ("categorical", 1)
    found = field.read((0, 0, 4, 3))
    # centres of the middle row lie at y = 15, above the clay
    expected = [[2, 2, np.nan, np.nan], [2, 2, np.nan, np.nan], [2, 2, 1, 1]]
    assert np.array_equal(found, np.array(expected, np.float32), equal_nan=True)
    parts = [field.read(window)[0, 0] for window in ((1, 2, 1, 1), (2, 2, 1, 1), (3, 0, 1, 1))]
    assert parts[:2] == [2, 1]
    assert np.isnan(parts[2])


def test_numbers_are_burnt_as_they_are(tmp_path):
    rows = [(0, 0, 20, 30, 7), (20, 0, 40, 30, -3)]
    field = BurntField(polygons(tmp_path / "a.gpkg", rows, kind=ogr.OFTInteger), "geo", GRID)
    assert (field.legend, field.kind) == ({}, "categorical")
    assert field.read((0, 0, 4, 1)).tolist() == [[7, 7, -3, -3]]
    rows = [(0, 0, 20, 30, 7.5), (20, 0, 40, 30, 1)]
    field = BurntField(polygons(tmp_path / "b.gpkg", rows, kind=ogr.OFTReal), "geo", GRID)
    assert field.kind == "continuous"
    assert field.read((1, 1, 2, 1)).tolist() == [[7.5, 1]]


def test_polygons_of_another_crs(tmp_path):
    grid = Grid(10, 10, (500_000, 100.0, 0, 2_300_000, 0, -100.0), GRID.crs)
    rows = [(104.9, 20.7, 105.0048, 20.9, "west"), (105.0048, 20.7, 105.1, 20.9, "east")]
    field = BurntField(polygons(tmp_path / "a.gpkg", rows, 4326), "geo", grid)
    found = field.read((0, 0, 10, 10))
    # 0.0048 degrees east of the central meridian at 20.8 degrees north: 499.7 m
    assert np.array_equal(found, np.tile([2.0] * 5 + [1.0] * 5, (10, 1)))


def test_what_cannot_be_burnt_is_named(tmp_path):
    source = polygons(tmp_path / "a.gpkg", ROWS)
    with pytest.raises(InputError, match=r"has no field 'soil'; its fields are geo"):
        BurntField(source, "soil", GRID)
    with pytest.raises(InputError, match="has no coordinate reference system"):
        BurntField(polygons(tmp_path / "b.gpkg", ROWS, 0), "geo", GRID)
    with pytest.raises(InputError, match="no polygon with a value in the field 'geo'"):
        BurntField(polygons(tmp_path / "c.gpkg", [(0, 0, 1, 1, None)]), "geo", GRID)
