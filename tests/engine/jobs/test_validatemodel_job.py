"""The validation job on models whose probabilities are known by formula."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress

pytest.importorskip("osgeo.gdal")
pytest.importorskip("safetensors")

from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import save_model
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points, write_table

SPLIT = ["train"] * 40 + ["validation"] * 40 + ["test"] * 20


@pytest.fixture
def table():
    random = np.random.default_rng(8)
    labels = np.tile([0, 1], 50)
    depth = np.clip(0.3 + 0.4 * labels + random.normal(0, 0.25, 100), 0, 1)
    return {"label": labels, "split": list(SPLIT), "Depth": depth, "slope": random.random(100)}


def model(folder, name="model", factors=("depth",), slopes=(8.0,), architecture="logistic"):
    """Save logistic models (a member each): probability = 1 / (1 + exp(-slope (depth - 0.5)))."""
    path = str(folder / f"{name}.safetensors")
    members = [
        {
            "coefficients": np.full(len(factors), slope),
            "intercept": np.array([-0.5 * slope * len(factors)]),
        }
        for slope in slopes
    ]
    save_model(path, members, Card(architecture, [Factor(f) for f in factors], seeds=[5]))
    return path


def validate(folder, table, models, log=None, **arguments):
    samples = str(folder / "samples.gpkg")
    x = np.arange(len(table["label"]), dtype=float)
    write_points(samples, x, x, table, "EPSG:32648")
    arguments = {
        "samples": samples, "models": models, "output": str(folder / "metrics.csv"), **arguments
    }  # fmt: skip
    progress = Progress(
        on_message=lambda text, level: (log if log is not None else []).append(text)
    )
    results = run_job("validatemodel", arguments, progress)
    return read_features(arguments["output"]).columns, results


def test_factors_in_another_order_are_found_by_name(tmp_path, table):
    factors = ("slope", "depth")
    columns, _results = validate(tmp_path, table, [model(tmp_path, factors=factors)], bootstrap=0)
    turned = {name: table[name] for name in ("slope", "split", "Depth", "label")}
    other, _results = validate(tmp_path, turned, [model(tmp_path, factors=factors)], bootstrap=0)
    np.testing.assert_array_equal(columns["AUC"], other["AUC"])
    z = 8 * (table["Depth"] + table["slope"] - 1)
    train = np.array(SPLIT) == "train"
    expected = np.abs(table["label"] - 1 / (1 + np.exp(-z)))[train].mean()
    assert columns["MAE_probability"][0] == pytest.approx(expected, abs=1e-6)


def test_each_split_is_scored_apart(tmp_path, table):
    metrics = pytest.importorskip("sklearn.metrics")
    columns, results = validate(tmp_path, table, [model(tmp_path)])
    assert columns["model"] == ["Logistic regression"] * 3
    assert columns["split"] == ["train", "validation", "test"]
    np.testing.assert_array_equal(columns["rows"], [40, 40, 20])
    probability = 1 / (1 + np.exp(-8 * (table["Depth"] - 0.5)))
    for row, name in enumerate(columns["split"]):
        here = np.array(SPLIT) == name
        label, value = table["label"][here], probability[here]
        assert columns["AUC"][row] == pytest.approx(metrics.roc_auc_score(label, value))
        assert columns["TP"][row] == np.sum((value >= 0.5) & (label == 1))
        assert columns["MAE_label"][row] == np.mean((value >= 0.5) != label)
        assert columns["MAE_probability"][row] == pytest.approx(np.abs(label - value).mean())
    assert results["BEST_MODEL"] == "Logistic regression"
    assert results["BEST_AUC"] == pytest.approx(columns["AUC"][1])


def test_members_are_averaged_and_names_told_apart(tmp_path, table):
    first, second = model(tmp_path, "a"), model(tmp_path, "b", slopes=(8.0, 2.0))
    columns, _ = validate(tmp_path, table, [first, second])
    assert columns["model"][0] == "Logistic regression (a)"
    assert columns["model"][-1] == "Logistic regression (b)"
    here = np.array(SPLIT) == "test"
    value = np.mean([1 / (1 + np.exp(-k * (table["Depth"][here] - 0.5))) for k in (8, 2)], axis=0)
    assert columns["MAE_probability"][-1] == pytest.approx(
        np.abs(table["label"][here] - value).mean(), abs=1e-6
    )


def test_rows_that_one_model_cannot_judge_are_left_out_for_all(tmp_path, table):
    table["slope"][45] = np.nan
    log = []
    models = [model(tmp_path, "a"), model(tmp_path, "b", ("depth", "slope"))]
    columns, _ = validate(tmp_path, table, models, log)
    np.testing.assert_array_equal(columns["rows"], [40, 39, 20] * 2)
    assert "1 rows have an empty factor" in "\n".join(log)
    assert "Logistic regression (b)" in "\n".join(log)


def test_the_first_sentence_names_the_best_model_even_a_baseline(tmp_path, table):
    report = tmp_path / "report.html"
    models = [model(tmp_path, "good"), model(tmp_path, "poor", ("slope",))]
    validate(tmp_path, table, models, report=str(report))
    page = report.read_text(encoding="utf-8")
    lead = page[page.index('class="lead"') :]
    assert "On 40 validation rows, the baseline Logistic regression (good) is best by AUC" in lead
    assert "id " in page[page.index("How this was computed") :]
    assert "seed 5" in page


def test_new_columns_against_scikit_learn(tmp_path, table):
    metrics = pytest.importorskip("sklearn.metrics")
    columns, _results = validate(tmp_path, table, [model(tmp_path)], bootstrap=200, seed=3)
    probability = 1 / (1 + np.exp(-8 * (table["Depth"] - 0.5)))
    train = np.array(SPLIT) == "train"
    false, true, _cuts = metrics.roc_curve(table["label"][train], probability[train])
    assert set(columns["Youden_rows"]) == {"train"}
    for row, name in enumerate(columns["split"]):
        here = np.array(SPLIT) == name
        label, value = table["label"][here], probability[here]
        assert columns["AP"][row] == pytest.approx(metrics.average_precision_score(label, value))
        assert columns["Brier"][row] == pytest.approx(metrics.brier_score_loss(label, value))
        assert columns["AUC_low"][row] < columns["AUC"][row] < columns["AUC_high"][row]
        assert columns["prevalence"][row] == 0.5
        cut = columns["Youden_threshold"][row]
        assert columns["SST_Youden"][row] == np.mean(value[label == 1] >= cut)
        assert columns["SPF_Youden"][row] == np.mean(value[label == 0] < cut)
    reached = columns["SST_Youden"][0] + columns["SPF_Youden"][0] - 1
    assert reached == pytest.approx(np.max(true - false))
    assert columns["calibration"] == ["none"] * 3


def test_delong_table_and_no_bands(tmp_path, table):
    both = ("depth", "slope")
    paths = [model(tmp_path, name, both[i : i + 2]) for i, name in enumerate(("a", "b"))]
    paths.append(model(tmp_path, "c", both[:1], slopes=(3.0, 0.5)))
    output = str(tmp_path / "delong.csv")
    columns, _results = validate(tmp_path, table, paths, delong=output, bootstrap=0)
    assert np.isnan(columns["AUC_low"]).all()
    pairs = read_features(output).columns
    assert len(pairs["first"]) == 3
    assert set(pairs["split"]) == {"validation"}
    auc = dict(zip(columns["model"], columns["AUC"].reshape(3, 3)[:, 1].repeat(3)))
    for first, second, gap in zip(pairs["first"], pairs["second"], pairs["difference"]):
        assert gap == pytest.approx(auc[first] - auc[second])
    # A single model has nobody to be compared with: an empty table, not an error.
    for name in ("delong.csv", "delong.gpkg"):
        output, log = str(tmp_path / name), []
        validate(tmp_path, table, paths[:1], log, delong=output, bootstrap=0)
        assert read_features(output).columns["first"] == []
    assert "How the samples were split is not known" in log[-1]


def test_cancel_stops_the_bootstrap_and_leaves_nothing(tmp_path, table):
    path, samples = model(tmp_path), str(tmp_path / "samples.gpkg")
    x = np.arange(100.0)
    write_points(samples, x, x, table, "EPSG:32648")
    reached = []
    progress = Progress(
        on_fraction=reached.append, is_cancelled=lambda: max(reached, default=0) > 0.5
    )
    arguments = {"samples": samples, "models": [path], "output": str(tmp_path / "metrics.csv")}
    with pytest.raises(Cancelled):
        run_job("validatemodel", {**arguments, "bootstrap": 3000}, progress)
    assert 0.5 < max(reached) < 0.51
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.safetensors", "samples.gpkg"]


def test_the_same_seed_gives_the_same_table(tmp_path, table):
    paths = [model(tmp_path)]
    one, other = (validate(tmp_path, table, paths, seed=9, bootstrap=50)[0] for _ in range(2))
    np.testing.assert_array_equal(one["AUC_low"], other["AUC_low"])
    changed, _results = validate(tmp_path, table, paths, seed=10, bootstrap=50)
    assert (changed["AUC_low"] != one["AUC_low"]).any()


def test_without_split_all_rows_are_scored_and_the_log_warns(tmp_path, table):
    log = []
    del table["split"]
    columns, _ = validate(tmp_path, table, [model(tmp_path)], log)
    assert columns["split"] == ["all"]
    assert columns["rows"].tolist() == [100]
    assert "There is no split field: all rows are scored together" in "\n".join(log)


def test_a_table_without_geometry_is_enough(tmp_path, table):
    samples = str(tmp_path / "samples.csv")
    write_table(samples, table)
    output = str(tmp_path / "metrics.gpkg")
    arguments = {"samples": samples, "models": [model(tmp_path)], "output": output}
    assert run_job("validatemodel", arguments, Progress())["BEST_AUC"] > 0.75


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": np.ones(100, int)}, "is 1 in all 100 rows; rows of both classes are needed"),
        ({"label": np.arange(100)}, "and 93 further values"),
        ({"split": ["train"] * 100}, "No row of the samples has the split 'validation' or 'test'"),
        ({"split": ["train", "validation"] * 50}, "label of the train rows is 0 in all 50 rows"),
        ({"Depth": ["a"] * 100}, "Model Logistic regression: The field 'depth' holds text"),
    ],
)
def test_bad_samples_give_one_sentence_and_no_output(tmp_path, table, change, words):
    with pytest.raises(InputError, match=words):
        validate(tmp_path, {**table, **change}, [model(tmp_path)])
    assert not [p for p in tmp_path.iterdir() if "metrics" in p.name]


def test_missing_factors_are_named(tmp_path, table):
    with pytest.raises(InputError, match="lack 1 of the model's 2 factors: clay; they have"):
        validate(tmp_path, table, [model(tmp_path, factors=("depth", "clay"))])
    with pytest.raises(InputError, match="No model file was given"):
        validate(tmp_path, table, [])


@pytest.mark.parametrize(
    ("trained", "sampled"), [("classes", "continuous"), ("continuous", "classes")]
)
def test_values_and_class_codes_are_not_mixed_up(tmp_path, table, trained, sampled):
    card = Card("logistic", [Factor("depth", trained)])
    path, samples = str(tmp_path / "m.safetensors"), str(tmp_path / "samples.gpkg")
    save_model(path, [{"coefficients": np.ones(1), "intercept": np.zeros(1)}], card)
    x, metadata = np.arange(100.0), {"kinds": json.dumps({"Depth": sampled, "slope": "continuous"})}
    write_points(samples, x, x, table, "EPSG:32648", metadata)
    arguments = {"samples": samples, "models": [path], "output": str(tmp_path / "metrics.csv")}
    with pytest.raises(InputError, match=r"was trained on \w+ of 'depth' and the samples hold"):
        run_job("validatemodel", arguments, Progress())
    assert not (tmp_path / "metrics.csv").exists()
