"""A forecaster comes back from its file as it went in; damaged and hostile ones are refused."""

import json
import time

import numpy as np
import pytest

pytest.importorskip("osgeo.gdal")
pytest.importorskip("torch")
pytest.importorskip("safetensors")

from forecast_world import Log, arrays_of, card_of
from land_subsidence.subsidence_plugin.engine.errors import ModelFileError
from land_subsidence.subsidence_plugin.engine.forecasting.card import ForecasterCard
from land_subsidence.subsidence_plugin.engine.forecasting.file import (
    load_forecaster,
    save_forecaster,
)
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.models.container import ENTRY
from safetensors.numpy import save

CONFORMAL = {"coverages": [0.5, 0.9], "quantiles": [[1, 2, 3], [2, 3, 4]], "floor": 0.1,
             "ceiling": 5.0}  # fmt: skip


@pytest.mark.parametrize("spatial", ["cnn", "gcn", "resnet"])
@pytest.mark.parametrize(("temporal", "variant"), [("lstm", "lastmap"), ("transformer", "paper")])
def test_all_six_survive_saving_bit_for_bit(tmp_path, spatial, temporal, variant):
    shape = [12, 10] if variant == "paper" else []
    card = card_of(spatial, temporal, variant, shape=shape, conformal=CONFORMAL, gap=2,
                   covariates=[{"name": "clay", "mean": 1.5, "std": 2.0}])  # fmt: skip
    members = [arrays_of(card, seed=seed) for seed in (1, 2)]
    path = str(tmp_path / "f.safetensors")
    model_id = save_forecaster(path, card, members)
    loaded = load_forecaster(path)
    assert loaded.model_id == model_id and loaded.members == 2
    assert loaded.card == card and loaded.card.members == 2
    for got, expected in zip(loaded.arrays, members):
        assert sorted(got) == sorted(expected)
        for name, array in expected.items():
            assert got[name].shape == array.shape  # also those of no dimension
            np.testing.assert_array_equal(got[name], array)
    assert loaded.module(1).training is False


def content_of(**changes):
    return {**json.loads(card_of().to_json()), **changes}


def refused(tmp_path, content, expected, tensors=None):
    path = tmp_path / "f.safetensors"
    if tensors is None:
        tensors = {f"0/{name}": array for name, array in arrays_of(card_of()).items()}
    path.write_bytes(save(tensors, metadata={ENTRY: json.dumps(content)}))
    begun = time.perf_counter()
    with pytest.raises(ModelFileError) as caught:
        load_forecaster(str(path))
    text = str(caught.value)
    assert expected in text and text.startswith("'f.safetensors': t")
    assert "\n" not in text and len(text) < 400
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind": "other"}, "this is no forecaster of this plugin"),
        ({"kind": ["forecaster"]}, "this is no forecaster of this plugin"),
        ({"format_version": 7}, "format version 7, this plugin reads version 1"),
        ({"spatial": "os.system"}, "The part 'os.system' is not known; use cnn, gcn, resnet"),
        ({"spatial": 4}, "spatial: not a str"),
        ({"variant": "odd"}, "The part 'odd' is not known; use lastmap, paper"),
        ({"variant": "paper"}, "needs the size of the grid"),
        ({"variant": "paper", "shape": [90000, 90000]}, "at most 16384 cells"),
        ({"window": 10**12}, "window: 1000000000000 instead of 1 to 5000"),
        ({"window": True}, "window: not a int"),
        ({"window": 9}, "its architecture needs float32"),
        ({"horizon": 0}, "horizon: 0 instead of 1 to 5000"),
        ({"gap": -1}, "gap: -1 instead of 0 to 5000"),
        ({"members": 10**9}, "members: 1000000000 instead of 1 to 1000"),
        ({"members": 2}, "is missing"),
        ({"mean": None}, "mean: no finite number"),
        ({"std": 0}, "std: 0 instead of a number above 0"),
        ({"step_days": "6"}, "step_days: '6' instead of a number above 0"),
        ({"cell_size": 1e300}, "cell_size: 1e+300 instead of"),
        ({"first_date": "yesterday"}, "first_date: 'yesterday' is no date"),
        ({"seen_until": 3}, "seen_until: 3 is no date"),
        ({"nodes": "edges"}, "nodes: 'edges' instead of cells or points"),
        ({"shape": [3]}, "shape: [3] instead of rows and columns"),
        ({"shape": [True, 4]}, "instead of rows and columns"),
        ({"covariates": [{"mean": 1}]}, "covariates: an entry has no name"),
        ({"covariates": [{"name": "a", "mean": 1, "std": 0}]}, "the std is no number above 0"),
        ({"covariates": [{"name": "a", "mean": 1, "std": 1}, {"name": "A", "mean": 1, "std": 1}]},
         "covariates: a name stands there twice"),
        ({"covariates": [{"name": str(k), "mean": 1, "std": 1} for k in range(300)]},
         "300 instead of at most 256"),
        ({"hyperparameters": {"channels": 10**9}}, "'channels' is 1000000000; allowed is 1"),
        ({"hyperparameters": {"rm": 1}}, "has no hyperparameter 'rm'"),
        ({"member_hyperparameters": [{}, {}]}, "member_hyperparameters: 2 for 1 members"),
        ({"metrics": {"test": 3}}, "metrics: not numbers by part"),
        ({"metrics": {"test": {"RMSE": [1, 2, 3, 4]}}}, "metrics: not numbers by part"),
        ({"split": {"test": {"dates": "all"}}}, "split: not numbers by part"),
        ({"seeds": ["a"]}, "seeds: not whole numbers"),
        ({"conformal": [1]}, "conformal: not an object"),
        ({"conformal": {**CONFORMAL, "coverages": [0.9, 0.5]}}, "not in ascending order"),
        ({"conformal": {**CONFORMAL, "coverages": [0.5, 1.0]}}, "is not between 0 and 1"),
        ({"conformal": {**CONFORMAL, "quantiles": [[1, 2, 3]]}}, "one row of quantiles a coverage"),
        ({"conformal": {**CONFORMAL, "quantiles": [[1], [2]]}}, "has not 3 numbers"),
        ({"conformal": {**CONFORMAL, "quantiles": [[1, 2, -3], [2, 3, 4]]}}, "of 0 or more"),
        ({"conformal": {**CONFORMAL, "quantiles": [[9, 2, 3], [2, 3, 4]]}}, "smaller quantile"),
        ({"conformal": {**CONFORMAL, "floor": 9}}, "floor and ceiling are not two ordered"),
    ],
)  # fmt: skip
def test_bad_cards(tmp_path, changes, expected):
    refused(tmp_path, content_of(**changes), expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.pop("0/output.bias"), "'output.bias' is missing"),
        (lambda t: t.update({"0/extra": np.zeros(2, np.float32)}), "'extra' is surplus"),
        (lambda t: t.update({"1/x": np.zeros(2, np.float32)}), "'1/x' is no part"),
        (lambda t: t["0/output.bias"].fill(np.inf), "no finite numbers"),
        (lambda t: t.update({"0/output.bias": np.zeros(3)}), "is float64 (3,)"),
        (lambda t: t.update({"0/input_scale": np.ones(1, np.float32)}), "needs float32 ()"),
    ],
)
def test_bad_tensors(tmp_path, change, expected):
    tensors = {f"0/{name}": array for name, array in arrays_of(card_of()).items()}
    change(tensors)
    refused(tmp_path, content_of(), expected, tensors)


def test_missing_entries_are_named(tmp_path):
    for name in ("window", "std", "nodes", "covariates", "crs"):
        content = content_of()
        del content[name]
        refused(tmp_path, content, f"{name}: ")


def test_flipped_bytes_never_end_in_anything_else(tmp_path):
    path = tmp_path / "f.safetensors"
    save_forecaster(str(path), card_of(conformal=CONFORMAL), [arrays_of(card_of())])
    whole = path.read_bytes()
    header = int.from_bytes(whole[:8], "little") + 8
    rng = np.random.default_rng(0)
    for position in rng.integers(0, header, 200):
        damaged = bytearray(whole)
        damaged[position] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged))
        try:
            load_forecaster(str(path))
        except ModelFileError as error:
            assert "\n" not in str(error)


def test_modelinfo_describes_a_forecaster(tmp_path):
    card = card_of(
        "resnet", "transformer", conformal=CONFORMAL, gap=2, versions={"torch": "2.1"},
        covariates=[{"name": "clay", "mean": 1.5, "std": 2.0}], training={"epochs": 12},
        metrics={"test": {"RMSE": 1.5, "MAE": 1.25, "Skill": 0.125, "RMSE_by_step": [1, 2, 3]},
                 "test: persistence": {"RMSE": 1.75},
                 "test at points: annual": {"RMSE": 2.5}, "coverage": {"90 %": [0.8, 0.85, 0.96]}},
    )  # fmt: skip
    path, report = str(tmp_path / "f.safetensors"), str(tmp_path / "f.html")
    model_id = save_forecaster(path, card, [arrays_of(card), arrays_of(card)])
    log = Log()
    result = run_job("modelinfo", {"model": path, "report": report}, log)
    assert result == {"ARCHITECTURE": "resnet-transformer", "MEMBERS": 2, "FACTORS": "clay",
                      "MODEL_ID": model_id}  # fmt: skip
    assert "forecaster ResNet + Transformer (lastmap), members: 2, of" in log.text
    assert (
        "Window 8, horizon 3, gap 2 dates, typically 6 days apart; nodes are cells of 100 m."
        in (log.text)
    )
    assert "Trained on stack.tif, 2020-01-03 to 2020-12-31 (U, mm); train 30 windows." in log.text
    assert "On the test part: RMSE 1.500 mm, MAE 1.250 mm, Skill 0.125" in log.text
    assert "On the test part (Persistence): RMSE 1.750 mm" in log.text
    assert "On the test part, at the points (Linear + annual): RMSE 2.500 mm" in log.text
    assert "Prediction intervals are calibrated for 50% to 90%." in log.text
    assert "Covariate clay: mean 1.5, std 2" in log.text
    page = open(report, encoding="utf-8").read()
    assert "RMSE of 1.5 mm on its test dates, better than the best baseline (skill +0.125)" in page
    assert "Prediction intervals" in page and "clay" in page
    assert "test at points: Linear + annual" in page and ": annual" not in page
    assert "87%" in page  # of the 90 % intervals, measured


def test_modelinfo_says_what_a_bare_file_lacks(tmp_path):
    path, report = str(tmp_path / "f.safetensors"), str(tmp_path / "f.html")
    card = ForecasterCard("gcn", "lstm", "lastmap", 8, 3, nodes="points")
    save_forecaster(path, card, [arrays_of(card)])
    log = Log()
    result = run_job("modelinfo", {"model": path, "report": report}, log)
    assert sorted(result) == ["ARCHITECTURE", "MEMBERS", "MODEL_ID"]  # no empty FACTORS
    assert "Trained on an unknown stack (mm)." in log.text
    assert "nodes are points typically 100 m apart." in log.text
    assert "Prediction intervals were not calibrated." in log.text
    assert "says nothing of how well it forecasts" in open(report, encoding="utf-8").read()
