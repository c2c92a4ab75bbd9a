"""SHAP values of a place: sums, the model that is found, words where something is missing."""

import shutil

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.inspection.place import (
    NO_MODEL,
    NO_PROBABILITY,
    NO_STACK,
    OUTSIDE,
    Source,
)
from land_subsidence.subsidence_plugin.engine.jobs.explain_place import PlaceExplainer
from land_subsidence.subsidence_plugin.engine.jobs.inspect_place import read_place
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import load_model, save_model
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from place_files import COLUMN, GRID, PLACE, QUIET, ROW, UTM, raster

NAMES = ["depth", "level", "clay"]
#: Weights of a logistic regression on factors from 0 to 1, and its constant.
WEIGHTS, CONSTANT = np.array([2.0, -1.0, 0.5]), -0.25


def logistic(values):
    return 1 / (1 + np.exp(-(np.asarray(values) @ WEIGHTS + CONSTANT)))


@pytest.fixture
def files(tmp_path):
    """A stack of three factors, the model, its map, and samples."""
    random = np.random.default_rng(3)
    values = random.random((3, GRID.height, GRID.width)).round(3)
    stack = raster(tmp_path / "stack.tif", values, "factor_stack", NAMES)
    path = str(tmp_path / "model.safetensors")
    card = Card("logistic", [Factor(name) for name in NAMES])
    arrays = {"coefficients": WEIGHTS, "intercept": np.array([CONSTANT])}
    model_id = save_model(path, [arrays], card)
    probability = logistic(np.moveaxis(values, 0, -1))[None]
    mapped = raster(
        tmp_path / "map.tif", probability, "probability", SUBSIDENCE_MODEL=model_id,
        SUBSIDENCE_SOURCE=str(tmp_path / "stack.tif"), SUBSIDENCE_UNITS="probability",
    )  # fmt: skip
    rows = random.random((60, 3)).round(3)
    columns = {name: rows[:, k] for k, name in enumerate(NAMES)}
    columns["label"] = (np.arange(60) % 2).astype(float)
    columns["split"] = ["train" if k < 40 else "validation" for k in range(60)]
    write_points(str(tmp_path / "samples.gpkg"), np.full(60, PLACE[0]), np.full(60, PLACE[1]),
                 columns, UTM, {"SUBSIDENCE_KIND": "samples"})  # fmt: skip
    samples = Source("samples", str(tmp_path / "samples.gpkg"), False)
    return {"stack": stack, "map": mapped, "samples": samples, "values": values[:, ROW, COLUMN],
            "rows": rows[:40], "model": path, "id": model_id, "folder": tmp_path}  # fmt: skip


def explained(*sources, place=PLACE, models=None, explainer=None):
    report = read_place(QUIET, sources, *place, UTM)
    return (explainer or PlaceExplainer()).explain(QUIET, report, models or {})


def test_values_add_up_and_are_the_shapley_values(files):
    from itertools import permutations

    shap = explained(files["map"], files["samples"]).shap
    expected = logistic(files["values"])
    assert shap.base + shap.shap.sum() == pytest.approx(shap.prediction, abs=1e-6)
    assert shap.prediction == pytest.approx(expected, abs=1e-6)
    assert shap.mapped == pytest.approx(expected, abs=1e-6)
    # All 40 training rows are the background; the definition, over all orders of the factors.
    rows, place = files["rows"], files["values"]
    exact = np.zeros(3)
    for order in permutations(range(3)):
        now = rows.copy()
        for factor in order:
            before = logistic(now).mean()
            now[:, factor] = place[factor]
            exact[factor] += (logistic(now).mean() - before) / 6
    assert shap.base == pytest.approx(logistic(rows).mean(), abs=1e-6)
    np.testing.assert_allclose(shap.shap, exact, atol=4 * shap.error.max() + 1e-6)
    assert shap.error.max() < 0.01
    assert (shap.names, shap.background, shap.background_layer) == (NAMES, 40, "samples")
    assert shap.model_file == files["model"] and shap.texts[0].startswith("depth = 0.")


def test_the_model_is_kept_until_its_file_changes(files):
    explainer = PlaceExplainer()
    first = explained(files["map"], files["samples"], explainer=explainer).shap
    again = explained(files["map"], files["samples"], explainer=explainer).shap
    assert np.array_equal(first.shap, again.shap)
    other = str(files["folder"] / "other.safetensors")
    shutil.move(files["model"], other)
    assert explained(files["map"], files["samples"], explainer=explainer).shap.model_file == other


def test_without_samples_cells_of_the_stack_are_the_background(files):
    shap = explained(files["map"], files["stack"]).shap
    assert shap.background_layer == "" and shap.background == 100
    assert shap.base + shap.shap.sum() == pytest.approx(logistic(files["values"]), abs=1e-6)


def test_samples_of_other_factors_are_passed_over(files):
    folder = files["folder"]
    write_points(str(folder / "else.gpkg"), np.zeros(2), np.zeros(2), {"other": np.ones(2)}, UTM,
                 {"SUBSIDENCE_KIND": "samples"})  # fmt: skip
    other = Source("else", str(folder / "else.gpkg"), False)
    assert explained(files["map"], other, files["samples"]).shap.background_layer == "samples"
    assert explained(files["map"], other).shap.background_layer == ""


def test_what_is_missing_is_said(files):
    folder = files["folder"]
    assert explained(files["stack"]).missing == NO_PROBABILITY
    assert explained(files["map"], place=(0.0, 0.0)).missing == OUTSIDE
    hidden = folder / "hidden"
    hidden.mkdir()
    moved = str(hidden / "model.safetensors")
    shutil.move(files["model"], moved)
    report = explained(files["map"])
    assert report.missing == NO_MODEL and report.shap is None
    assert explained(files["map"], models={files["id"]: moved}).shap is not None
    shutil.move(folder / "stack.tif", hidden / "elsewhere.tif")
    chosen = {files["id"]: moved}
    assert explained(files["map"], models=chosen).missing == NO_STACK
    elsewhere = Source("elsewhere", str(hidden / "elsewhere.tif"))
    assert explained(files["map"], elsewhere, models=chosen).shap is not None


def test_another_model_is_refused_by_both_ids(files):
    path = str(files["folder"] / "second.safetensors")
    model = load_model(files["model"])
    model.card.source = "another training"
    second = save_model(path, model.arrays, model.card)
    report = explained(files["map"], models={files["id"]: path})
    assert report.missing == (
        f"'second.safetensors' is the model {second}, and the map was made by the model "
        f"{files['id']}; choose that one's file."
    )


def test_a_cell_without_a_factor_and_a_damaged_model(files):
    values = np.full((3, GRID.height, GRID.width), 0.5)
    values[1, ROW, COLUMN] = np.nan
    raster(files["folder"] / "stack.tif", values, "factor_stack", NAMES)
    assert explained(files["map"], files["samples"]).missing == (
        "The place has no value in level, so the model says nothing here; choose another."
    )
    broken = files["folder"] / "broken.safetensors"
    broken.write_bytes(b"nothing")
    report = explained(files["map"], models={files["id"]: str(broken)})
    assert report.missing.startswith("'broken.safetensors' is the model ")


def test_a_raster_of_shap_values_of_the_same_model_is_read(files):
    values = np.array([0.1, -0.2, 0.3], np.float32)
    about = {"SUBSIDENCE_BASE": "0.25", "SUBSIDENCE_UNITS": "probability",
             "SUBSIDENCE_BACKGROUND": "10"}  # fmt: skip
    own = raster(files["folder"] / "shap.tif", values, "shap", NAMES,
                 SUBSIDENCE_MODEL=files["id"], **about)  # fmt: skip
    other = raster(files["folder"] / "shap2.tif", values * 0, "shap", NAMES,
                   SUBSIDENCE_MODEL="other", **about)  # fmt: skip
    shap = explained(other, own, files["map"], files["stack"]).shap
    assert shap.source == "shap" and shap.model_file == ""
    np.testing.assert_array_equal(shap.shap, values.astype(float))
    assert shap.prediction == pytest.approx(0.45) and shap.background == 10
    assert shap.texts[0] == f"depth = {files['values'][0]:.4g}"


def test_prepared_models_are_used(files):
    explainer = PlaceExplainer()
    explainer.prepare(QUIET, [files["samples"], files["stack"], files["map"]], {})
    assert len(explainer._games) == 1
    explained(files["map"], files["samples"], explainer=explainer)
    assert len(explainer._games) == 1
