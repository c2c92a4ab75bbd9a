"""The spectral job: one stack or a raster a band, scale, nodata, grids, errors."""

import re

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.raster.read import open_stack
from osgeo import gdal, osr

#: Stored values of Landsat Collection 2 with reflectance 0.1, 0.2, 0.3, 0.4.
STORED = {"GREEN": 14545.4545, "RED": 10909.0909, "NIR": 21818.1818, "SWIR1": 18181.8182}
STACK_BANDS = {"GREEN": 1, "RED": 2, "NIR": 3, "SWIR1": 4}
GRID = (500000, 30, 0, 2300000, 0, -30)


@pytest.fixture
def raster(tmp_path):
    """Write (bands, rows, columns) as a GeoTIFF and return its path."""

    def write(name, data, epsg=32648, transform=GRID, nodata=0):
        path = str(tmp_path / name)
        data = np.asarray(data, np.float32)
        dataset = gdal.GetDriverByName("GTiff").Create(
            path, data.shape[2], data.shape[1], len(data), gdal.GDT_Float32
        )
        if epsg:
            reference = osr.SpatialReference()
            reference.ImportFromEPSG(epsg)
            dataset.SetProjection(reference.ExportToWkt())
        dataset.SetGeoTransform(transform)
        for index, layer in enumerate(data, start=1):
            dataset.GetRasterBand(index).SetNoDataValue(nodata)
            dataset.GetRasterBand(index).WriteArray(layer)
        return path

    return write


@pytest.fixture
def compute(tmp_path):
    """Run the job: returns the stack and its lines in the log."""

    def call(progress=None, **arguments):
        lines = []
        progress = progress or Progress(on_message=lambda text, _level: lines.append(text))
        output = str(tmp_path / "indices.tif")
        run_job("spectralindices", {"output": output, **arguments}, progress)
        return open_stack(output), lines

    return call


def full(name, size=(4, 5)):
    return np.full((1, *size), STORED[name])


def test_stack_of_bands(raster, compute, tmp_path):
    data = np.concatenate([full(name) for name in STACK_BANDS])
    data[1, 0, 0] = 0  # nodata in red alone
    path = raster("bands.tif", data)
    stack, lines = compute(stack=path, stack_bands=STACK_BANDS, indices=[4, 0, 1, 2, 3])
    assert stack.names == ["ndvi", "ndwi", "ndbi", "mndwi", "savi"]
    assert {band.kind for band in stack.bands} == {"continuous"}
    assert stack.metadata["SUBSIDENCE_KIND"] == "factor_stack"
    assert (tmp_path / "indices.qml").exists()
    found = stack.read()
    # reflectances: green 0.2, red 0.1, NIR 0.4, SWIR1 0.3
    expected = [0.3 / 0.5, -0.2 / 0.6, -0.1 / 0.7, -0.1 / 0.5, 1.5 * 0.3 / 1.0]
    np.testing.assert_allclose(found[:, 1, 1], expected, atol=1e-5)
    assert np.isnan(found[:, 0, 0]).tolist() == [True, False, False, False, True]
    assert "NDVI: 19 cells with a value" in lines


def test_a_raster_goes_before_the_stack(raster, compute):
    whole = raster("bands.tif", np.concatenate([full(name) for name in STACK_BANDS]))
    red = raster("red.tif", full("NIR"))
    stack, lines = compute(
        stack=whole, stack_bands=STACK_BANDS, rasters={"RED": red, "NIR": None}, indices=[0]
    )
    np.testing.assert_allclose(stack.read(), 0, atol=1e-7)
    assert any(line.startswith("RED: band 1 of") and "red.tif" in line for line in lines)


def test_reflectances_as_they_are(raster, compute):
    """Scale 1, offset 0; a cell where nothing is reflected, one impossible, one slightly so."""
    red = raster("red.tif", [[[0.1, 0.0, 0.1, 0.1]]], nodata=-1)
    nir = raster("nir.tif", [[[0.3, 0.0, 3.0, 1.1]]], nodata=-1)
    stack, lines = compute(rasters={"RED": red, "NIR": nir}, indices=[0], scale=1, offset=0)
    found = stack.read()[0, 0]
    np.testing.assert_allclose(found[[0, 3]], [0.5, 0.9 / 1.1], rtol=1e-6)
    assert np.isnan(found[1:3]).all()
    assert any("NIR: 1 cells have a reflectance below" in line for line in lines)
    assert any("NIR: 1 cells slightly below 0 or above 1" in line for line in lines)


def test_tiles(raster, compute):
    rng = np.random.default_rng(1)
    red, nir = rng.uniform(8000, 30000, (2, 1, 530, 600)).astype(np.float32)
    stack, _ = compute(
        rasters={"RED": raster("red.tif", red), "NIR": raster("nir.tif", nir)}, indices=[0]
    )
    r, n = red[0] * 2.75e-5 - 0.2, nir[0] * 2.75e-5 - 0.2
    np.testing.assert_allclose(stack.read()[0], (n - r) / (n + r), atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transform": (500030, 30, 0, 2300000, 0, -30)}, "bounds 500000, .* and 500030, "),
        ({"epsg": 32649}, "CRS WGS 84 / UTM zone 48N and WGS 84 / UTM zone 49N"),
    ],
)
def test_different_grids_name_both(raster, compute, tmp_path, options, message):
    rasters = {"RED": raster("r.tif", full("RED")), "NIR": raster("n.tif", full("NIR"), **options)}
    with pytest.raises(InputError, match=rf"RED \('.*r.tif'\) and NIR \('.*n.tif'\).*{message}"):
        compute(rasters=rasters, indices=[0])
    assert not (tmp_path / "indices.tif").exists()


def test_different_sizes(raster, compute):
    rasters = {"RED": raster("r.tif", full("RED")), "NIR": raster("n.tif", full("NIR", (4, 6)))}
    with pytest.raises(InputError, match="5 × 4 and 6 × 4 cells"):
        compute(rasters=rasters, indices=[0])


def test_errors_about_bands(raster, compute):
    path = raster("two.tif", np.concatenate([full("RED"), full("NIR")]))
    with pytest.raises(InputError, match="GREEN is missing, which NDWI needs: give the raster"):
        compute(rasters={"RED": path, "NIR": path}, indices=[0, 1])
    with pytest.raises(InputError, match=r"NIR_BAND is 5, but INPUT .* has the bands 1 to 2"):
        compute(stack=path, stack_bands={"RED": 1, "NIR": 5}, indices=[0])
    with pytest.raises(InputError, match="No index is chosen"):
        compute(stack=path, indices=[])
    with pytest.raises(InputError, match="SCALE must not be 0"):
        compute(stack=path, stack_bands={"RED": 1, "NIR": 2}, indices=[0], scale=0)


def test_wrong_scale_is_explained(raster, compute, tmp_path):
    stored = raster("dn.tif", np.concatenate([full("RED"), full("NIR")]))
    bands = {"RED": 1, "NIR": 2}
    with pytest.raises(InputError, match=re.escape("0.0000275 and -0.2 are those of Landsat")):
        compute(stack=stored, stack_bands=bands, indices=[0], scale=1, offset=0)
    reflectances = raster("r.tif", np.full((2, 3, 3), 0.3))
    with pytest.raises(InputError, match="reflectances already take 1 and 0"):
        compute(stack=reflectances, stack_bands=bands, indices=[0])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dn.tif", "r.tif"]


def test_no_crs_no_data_no_overlap(raster, compute):
    red = raster("red.tif", full("RED"))
    with pytest.raises(InputError, match=r"n\.tif' has no coordinate reference system"):
        compute(rasters={"RED": red, "NIR": raster("n.tif", full("NIR"), None)}, indices=[0])
    empty = raster("e.tif", np.zeros((1, 4, 5)))
    with pytest.raises(InputError, match=r"NIR .*e\.tif.* is nodata everywhere"):
        compute(rasters={"RED": red, "NIR": empty}, indices=[0])
    left, right = full("RED"), full("NIR")
    left[..., :2], right[..., 2:] = 0, 0
    rasters = {"RED": raster("l.tif", left), "NIR": raster("ri.tif", right)}
    with pytest.raises(InputError, match="NDVI has no value anywhere"):
        compute(rasters=rasters, indices=[0])


def test_cancelled(raster, compute, tmp_path):
    path = raster("bands.tif", np.concatenate([full("RED"), full("NIR")]))
    with pytest.raises(Cancelled):
        compute(
            Progress(is_cancelled=lambda: True),
            stack=path, stack_bands={"RED": 1, "NIR": 2}, indices=[0],
        )  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == ["bands.tif"]
