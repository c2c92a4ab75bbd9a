"""Bands on another grid: values by hand on tiny grids, and equality with GDAL's warp."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster import warp as module
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.warp import WarpedBand
from osgeo import gdal, osr

reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
UTM = reference.ExportToWkt()
reference.ImportFromEPSG(4326)
DEGREES = reference.ExportToWkt()


def make(path, array, cell=10.0, x=500_000.0, y=2_300_000.0, nodata=None, crs=UTM, kind=None):
    array = np.atleast_3d(np.asarray(array)) if np.ndim(array) == 3 else np.asarray(array)[None]
    kinds = {"f": gdal.GDT_Float32, "i": gdal.GDT_Int32, "u": gdal.GDT_Byte}
    dataset = gdal.GetDriverByName("GTiff").Create(
        str(path), array.shape[2], array.shape[1], array.shape[0], kinds[array.dtype.kind]
    )
    dataset.SetProjection(crs)
    dataset.SetGeoTransform((x, cell, 0, y, 0, -cell))
    for index, band in enumerate(array, start=1):
        target = dataset.GetRasterBand(index)
        target.WriteArray(band)
        if nodata is not None:
            target.SetNoDataValue(nodata)
        if kind:
            target.SetMetadataItem("kind", kind)
    dataset = None
    return Raster(str(path))


def on(raster, grid, band=0):
    warped = WarpedBand(raster, raster.bands[band], grid)
    try:
        return warped.method, warped.read((0, 0, grid.width, grid.height))
    finally:
        warped.close()


def cells(width, height, cell, x=500_000.0, y=2_300_000.0):
    return Grid(width, height, (x, cell, 0.0, y, 0.0, -cell), UTM)


def test_larger_cells_take_the_average_without_nodata(tmp_path):
    values = np.array([[1, 2, 3, 4], [5, 6, -9, 8], [9, -9, -9, -9], [-9, -9, -9, -9]], np.float32)
    method, found = on(make(tmp_path / "a.tif", values, nodata=-9), cells(2, 2, 20.0))
    assert method == "average"
    assert found[0].tolist() == [3.5, 5.0]  # (1+2+5+6)/4, (3+4+8)/3
    assert found[1, 0] == 9
    assert np.isnan(found[1, 1])


def test_nan_is_spared_too_and_integers_become_floats(tmp_path):
    values = np.array([[1, np.nan], [3, 5]], np.float32)
    assert on(make(tmp_path / "a.tif", values), cells(1, 1, 20.0))[1].tolist() == [[3.0]]
    whole = np.array([[1, 2], [2, 2]], np.int32)
    assert on(make(tmp_path / "b.tif", whole), cells(1, 1, 20.0))[1].tolist() == [[1.75]]
    byte = np.array([[0, 255], [0, 255]], np.uint8)
    assert on(make(tmp_path / "c.tif", byte), cells(1, 1, 20.0))[1].tolist() == [[127.5]]


def test_smaller_cells_are_interpolated_bilinearly(tmp_path):
    values = np.tile(np.arange(4) * 10.0, (4, 1)).astype(np.float32)  # 10 a cell eastwards
    method, found = on(make(tmp_path / "a.tif", values), cells(4, 4, 5.0, 500_010, 2_299_990))
    assert method == "bilinear"
    # cell centres at 12.5, 17.5, 22.5, 27.5 m; the values of 10 and 20 lie at 15 and 25 m
    assert found == pytest.approx(np.tile([7.5, 12.5, 17.5, 22.5], (4, 1)))


def test_categories_take_the_nearest_cell_at_any_ratio(tmp_path):
    codes = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.uint8)
    raster = make(tmp_path / "a.tif", codes, kind="categorical")
    method, found = on(raster, cells(1, 1, 30.0))
    assert (method, found.tolist()) == ("near", [[5]])
    method, found = on(raster, cells(2, 2, 4.0, 500_007, 2_299_994))
    assert (method, found.tolist()) == ("near", [[1, 2], [4, 5]])


def test_outside_the_source_is_nan(tmp_path):
    raster = make(tmp_path / "a.tif", np.ones((2, 2), np.uint8))
    found = on(raster, cells(4, 2, 10.0, 500_010))[1]
    assert found[:, 0].tolist() == [1, 1]
    assert np.isnan(found[:, 1:]).all()


def test_the_same_grid_is_copied_bit_by_bit_with_each_bands_nodata(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 5, 6)).astype(np.float32)
    values[0, 0, 0] = -1e38
    raster = make(tmp_path / "a.tif", values, nodata=-1e38)
    method, found = on(raster, raster.grid, 0)
    assert method == "as it is"
    assert np.isnan(found[0, 0])
    assert np.array_equal(found.ravel()[1:], values[0].ravel()[1:])


@pytest.mark.parametrize(
    ("kind", "cell"), [("continuous", 35.0), ("continuous", 7.0), ("categorical", 35.0)]
)
def test_equals_gdal_warp_across_crs_read_by_windows(tmp_path, kind, cell):
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[0:300, 0:320]
    smooth = np.sin(rows / 30) * np.cos(columns / 40) * 50 + rng.normal(size=rows.shape)
    values = smooth.astype(np.float32) if kind == "continuous" else (smooth > 0).astype(np.uint8)
    raster = make(tmp_path / "a.tif", values, 1e-4, 105.0, 20.8, None, DEGREES, kind)
    grid = cells(int(3000 / cell), int(3000 / cell), cell, 500_100, 2_299_900)
    warped = WarpedBand(raster, raster.bands[0], grid)
    parts = np.full((grid.height, grid.width), np.nan, np.float32)
    for column, row, width, height in grid.windows(64):
        parts[row : row + height, column : column + width] = warped.read(
            (column, row, width, height)
        )
    expected = gdal.Warp(
        "", raster.dataset, format="MEM", srcSRS="EPSG:4326", dstSRS="EPSG:32648",
        outputBounds=grid.bounds, width=grid.width, height=grid.height, srcNodata="nan",
        dstNodata="nan", outputType=gdal.GDT_Float32, resampleAlg=warped.method, errorThreshold=0,
    ).ReadAsArray()  # fmt: skip
    assert warped.method == {"categorical": "near"}.get(
        kind, "average" if cell > 20 else "bilinear"
    )
    warped.close()
    assert np.isfinite(expected).mean() > 0.9
    assert np.array_equal(np.isnan(parts), np.isnan(expected))
    good = np.isfinite(expected)
    if kind == "categorical":
        assert np.mean(parts[good] == expected[good]) > 0.99  # GDAL rounds places to 1/8 cell
    else:
        assert np.abs(parts - expected)[good].max() < 0.5
        assert np.abs(parts - expected)[good].mean() < 0.02


def test_small_blocks_bound_memory_and_change_nothing(tmp_path, monkeypatch):
    values = np.random.default_rng(2).normal(size=(400, 400)).astype(np.float32)
    raster = make(tmp_path / "a.tif", values)
    grid = cells(20, 20, 200.0)
    expected = values.reshape(20, 20, 20, 20).mean(axis=(1, 3), dtype=float)
    assert on(raster, grid)[1] == pytest.approx(expected, abs=1e-5)
    monkeypatch.setattr(module, "SOURCE_BLOCK", 60)  # 3 target cells, but 8 is the least
    warped = WarpedBand(raster, raster.bands[0], grid)
    assert warped._warped.GetRasterBand(1).GetBlockSize() == [8, 8]
    assert warped.read((0, 0, 20, 20)) == pytest.approx(expected, abs=1e-5)
    warped.close()
