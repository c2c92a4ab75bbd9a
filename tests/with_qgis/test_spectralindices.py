"""The spectral algorithm as the Toolbox runs it."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.read import open_stack
from osgeo import gdal, osr

ID = "subsidence:spectralindices"


@pytest.fixture
def landsat(tmp_path):
    """Write seven bands as of Landsat 8, band i holding the reflectance i/10; row 0 is fill."""
    path = str(tmp_path / "landsat.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 6, 5, 7, gdal.GDT_UInt16)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.SetGeoTransform((500000, 30, 0, 2300000, 0, -30))
    for index in range(1, 8):
        data = np.full((5, 6), round((index / 10 + 0.2) / 0.0000275), np.uint16)
        data[0] = 0
        dataset.GetRasterBand(index).SetNoDataValue(0)
        dataset.GetRasterBand(index).WriteArray(data)
    return path


def test_defaults_are_those_of_landsat(run, log, landsat, tmp_path):
    """Green, red, NIR, SWIR1 are bands 3, 4, 5, 6: 0.3, 0.4, 0.5, 0.6."""
    output = str(tmp_path / "indices.tif")
    assert run(ID, {"INPUT": landsat, "OUTPUT": output}, log) == {"OUTPUT": output}
    stack = open_stack(output)
    assert stack.names == ["ndvi", "ndwi", "ndbi"]
    found = stack.read()
    np.testing.assert_allclose(found[:, 2, 2], [0.1 / 0.9, -0.2 / 0.8, 0.1 / 1.1], atol=1e-4)
    assert np.isnan(found[:, 0]).all() and np.isfinite(found[:, 1:]).all()
    assert (tmp_path / "indices.qml").exists()
    assert "NDVI: 24 cells" in log.text


def test_a_raster_a_band(run, log, landsat, tmp_path):
    """Given as rasters, first bands count (0.1), here beside a red from the stack (0.7)."""
    output = str(tmp_path / "indices.tif")
    run(
        ID, {"INPUT": landsat, "NIR": landsat, "RED_BAND": 7, "INDICES": [4], "OUTPUT": output}, log
    )
    savi = open_stack(output).read()[0, 2, 2]
    assert savi == pytest.approx(1.5 * (0.1 - 0.7) / (0.8 + 0.5), abs=1e-4)


def test_missing_band_is_named(run, log, landsat, tmp_path):
    from qgis.core import QgsProcessingException

    output = str(tmp_path / "indices.tif")
    with pytest.raises(QgsProcessingException, match="GREEN is missing, which NDWI needs"):
        run(ID, {"NIR": landsat, "RED": landsat, "INDICES": [0, 1], "OUTPUT": output}, log)
    assert [p.name for p in tmp_path.iterdir()] == ["landsat.tif"]


def test_headless(qgis_process, landsat, tmp_path):
    output = tmp_path / "indices.tif"
    done = qgis_process("run", ID, f"--INPUT={landsat}", "--INDICES=0,3", f"--OUTPUT={output}")
    assert done.returncode == 0, done.stderr
    assert open_stack(str(output)).names == ["ndvi", "mndwi"]


def test_headless_failure(qgis_process, landsat, tmp_path):
    output = tmp_path / "indices.tif"
    done = qgis_process(
        "run", ID, f"--INPUT={landsat}", "--SCALE=1", "--OFFSET=0", f"--OUTPUT={output}"
    )
    assert done.returncode != 0 and "SCALE and OFFSET do not turn" in done.stdout + done.stderr
    assert not output.exists()
