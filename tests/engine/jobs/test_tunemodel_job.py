"""The job of tunemodel: outputs, resuming, evaluation, bad input, and the report's honest words."""

import csv
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("optuna")
pytest.importorskip("sklearn")

from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError, OutputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.models.file import load_model
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.vector.write import write_points


def write_samples(path, count=240, **changes):
    rng = np.random.default_rng(2)
    slope, wind = rng.normal(15, 5, count), rng.random(count)
    columns = {
        "label": (slope + rng.normal(0, 3, count) > 15).astype(int),
        "split": ["train" if i % 3 else "validation" for i in range(count)],
        "fold": np.arange(count) % 4 + 1,
        "slope": slope,
        "wind": wind,
        **changes,
    }
    x, y = rng.random(count) * 900, rng.random(count) * 900
    write_points(str(path), x, y, columns, "EPSG:32648")
    return str(path)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return write_samples(tmp_path_factory.mktemp("samples") / "samples.gpkg")


@pytest.fixture
def tune(samples, tmp_path):
    """Run the job in ``tmp_path``; ``tune.lines`` is the log."""

    def call(progress=None, **arguments):
        wanted = {
            "samples": samples, "model": str(tmp_path / "m.safetensors"),
            "model_type": "frequencyratio", "trials": 6, **arguments,
        }  # fmt: skip
        call.lines = []
        log = Progress(on_message=lambda text, level: call.lines.append((level, text)))
        return run_job("tunemodel", wanted, progress or log)

    call.text = lambda: "\n".join(text for _level, text in call.lines)
    return call


def rows_of(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole(samples, tmp_path_factory):
    """One run with every output, of a random forest: (folder, results, log)."""
    folder, lines = tmp_path_factory.mktemp("whole"), []
    results = run_job(
        "tunemodel",
        {
            "samples": samples, "model": str(folder / "m.safetensors"), "model_type": "forest",
            "space": "trees=10,20; min_samples_leaf=1..30", "trials": 12, "evaluation": 2,
            "folds": 3, "top": 4, "repeats": 3, "ensemble": str(folder / "e.safetensors"),
            "trials_table": str(folder / "t.csv"), "runs": str(folder / "runs.csv"),
            "report": str(folder / "r.html"), "worker_data": str(folder / "w.npz"),
        },
        Progress(on_message=lambda text, _level: lines.append(text)),
    )  # fmt: skip
    return folder, results, "\n".join(lines)


def test_model_ensemble_and_tables(whole):
    folder, results, _log = whole
    best, top = load_model(str(folder / "m.safetensors")), load_model(str(folder / "e.safetensors"))
    trials = rows_of(folder / "t.csv")
    complete = sorted(
        (t for t in trials if t["state"] == "complete"), key=lambda t: -float(t["value"])
    )
    assert len([t for t in trials if t["state"] in ("complete", "pruned")]) == 12
    assert results["BEST_VALUE"] == pytest.approx(float(complete[0]["value"]))
    assert [t["trial"] for t in trials if t["best"] == "1"] == [str(results["BEST_TRIAL"])]
    assert best.members == 3 and best.card.seeds == [42, 43, 44]
    assert best.card.hyperparameters["trees"] == float(complete[0]["trees"])
    assert best.card.hyperparameters["min_samples_leaf"] == float(complete[0]["min_samples_leaf"])
    assert top.members == 4 and len(top.card.member_hyperparameters) == 4
    assert top.card.seeds == [42, 43, 44, 45]
    names = ("trees", "min_samples_leaf", "max_features")
    sets = {tuple(round(float(t[n]), 9) for n in names): float(t["value"]) for t in complete}
    members = top.card.member_hyperparameters
    found = [tuple(round(float(h[n]), 9) for n in names) for h in members]
    assert len(set(found)) == 4
    assert [sets[one] for one in found] == pytest.approx(sorted(sets.values(), reverse=True)[:4])
    tuning = best.card.training["tuning"]
    assert tuning["strategy"] == "TPE" and tuning["trials"] == 12
    assert "/" not in json.dumps(tuning)  # no path, no address


def test_runs_table_has_a_row_a_seed_split_and_metric(whole):
    folder, _results, _log = whole
    runs = rows_of(folder / "runs.csv")
    assert {r["model"] for r in runs} == {"Random forest"}
    assert {r["configuration"] for r in runs} == {"TPE"}
    assert {r["seed"] for r in runs} == {"42", "43", "44"}
    assert {r["split"] for r in runs} == {"train", "validation"}


def test_report_says_what_tuning_brought(whole):
    folder, results, _log = whole
    page = (folder / "r.html").read_text(encoding="utf-8")
    lead = re.search(r"The best of 12 trials of Random forest reaches[^<]*", page)[0]
    assert f"an AUC of {results['BEST_VALUE']:.3f} by 3 spatial folds (k-means)" in lead
    assert "Random forest with its defaults" in lead and "Logistic regression 0." in lead
    assert "flatters itself" in lead and "on the validation rows, which decided nothing" in lead
    for word in ("Optimisation history", "Importance of the hyper", "Slices", "same seed and data"):
        assert word in page
    names = sorted(p.name for p in (folder / "r_data").iterdir())
    assert [n.split("-", 2)[2] for n in names] == [
        "optimisation-history.csv", "importance.csv", "slices.csv"
    ]  # fmt: skip
    shares = [float(r["importance"]) for r in rows_of(folder / "r_data" / names[1])]
    assert sum(shares) == pytest.approx(1, abs=1e-6)


def test_log_names_the_best_so_far_and_the_command_of_a_worker(whole):
    folder, results, log = whole
    assert log.count("best so far") == 12
    assert "python -m engine.tuning.worker --storage" in log
    assert f"--samples '{folder / 'w.npz'}'" in log
    assert "more workers of this computer" in log, "a journal file is no server"
    data = np.load(folder / "w.npz")
    assert data["values"].shape == (160, 2) and data["held"].shape == (3, 160)
    assert (folder / "m.study").exists() and results["STORAGE_SHOWN"] == str(folder / "m.study")


def test_validation_rows_decide_nothing(samples, tune, tmp_path):
    first = tune()
    flipped = write_samples(tmp_path / "flipped.gpkg")
    import sqlite3

    with sqlite3.connect(flipped) as file:
        for name, sql in file.execute("SELECT name, sql FROM sqlite_master WHERE type='trigger'"
                                      ).fetchall():  # fmt: skip
            assert sql and file.execute(f"DROP TRIGGER {name}")
        file.execute("UPDATE flipped SET label = 1 - label WHERE split = 'validation'")
    file.close()
    second = tune(samples=flipped, model=str(tmp_path / "n.safetensors"))
    assert second["BEST_VALUE"] == first["BEST_VALUE"] and second["STUDY_NAME"] == first[
        "STUDY_NAME"]  # fmt: skip
    assert second["AUC"] == pytest.approx(1 - first["AUC"])


def test_the_same_call_again_goes_on_and_changes_nothing(tune):
    first = tune()
    second = tune()
    assert second == first and "holds 6 finished trials" in tune.text()
    third = tune(trials=8)
    assert third["STUDY_NAME"] == first["STUDY_NAME"] and third["BEST_VALUE"] >= first["BEST_VALUE"]
    other = tune(space="classes=2..9")
    assert other["STUDY_NAME"] != first["STUDY_NAME"]  # in the same file, anew


def test_cancel_keeps_the_trials_and_leaves_no_half_output(tune, tmp_path):
    lines = []

    def message(text, _level):
        lines.append(text)

    def cancelled():
        return sum(line.startswith("Trial ") for line in lines) >= 3

    with pytest.raises(Cancelled):
        tune(Progress(None, message, cancelled), report=str(tmp_path / "r.html"))
    assert [p.name for p in tmp_path.iterdir()] == ["m.study"]
    tune()
    assert "holds 3 finished trials" in tune.text()


def test_grid_of_the_declared_values(tune, tmp_path):
    tune(strategy=0, space="classes=4,8,16",
         trials=50, trials_table=str(tmp_path / "t.csv"))  # fmt: skip
    trials = rows_of(tmp_path / "t.csv")
    assert sorted(float(t["classes"]) for t in trials) == [4, 8, 16]


@pytest.mark.parametrize("evaluation", [1, 3, 4])
def test_evaluations(tune, evaluation):
    tune(evaluation=evaluation, folds=4, trials=2, metric=1)
    assert ("Blocks of" in tune.text()) == (evaluation == 3)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"trials": 0}, "TRIALS is 0; it must be at least 1"),
        ({"strategy": 3}, "STRATEGY is 3; it must be 0 to 2"),
        ({"metric": 2}, "METRIC is 2"),
        ({"evaluation": 9}, "EVALUATION is 9; it must be 0 to 4"),
        ({"model_type": "svm"}, "model type 'svm' is not known"),
        ({"space": "depth=3"}, "SPACE names 'depth'"),
        ({"evaluation": 1, "folds": 500}, "too few for 500 folds"),
        ({"storage": "postgresql://me:${NO_SUCH_NAME}@h/db"}, "NO_SUCH_NAME, which is not set"),
    ],
)
def test_bad_input_is_one_sentence(tune, tmp_path, arguments, expected):
    with pytest.raises(InputError, match=re.escape(expected)):
        tune(**arguments)
    assert not list(tmp_path.glob("*.safetensors"))


def test_a_study_of_this_name_with_another_space_is_refused(tune):
    tune(study="mine", trials=2)
    with pytest.raises(InputError, match=r"'classes' was .* and now is 2 to 9"):
        tune(study="mine", space="classes=2..9", trials=2)


def test_storage_that_is_an_output_is_refused(tune, tmp_path):
    with pytest.raises(OutputError, match="STORAGE and another file are both"):
        tune(storage=str(tmp_path / "m.safetensors"))


def test_a_typed_password_is_warned_about_and_shown_nowhere(tune, tmp_path):
    with pytest.raises(InputError) as error:
        tune(storage="postgresql://me:geheim@127.0.0.1:1/db")
    assert ("warning", tune.lines[0][1]) == tune.lines[0]
    assert tune.lines[0][1].startswith("STORAGE holds a password, which QGIS keeps")
    assert "geheim" not in tune.text() + str(error.value)
    assert "postgresql://me:***@127.0.0.1:1/db" in str(error.value)


def test_nothing_to_evaluate_spatially(tune, tmp_path):
    from land_subsidence.subsidence_plugin.engine.vector.write import write_table

    rng = np.random.default_rng(1)
    path = str(tmp_path / "table.csv")
    write_table(path, {"label": np.arange(60) % 2, "split": ["train"] * 60,
                       "slope": rng.random(60)})  # fmt: skip
    with pytest.raises(InputError, match="are no points, and spatial folds need coordinates"):
        tune(samples=path, evaluation=2)
    with pytest.raises(InputError, match="no numeric field 'fold'"):
        tune(samples=path, evaluation=4)
    assert tune(samples=path, trials=2)["BEST_VALUE"] > 0


def test_the_job_runs_without_qgis_from_the_engine(samples, tmp_path):
    job = {"job": "tunemodel", "arguments": {
        "samples": samples, "model": str(tmp_path / "m.safetensors"), "trials": 2,
        "model_type": "frequencyratio"}}  # fmt: skip
    (tmp_path / "job.json").write_text(json.dumps(job))
    from land_subsidence.subsidence_plugin.engine.workers.interpreter import worker_environment

    done = subprocess.run(
        [sys.executable, "-m", "engine.jobs", str(tmp_path / "job.json")], text=True, check=False,
        capture_output=True, env=worker_environment(), cwd=tempfile.gettempdir(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["STUDY_NAME"].startswith("frequencyratio-")
    (tmp_path / "job.json").write_text("{")
    done = subprocess.run(
        [sys.executable, "-m", "engine.jobs", str(tmp_path / "job.json")], text=True, check=False,
        capture_output=True, env=worker_environment(), cwd=tempfile.gettempdir(),
    )  # fmt: skip
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "cannot be read" in done.stderr


def test_networks_are_tuned_with_pruning_and_settings(tune):
    pytest.importorskip("torch")
    result = tune(model_type="cnn", trials=3, settings={"epochs": 4, "patience": 2},
                  space="filters=4,8;dense1=8;dense2=4")  # fmt: skip
    assert 0 < result["BEST_VALUE"] <= 1 and "learning_rate" in tune.text()
