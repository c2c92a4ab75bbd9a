"""The comparison job: from runs tables in files to the table, the log and the report."""

import csv

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError, OutputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress

pytest.importorskip("osgeo.gdal")
pytest.importorskip("scipy")

from land_subsidence.subsidence_plugin.engine.jobs.comparemodels import table_names
from land_subsidence.subsidence_plugin.engine.training.scores import runs_table
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_table
from scipy import stats

MODELS = ("CNN + LSTM", "CNN + Transformer", "GCN + LSTM")


def write_runs(folder, name, model, configuration, values):
    """Write a runs table: ``values`` maps a metric to one value a run."""
    count = len(next(iter(values.values())))
    members = [{"test": {metric: own[i] for metric, own in values.items()}} for i in range(count)]
    path = str(folder / name)
    write_table(path, runs_table(model, configuration, range(count), members))
    return path


def compare(folder, tables, log=None, **arguments):
    arguments = {"runs": tables, "output": str(folder / "comparisons.gpkg"), **arguments}
    progress = Progress(
        on_message=lambda text, level: (log if log is not None else []).append(text)
    )
    results = run_job("comparemodels", arguments, progress)
    columns = read_features(arguments["output"]).columns
    return [dict(zip(columns, row)) for row in zip(*columns.values())], results


@pytest.fixture
def paper(tmp_path):
    """Three models, manual and tuned, three metrics, ten runs; the last model gains nothing."""
    random = np.random.default_rng(12)
    values, tables = {}, []
    for model in MODELS:
        manual = random.normal(2, 0.1, 10)
        tuned = manual[::-1] + 0.001 if model == MODELS[2] else random.normal(1.6, 0.1, 10)
        for configuration, error in (("manual", manual), ("TPE", tuned)):
            own = {"RMSE": error, "MAE": 0.8 * error, "R2": 1 - error / 10}
            values[model, configuration] = own
            name = f"{model[:3]}{len(tables)}{configuration}.gpkg"
            tables.append(write_runs(tmp_path, name, model, configuration, own))
    return values, tables


def test_the_table_is_scipys_tests_corrected_together(tmp_path, paper):
    values, tables = paper
    log = []
    rows, results = compare(tmp_path, tables, log)
    assert [(row["metric"], row["model_a"]) for row in rows] == [
        (metric, model) for metric in ("RMSE", "MAE", "R2") for model in MODELS
    ]
    for row in rows:
        old = values[row["model_a"], row["configuration_a"]][row["metric"]]
        new = values[row["model_b"], row["configuration_b"]][row["metric"]]
        assert (row["configuration_a"], row["configuration_b"]) == ("manual", "TPE")
        t, p = stats.ttest_ind(new, old, equal_var=False)
        sign = 1 if row["metric"] == "R2" else -1
        assert (row["t"], row["p"]) == pytest.approx((sign * t, p), rel=1e-6)
        gain = sign * (new.mean() - old.mean())
        assert row["gain"] == pytest.approx(gain)
        assert row["gain_percent"] == pytest.approx(100 * gain / old.mean())
        # the interval's half width is the t-quantile times the standard error
        half = stats.t.ppf(0.975, row["df"]) * abs((new.mean() - old.mean()) / t)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((gain - half, gain + half))
        expected = gain - half if gain > half else gain + half if gain < -half else 0
        assert row["bound"] == pytest.approx(expected)
        assert (row["sd_a"], row["sd_b"]) == pytest.approx((old.std(ddof=1), new.std(ddof=1)))
    found = [row["model_a"] for row in rows if row["significant"] == "yes"]
    assert found == [*MODELS[:2]] * 3
    assert {row["better"] for row in rows if row["significant"] == "yes"} == {
        "CNN + LSTM (TPE)", "CNN + Transformer (TPE)"
    }  # fmt: skip
    assert (results["COMPARISONS"], results["SIGNIFICANT"]) == (9, 6)
    assert log[-1].startswith(
        "Of 9 comparisons on test rows, 6 are significant after correction, all in favour of TPE "
        "over manual. The lowest mean RMSE is that of "
    )


def test_the_report_holds_means_gains_and_every_run(tmp_path, paper):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    _values, tables = paper
    page = tmp_path / "report.html"
    compare(tmp_path, tables, report=str(page))
    html = page.read_text(encoding="utf-8")
    for text in ("TPE over manual", "Gain", "Distributions", "0, 1, 2, 3", "conservative bound"):
        assert text in html
    folder = tmp_path / "report_data"
    assert sorted(p.name for p in folder.iterdir()) == [
        "figure-1-gains.csv", "figure-2-relative-gains.csv", "figure-3-runs.csv"
    ]  # fmt: skip
    with (folder / "figure-3-runs.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 3 * 2 * 3 * 10


def test_many_pairs_are_drawn_metric_by_metric(tmp_path, paper):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    _values, tables = paper
    page = tmp_path / "report.html"
    rows, _results = compare(tmp_path, tables, pairs=2, report=str(page))
    assert len(rows) == 3 * 15
    assert len(list((tmp_path / "report_data").glob("*-gains.csv"))) == 3


def test_models_against_a_baseline_on_chosen_metrics(tmp_path):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    aucs = {"Logistic regression": [0.8] * 4, "LSTM": [0.7, 0.72, 0.71, 0.69],
            "DRDN": [0.9, 0.91, 0.89, 0.9], "CNN": [0.79, 0.82, 0.81, 0.8]}  # fmt: skip
    tables = [
        write_runs(tmp_path, f"{i}.csv", model, "default", {"AUC": own, "TP": [1.0, 2, 3, 4]})
        for i, (model, own) in enumerate(aucs.items())
    ]
    log, page = [], tmp_path / "report.html"
    rows, results = compare(
        tmp_path, tables, log, baseline="logistic regression", metrics=["auc"], report=str(page)
    )
    assert [(row["model_b"], row["better"]) for row in rows] == [
        ("LSTM", "Logistic regression (default)"), ("DRDN", "DRDN (default)"), ("CNN", "")
    ]  # fmt: skip
    assert results["BEST"] == "DRDN (default)"
    assert (
        "Of 3 comparisons on test rows, 2 are significant after correction (1 better than "
        in (log[-1])
    )
    assert "There are only 4 repeats of some groups; the forecasting paper takes 10." in log


def test_runs_that_never_differ_are_reported_and_not_tested(tmp_path):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    tables = [
        write_runs(tmp_path, "a.gpkg", "A", "x", {"AUC": [0.1] * 3}),
        write_runs(tmp_path, "b.gpkg", "B", "x", {"AUC": [0.3] * 3}),
        write_runs(tmp_path, "c.gpkg", "C", "x", {"AUC": [0.5, 0.6, 0.7]}),
    ]
    log = []
    rows, results = compare(tmp_path, tables, log, report=str(tmp_path / "r.html"))
    same = rows[0]
    assert same["gain"] == pytest.approx(0.2)
    assert same["significant"] == "not tested"
    assert np.isnan([same["t"], same["p"], same["ci_low"], same["bound"]]).all()
    assert (results["COMPARISONS"], len(rows)) == (2, 3)
    # Two tests were made: the larger p is not multiplied by more than 1.
    assert max(row["p_adjusted"] for row in rows[1:]) == max(row["p"] for row in rows[1:])
    assert "(1 more cannot be tested: no run differs)" in log[-1]
    assert "corrected over 2 comparisons" in (tmp_path / "r.html").read_text(encoding="utf-8")
    rows, _results = compare(tmp_path, tables[:2], log, report=str(tmp_path / "r.html"))
    assert log[-1].startswith("Of 0 comparisons on test rows, none are significant")


def test_bad_input_is_one_sentence_and_leaves_nothing(tmp_path):
    good = write_runs(tmp_path, "a.gpkg", "A", "x", {"AUC": [0.1, 0.2]})
    other = write_runs(tmp_path, "b.gpkg", "B", "x", {"R2": [0.1, 0.2]})
    once = write_runs(tmp_path, "c.gpkg", "C", "x", {"AUC": [0.1]})
    strange = str(tmp_path / "d.gpkg")
    write_table(strange, {"model": ["A"], "AUC": np.array([0.5])})
    cases = [
        ({"runs": []}, r"No runs table was given; choose one or several in RUNS"),
        ({"runs": [good]}, r"hold only A \(x\); give runs of at least two"),
        ({"runs": [good, other]}, r"no metric that all models share"),
        ({"runs": [good, once]}, r"C \(x\) has a single run on test rows"),
        ({"runs": [good, strange]}, r"'d' \(RUNS\) has no column 'configuration'"),
        ({"runs": [good, str(tmp_path / "none.gpkg")]}, r"none.gpkg' cannot be opened"),
    ]
    before = sorted(p.name for p in tmp_path.iterdir())
    for arguments, words in cases:
        with pytest.raises(InputError, match=words):
            compare(tmp_path, arguments.pop("runs"), **arguments)
    with pytest.raises(OutputError, match="is also an input"):
        compare(tmp_path, [good], output=good)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_tables_have_names_of_their_own():
    assert table_names(["/a/x.gpkg|layername=x", "/b/y.csv"]) == ["x", "y"]
    assert table_names(["/a/runs.gpkg", "/b/runs.gpkg"]) == ["a/runs", "b/runs"]
    assert table_names(["/a/runs.gpkg", "/a/runs.csv"]) == ["a/runs 1", "a/runs 2"]
