"""Recalibration by the validation job: never measured on rows that it was fitted on."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress

pytest.importorskip("osgeo.gdal")
pytest.importorskip("safetensors")
pytest.importorskip("sklearn")

from land_subsidence.subsidence_plugin.engine.models.calibration import calibrate
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import load_model, save_model
from land_subsidence.subsidence_plugin.engine.validation.calibration import reliability
from land_subsidence.subsidence_plugin.engine.validation.recalibration import fit_calibration
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

PARTS = (("train", 300), ("validation", 600), ("test", 400))


@pytest.fixture
def layer(tmp_path):
    """Samples whose truth is 1/(1 + e^(-z)) of the factor z, and an overconfident model (3 z)."""
    random = np.random.default_rng(12)
    split = np.repeat([name for name, _n in PARTS], [n for _name, n in PARTS]).tolist()
    z = random.normal(0, 1.2, len(split)).astype(np.float32)
    label = (random.random(len(split)) < 1 / (1 + np.exp(-z))).astype(int)
    fold = np.arange(len(split)) % 4 + 1
    member = {"coefficients": np.array([3.0]), "intercept": np.array([0.0])}
    path = str(tmp_path / "model.safetensors")
    card = Card("logistic", [Factor("z", "continuous", 0, 1)], metrics={"train": {"AUC": 0.8}})
    save_model(path, [member], card)
    # Factors are clipped to the training range, so z is scaled into it: 3 z = 18 f - 9.
    factor = np.clip((z + 3) / 6, 0, 1)
    member = {"coefficients": np.array([18.0]), "intercept": np.array([-9.0])}
    save_model(path, [member], card)
    raw = 1 / (1 + np.exp(9 - 18 * factor.astype(float)))
    columns = {"label": label, "split": split, "fold": fold, "z": factor}
    return {"folder": tmp_path, "columns": columns, "model": path, "raw": raw}


def validate(layer, drop=(), log=None, model=None, metadata=None, **arguments):
    """Run the job on the rows whose split is not dropped; return its table and results."""
    folder, columns = layer["folder"], layer["columns"]
    keep = np.array([split not in drop for split in columns["split"]])
    place = np.flatnonzero(keep).astype(float)
    chosen = {
        name: [v for v, k in zip(values, keep) if k] if isinstance(values, list) else values[keep]
        for name, values in columns.items()
    }
    samples = str(folder / "samples.gpkg")
    write_points(samples, place, place, chosen, "EPSG:32648", metadata)
    arguments = {
        "samples": samples, "models": [model or layer["model"]], "bootstrap": 0,
        "output": str(folder / "metrics.csv"), **arguments,
    }  # fmt: skip
    lines = log if log is not None else []
    progress = Progress(on_message=lambda text, level: lines.append(text))
    results = run_job("validatemodel", arguments, progress)
    return read_features(arguments["output"]).columns, results


def rows_of(layer, split):
    here = np.array(layer["columns"]["split"]) == split
    return layer["columns"]["label"][here], layer["raw"][here], layer["columns"]["fold"][here]


@pytest.mark.parametrize("method", [1, 2])
def test_test_rows_measure_a_fit_on_validation_rows(layer, method):
    target = str(layer["folder"] / "calibrated.safetensors")
    table, results = validate(layer, calibration=method, calibrated_model=target)
    labels, raw, _fold = rows_of(layer, "validation")
    fitted = fit_calibration(("isotonic", "platt")[method - 1], labels, raw)
    stored = load_model(target).card.calibration
    for name in ("x", "y") if method == 1 else ("slope", "intercept"):
        np.testing.assert_allclose(stored[name], fitted[name], rtol=1e-4)
    labels, raw, _fold = rows_of(layer, "test")
    before, after = reliability(labels, raw), reliability(labels, calibrate(fitted, raw))
    assert results["ECE_BEFORE"] == pytest.approx(before.ece, abs=1e-5)
    assert results["ECE_AFTER"] == pytest.approx(after.ece, abs=1e-4)
    assert results["ECE_AFTER"] < results["ECE_BEFORE"] / 2
    assert table["model"][-1] == "Logistic regression recalibrated"
    assert (table["split"][-1], table["cross_fitted"][-1], table["rows"][-1]) == ("test", 0, 400)
    assert table["Brier"][-1] == pytest.approx(after.brier, abs=1e-4)
    assert stored["split"] == "validation"
    assert (stored["rows"], stored["positive"]) == (600, rows_of(layer, "validation")[0].sum())
    assert stored["source"] == "samples.gpkg"
    assert stored["measured"]["rows"] == "400 test rows"
    assert load_model(target).card.metrics == {"train": {"AUC": 0.8}}


def test_without_test_rows_each_fold_is_measured_by_the_others(layer):
    target, report = (str(layer["folder"] / name) for name in ("c.safetensors", "report.html"))
    table, results = validate(
        layer, ("test",), calibration=2, calibrated_model=target, report=report,
        metadata={"split": json.dumps({"method": "blocks"})},
    )  # fmt: skip
    labels, raw, fold = rows_of(layer, "validation")
    after = np.empty(600)
    for number in range(1, 5):
        held = fold == number
        fitted = fit_calibration("platt", labels[~held], raw[~held])
        after[held] = calibrate(fitted, raw[held])
    assert results["ECE_AFTER"] == pytest.approx(reliability(labels, after).ece, abs=1e-4)
    assert (table["split"][-1], table["cross_fitted"][-1]) == ("validation", 600)
    page = (layer["folder"] / "report.html").read_text(encoding="utf-8").replace("&#39;", "'")
    assert "each by a fit on the others of the 4 square-block folds of the field 'fold'" in page
    assert "No row is measured by a fit that saw it" in page
    lead = page[page.index('class="lead"') : page.index("</td>")]
    assert "the expected calibration error falls from" in lead
    # What is stored is fitted on all validation rows, not on a part of them.
    fitted = fit_calibration("platt", labels, raw)
    assert load_model(target).card.calibration["slope"] == pytest.approx(fitted["slope"], rel=1e-4)


def test_a_calibrated_model_is_never_judged_by_rows_that_it_knows(layer):
    target = str(layer["folder"] / "calibrated.safetensors")
    _table, first = validate(layer, ("test",), calibration=1, calibrated_model=target)
    log, report = [], str(layer["folder"] / "again.html")
    table, results = validate(layer, ("test",), log, model=target, report=report)
    # The very cross-fitted figures of the run that calibrated it, not those of its own rows.
    own = table["split"].index("validation")
    assert table["ECE"][own] == pytest.approx(first["ECE_AFTER"], abs=1e-6)
    assert table["cross_fitted"].tolist() == [0, 600]
    assert table["calibration"] == ["isotonic", "isotonic"]
    labels, raw, _fold = rows_of(layer, "validation")
    flattering = reliability(labels, calibrate(load_model(target).card.calibration, raw)).ece
    assert flattering < first["ECE_AFTER"]
    assert "was fitted on 600 of these rows: they are scored by cross-fitting" in "\n".join(log)
    page = (layer["folder"] / "again.html").read_text(encoding="utf-8")
    assert "on some of these rows: Logistic regression recalibrated (600); these rows" in page
    assert table["model"][0] == "Logistic regression recalibrated"
    # With test rows these judge, by the stored calibration itself.
    table, results = validate(layer, (), model=target, report=report)
    labels, raw, _fold = rows_of(layer, "test")
    expected = reliability(labels, calibrate(load_model(target).card.calibration, raw))
    assert table["ECE"][2] == pytest.approx(expected.ece, abs=1e-4)
    assert table["cross_fitted"].tolist() == [0, 600, 0]
    assert results["BEST_AUC"] == pytest.approx(table["AUC"][2])
    page = (layer["folder"] / "again.html").read_text(encoding="utf-8")
    assert "Test rows judge, since a calibration was fitted on validation rows." in page


def test_rows_are_known_again_under_another_split(layer):
    """Who makes another split cannot pass rows of the calibration off as unseen."""
    target = str(layer["folder"] / "calibrated.safetensors")
    validate(layer, calibration=2, calibrated_model=target)
    names = {"train": "test", "validation": "train", "test": "validation"}
    layer["columns"]["split"] = [names[split] for split in layer["columns"]["split"]]
    table, _results = validate(layer, model=target)
    assert dict(zip(table["split"], table["cross_fitted"])) == {
        "train": 600, "validation": 0, "test": 0
    }  # fmt: skip


def test_a_second_calibration_replaces_the_first(layer):
    first, second = (str(layer["folder"] / f"{n}.safetensors") for n in "ab")
    validate(layer, calibration=1, calibrated_model=first)
    log = []
    table, results = validate(layer, (), log, first, calibration=2, calibrated_model=second)
    labels, raw, _fold = rows_of(layer, "validation")
    expected = fit_calibration("platt", labels, raw)["slope"]
    assert load_model(second).card.calibration["slope"] == pytest.approx(expected, rel=1e-4)
    assert "is recalibrated already" in "\n".join(log)
    assert results["ECE_AFTER"] < results["ECE_BEFORE"]
    assert table["model"][-1] == "Logistic regression recalibrated"


def test_isotonic_on_few_rows_warns(layer):
    log = []
    validate(layer, (), log, calibration=1)
    assert "Isotonic calibration on 600 rows follows single rows" in "\n".join(log)


def test_a_constant_model_is_recalibrated_to_the_share_of_subsidence(layer):
    path = str(layer["folder"] / "flat.safetensors")
    member = {"coefficients": np.array([0.0]), "intercept": np.array([2.0])}
    save_model(path, [member], Card("logistic", [Factor("z", "continuous", 0, 1)]))
    log = []
    table, results = validate(layer, ("test",), log, path, calibration=2, bootstrap=20)
    assert "gives every row the same probability (0.8808): it tells nothing apart" in "\n".join(log)
    assert results["BEST_AUC"] == 0.5
    assert np.isnan(table["Youden_threshold"]).all()
    share = rows_of(layer, "validation")[0].mean()
    assert results["ECE_BEFORE"] == pytest.approx(abs(0.8808 - share), abs=1e-4)
    assert results["ECE_AFTER"] < 0.03


@pytest.mark.parametrize(
    ("drop", "arguments", "words"),
    [
        (("validation",), {"calibration": 1}, "CALIBRATION is fitted on validation rows, and the"),
        ((), {"calibration": 1, "split_field": ""}, "CALIBRATION is fitted on validation rows"),
        ((), {"calibrated_model": "c.safetensors"}, "CALIBRATED_MODEL was asked for without a"),
        ((), {"calibration": 3}, r"CALIBRATION is 3; it is 0 \(none\), 1 \(isotonic\) or 2"),
        ((), {"calibration": 1, "models": ["a", "b"]}, "one model, and MODELS holds 2; choose"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(layer, drop, arguments, words):
    if "calibrated_model" in arguments:
        arguments = {"calibrated_model": str(layer["folder"] / "c.safetensors")}
    with pytest.raises(InputError, match=words):
        validate(layer, drop, **arguments)
    left = {p.name for p in layer["folder"].iterdir()}
    assert left == {"model.safetensors", "samples.gpkg"}


def test_too_few_validation_rows_of_a_class(layer):
    columns = layer["columns"]
    validation = [split == "validation" for split in columns["split"]]
    ones = np.flatnonzero(np.array(validation) & (columns["label"] == 1))
    for row in ones[9:]:
        columns["split"][row] = "train"
    with pytest.raises(InputError, match="the validation rows have 9 with the label 1"):
        validate(layer, calibration=2)
