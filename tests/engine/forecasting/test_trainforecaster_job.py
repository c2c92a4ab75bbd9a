"""The job of trainforecaster: outputs that agree, repeats, honest words, Cancel, bad input."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")

from forecast_world import Log, dates_of, write_series, write_stack
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError, OutputError
from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster
from land_subsidence.subsidence_plugin.engine.jobs import run_job

SIDE, DATES = 12, 60
SMALL = "token_dates=2\nchannels=4\ndecoder_width=6\nreadout_block=4"
TINY = {"window": 8, "horizon": 3, "epochs": 2, "device": 1, "hyperparameters": SMALL}


def levels(seed=4, noise=0.3):
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.normal(0, 0.5, DATES))[:, None, None]
    trend = -0.05 * np.arange(DATES)[:, None, None] * random.random((SIDE, SIDE))
    values = walk + trend + random.normal(0, noise, (DATES, SIDE, SIDE))
    values[:, 0, :3] = np.nan
    return values


def rows_of(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return write_stack(tmp_path_factory.mktemp("stack") / "s.tif", levels(), dates_of(DATES))


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """Points off the centres of some cells, each with an offset and noise of its own."""
    rows, columns = map(np.ravel, np.meshgrid(np.arange(2, 10, 2), np.arange(1, 11, 3)))
    random = np.random.default_rng(5)
    own = levels()[:, rows, columns].T + random.normal(0, 4, (len(rows), 1))
    own = own + random.normal(0, 0.2, own.shape)
    x, y = 300_030 + 100 * columns, 5_599_960 - 100 * rows
    path = tmp_path_factory.mktemp("points") / "p.gpkg"
    return write_series(path, x, y, own, dates_of(DATES), {"COMPONENT": "U"})


def train(folder, stack, log=None, **arguments):
    wanted = {"input": stack, "model": str(folder / "m.safetensors"), **TINY, **arguments}
    return run_job("trainforecaster", wanted, log or Log())


@pytest.fixture(scope="module")
def whole(stack, points, tmp_path_factory):
    """Two networks with every output: (folder, results, log)."""
    folder, log = tmp_path_factory.mktemp("whole"), Log()
    outputs = {n: str(folder / f) for n, f in (("table", "t.csv"), ("runs", "n.csv"))}
    found = train(folder, stack, log, points=points, repeats=2, seed=5, **outputs)
    return folder, found, log


def test_the_file_says_on_what_it_was_trained(whole, stack):
    folder, found, _log = whole
    forecaster = load_forecaster(str(folder / "m.safetensors"))
    card = forecaster.card
    assert (forecaster.members, forecaster.model_id) == (2, found["MODEL_ID"])
    assert (card.spatial, card.temporal, card.variant) == ("resnet", "transformer", "lastmap")
    assert (card.window, card.horizon, card.gap, card.seeds) == (8, 3, 0, [5, 6])
    assert (card.units, card.component, card.source, card.nodes) == ("mm", "U", stack, "cells")
    assert (card.first_date, card.last_date) == ("2020-01-03", "2020-12-22")
    assert card.split["train"] == {"dates": 48, "windows": 48 - 8 - 3 + 1}
    assert card.split["test"] == {"dates": 6, "windows": 4}
    assert card.training["configuration"].startswith("manual ")
    assert card.metrics["test"]["RMSE"] == found["RMSE"]
    assert card.metrics["test"]["Skill"] == found["SKILL"]
    train = levels()[:48, np.isfinite(levels()).all(axis=0)]
    assert card.mean == pytest.approx(train.mean(), abs=1e-3)
    assert card.std == pytest.approx(train.std(), rel=1e-3)


def test_the_saved_forecaster_has_the_scores_that_are_told(whole):
    """The file alone, applied to the stack, gives the RMSE of the table."""
    folder, _found, _log = whole
    forecaster = load_forecaster(str(folder / "m.safetensors"))
    values = levels().astype(np.float32)
    mask = np.isfinite(values).all(axis=0)
    area = Area(np.nan_to_num(values), mask, dates_of(DATES).astype(np.int64))
    errors = [
        np.median(forecaster.forecast(area, origin), axis=0)[:, mask]
        - values[origin + 1 : origin + 4, mask]
        for origin in range(53, 57)
    ]
    rmse = np.sqrt(np.mean(np.square(errors), axis=(0, 2)))
    table = rows_of(folder / "t.csv")
    own = [r for r in table if r["baseline"] == "0" and r["split"] == "test" and r["step"] != "0"]
    np.testing.assert_allclose([float(r["rmse"]) for r in own], rmse, rtol=1e-4)
    assert [int(r["values"]) for r in own] == [4 * mask.sum()] * 3


def test_the_table_has_all_baselines_parts_and_steps(whole):
    folder, _found, _log = whole
    table = rows_of(folder / "t.csv")
    parts = ["test", "test at points", "validation", "validation at points"]
    assert list(dict.fromkeys(row["split"] for row in table)) == parts
    names = list(dict.fromkeys(row["model"] for row in table))
    assert names == [
        "ResNet + Transformer (median of 2)", "persistence", "mean of the last 5", "linear",
        "linear + annual", "linear, last 8", "ridge on differences",
    ]  # fmt: skip
    assert len(table) == 4 * 7 * 4
    best = min(float(r["rmse"]) for r in table
               if r["split"] == "test" and r["step"] == "0" and r["baseline"] == "1")  # fmt: skip
    own = table[0]
    assert float(own["skill"]) == pytest.approx(1 - float(own["rmse"]) / best)


def test_runs_are_those_of_single_networks(whole):
    folder, _found, _log = whole
    runs = rows_of(folder / "n.csv")
    assert {(r["model"], r["seed"], r["split"]) for r in runs} == {
        ("ResNet + Transformer", seed, part)
        for seed in ("5", "6") for part in ("validation", "test")
    }  # fmt: skip
    assert {r["metric"] for r in runs} == {"RMSE", "MAE", "R2", "R2_increments", "Bias"}
    (configuration,) = {r["configuration"] for r in runs}
    assert configuration.startswith("manual ") and "epochs=2" in configuration


def test_a_member_is_the_network_of_its_seed(whole, stack, tmp_path):
    folder, _found, _log = whole
    train(tmp_path, stack, repeats=1, seed=6)
    one = load_forecaster(str(tmp_path / "m.safetensors")).arrays[0]
    other = load_forecaster(str(folder / "m.safetensors")).arrays[1]
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


def test_the_log_says_what_was_done_and_how_well(whole):
    _folder, found, log = whole
    for words in (
        "141 cells with a series of 12 × 12; 60 dates", "16 of 16 points lie on the stack",
        "Network 2 of 2: pass 1 of 2: loss", "On the test part, ResNet + Transformer (median of 2)",
        "at the original points", "inside the prediction intervals",
        f"Forecaster {found['MODEL_ID']}: 2 networks",
    ):  # fmt: skip
        assert words in log.text, words


def test_the_report_begins_with_the_honest_result(stack, points, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    log = Log()
    train(tmp_path, stack, log, points=points, report=str(tmp_path / "r.html"), gap=1)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    (sentence,) = [t for t in log.lines + log.warnings if t.startswith("On the test part, R")
                   and "points" not in t]  # fmt: skip
    assert page.index(sentence[:60]) < page.index("Skill against simple forecasts")
    for words in (
        "1 step ahead the RMSE is", "At the original points", "Prediction intervals",
        "On the validation part", "How it was trained", "train 48 dates from 2020-01-03",
        "Window, horizon, gap", "token_dates 2", "Land Subsidence", "Between the last input and "
        "step 1, one date is left out",
    ):  # fmt: skip
        assert words in page, words
    # Three steps fit into the six test dates four times.
    assert re.search(r"steps; ahead at \d of 4 origins, which overlap\)", sentence)
    series = rows_of(next((tmp_path / "r_data").glob("*example-series.csv")))
    known = np.isfinite(levels()[0])
    places = {re.match(r"Cell at (\d+), (\d+): .* mm in all", r["panel"]).groups() for r in series}
    for x, y in places:  # centres of cells of 100 m from 300,000, 5,600,000
        column, row = (int(x) - 300_050) / 100, (5_599_950 - int(y)) / 100
        assert known[int(row), int(column)] and column == int(column) and row == int(row)
        moved = levels()[-1, int(row), int(column)] - levels()[0, int(row), int(column)]
        assert any(f"{x}, {y}: {moved:.0f}".replace("-", "\u2212") in r["panel"] for r in series)
    data = {p.name.split("-", 2)[2] for p in (tmp_path / "r_data").iterdir()}
    assert {"coverage-by-step.csv", "training-history.csv", "example-series.csv"} <= data


def test_a_network_that_is_no_better_is_called_so(tmp_path):
    random = np.random.default_rng(1)
    walk = np.cumsum(random.normal(0, 1, (DATES, SIDE, SIDE)), axis=0)  # persistence is best
    path = write_stack(tmp_path / "w.tif", walk, dates_of(DATES))
    log = Log()
    found = train(tmp_path, path, log, learning_rate=0.5, variant=1, hyperparameters="channels=4")
    assert found["SKILL"] < 0
    assert any("does not beat persistence" in text for text in log.warnings)
    assert found["BASELINE"] == "persistence"


@pytest.mark.parametrize("spatial", [0, 1])
def test_points_as_nodes_or_cells(spatial, points, stack, tmp_path):
    how = {"spatial": spatial, "temporal": 0, "hyperparameters": "channels=4; units=6"}
    if spatial == 1:
        found = train(tmp_path, None, points=points, **how)
    else:
        found = train(tmp_path, stack, **how)
    card = load_forecaster(str(tmp_path / "m.safetensors")).card
    assert card.nodes == ("points" if spatial else "cells")
    assert np.isfinite(found["RMSE"])


def test_irregular_dates_and_covariates(tmp_path):
    from test_forecast_areas import write_covariates

    dates = dates_of(DATES) + np.random.default_rng(1).integers(0, 4, DATES)
    path = write_stack(tmp_path / "i.tif", levels(), dates)
    static = np.random.default_rng(1).normal(0, 1, (2, SIDE, SIDE))
    covariates = write_covariates(tmp_path / "c.tif", static, ["clay", "depth"])
    train(tmp_path, path, covariates=covariates)
    card = load_forecaster(str(tmp_path / "m.safetensors")).card
    assert card.covariate_names == ["clay", "depth"]
    assert 4 <= card.step_days <= 8


def test_without_validation_dates_the_last_pass_is_kept(stack, tmp_path):
    log = Log()
    train(tmp_path, stack, log, validation_share=0.0)
    card = load_forecaster(str(tmp_path / "m.safetensors")).card
    assert card.conformal is None and "validation" not in card.metrics
    assert card.training["members"][0]["best_pass"] == 2
    assert "prediction intervals" not in log.text


class Stop(Log):
    """Asks to stop once a line of the log holds some words."""

    def __init__(self, words):
        super().__init__(is_cancelled=lambda: words in self.text)


@pytest.mark.parametrize("words", ["Targets by part", "pass 1 of", "pass 2 of", "Network 2"])
def test_cancel_leaves_nothing(words, stack, tmp_path):
    outputs = {"table": str(tmp_path / "t.csv"), "report": str(tmp_path / "r.html")}
    log = Stop(words)
    with pytest.raises(Cancelled):
        train(tmp_path, stack, log, repeats=2, **outputs)
    assert list(tmp_path.iterdir()) == []
    assert log.lines[-1].count(words) == 1  # nothing was done after the line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"window": 60}, "train part has 48 of the 60 dates, but a window of 60"),
        ({"horizon": 7}, r"validation part has 6 .* need 7 there; use a shorter HORIZON"),
        ({"gap": 40}, "train part .* a gap of 40"),
        ({"hyperparameters": "depth=3"}, "has no hyperparameter 'depth'; it has"),
        ({"validation_share": 0.6, "test_share": 0.4}, "leave more than 10 % for training"),
        ({"validation_share": 0, "test_share": 0}, "are both 0"),
        ({"input": None}, "INPUT is empty"),
        ({"learning_rate": 1.0, "hyperparameters": "channels=4", "epochs": 3}, None),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_sentence(stack, tmp_path, arguments, words):
    if words is None:  # a rate too high may diverge or not, but never ends in a bare error
        train(tmp_path, stack, **arguments)
        return
    with pytest.raises(InputError, match=words):
        train(tmp_path, **{"stack": stack, **arguments})
    assert list(tmp_path.iterdir()) == []


def test_series_without_change_are_refused(tmp_path):
    path = write_stack(tmp_path / "c.tif", np.full((DATES, 6, 6), 3.0), dates_of(DATES))
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="do not change at all"):
        train(tmp_path / "out", path)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_output_must_not_be_the_input(stack, tmp_path):
    with pytest.raises(OutputError, match="is also an input"):
        train(tmp_path, stack, model=stack)


def test_a_stack_of_every_other_date_made_up(tmp_path):
    """Acquisitions every 12 days on a step of 6: odd steps have no target, even ones all."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    from osgeo import gdal

    values = levels()
    values[1:-1:2] = (values[:-2:2] + values[2::2]) / 2
    path = write_stack(tmp_path / "g.tif", values, dates_of(DATES))
    dataset = gdal.Open(path, gdal.GA_Update)
    for band in range(2, DATES + 1, 2):
        dataset.GetRasterBand(band).SetMetadataItem("SUBSIDENCE_GAP", "yes")
    dataset = None
    outputs = {"table": str(tmp_path / "t.csv"), "report": str(tmp_path / "r.html")}
    found = train(tmp_path, path, **outputs)
    own = [r for r in rows_of(tmp_path / "t.csv") if r["baseline"] == "0" and r["split"] == "test"]
    counts = [int(r["values"]) for r in own]
    assert counts[1] == counts[3] == 0 < counts[2] == counts[0]
    assert own[1]["rmse"] == "" and float(own[2]["rmse"]) == pytest.approx(found["RMSE"])
    assert load_forecaster(str(tmp_path / "m.safetensors")).card.conformal is not None
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "2 steps ahead the RMSE is" in page and "nan" not in page.lower().split("<img")[0]
