"""Residuals of forecasts by id, as the Toolbox shows them and ``qgis_process`` runs them."""

import os

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from osgeo import osr
from qgis.core import QgsProcessingException, QgsRasterLayer, QgsVectorLayer

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
pytest.importorskip("scipy")

ID = "subsidence:forecastresiduals"
DATES = ("2024-01-01", "2024-01-07", "2024-01-13")
reference = osr.SpatialReference()
reference.ImportFromEPSG(32632)
UTM32 = reference.ExportToWkt()


def write(path, values, dates):
    grid = Grid(50, 40, (300_000.0, 100.0, 0, 5_600_000.0, 0, -100.0), UTM32)
    about = {"SUBSIDENCE_UNITS": "mm"}
    with RasterWriter(str(path), grid, dates, metadata=about) as writer:
        writer.write(values.astype(np.float32))
    return str(path)


@pytest.fixture
def world(tmp_path):
    """A stack, a forecast that misses a bowl, persistence, and points of the stack."""
    random = np.random.default_rng(5)
    bowl = np.exp(-((np.arange(50) - 30) ** 2 + (np.arange(40)[:, None] - 20) ** 2) / 40)
    observed = -np.arange(3)[:, None, None] * (9 * bowl + 2) + random.normal(0, 1, (3, 40, 50))
    forecast = observed[1:] + 9 * bowl + random.normal(0, 1, (2, 40, 50))
    rows, columns = np.arange(5, 35, 5), np.arange(5, 35, 5)
    fields = {f"D{date.replace('-', '')}": observed[k][rows, columns] - 3
              for k, date in enumerate(DATES)}  # fmt: skip
    points = str(tmp_path / "points.gpkg")
    write_points(points, 300_050.0 + 100 * columns, 5_599_950.0 - 100 * rows, fields, UTM32)
    (tmp_path / "out").mkdir()
    return {
        "OBSERVED": write(tmp_path / "observed.tif", observed, DATES),
        "FORECAST": write(tmp_path / "forecast.tif", forecast, DATES[1:]),
        "PERSISTENCE": write(tmp_path / "persistence.tif", observed[[0, 0]], DATES[1:]),
        "POINTS": points,
        "OUT": tmp_path / "out",
    }


def targets(out, *names):
    ends = {"TABLE": "csv", "REPORT": "html", "POINT_RESIDUALS": "gpkg"}
    return {name: str(out / f"{name.lower()}.{ends.get(name, 'tif')}") for name in names}


ALL = ("SIGNED", "ABSOLUTE", "HOTSPOTS", "POINT_RESIDUALS", "TABLE", "REPORT")


def test_all_outputs_are_made_and_styled(world, run, log):
    result = run(
        ID,
        {"PREDICTED": [world["FORECAST"]], "OBSERVED": world["OBSERVED"],
         "POINTS": world["POINTS"], **targets(world["OUT"], *ALL)},
        log,
    )  # fmt: skip
    assert result["BEST"] == "forecast" and (result["DATES"], result["CELLS"]) == (2, 2000)
    layers = {name: QgsRasterLayer(result[name], name) for name in ALL[:3]}
    renderers = {name: layer.renderer() for name, layer in layers.items()}
    assert renderers["HOTSPOTS"].type() == "paletted"
    assert renderers["HOTSPOTS"].classes()[3].label.startswith("Large errors cluster (1 %")
    assert renderers["SIGNED"].type() == "singlebandpseudocolor"
    assert renderers["SIGNED"].band() == 2  # the last date
    function = renderers["SIGNED"].shader().rasterShaderFunction()
    top = function.maximumValue()
    assert function.minimumValue() == pytest.approx(-top) and top > 3
    assert function.shade(top)[1:4] == (77, 0, 24)  # predicted too high is red
    assert function.shade(-top)[1:4] == (26, 85, 150)
    function = renderers["ABSOLUTE"].shader().rasterShaderFunction()
    assert function.minimumValue() == 0 and function.maximumValue() > 3
    points = QgsVectorLayer(result["POINT_RESIDUALS"], "p")
    assert points.renderer().type() == "graduatedSymbol"
    assert points.renderer().classAttribute() == "signed" and points.featureCount() == 6
    names = [field.name() for field in points.fields()]
    assert names == ["fid", "signed", "absolute", "surface", "D20240107", "D20240113"]
    page = (world["OUT"] / "report.html").read_text(encoding="utf-8")
    assert "The forecast is off by" in page and page.count("<img") == 4
    assert "Residuals at 6 of 6 points (change since the origin)" in log.text


def test_names_of_layers_name_the_forecasts(world, run):
    layers = [QgsRasterLayer(world["FORECAST"], "Trend"),
              QgsRasterLayer(world["PERSISTENCE"], "No change")]  # fmt: skip
    result = run(
        ID,
        {"PREDICTED": layers, "OBSERVED": world["OBSERVED"], "DATE": "last",
         **targets(world["OUT"], "SIGNED", "ABSOLUTE")},
    )  # fmt: skip
    assert Raster(result["ABSOLUTE"]).names == ["Trend", "No change"]
    assert result["DATES"] == 1 and "HOTSPOTS" not in result


def test_errors_are_one_sentence_and_leave_nothing(world, run):
    bad = {"PREDICTED": [world["FORECAST"]], "OBSERVED": world["OBSERVED"],
           "DATE": "2024-01-08", **targets(world["OUT"], "SIGNED", "ABSOLUTE")}  # fmt: skip
    with pytest.raises(QgsProcessingException, match="DATE is 2024-01-08, which is not among"):
        run(ID, bad)
    assert os.listdir(world["OUT"]) == []


def test_through_qgis_process_and_on_to_priorities(world, qgis_process):
    out = world["OUT"]
    given = [f"--{name}={path}" for name, path in targets(out, "SIGNED", "ABSOLUTE").items()]
    done = qgis_process(
        "run", ID, f"--PREDICTED={world['FORECAST']}", f"--PREDICTED={world['PERSISTENCE']}",
        f"--OBSERVED={world['OBSERVED']}", "--RADIUS=2", *given,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Raster(str(out / "signed.tif")).names == ["forecast", "persistence"]
    absolute = out / "absolute.tif"
    done = qgis_process(
        "run", "subsidence:monitoringpriority", f"--SPREAD={absolute}", f"--RESIDUAL={absolute}",
        f"--EXCEEDANCE={absolute}", f"--OUTPUT={out / 'priority.tif'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    bad = qgis_process(
        "run", ID, f"--PREDICTED={world['FORECAST']}", f"--OBSERVED={absolute}",
        f"--SIGNED={out / 'x.tif'}", f"--ABSOLUTE={out / 'y.tif'}",
    )  # fmt: skip
    assert bad.returncode != 0 and "kind 'residual_absolute'" in bad.stdout + bad.stderr
    assert not (out / "x.tif").exists()


@pytest.mark.parametrize("asked", [("SIGNED",), ("ABSOLUTE",), ("HOTSPOTS",), ("TABLE",), ()])
def test_every_map_can_be_skipped_and_the_figures_stay(run, world, asked):
    given = {"PREDICTED": [world["FORECAST"]], "OBSERVED": world["OBSERVED"]}
    whole = run(ID, {**given, **targets(world["OUT"], "SIGNED", "ABSOLUTE")})
    for path in world["OUT"].iterdir():
        path.unlink()
    result = run(ID, {**given, **targets(world["OUT"], *asked)})
    for name in ("RMSE", "BIAS", "SKILL", "HOTSPOT_KM2", "CELLS"):
        assert result[name] == whole[name], name
    assert {name for name in ALL if name in result} == set(asked)
    stems = {path.name.partition(".")[0] for path in world["OUT"].iterdir()}
    assert stems == {name.lower() for name in asked}


def test_the_dialog_offers_both_maps_at_once(qgis_app):
    from qgis.core import QgsApplication, QgsProcessingParameterDefinition

    algorithm = QgsApplication.processingRegistry().createAlgorithmById(ID)
    for name in ("SIGNED", "ABSOLUTE"):
        definition = algorithm.parameterDefinition(name)
        assert definition.createByDefault()
        assert definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional
