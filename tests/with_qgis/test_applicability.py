"""Area of applicability by id, as the Toolbox shows it, and through ``qgis_process``."""

import json
import os

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.models.card import Card
from land_subsidence.subsidence_plugin.engine.models.encode import fit_factors
from land_subsidence.subsidence_plugin.engine.models.file import save_model
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from osgeo import osr
from qgis.core import QgsProcessingException, QgsRasterLayer

pytest.importorskip("safetensors")
pytest.importorskip("scipy")

ALGORITHM = "subsidence:applicability"
NAMES = ["slope", "twi"]

reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
UTM48 = reference.ExportToWkt()


@pytest.fixture
def material(tmp_path):
    """A stack whose last ten columns lie far off, samples of the rest, a logistic model."""
    random = np.random.default_rng(1)
    values = random.normal(0, 1, (2, 50, 60)).astype(np.float32)
    values[0, :, 50:] += 12
    grid = Grid(60, 50, (500_000.0, 10.0, 0, 2_000_000.0, 0, -10.0), UTM48)
    with RasterWriter(str(tmp_path / "stack.tif"), grid, NAMES) as writer:
        writer.write(values)
    with RasterWriter(
        str(tmp_path / "p.tif"), grid, ["probability"], metadata={"SUBSIDENCE_KIND": "probability"}
    ) as writer:
        writer.write(random.random((50, 60)).astype(np.float32), band=1)
    rows, columns = random.integers(0, 50, 200), random.integers(0, 50, 200)
    own = values[:, rows, columns].T
    fields = {
        "label": random.integers(0, 2, 200),
        "split": np.where(np.arange(200) % 4, "train", "validation"),
        "fold": np.arange(200) % 5 + 1,
        **dict(zip(NAMES, own.T.astype(float))),
    }
    x, y = 500_005.0 + 10 * columns, 1_999_995.0 - 10 * rows
    kinds = {"kinds": json.dumps(dict.fromkeys(NAMES, "continuous"))}
    write_points(str(tmp_path / "samples.gpkg"), x, y, fields, UTM48, kinds)
    card = Card("logistic", fit_factors(own[np.arange(200) % 4 > 0], NAMES))
    member = {"coefficients": np.array([3.0, 1.0]), "intercept": np.array([0.5])}
    save_model(str(tmp_path / "model.safetensors"), [member], card)
    (tmp_path / "out").mkdir()
    return tmp_path, own


def parameters(folder, **further):
    return {
        "SAMPLES": str(folder / "samples.gpkg"),
        "MODEL": str(folder / "model.safetensors"),
        "FACTORS": str(folder / "stack.tif"),
        "OUTPUT": str(folder / "out" / "index.tif"),
        "AREA": str(folder / "out" / "area.tif"),
        **further,
    }


def test_by_id_with_all_outputs(material, run, log):
    folder, _own = material
    out = folder / "out"
    further = {
        "PROBABILITY": str(folder / "p.tif"),
        "MASKED": str(out / "masked.tif"),
        "TABLE": str(out / "factors.gpkg"),
        "REPORT": str(out / "report.html"),
    }
    result = run(ALGORITHM, parameters(folder, **further), log)
    area, masked = Raster(result["AREA"]).read()[0], Raster(result["MASKED"]).read()[0]
    assert (area[:, 50:] == 0).mean() > 0.95 and (area[:, :50] == 1).mean() > 0.9
    assert np.array_equal(np.isnan(masked), area != 1)
    outside = int((area == 0).sum())
    assert result["KM2_OUTSIDE"] == pytest.approx(outside * 100 / 1e6)
    assert result["SHARE_OUTSIDE"] == pytest.approx(outside / area.size)
    assert result["THRESHOLD_USED"] > 0
    assert "Outside the area of applicability:" in log.text
    assert os.path.getsize(result["REPORT"]) > 10_000
    assert {"factors.gpkg", "masked.qml", "area.qml", "index.qml"} <= set(os.listdir(out))


def test_layers_are_styled(material, run):
    folder, _own = material
    result = run(ALGORITHM, parameters(folder, THRESHOLD=0.5))
    area = QgsRasterLayer(result["AREA"], "area")
    assert [(c.value, c.label) for c in area.renderer().classes()] == [
        (0, "Outside: the model extrapolates"),
        (1, "Inside"),
    ]
    index = QgsRasterLayer(result["OUTPUT"], "index")  # owns all that follows
    function = index.renderer().shader().rasterShaderFunction()
    items = function.colorRampItemList()
    assert [item.value for item in items[:-1]] == [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0]
    assert np.isinf(items[-1].value) and items[3].label == "0.375 to 0.5 (threshold)"
    shades = [function.shade(value)[1:4] for value in (0.1, 0.5, 0.51, 7.0)]
    assert shades == [(1, 102, 94), (199, 234, 229), (246, 232, 195), (140, 81, 10)]


def test_through_qgis_process_without_weights(material, qgis_process):
    folder, own = material
    given = [f"--{name}={value}" for name, value in parameters(folder, WEIGHTS=1).items()]
    done = qgis_process("run", ALGORITHM, *given)
    assert done.returncode == 0, done.stdout + done.stderr
    training = own[np.arange(200) % 4 > 0].astype(float)
    pixels = Raster(str(folder / "stack.tif")).read().reshape(2, -1).T.astype(float)
    deviation = training.std(axis=0, ddof=1)
    between = np.hypot(*np.moveaxis((training[:, None] - training[None]) / deviation, 2, 0))
    scale = between.sum() / (150 * 149)
    expected = np.hypot(*np.moveaxis((pixels[:, None] - training[None]) / deviation, 2, 0))
    got = Raster(str(folder / "out" / "index.tif")).read()[0].ravel()
    assert got == pytest.approx(expected.min(axis=1) / scale, rel=1e-4, abs=1e-5)


def test_errors_name_what_to_change(material, run):
    folder, _own = material
    with pytest.raises(QgsProcessingException, match="give it in PROBABILITY"):
        run(ALGORITHM, parameters(folder, MASKED=str(folder / "out" / "m.tif")))
    with pytest.raises(QgsProcessingException, match="THRESHOLD is -1; it must be 0 or more"):
        run(ALGORITHM, parameters(folder, THRESHOLD=-1))
    with pytest.raises(QgsProcessingException, match="The field 'split' holds text"):
        run(ALGORITHM, parameters(folder, FOLD_FIELD="split"))
    assert os.listdir(folder / "out") == []
