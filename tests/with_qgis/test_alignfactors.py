"""Aligning by id: one grid, names, kinds and legends; refusals in one sentence."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from osgeo import gdal, ogr, osr

ID = "subsidence:alignfactors"


def crs(code):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(code)
    return reference.ExportToWkt()


def write(path, bands, cell=10.0, x=500_000.0, y=2_300_000.0, code=32648, kinds=None):
    """Write a stack from a dict of name: 2d-array."""
    arrays = [np.asarray(a, np.float32) for a in bands.values()]
    rows, columns = arrays[0].shape
    grid = Grid(columns, rows, (x, cell, 0, y, 0, -cell), crs(code) if code else "")
    with RasterWriter(str(path), grid, list(bands), kinds=kinds) as writer:
        for index, array in enumerate(arrays, start=1):
            writer.write(array, band=index)
    return str(path)


def write_polygons(path, rows):
    own = osr.SpatialReference()
    own.ImportFromEPSG(32648)
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = dataset.CreateLayer("units", own, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("geology", ogr.OFTString))
    layer.CreateField(ogr.FieldDefn("age", ogr.OFTInteger))
    for west, south, east, north, name, age in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({ring}))"))
        feature.SetField(0, name)
        feature.SetField(1, age)
        layer.CreateFeature(feature)
    dataset = layer = None
    return str(path)


@pytest.fixture
def dem(tmp_path):
    """4 x 4 cells of 10 m, values 0 to 15 from the upper left."""
    return write(tmp_path / "dem.tif", {"elevation": np.arange(16.0).reshape(4, 4)})


def refusal(run, tmp_path, parameters):
    from qgis.core import QgsProcessingException

    output = tmp_path / "out" / "factors.tif"
    output.parent.mkdir(exist_ok=True)
    with pytest.raises(QgsProcessingException) as failure:
        run(ID, {**parameters, "OUTPUT": str(output)})
    assert not list(output.parent.iterdir())
    assert "\n" not in str(failure.value).strip()
    return str(failure.value)


def test_everything_at_once_on_the_grid_of_a_reference(run, log, tmp_path, dem):
    fine = np.repeat(np.repeat(np.arange(4.0).reshape(2, 2), 4, 0), 4, 1)
    fine[0, 0] = np.nan
    rain = write(tmp_path / "rain.tif", {"rainfall": fine}, 2.5)  # 8 x 8 cells of 2.5 m
    cover = write(tmp_path / "lulc.tif", {"": [[3, 8], [3, 5]]}, 20.0)
    geology = write_polygons(
        tmp_path / "geology.gpkg",
        [
            (500_000, 2_299_960, 500_020, 2_300_000, "sand", 4),
            (500_020, 2_299_960, 500_040, 2_300_000, "clay", 9),
        ],
    )
    output, table = str(tmp_path / "factors.tif"), str(tmp_path / "legend.csv")
    result = run(
        ID,
        {
            "RASTERS": [dem, rain], "CATEGORICAL": [cover], "POLYGONS": geology,
            "POLYGON_FIELD": ["geology", "age"], "NAMES": "lulc=Land cover, age=era",
            "REFERENCE": dem, "OUTPUT": output, "TABLE": table,
        },
        feedback=log,
    )  # fmt: skip
    assert result["OUTPUT"] == output
    stack = Raster(output)
    assert stack.names == ["elevation", "rainfall", "Land cover", "geology", "era"]
    assert [b.kind for b in stack.bands] == ["continuous"] * 2 + ["categorical"] * 3
    assert stack.metadata["SUBSIDENCE_KIND"] == "factor_stack"
    values = stack.read()
    assert values.dtype == np.float32
    assert values[0].tolist() == np.arange(16.0).reshape(4, 4).tolist()
    assert values[1, :2, :2].tolist() == [[0, 1], [2, 3]]  # the first from 15 of 16 cells
    assert np.isnan(values[1, 2:]).all()
    assert values[2].tolist() == [[3, 3, 8, 8]] * 2 + [[3, 3, 5, 5]] * 2
    assert values[3].tolist() == [[2, 2, 1, 1]] * 4
    assert values[4].tolist() == [[4, 4, 9, 9]] * 4
    legend = stack.dataset.GetRasterBand(4).GetMetadataItem("legend")
    assert json.loads(legend) == {"1": "clay", "2": "sand"}
    with open(table, encoding="utf-8") as file:
        rows = file.read().replace('"', "").split()
    assert rows == ["factor,code,text", "geology,1,clay", "geology,2,sand"]
    assert "average, a cell is 4 source cells wide" in log.text
    assert "4 of 16 cells (25.0 %) have a value in all factors" in log.text
    assert (tmp_path / "factors.qml").exists()


def test_common_extent_of_several_grids(run, tmp_path, dem):
    shifted = write(tmp_path / "ndvi.tif", {"ndvi": np.ones((6, 6))}, 10.0, 500_014, 2_299_997)
    output = str(tmp_path / "factors.tif")
    run(ID, {"RASTERS": [dem, shifted], "OUTPUT": output})
    stack = Raster(output)
    assert stack.grid.transform == (500_020, 10, 0, 2_299_990, 0, -10)
    assert stack.read()[0].tolist() == [[6, 7], [10, 11], [14, 15]]
    assert stack.read()[1].tolist() == [[1, 1]] * 3


def test_another_crs_and_resolution(run, tmp_path):
    rows, columns = np.mgrid[0:200, 0:200]
    degrees = write(
        tmp_path / "a.tif", {"a": columns + 0.0, "b": (rows > 99) + 0.0}, 1e-4, 105.0, 20.8, 4326,
        ["continuous", "categorical"],
    )  # fmt: skip
    output = str(tmp_path / "factors.tif")
    run(ID, {"RASTERS": [degrees], "CRS": "EPSG:32648", "RESOLUTION": 50, "OUTPUT": output})
    stack = Raster(output)
    assert osr.SpatialReference(stack.grid.crs).GetAuthorityCode(None) == "32648"
    assert stack.grid.transform[1] == 50
    assert stack.grid.transform[0] == pytest.approx(500_000, abs=1e-3)
    found = stack.read()
    # 0.0001 degrees of longitude at 20.79 degrees north are 10.408 m: 50 m are 4.8 cells
    middle = found[0, stack.grid.height // 2]
    assert np.nanmean(np.diff(middle)) == pytest.approx(50 / 10.408, rel=1e-3)
    assert set(np.unique(found[1][np.isfinite(found[1])])) == {0, 1}
    assert stack.bands[1].kind == "categorical"


def test_equals_gdal_warp(run, tmp_path, ecuador):
    source = str(ecuador / "ta.tif")
    output = str(tmp_path / "factors.tif")
    run(ID, {"RASTERS": [source], "CRS": "EPSG:4326", "RESOLUTION": 0.0005, "OUTPUT": output})
    stack = Raster(output)
    expected = gdal.Warp(
        "", source, format="MEM", dstSRS="EPSG:4326", outputBounds=stack.grid.bounds,
        width=stack.grid.width, height=stack.grid.height, resampleAlg="average",
        dstNodata="nan", errorThreshold=0, overviewLevel="NONE",
    ).ReadAsArray()  # fmt: skip
    found = stack.read()
    assert stack.names == ["slope", "cplan", "cprof", "elev", "log10_carea"]
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    assert np.nanmax(np.abs(found[3] - expected[3])) < 1
    assert np.nanmean(np.abs(found - expected), axis=(1, 2)) == pytest.approx(0, abs=0.05)


def test_headless(qgis_process, tmp_path, dem):
    other = write(tmp_path / "twi.tif", {"": np.eye(4)})
    done = qgis_process(
        "run", ID, f"--RASTERS={dem}", f"--RASTERS={other}", f"--OUTPUT={tmp_path}/factors.tif"
    )
    assert done.returncode == 0, done.stderr
    assert Raster(str(tmp_path / "factors.tif")).names == ["elevation", "twi"]


def test_a_constant_factor_is_told(run, log, tmp_path, dem):
    flat = write(tmp_path / "flat.tif", {"flat": np.full((4, 4), 7.0)})
    run(ID, {"RASTERS": [dem, flat], "OUTPUT": str(tmp_path / "f.tif")}, feedback=log)
    assert "flat is constant (7) on the grid" in log.text


def test_names_in_order(run, tmp_path, dem):
    other = write(tmp_path / "twi.tif", {"": np.eye(4)})
    output = str(tmp_path / "f.tif")
    run(ID, {"RASTERS": [dem, other], "NAMES": "height; wetness", "OUTPUT": output})
    assert Raster(output).names == ["height", "wetness"]


def test_refusals(run, tmp_path, dem):
    far = write(tmp_path / "far.tif", {"far": np.eye(4)}, 10.0, 600_000)
    bare = write(tmp_path / "bare.tif", {"bare": np.eye(4)}, code=0)
    empty = write(tmp_path / "empty.tif", {"empty": np.full((4, 4), np.nan)})
    same = write(tmp_path / "same.tif", {"ELEVATION": np.eye(4)})
    geology = write_polygons(
        tmp_path / "geology.gpkg", [(500_000, 2_299_960, 500_020, 2_300_000, "sand", 4)]
    )
    for parameters, message in (
        ({}, "There is no factor; give RASTERS, CATEGORICAL or POLYGONS."),
        ({"RASTERS": [dem, far]}, "The raster 'far.tif band 1' does not overlap"),
        ({"RASTERS": [far], "REFERENCE": dem}, "'far' (far.tif band 1) has no value on the grid"),
        ({"RASTERS": [dem, bare]}, "bare.tif' has no coordinate reference system"),
        ({"RASTERS": [dem, empty]}, "The factor 'empty' (empty.tif band 1) has no value"),
        ({"RASTERS": [dem, same]}, "'dem.tif band 1' and 'same.tif band 1'"),
        ({"RASTERS": [dem], "NAMES": "elevation=fid"}, "'fid' (from 'dem.tif band 1') is reserved"),
        ({"RASTERS": [dem], "NAMES": "dem=z"}, "there is no factor 'dem'; the factors are elev"),
        ({"RASTERS": [dem], "NAMES": "a, b"}, "NAMES has 2 names for 1 factors (elevation)"),
        ({"RASTERS": [dem], "NAMES": "elevation="}, "'elevation=' is not of the form old=new"),
        ({"RASTERS": [dem], "REFERENCE": dem, "RESOLUTION": 5}, "Give either REFERENCE or CRS"),
        ({"RASTERS": [dem], "RESOLUTION": 500}, "The grid would have no cell"),
        ({"RASTERS": [dem], "RESOLUTION": 1e-6}, "RESOLUTION is in units of the CRS"),
        ({"POLYGONS": geology, "RESOLUTION": 5}, "POLYGON_FIELD is empty"),
        ({"POLYGONS": geology, "POLYGON_FIELD": ["geology"]}, "Polygons alone have no cell size"),
        (
            {"RASTERS": [dem], "POLYGONS": geology, "POLYGON_FIELD": ["lithology"]},
            "has no field 'lithology'; its fields are",
        ),
    ):
        assert message in refusal(run, tmp_path, parameters), parameters


def test_polygons_alone(run, tmp_path):
    geology = write_polygons(
        tmp_path / "geology.gpkg", [(500_000, 2_299_960, 500_020, 2_300_000, "sand", 4)]
    )
    output = str(tmp_path / "f.tif")
    run(
        ID,
        {"POLYGONS": geology, "POLYGON_FIELD": ["age"], "RESOLUTION": 10, "OUTPUT": output},
    )
    assert Raster(output).read().tolist() == [[[4, 4]] * 4]


def test_polygons_alone_without_any_polygon(run, tmp_path):
    empty = write_polygons(tmp_path / "empty.gpkg", [])
    parameters = {"POLYGONS": empty, "POLYGON_FIELD": ["age"], "RESOLUTION": 10}
    assert "has no features" in refusal(run, tmp_path, parameters)


def test_a_missing_file_is_refused(run, tmp_path, dem):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="RASTERS"):
        parameters = {"RASTERS": [dem, str(tmp_path / "none.tif")]}
        run(ID, {**parameters, "OUTPUT": str(tmp_path / "f.tif")})
