"""Prediction by id, through ``qgis_process``, cancelled from another thread, bad folders."""

import os
import threading
import time

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import save_model
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from osgeo import gdal, osr
from qgis.core import QgsProcessingException, QgsProcessingFeedback, QgsRasterLayer

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

ALGORITHM = "subsidence:predictsusceptibility"

reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
UTM48 = reference.ExportToWkt()


@pytest.fixture
def material(tmp_path):
    """A stack of two factors with a hole, and a logistic model with weights set by hand."""
    values = np.random.default_rng(1).random((2, 60, 80)).astype(np.float32)
    values[0, 10, 20] = np.nan
    grid = Grid(80, 60, (500_000.0, 10.0, 0, 2_000_000.0, 0, -10.0), UTM48)
    with RasterWriter(str(tmp_path / "stack.tif"), grid, ["twi", "slope"]) as writer:
        writer.write(values)
    card = Card("logistic", [Factor("slope"), Factor("twi")])
    card.split = {"train": {"rows": 10, "positive": 5}}
    member = {"coefficients": np.array([2.0, -1.0]), "intercept": np.array([0.5])}
    save_model(str(tmp_path / "model.safetensors"), [member], card)
    (tmp_path / "out").mkdir()
    return tmp_path, values


def parameters(folder, **further):
    return {
        "FACTORS": str(folder / "stack.tif"),
        "MODEL": str(folder / "model.safetensors"),
        "OUTPUT": str(folder / "out" / "p.tif"),
        **further,
    }


def by_hand(values):
    twi, slope = values
    return 1 / (1 + np.exp(-(2 * slope - twi + 0.5)))


def test_a_baseline_by_id(material, run, log):
    folder, values = material
    result = run(ALGORITHM, parameters(folder), log)
    assert result == {"OUTPUT": str(folder / "out" / "p.tif")}
    got = Raster(result["OUTPUT"]).read()[0]
    assert np.array_equal(np.isnan(got), np.isnan(values[0]))
    assert np.nanmax(np.abs(got - by_hand(values))) < 1e-6
    assert "4799 of 4800 pixels predicted" in log.text
    layer = QgsRasterLayer(result["OUTPUT"], "p")
    assert layer.isValid() and layer.renderer().type() == "singlebandpseudocolor"


def test_through_qgis_process_with_prevalence(material, qgis_process):
    folder, values = material
    given = [f"--{k}={v}" for k, v in parameters(folder, PREVALENCE=0.2, THREADS=1).items()]
    done = qgis_process("run", ALGORITHM, *given)
    assert done.returncode == 0, done.stdout + done.stderr
    p = by_hand(values)
    expected = p * 0.25 / (p * 0.25 + 1 - p)  # odds times 0.2 / 0.8
    got = Raster(str(folder / "out" / "p.tif")).read()[0]
    assert np.nanmax(np.abs(got - expected)) < 1e-6
    (folder / "cut").write_bytes((folder / "model.safetensors").read_bytes()[:-9])
    (folder / "out" / "p.tif").unlink()
    (folder / "out" / "p.qml").unlink()
    done = qgis_process("run", ALGORITHM, *given[:1], f"--MODEL={folder / 'cut'}", *given[2:])
    assert done.returncode != 0 and "damaged or cut off" in done.stdout + done.stderr
    assert os.listdir(folder / "out") == []


def test_missing_factors_are_named(material, run):
    folder, _values = material
    dataset = gdal.Open(str(folder / "stack.tif"), gdal.GA_Update)
    dataset.GetRasterBand(2).SetDescription("gradient")
    dataset = None
    with pytest.raises(QgsProcessingException, match="lacks 1 of the model's 2 factors: slope;"):
        run(ALGORITHM, parameters(folder))
    assert os.listdir(folder / "out") == []


def test_folder_that_cannot_be_written(material, run):
    folder, _values = material
    (folder / "file").write_text("in the way")
    target = str(folder / "file" / "p.tif")
    with pytest.raises(QgsProcessingException, match="cannot be written to"):
        run(ALGORITHM, parameters(folder, OUTPUT=target))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU here")
def test_cuda_where_there_is_none(material, run):
    from land_subsidence.subsidence_plugin.engine.networks.registry import build

    folder, _values = material
    state = build("lstm", 2, {}).state_dict()
    card = Card("lstm", [Factor("slope"), Factor("twi")])
    save_model(str(folder / "model.safetensors"), [{k: v.numpy() for k, v in state.items()}], card)
    with pytest.raises(QgsProcessingException, match="CUDA"):
        run(ALGORITHM, parameters(folder, DEVICE=2))
    assert os.listdir(folder / "out") == []


def test_cancel_from_another_thread_leaves_nothing(material, run):
    from land_subsidence.subsidence_plugin.engine.networks.registry import build

    folder, _values = material
    state = build("drdn", 2, {}).state_dict()
    card = Card("drdn", [Factor("slope"), Factor("twi")])
    save_model(str(folder / "model.safetensors"), [{k: v.numpy() for k, v in state.items()}], card)
    big = str(folder / "big.vrt")  # a minute of work
    gdal.Translate(big, str(folder / "stack.tif"), format="VRT", width=4000, height=3000)
    feedback, moment = QgsProcessingFeedback(False), []

    def cancel():
        deadline = time.monotonic() + 20
        while not list(folder.glob("out/.p.tif.partial*/p.tif")) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        moment.append(time.monotonic())
        feedback.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    run(ALGORITHM, parameters(folder, FACTORS=big), feedback)
    ended = time.monotonic()
    thread.join()
    assert ended - moment[0] < 3
    assert os.listdir(folder / "out") == []
