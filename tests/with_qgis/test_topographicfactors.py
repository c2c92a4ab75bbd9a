"""The terrain algorithm as the Toolbox and qgis_process run it."""

import threading
import time

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.read import open_stack
from osgeo import gdal, osr

ID = "subsidence:topographicfactors"


@pytest.fixture
def dem(tmp_path):
    """Write a rough DEM of a size; returns its path."""

    def write(size, epsg=32648):
        path = str(tmp_path / "dem.tif")
        z = np.random.default_rng(1).normal(size=(size, size)).cumsum(0).cumsum(1) / 50
        dataset = gdal.GetDriverByName("GTiff").Create(path, size, size, 1, gdal.GDT_Float32)
        if epsg:
            reference = osr.SpatialReference()
            reference.ImportFromEPSG(epsg)
            dataset.SetProjection(reference.ExportToWkt())
        dataset.SetGeoTransform((500000, 10, 0, 2300000, 0, -10))
        dataset.GetRasterBand(1).WriteArray(z.astype(np.float32))
        return path

    return write


def test_defaults_on_real_data(run, log, ecuador, tmp_path):
    output = str(tmp_path / "terrain.tif")
    dem = str(ecuador / "factors" / "elev.tif")
    result = run(ID, {"INPUT": dem, "OUTPUT": output}, log)
    assert result == {"OUTPUT": output}
    stack = open_stack(output)
    assert stack.names == ["elevation", "slope", "aspect", "curvature", "twi"]
    assert np.isfinite(stack.read()).sum(axis=(1, 2)).tolist() == [158326] * 5
    assert (tmp_path / "terrain.qml").exists()
    assert "Depressions: 640 cells" in log.text and "158326 cells with elevation" in log.text


def test_chosen_factors_and_settings(run, log, dem, tmp_path):
    output = str(tmp_path / "terrain.tif")
    settings = {"FACTORS": [4, 1], "Z_FACTOR": 2, "MIN_SLOPE": 1, "FLOW_EXPONENT": 4, "BAND": 1}
    run(ID, {"INPUT": dem(30), "OUTPUT": output, **settings}, log)
    assert open_stack(output).names == ["slope", "twi"]


def test_cancel_from_another_thread(run, log, dem, tmp_path):
    """Pressed while the kernels run on 9 million cells, it ends the run within seconds."""
    pressed = []

    def press():
        pressed.append(time.monotonic())
        log.cancel()

    timer = threading.Timer(0.8, press)
    path = dem(3000)
    timer.start()
    run(ID, {"INPUT": path, "OUTPUT": str(tmp_path / "terrain.tif")}, log)
    assert time.monotonic() - pressed[0] < 3  # a second on a quiet machine
    assert not [p.name for p in tmp_path.iterdir() if "terrain" in p.name]


def test_headless(qgis_process, dem, tmp_path):
    output = tmp_path / "terrain.tif"
    done = qgis_process("run", ID, f"--INPUT={dem(40)}", "--FACTORS=0,2", f"--OUTPUT={output}")
    assert done.returncode == 0, done.stderr
    assert open_stack(str(output)).names == ["elevation", "aspect"]


def test_headless_without_crs(qgis_process, dem, tmp_path):
    output = tmp_path / "terrain.tif"
    done = qgis_process("run", ID, f"--INPUT={dem(10, None)}", f"--OUTPUT={output}")
    assert done.returncode != 0
    assert "has no coordinate reference system; assign one first." in done.stdout + done.stderr
    assert not [p.name for p in tmp_path.iterdir() if "terrain" in p.name]
