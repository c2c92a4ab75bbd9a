"""Ensemble uncertainty and monitoring priority by id, as the Toolbox shows them."""

import os

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from osgeo import osr
from qgis.core import QgsProcessingException, QgsRasterLayer

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

ENSEMBLE, PRIORITY = "subsidence:ensembleuncertainty", "subsidence:monitoringpriority"
MAPS = (
    "MEDIAN", "LEVELS", "EXCEEDANCE", "CONFIDENCE", "SPREAD", "RANK_VARIANCE", "BIVARIATE",
    "CLASS_PROBABILITY",
)  # fmt: skip
NEEDED = ("LEVELS", "EXCEEDANCE", "SPREAD", "BIVARIATE")

reference = osr.SpatialReference()
reference.ImportFromEPSG(32632)
UTM32 = reference.ExportToWkt()


def write(path, values, metadata):
    grid = Grid(50, 40, (300_000.0, 100.0, 0, 5_600_000.0, 0, -100.0), UTM32)
    names = [f"member_{i}" for i in range(1, len(values) + 1)]
    with RasterWriter(str(path), grid, names, metadata=metadata) as writer:
        writer.write(values.astype(np.float32))
    return str(path)


@pytest.fixture
def members(tmp_path):
    """Five members in mm: a bowl, and a corner that one member does not cover."""
    random = np.random.default_rng(2)
    bowl = -60 * np.exp(-((np.arange(50) - 30) ** 2 + (np.arange(40)[:, None] - 20) ** 2) / 60)
    values = bowl + random.normal(0, 2, (5, 40, 50))
    values[1, :4, :4] = np.nan
    (tmp_path / "out").mkdir()
    about = {"SUBSIDENCE_KIND": "members", "SUBSIDENCE_UNITS": "mm"}
    return write(tmp_path / "members.tif", values, about), tmp_path / "out"


def outputs(folder, names=MAPS):
    return {name: str(folder / f"{name.lower()}.tif") for name in names}


def test_all_maps_are_made_and_styled(members, run, log):
    source, out = members
    result = run(
        ENSEMBLE,
        {"INPUT": [source], **outputs(out), "TABLE": str(out / "t.csv"),
         "REPORT": str(out / "r.html")},
        log,
    )  # fmt: skip
    assert result["PIXELS"] == 40 * 50 - 16 and result["THRESHOLDS"].startswith("Q85 = ")
    layers = {name: QgsRasterLayer(result[name], name) for name in MAPS}  # own what follows
    classes = ("LEVELS", "BIVARIATE")
    for name, layer in layers.items():
        expected = "paletted" if name in classes else "singlebandpseudocolor"
        assert layer.renderer().type() == expected, name
    labels = [entry.label for entry in layers["LEVELS"].renderer().classes()]
    assert len(labels) == 4 and labels[0].startswith("Low: |m| < ") and labels[3].endswith(" mm")
    assert layers["BIVARIATE"].renderer().classes()[0].label == "High level × low spread"
    q99 = float(result["THRESHOLDS"].rsplit(" = ", 1)[1])
    function = layers["MEDIAN"].renderer().shader().rasterShaderFunction()
    assert function.minimumValue() == pytest.approx(-q99, rel=1e-5)
    assert function.shade(-q99)[1:4] == (77, 0, 24)  # subsidence is red
    assert "of the deformation |d| in mm" in log.text
    page = (out / "r.html").read_text(encoding="utf-8")
    assert "All 5 members agree on the level of" in page and page.count("<img") == 3
    assert (out / "r_data" / "figure-2-bivariate.csv").exists()


def test_chain_to_priorities_in_qgis_process(members, qgis_process):
    source, out = members
    made = outputs(out, NEEDED)
    given = [f"--{name}={value}" for name, value in made.items()]
    done = qgis_process("run", ENSEMBLE, f"--INPUT={source}", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    residual = Raster(source).read()[:1]
    del made["BIVARIATE"]
    made["RESIDUAL"] = write(out / "residual.tif", residual, {"SUBSIDENCE_KIND": "residual"})
    given = [f"--{name}={value}" for name, value in made.items()]
    done = qgis_process(
        "run", PRIORITY, *given, f"--OUTPUT={out / 'p.tif'}", f"--TABLE={out / 'areas.gpkg'}"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 Robust high: intervene first: " in done.stdout
    layer = QgsRasterLayer(str(out / "p.tif"), "priority")
    assert [entry.value for entry in layer.renderer().classes()] == list(range(1, 8))
    codes = Raster(str(out / "p.tif")).read()[0]
    assert np.isnan(codes[:4, :4]).all() and np.isfinite(codes).sum() == 40 * 50 - 16
    assert set(codes[18:22, 28:32].ravel()) <= {1, 2, 4, 5}  # the middle of the bowl is high


def test_several_layers_and_outputs_left_out(members, run):
    source, out = members
    values = Raster(source).read()
    about = {"SUBSIDENCE_UNITS": "mm"}
    several = [write(out / f"m{i}.tif", own[None], about) for i, own in enumerate(values)]
    result = run(ENSEMBLE, {"INPUT": several, "QUANTILES": "50, 90", **outputs(out, NEEDED)})
    assert "MEDIAN" not in result and result["PIXELS"] == 40 * 50 - 16
    shares = np.bincount(np.nan_to_num(Raster(result["LEVELS"]).read()[0]).astype(int).ravel())
    assert shares.tolist() == [16, 992, 793, 199]


def test_errors_name_what_to_change(members, run):
    source, out = members
    before = os.listdir(out)
    wanted = {"INPUT": [source], **outputs(out, NEEDED)}
    with pytest.raises(QgsProcessingException, match="QUANTILES is '95, 85'; give two to four"):
        run(ENSEMBLE, {**wanted, "QUANTILES": "95, 85"})
    with pytest.raises(QgsProcessingException, match="BAND is 0; it must be"):
        run(ENSEMBLE, {**wanted, "BAND": 0})
    with pytest.raises(QgsProcessingException, match="Give EXCEEDANCE or LEVELS"):
        run(PRIORITY, {"SPREAD": source, "OUTPUT": str(out / "p.tif")})
    with pytest.raises(QgsProcessingException, match="QUANTILE is 20; it must be from 50"):
        run(PRIORITY, {"SPREAD": source, "LEVELS": source, "QUANTILE": 20,
                       "OUTPUT": str(out / "p.tif")})  # fmt: skip
    assert os.listdir(out) == before
