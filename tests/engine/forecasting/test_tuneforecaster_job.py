"""The job of tuneforecaster: outputs, repeats for comparemodels, resuming, Cancel, bad input."""

import csv
import json
import re
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("optuna")

from forecast_world import Log, dates_of, write_series, write_stack
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError, OutputError
from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.tuning.data_file import read_data
from land_subsidence.subsidence_plugin.engine.tuning.forecast_arrays import from_arrays

SIDE, DATES = 12, 60
TINY = {"window": 8, "horizon": 3, "epochs": 2, "trials": 3, "top": 2, "device": 1}


def levels(seed=4):
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.normal(0, 0.5, DATES))[:, None, None]
    trend = -0.05 * np.arange(DATES)[:, None, None] * random.random((SIDE, SIDE))
    values = walk + trend + random.normal(0, 0.3, (DATES, SIDE, SIDE))
    values[:, 0, :3] = np.nan
    return values


def rows_of(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return write_stack(tmp_path_factory.mktemp("stack") / "s.tif", levels(), dates_of(DATES))


def tune(stack, folder, log=None, **arguments):
    wanted = {"input": stack, "model": str(folder / "m.safetensors"), **TINY, **arguments}
    return run_job("tuneforecaster", wanted, log or Log())


@pytest.fixture(scope="module")
def whole(stack, tmp_path_factory):
    """One run of two searches with every output: (folder, results, log)."""
    folder, log = tmp_path_factory.mktemp("whole"), Log()
    files = {"table": "s.csv", "trials_table": "t.csv", "runs": "n.csv", "report": "r.html",
             "worker_data": "w.npz"}  # fmt: skip
    outputs = {name: str(folder / file) for name, file in files.items()}
    return folder, tune(stack, folder, log, repeats=2, top=3, **outputs), log


def test_the_ensemble_has_the_best_different_trials_of_all_searches(whole):
    folder, results, _log = whole
    trials = rows_of(folder / "t.csv")
    assert [t["search"] for t in trials] == ["1"] * 3 + ["2"] * 3
    assert {t["seed"] for t in trials} == {"42", "43"}
    forecaster = load_forecaster(str(folder / "m.safetensors"))
    card = forecaster.card
    assert forecaster.members == 3 and forecaster.model_id == results["MODEL_ID"]
    values = {(int(t["seed"]), int(t["trial"])): t for t in trials}
    members = card.training["members"]
    assert [m["seed"] for m in members] == card.seeds
    losses = [float(t["value"]) for t in trials]
    for member, seed, own in zip(members, card.seeds, card.member_hyperparameters):
        assert member["value"] == pytest.approx(member["validation_loss"])
        if member["trial"] is None:  # the defaults are among the best
            assert own["channels"] == 12 and member["settings"]["learning_rate"] == 0.003
            losses.append(member["value"])
        else:
            trial = values[seed, member["trial"]]
            assert own["channels"] == float(trial["channels"])
            assert member["settings"]["learning_rate"] == pytest.approx(
                float(trial["learning_rate"])
            )
    assert [m["value"] for m in members] == pytest.approx(sorted(losses)[:3])
    assert results["BEST_VALUE"] == pytest.approx(min(float(t["value"]) for t in trials))
    assert card.training["tuning"]["strategy"] == "TPE" and card.training["searches"] == 2
    assert card.conformal is not None and card.metrics["test"]["RMSE"] == results["RMSE"]
    assert card.versions["optuna"] and "/" not in json.dumps(card.training["tuning"])


def test_runs_are_the_defaults_and_the_best_of_each_search_on_the_test_part(whole):
    folder, _results, _log = whole
    runs = rows_of(folder / "n.csv")
    assert {r["split"] for r in runs} == {"test"}
    assert {r["model"] for r in runs} == {"ResNet + Transformer"}
    groups = [(r["configuration"], r["seed"]) for r in runs if r["metric"] == "RMSE"]
    assert groups == [("manual epochs=2", "42"), ("manual epochs=2", "43"),
                      ("TPE epochs=2", "42"), ("TPE epochs=2", "43")]  # fmt: skip
    assert {r["metric"] for r in runs} == {"RMSE", "MAE", "R2", "R2_increments", "Bias"}


def test_a_run_with_the_defaults_is_what_trainforecaster_trains(whole, stack, tmp_path):
    folder, _results, _log = whole
    same = {k: TINY[k] for k in ("window", "horizon", "epochs", "device")}
    run_job("trainforecaster", {
        "input": stack, "model": str(tmp_path / "m.safetensors"), "seed": 43, **same,
        "runs": str(tmp_path / "n.csv")}, Log())  # fmt: skip
    want = {r["metric"]: float(r["value"]) for r in rows_of(tmp_path / "n.csv")
            if r["split"] == "test"}  # fmt: skip
    own = {r["metric"]: float(r["value"]) for r in rows_of(folder / "n.csv")
           if r["seed"] == "43" and r["configuration"].startswith("manual")}  # fmt: skip
    assert own == pytest.approx(want)


def test_the_report_begins_with_the_skill_and_shows_the_process(whole):
    folder, results, log = whole
    page = (folder / "r.html").read_text(encoding="utf-8")
    lead = re.search(r"On the test part, tuned ResNet \+ Transformer[^<]*", page, re.IGNORECASE)[0]
    assert ("beats" in lead and "does not" not in lead) == (results["SKILL"] > 0)
    assert page.index(lead[:60]) < page.index("What the search brought")
    for word in ("Best configuration (trial", "with the defaults: tuning brought",
                 "Optimisation process", "Dashed: 2 searches with different seeds",
                 "Prediction intervals", "Validation loss on"):  # fmt: skip
        assert word in page, word
    data = next((folder / "r_data").glob("*optimisation-process.csv"))
    rows = rows_of(data)
    assert len(rows) == 6
    best = [float(r["best_so_far"]) for r in rows if r["search"] == "2"]
    values = [float(r["value"]) for r in rows if r["search"] == "2"]
    assert best == [min(values[: i + 1]) for i in range(3)]
    assert log.text.count("best so far") == 6


def test_the_log_has_the_references_once_and_a_command_for_each_study(whole):
    _folder, _results, log = whole
    assert log.text.count("Persistence, judged as the trials are") == 1
    assert log.text.count("with its defaults (manual), judged as the trials are") == 2
    assert log.text.count("python -m engine.tuning.worker --storage") == 2
    assert "Search 2 of 2, seed 43" in log.text


def test_the_first_training_is_seen_and_later_ones_are_not(whole):
    _folder, _results, log = whole
    assert log.text.count("The defaults are trained first") == 2
    first = log.text.index("The defaults are trained first")
    assert first < log.text.index("Pass 1 of 2: loss") < log.text.index("judged as the trials are")
    assert log.text.count("Pass 2 of 2: loss") == 1


def test_networks_that_kept_the_linear_start_are_warned_of(stack, tmp_path, monkeypatch):
    """As where no pass helps: here no step changes a weight."""
    from land_subsidence.subsidence_plugin.engine.forecasting.member import Member

    monkeypatch.setattr(Member, "_step", lambda _self, _windows, rule: rule.step() or 1.0)
    log = Log()
    tune(stack, tmp_path, log, trials=2, top=3, report=str(tmp_path / "r.html"))
    assert "no pass had a lower validation loss, so training added nothing" in log.text
    assert "No trial has a lower validation loss than the linear start (best 1.0000" in log.text
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "so these are their linear start and training added nothing" in page
    assert "No trial beats the defaults (validation loss 1.0000; best trial 1.0000)" in page
    assert "The best completed trials" in page and "the defaults among them" in page
    assert "All 2 trials were drawn at random; TPE" in page


def test_the_file_for_workers_holds_the_data(whole):
    folder, _results, _log = whole
    own = from_arrays(read_data(str(folder / "w.npz")))
    known = np.isfinite(levels()[0])
    np.testing.assert_array_equal(own.areas[0].mask, known)
    np.testing.assert_allclose(own.areas[0].levels[:, known], levels()[:, known], rtol=1e-5)


def test_a_finished_search_is_taken_up_with_more_trials(whole, stack, tmp_path, monkeypatch):
    """Nothing is trained twice: the networks of the best trials lie beside the study."""
    from land_subsidence.subsidence_plugin.engine.tuning import forecast

    trained = []
    original = forecast.train_forecaster

    def train(*arguments, **options):
        trained.append(options["seed"])
        return original(*arguments, **options)

    monkeypatch.setattr(forecast, "train_forecaster", train)
    first = tune(stack, tmp_path, trials=2)
    assert len(trained) == 3  # the defaults and two trials
    kept = {p.name for p in (tmp_path / "m.study.networks").iterdir()}
    log = Log()
    again = tune(stack, tmp_path, log, trials=3)
    assert len(trained) == 4 and "holds 2 finished trials" in log.text
    assert again["STUDY_NAME"] == first["STUDY_NAME"]
    assert again["BEST_VALUE"] <= first["BEST_VALUE"]
    assert len(kept & {p.name for p in (tmp_path / "m.study.networks").iterdir()}) >= 1


def test_the_same_seed_gives_the_same_model_also_without_the_kept_networks(stack, tmp_path):
    results = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        results.append(tune(stack, tmp_path / name, spatial=1, temporal=0))
    assert results[0]["MODEL_ID"] == results[1]["MODEL_ID"]
    for file in (tmp_path / "b" / "m.study.networks").iterdir():
        file.unlink()
    assert tune(stack, tmp_path / "b", spatial=1, temporal=0)["MODEL_ID"] == results[0]["MODEL_ID"]


def test_cancel_ends_within_a_step_and_the_search_goes_on_later(stack, tmp_path):
    asked = threading.Event()

    class Stop(Log):
        def _keep(self, text, level):
            super()._keep(text, level)
            if text.startswith("Trial 0"):
                asked.set()

    stop = Stop(is_cancelled=asked.is_set)
    with pytest.raises(Cancelled):
        tune(stack, tmp_path, stop, report=str(tmp_path / "r.html"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.study", "m.study.networks"]
    log = Log()
    tune(stack, tmp_path, log)
    assert "holds 1 finished trials" in log.text and (tmp_path / "m.safetensors").exists()


def test_nodes_may_be_points(tmp_path):
    random = np.random.default_rng(2)
    x, y = 300_000 + 900 * random.random(60), 5_600_000 - 900 * random.random(60)
    values = levels()[:, 1:6].reshape(DATES, -1).T[:60]
    points = write_series(tmp_path / "p.gpkg", x, y, values, dates_of(DATES))
    results = tune(None, tmp_path, points=points, spatial=1, temporal=0, trials=2)
    card = load_forecaster(str(tmp_path / "m.safetensors")).card
    assert card.nodes == "points" and card.architecture == "gcn-lstm" and results["RMSE"] > 0


@pytest.mark.slow
def test_six_architectures_make_18_comparisons(stack, tmp_path):
    """R, Section 4.2: six models, manual and TPE, three metrics."""
    tables = []
    for spatial in range(3):
        for temporal in range(2):
            folder = tmp_path / f"{spatial}{temporal}"
            folder.mkdir()
            tables.append(str(folder / "n.csv"))
            tune(stack, folder, spatial=spatial, temporal=temporal, runs=tables[-1], trials=1,
                 repeats=2, top=1, epochs=1,
                 hyperparameters="channels=4, token_dates=4")  # fmt: skip
    log = Log()
    results = run_job("comparemodels", {
        "runs": tables, "output": str(tmp_path / "c.csv"), "report": str(tmp_path / "c.html"),
        "metrics": ["RMSE", "MAE", "R2"]}, log)  # fmt: skip
    rows = rows_of(tmp_path / "c.csv")
    assert len(rows) == 18 == results["COMPARISONS"]
    assert {r["metric"] for r in rows} == {"RMSE", "MAE", "R2"}
    assert len({r["model_a"] for r in rows}) == 6
    assert all(r["model_a"] == r["model_b"] for r in rows)
    assert all(r["configuration_a"].startswith("manual") for r in rows)
    assert all(r["configuration_b"].startswith("TPE") for r in rows)
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert "CNN + LSTM" in page and "GCN + Transformer" in page


@pytest.mark.slow
def test_workers_share_the_trials_and_keep_their_networks(stack, tmp_path):
    log = Log()
    results = tune(stack, tmp_path, log, workers=2, trials=5)
    assert "2 worker processes with one thread each" in log.text and "worker 2" in log.text
    assert results["BEST_VALUE"] > 0
    # The defaults, the best trial, and the members.
    assert 2 <= len(list((tmp_path / "m.study.networks").iterdir())) <= 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"validation_share": 0.0}, "VALIDATION_SHARE is 0, but trials are judged by"),
        ({"trials": 0}, "TRIALS is 0; it must be at least 1"),
        ({"strategy": 3}, "STRATEGY is 3; it must be 0 to 2"),
        ({"strategy": 0}, "There is nothing to search"),
        ({"space": "nosuch=1"}, "SPACE names 'nosuch', which the forecaster ResNet"),
        ({"space": "channels=0..3"}, "'channels' is 0; allowed is 1 to 512"),
        ({"hyperparameters": "chanels=3"}, "has no hyperparameter 'chanels'"),
        ({"window": 58}, "need"),
        ({"input": None}, "INPUT is empty"),
        ({"spatial": 7}, "no choice number 7"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(stack, tmp_path, changes, expected):
    with pytest.raises(InputError, match=expected):
        tune(stack, tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


def test_storage_must_be_no_other_file(stack, tmp_path):
    with pytest.raises(OutputError, match="STORAGE and another file are both"):
        tune(stack, tmp_path, storage=stack)


def test_other_settings_under_the_same_study_are_refused(stack, tmp_path):
    tune(stack, tmp_path, study="mine", trials=1, top=1)
    with pytest.raises(InputError, match="begun otherwise: recipe horizon was 3 and now is 2"):
        tune(stack, tmp_path, study="mine", trials=1, horizon=2)
