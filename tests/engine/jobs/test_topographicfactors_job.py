"""The terrain job: grids in metres, feet and degrees, tiles, edges, nodata, errors, Cancel."""

import math
import sys

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.read import open_stack
from land_subsidence.subsidence_plugin.engine.terrain import kernels
from land_subsidence.subsidence_plugin.engine.terrain.cells import constant_cells
from land_subsidence.subsidence_plugin.engine.terrain.factors import factor_tile
from osgeo import gdal, osr

NODATA = -9999.0


@pytest.fixture
def dem(tmp_path):
    """Write an array as DEM: ``dem(z, epsg=32648, transform=...)`` returns its path."""

    def write(z, epsg=32648, transform=(500000, 10, 0, 2300000, 0, -10)):
        path = str(tmp_path / "dem.tif")
        z = np.asarray(z, np.float32)
        dataset = gdal.GetDriverByName("GTiff").Create(path, *z.shape[::-1], 1, gdal.GDT_Float32)
        if epsg:
            reference = osr.SpatialReference()
            reference.ImportFromEPSG(epsg)
            dataset.SetProjection(reference.ExportToWkt())
        dataset.SetGeoTransform(transform)
        band = dataset.GetRasterBand(1)
        band.SetNoDataValue(NODATA)
        band.WriteArray(np.where(np.isnan(z), NODATA, z))
        return path

    return write


@pytest.fixture
def compute(tmp_path):
    """Run the job: returns the stack and its lines in the log."""

    def call(path, progress=None, **arguments):
        lines = []
        progress = progress or Progress(on_message=lambda text, _level: lines.append(text))
        output = str(tmp_path / "stack.tif")
        run_job("topographicfactors", {"dem": path, "output": output, **arguments}, progress)
        return open_stack(output), lines

    return call


def terrain(rows, columns, seed=4):
    z = np.random.default_rng(seed).normal(size=(rows, columns)).cumsum(0).cumsum(1)
    return (z - z.min()).astype(np.float32) / 10


def test_bands_kinds_and_style(dem, compute, tmp_path):
    z = terrain(20, 30)
    z[3, 4] = np.nan
    stack, lines = compute(dem(z))
    assert stack.names == ["elevation", "slope", "aspect", "curvature", "twi"]
    assert {band.kind for band in stack.bands} == {"continuous"}
    assert stack.metadata["SUBSIDENCE_KIND"] == "factor_stack"
    assert (tmp_path / "stack.qml").exists()
    data = stack.read()
    np.testing.assert_array_equal(data[0], z)
    for layer in data:
        np.testing.assert_array_equal(np.isnan(layer), np.isnan(z))
    assert any("Depressions" in line for line in lines)


def test_tiles_equal_the_whole(dem, compute):
    """530 × 1040 cells are six tiles; seams and margins leave no trace."""
    z = terrain(530, 1040)
    z[500:520, 505:515] = np.nan
    stack, _ = compute(dem(z), factors=[1, 2, 3])
    whole = factor_tile(
        ["slope", "aspect", "curvature"],
        np.pad(z, 2, constant_values=np.nan),
        constant_cells(530, 10, 10),
    )
    np.testing.assert_array_equal(stack.read(), whole)


def test_wetness_is_that_of_the_written_slope(dem, compute):
    """exp(TWI) · tan(slope) · cell width is the contributing area: 100 m² at the summit."""
    row, column = np.mgrid[-20:21, -20:21]
    stack, _ = compute(dem(500 - np.hypot(row, column)), factors=[1, 4])
    steep, twi = stack.read(dtype=np.float64)
    area = np.exp(twi) * np.tan(np.radians(np.maximum(steep, 0.05))) * 10
    assert area[20, 20] == pytest.approx(100, rel=1e-4)
    assert area.min() == pytest.approx(100, rel=1e-3)


def test_degrees_are_taken_in_metres_row_by_row(dem, compute):
    """Rising 1 m a column of one arc second: at 60° N it is 15.5 m wide, so 3.69°."""
    z = np.tile(np.arange(20.0), (10, 1))
    second = 1 / 3600
    path = dem(z, 4326, (105, second, 0, 60 + 5 * second, 0, -second))
    stack, lines = compute(path, factors=[1, 2])
    found = stack.read()
    np.testing.assert_allclose(found[0], math.degrees(math.atan(3600 / 55800.08)), atol=1e-3)
    np.testing.assert_allclose(found[1], 270, atol=1e-4)
    assert any("in degrees" in line and "15.50" in line for line in lines)


def test_feet(dem, compute):
    """New York's CRS in US feet and elevations in feet: 1 foot a cell of 10 feet is 1 in 10."""
    z = np.tile(np.arange(20.0), (10, 1))
    path = dem(z, 2263, (980000, 10, 0, 200000, 0, -10))
    stack, _ = compute(path, factors=[0, 1], z_factor=1200 / 3937)
    found = stack.read()
    np.testing.assert_allclose(found[1], math.degrees(math.atan(0.1)), atol=1e-4)
    assert found[0, 0, 10] == pytest.approx(3.048, abs=1e-3)


def test_delta_plain_keeps_every_cell(dem, compute):
    """A level plain: aspect -1, curvature 0, TWI at the minimum slope, nothing nodata."""
    stack, _ = compute(dem(np.full((40, 40), 3.0)), min_slope=0.1)
    _, steep, facing, curved, twi = stack.read()
    assert (steep == 0).all() and (facing == -1).all() and (curved == 0).all()
    assert np.isfinite(twi).all()
    assert twi[0, 0] == pytest.approx(math.log(10 / math.tan(math.radians(0.1))), abs=1)


def test_web_mercator_and_undeclared_nodata_are_pointed_at(dem, compute):
    z = terrain(10, 10)
    z[0, 0] = -32768
    _, lines = compute(dem(z, 3857), factors=[1])
    assert any("Web Mercator" in line for line in lines)
    assert any("nodata value that it does not declare" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epsg": None}, "has no coordinate reference system; assign"),
        ({"epsg": 4978}, "neither projected nor in degrees"),
        ({"transform": (0, 10, 1, 0, 1, -10)}, "is rotated or not stored north-up"),
        ({"transform": (0, 10, 0, 0, 0, 10)}, "is rotated or not stored north-up"),
    ],
)
def test_unusable_grids(dem, compute, tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        compute(dem(np.ones((5, 5)), **arguments))
    assert not (tmp_path / "stack.tif").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"band": 2}, "has no band 2; it has 1"),
        ({"factors": []}, "No factor is chosen"),
        ({"factors": [5]}, "FACTORS has no option 5"),
        ({"z_factor": 0}, "Z_FACTOR is 0; it must be above 0"),
        ({"min_slope": 90}, "MIN_SLOPE is 90; it must be above 0 and below 90"),
        ({"flow_exponent": math.nan}, "FLOW_EXPONENT is nan"),
    ],
)
def test_unusable_arguments(dem, compute, arguments, message):
    with pytest.raises(InputError, match=message):
        compute(dem(np.ones((5, 5))), **arguments)


@pytest.mark.parametrize("factors", [[1], [4]])
def test_all_nodata(dem, compute, tmp_path, factors):
    with pytest.raises(InputError, match="is nodata everywhere"):
        compute(dem(np.full((5, 5), np.nan)), factors=factors)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dem.tif"]


def test_without_numba_all_but_the_wetness(dem, compute, monkeypatch):
    kernels.compiled.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)
    stack, _ = compute(dem(terrain(20, 20)), factors=[0, 1, 2, 3])
    assert stack.names == ["elevation", "slope", "aspect", "curvature"]


@pytest.mark.parametrize("looks", [1, 4, 8, 12])
def test_cancel_leaves_nothing(dem, compute, tmp_path, looks):
    asked = []
    progress = Progress(is_cancelled=lambda: asked.append(1) or len(asked) >= looks)
    path = dem(terrain(600, 600))
    with pytest.raises(Cancelled):
        compute(path, progress)
    assert [p.name for p in tmp_path.iterdir()] == ["dem.tif"]


def test_ecuador(ecuador, compute):
    """Published slope (another method) and SAGA's contributing area of the same DEM."""

    def reference(name):
        return open_stack(str(ecuador / "factors" / f"{name}.tif")).read(dtype=np.float64)[0]

    stack, _ = compute(str(ecuador / "factors" / "elev.tif"), factors=[1, 4])
    steep, twi = stack.read(dtype=np.float64)
    published = reference("slope")
    both = np.isfinite(steep) & np.isfinite(published)
    assert np.corrcoef(steep[both], published[both])[0, 1] > 0.985
    area = np.exp(twi) * np.tan(np.radians(np.maximum(steep, 0.05))) * 10
    difference = np.log10(area) - reference("log10_carea")
    # Equal to rounding wherever no sink lies upstream; below sinks the treatments differ.
    assert np.nanmedian(np.abs(difference)) < 1e-5
    assert np.nanmean(np.abs(difference) < 0.01) > 0.75
