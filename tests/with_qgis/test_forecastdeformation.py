"""Forecast of a stack by id, as QGIS sees its rasters and points, and through ``qgis_process``."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine" / "forecasting"))

from forecast_world import (
    card_of,
    dates_of,
    series,
    write_forecaster,
    write_series,
    write_stack,
)
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.map_project import Item
from qgis.core import (
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsRasterLayer,
    QgsVectorLayer,
)

CONFORMAL = {"coverages": [0.5, 0.95], "quantiles": [[1, 2, 3], [2, 3, 4]], "floor": 0.1,
             "ceiling": 50.0}  # fmt: skip


@pytest.fixture
def world(tmp_path):
    values, dates = series(10), dates_of(10)
    stack = write_stack(tmp_path / "stack.tif", values, dates)
    card = card_of("resnet", "transformer", conformal=CONFORMAL)
    model = write_forecaster(tmp_path / "model.safetensors", card, (0.5, 1.0, 3.0))
    points = write_series(
        tmp_path / "points.gpkg", [300_250], [5_599_850], values[:, 1, 2][None], dates,
        {"SUBSIDENCE_KIND": "insar"}, mean_velocity=[-3.0],
    )  # fmt: skip
    return values, stack, model, points


def test_all_outputs_by_id(world, tmp_path, run, log):
    values, stack, model, points = world
    names = ("OUTPUT", "CHANGE", "SPREAD", "LOWER", "UPPER", "MEMBERS")
    paths = {name: str(tmp_path / f"{name}.tif") for name in names}
    paths["POINT_FORECAST"] = str(tmp_path / "forecast.gpkg")
    result = run(
        "subsidence:forecastdeformation",
        {"INPUT": stack, "MODEL": model, "POINTS": points, "STEP": 1, "COVERAGE": 95,
         "DEVICE": 1, **paths},
        log,
    )  # fmt: skip
    assert result == {
        **paths, "BANDS": 3, "CELLS": 600, "ORIGIN_DATE": "2020-02-26",
        "FIRST_DATE": "2020-03-03", "LAST_DATE": "2020-03-15",
    }  # fmt: skip
    expected = values[-1] + values[-1] - values[-2]
    np.testing.assert_allclose(Raster(paths["OUTPUT"]).read(bands=[1])[0], expected, atol=1e-3)
    layer = QgsRasterLayer(paths["OUTPUT"])
    assert layer.bandCount() == 3 and layer.bandName(3) == "Band 3: 2020-03-15"
    assert (layer.renderer().type(), layer.renderer().band()) == ("singlebandpseudocolor", 3)
    purple = QgsRasterLayer(paths["SPREAD"])
    spread = purple.renderer()
    legend = [text for text, _colour in spread.legendSymbologyItems()]
    assert spread.band() == 3 and legend[0] == "0" and legend[-1].endswith("mm and more")
    change = QgsRasterLayer(paths["CHANGE"], "CHANGE")
    moved = Raster(paths["CHANGE"]).read(bands=[1])[0]
    np.testing.assert_allclose(moved, expected - values[-1], atol=1e-3)
    legends = [
        [text for text, _colour in one.renderer().legendSymbologyItems()] for one in (layer, change)
    ]
    assert legends[0][-1].endswith("mm and more since 2020-01-03")
    assert legends[1][-1].endswith("mm and more since 2020-02-26")
    item = Item(change, True)
    assert (item.name, item.group) == ("Forecast change", "forecast")
    assert sorted([Item(layer, True), item], key=lambda one: one.order)[0] is item
    curve = QgsVectorLayer(paths["POINT_FORECAST"], "points", "ogr")
    fields = [field.name() for field in curve.fields()]
    assert fields[-6:] == ["D20200303", "D20200309", "D20200315", "H20200303", "H20200309",
                           "H20200315"]  # fmt: skip
    assert curve.renderer().type() == "graduatedSymbol"
    feature = next(curve.getFeatures())
    assert feature["D20200303"] == pytest.approx(expected[1, 2], abs=1e-3)
    assert "Forecaster" in log.text and "Seconds a member" in log.text


def test_one_sentence_for_a_model_of_another_kind(world, tmp_path, run, log):
    from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
    from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
    from land_subsidence.subsidence_plugin.engine.models.file import save_model

    _values, stack, model, _points = world
    arrays = BASELINES["logistic"].fit(np.array([[0.0], [0.2], [1.0]]), np.array([0, 1, 1]))
    other = str(tmp_path / "other.safetensors")
    save_model(other, [arrays], Card("logistic", [Factor("slope")]))
    target = str(tmp_path / "out.tif")
    with pytest.raises(QgsProcessingException, match="but a model of susceptibility; choose"):
        run("subsidence:forecastdeformation",
            {"INPUT": stack, "MODEL": other, "OUTPUT": target}, log)  # fmt: skip
    with pytest.raises(QgsProcessingException, match="a forecaster of deformation, not a model"):
        run("subsidence:predictsusceptibility",
            {"FACTORS": stack, "MODEL": model, "OUTPUT": target}, log)  # fmt: skip
    assert not (tmp_path / "out.tif").exists()


def test_cancel_leaves_nothing(world, tmp_path, run):
    _values, stack, model, _points = world
    feedback = QgsProcessingFeedback()
    feedback.cancel()
    run("subsidence:forecastdeformation",
        {"INPUT": stack, "MODEL": model, "OUTPUT": str(tmp_path / "out.tif")},
        feedback)  # fmt: skip
    assert not [p.name for p in tmp_path.iterdir() if "out" in p.name or p.name[0] == "."]


def test_headless_from_a_past_origin(world, tmp_path, qgis_process):
    _values, stack, model, _points = world
    target = tmp_path / "out.tif"
    done = qgis_process(
        "run", "subsidence:forecastdeformation", f"--INPUT={stack}", f"--MODEL={model}",
        "--ORIGIN=2020-02-20", "--DEVICE=1", f"--OUTPUT={target}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    raster = Raster(str(target))
    assert raster.names == ["2020-02-26", "2020-03-03", "2020-03-09"]
    assert raster.metadata["SUBSIDENCE_ORIGIN"] == "2020-02-20"
