"""Rasters written and read back; nodata by band; names and kinds; failures as one sentence."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError, OutputError
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.mask import ValidCells
from land_subsidence.subsidence_plugin.engine.raster.read import Raster, check_names, open_stack
from land_subsidence.subsidence_plugin.engine.raster.sample import (
    has_plain_blocks,
    sample_cells,
    tile_shape,
    tiles_of,
)
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from osgeo import gdal, osr

reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
UTM48 = reference.ExportToWkt()
GRID = Grid(5, 4, (0.0, 1.0, 0.0, 4.0, 0.0, -1.0), UTM48)


def write(path, values, names, grid=None, **options):
    grid = grid or Grid(values.shape[2], values.shape[1], GRID.transform, UTM48)
    with RasterWriter(str(path), grid, names, **options) as writer:
        writer.write(values)
    return str(path)


def test_round_trip_of_values_names_kinds_metadata_and_grid(tmp_path):
    values = np.arange(40, dtype=np.float32).reshape(2, 4, 5)
    values[1, 2, 3] = np.nan
    metadata = {"SUBSIDENCE_KIND": "factor_stack", "note": "ä = b"}
    path = write(
        tmp_path / "a.tif", values, ["Höhe", "geology"],
        kinds=["continuous", "categorical"], metadata=metadata,
    )  # fmt: skip
    raster = Raster(path)
    assert np.array_equal(raster.read(), values, equal_nan=True)
    assert raster.names == ["Höhe", "geology"]
    assert [b.kind for b in raster.bands] == ["continuous", "categorical"]
    assert {k: raster.metadata[k] for k in metadata} == metadata
    assert raster.grid.matches(GRID)
    assert np.array_equal(raster.read((1, 2, 3, 2), [2]), values[1:, 2:4, 1:4], equal_nan=True)


def test_class_rasters_are_bytes_with_0_as_nodata(tmp_path):
    values = np.array([[[0, 1], [2, 255]]], dtype=np.uint8)
    raster = Raster(write(tmp_path / "a.tif", values, ["c"], dtype="uint8"))
    assert raster.bands[0].data_type == "Byte"
    assert np.array_equal(raster.read()[0], [[np.nan, 1], [2, 255]], equal_nan=True)


def test_each_band_has_its_own_nodata_and_nan_counts_too(tmp_path):
    path = str(tmp_path / "a.vrt")
    parts = []
    for index, nodata in enumerate((-9999.0, 3.4028234663852886e38)):
        part = str(tmp_path / f"{index}.tif")
        values = np.array([[[-9999.0, 3.4028234663852886e38], [np.nan, 7]]], dtype=np.float32)
        write(part, values, ["x"], nodata=nodata)
        parts.append(part)
    gdal.BuildVRT(path, parts, separate=True).FlushCache()
    first, second = Raster(path).read()
    assert np.isnan(first).tolist() == [[True, False], [True, False]]
    assert np.isnan(second).tolist() == [[False, True], [True, False]]


def test_written_rasters_have_overviews_and_statistics_also_with_an_empty_band(tmp_path):
    values = np.full((2, 600, 600), np.nan, dtype=np.float32)
    values[0] = np.arange(600)
    path = write(tmp_path / "a.tif", values, ["a", "b"])
    dataset = gdal.Open(path)
    band = dataset.GetRasterBand(1)
    assert band.GetOverviewCount() == 1
    assert float(band.GetMetadataItem("STATISTICS_MEAN")) == pytest.approx(299.5)
    assert band.GetBlockSize() == [256, 256]


def test_overviews_of_codes_hold_codes_also_in_a_stack_of_floats(tmp_path):
    values = np.zeros((2, 600, 600), dtype=np.float32)
    values[:, :, ::2], values[:, :, 1::2] = 1, 2  # the mean of two neighbours is 1.5
    kinds = ["continuous", "categorical"]
    mixed = gdal.Open(write(tmp_path / "a.tif", values, ["a", "b"], kinds=kinds))
    codes = mixed.GetRasterBand(2).GetOverview(0).ReadAsArray()
    assert set(np.unique(codes)) <= {1.0, 2.0}
    assert np.isnan(mixed.GetRasterBand(2).GetNoDataValue())
    plain = gdal.Open(write(tmp_path / "b.tif", values, ["a", "b"], kinds=["continuous"] * 2))
    assert np.unique(plain.GetRasterBand(2).GetOverview(0).ReadAsArray()).tolist() == [1.5]


def test_names_come_from_bands_else_from_the_file(tmp_path):
    driver = gdal.GetDriverByName("GTiff")
    for bands in (1, 2):
        driver.Create(str(tmp_path / f"ndvi{bands}.tif"), 2, 2, bands).FlushCache()
    assert Raster(str(tmp_path / "ndvi1.tif")).names == ["ndvi1"]
    assert Raster(str(tmp_path / "ndvi2.tif")).names == ["ndvi2_1", "ndvi2_2"]
    assert Raster(str(tmp_path / "ndvi1.tif"), ["given"]).names == ["given"]


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["slope", "Slope"], "Two factors are called 'Slope' (from 'a' and 'b'); rename one."),
        (["x", "FID"], "The factor name 'FID' (from 'b') is reserved by vector formats"),
        (["x", ""], "A factor of 'b' has no name; give its band a description."),
    ],
)
def test_names_that_cannot_be_are_refused_with_both_sources(names, text):
    with pytest.raises(InputError) as error:
        check_names(names, ["a", "b"])
    assert str(error.value).startswith(text)


def test_unknown_bands_kinds_and_files_are_one_sentence(tmp_path):
    path = write(tmp_path / "a.tif", np.ones((2, 2, 2), np.float32), ["a", "b"], kinds=["x", "y"])
    with pytest.raises(InputError, match="has no band 'c'; its bands are a, b"):
        Raster(path).band("c")
    assert Raster(path).band("B").index == 2
    with pytest.raises(InputError, match="has the kind 'x'; it must be"):
        open_stack(path)
    (tmp_path / "text.tif").write_text("no raster")
    for missing in ("text.tif", "absent.tif"):
        with pytest.raises(InputError, match="cannot be opened"):
            Raster(str(tmp_path / missing))
    with pytest.raises(OutputError, match="cannot be created"):
        RasterWriter(str(tmp_path / "no" / "folder.tif"), GRID, ["a"])


def test_gdals_exceptions_stay_as_they_are_and_a_truncated_file_is_one_sentence(tmp_path):
    before = gdal.GetUseExceptions()
    rng = np.random.default_rng(0)
    path = write(tmp_path / "a.tif", rng.random((1, 600, 600)).astype(np.float32), ["a"])
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"The raster '.*a\.tif' cannot be"):
        Raster(path).read()
    assert gdal.GetUseExceptions() == before


@pytest.mark.parametrize("layout", ["tiled", "strips", "one block", "pixel"])
@pytest.mark.parametrize("threads", [1, 3])
def test_samples_equal_the_whole_array(tmp_path, layout, threads):
    rng = np.random.default_rng(1)
    values = rng.random((3, 700, 900)).astype(np.float32)
    path = write(tmp_path / "a.tif", values, list("abc"))
    if layout != "tiled":
        height = {"strips": 1, "one block": 700, "pixel": 5}[layout]
        options = [f"BLOCKYSIZE={height}"] + ["INTERLEAVE=BAND"] * (layout != "pixel")
        gdal.Translate(str(tmp_path / "b.tif"), path, creationOptions=options).FlushCache()
        path = str(tmp_path / "b.tif")
        assert Raster(path).dataset.GetRasterBand(1).GetBlockSize() == [900, height]
    rows, columns = rng.integers(0, 700, 2000), rng.integers(0, 900, 2000)
    rows[:2], columns[:2] = (0, 699), (0, 899)
    found = sample_cells(Raster(path), rows, columns, threads=threads)
    assert np.array_equal(found, values[:, rows, columns].T)
    assert sample_cells(Raster(path), rows[:0], columns[:0]).shape == (0, 3)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_samples_of_each_layout_have_nan_for_nodata(tmp_path, dtype):
    values = (np.arange(300 * 300) % 7).reshape(1, 300, 300)
    path = write(tmp_path / "a.tif", values.astype(dtype), ["a"], dtype=dtype, nodata=3)
    assert has_plain_blocks(Raster(path))
    copy = str(tmp_path / "a.vrt")
    gdal.Translate(copy, path).FlushCache()
    assert not has_plain_blocks(Raster(copy))
    cells = np.array([0, 3, 10, 89999])
    expected = [0, np.nan, np.nan, 89999 % 7]
    for source in (path, copy):
        found = sample_cells(Raster(source), cells // 300, cells % 300)[:, 0]
        assert np.array_equal(found, expected, equal_nan=True)


def test_reading_tiles_hold_whole_blocks_and_stay_small(tmp_path):
    made = {}
    for name, options in {
        "tiled": ["TILED=YES"], "strips": ["BLOCKYSIZE=1"], "one": ["BLOCKYSIZE=3000"],
    }.items():  # fmt: skip
        path = str(tmp_path / f"{name}.tif")
        gdal.GetDriverByName("GTiff").Create(
            path, 2500, 3000, 1, options=["SPARSE_OK=YES", *options]
        ).FlushCache()
        made[name] = tile_shape(Raster(path))
    assert made["tiled"] == (512, 256)
    assert made["strips"] == (52, 2500)
    assert made["one"][0] <= 52


def test_only_tiles_with_cells_are_visited():
    rows, columns = np.array([0, 999, 1, 999]), np.array([0, 999, 1, 0])
    tiles = [sorted(t.tolist()) for t in tiles_of(rows, columns, 100, 100)]
    assert tiles == [[0, 2], [3], [1]]


def test_valid_cells_are_those_with_data_in_all_bands(tmp_path):
    values = np.ones((2, 40, 50), np.float32)
    values[0, 3:9, 5:20] = np.nan
    values[1, :, 49] = np.nan
    raster = Raster(write(tmp_path / "a.tif", values, ["a", "b"]))
    cells = ValidCells(raster, Progress(), size=16)
    expected = ~np.isnan(values).any(axis=0)
    assert len(cells) == expected.sum() == 40 * 49 - 6 * 15
    rows, columns = cells.cells(np.arange(len(cells)), Progress())
    seen = np.zeros((40, 50), int)
    np.add.at(seen, (rows, columns), 1)
    assert np.array_equal(seen, expected)


def test_0_is_outside_in_an_8_bit_mask_and_inside_elsewhere(tmp_path):
    path = str(tmp_path / "mask.tif")
    mask = gdal.GetDriverByName("GTiff").Create(path, 3, 1, 1, gdal.GDT_Byte)
    mask.WriteArray(np.array([[0, 1, 2]]))
    mask = None
    assert len(ValidCells(Raster(path), Progress())) == 2
    dem = write(tmp_path / "dem.tif", np.zeros((1, 1, 3), np.float32), ["dem"])
    assert len(ValidCells(Raster(dem), Progress())) == 3


def test_a_stack_without_crs_is_refused(tmp_path):
    path = str(tmp_path / "a.tif")
    grid = Grid(2, 2, (0.0, 1.0, 0.0, 2.0, 0.0, -1.0), "")
    with RasterWriter(path, grid, ["a"]) as writer:
        writer.write(np.ones((1, 2, 2), np.float32))
    with pytest.raises(InputError, match=r"a\.tif' has no coordinate reference system; assign"):
        open_stack(path)
