"""The jobs ``train`` and ``trainbaseline``: from a samples file to the files they promise."""

import json

import numpy as np
import pytest

pytest.importorskip("osgeo")
pytest.importorskip("torch")

from land_subsidence.subsidence_plugin.engine.errors import (
    Cancelled,
    InputError,
    OutputError,
)
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.models.file import load_model
from land_subsidence.subsidence_plugin.engine.models.predict_rows import predict_samples
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.validation.metrics import auc
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

SMALL = {"blocks": 2, "block_units": 16}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    rng = np.random.default_rng(2)
    slope, soil = rng.normal(15, 5, 300), rng.integers(1, 4, 300)
    label = ((slope > 15) ^ (soil == 2)).astype(int)
    path = str(tmp_path_factory.mktemp("samples") / "samples.gpkg")
    columns = {
        "label": label,
        "split": ["train" if i % 3 else "validation" for i in range(300)],
        "fold": np.arange(300) % 5 + 1,
        "slope": slope,
        "soil": soil.astype(float),
    }
    metadata = {
        "factors": json.dumps(["slope", "soil"]),
        "kinds": json.dumps({"slope": "continuous", "soil": "categorical"}),
    }
    write_points(path, rng.random(300), rng.random(300), columns, "EPSG:32648", metadata)
    return path


def collected():
    lines = []
    return lines, Progress(on_message=lambda text, level: lines.append(text))


def test_writes_model_history_report_and_runs(samples, tmp_path):
    paths = {
        "model": str(tmp_path / "m.safetensors"), "history": str(tmp_path / "h.gpkg"),
        "report": str(tmp_path / "r.html"), "runs": str(tmp_path / "runs.csv"),
    }  # fmt: skip
    lines, progress = collected()
    settings = {"epochs": 25, "learning_rate": 0.01, "batch_size": None}
    arguments = {"hyperparameters": {**SMALL, "dense1": None}, "settings": settings}
    result = run_job(
        "train",
        {"samples": samples, "architecture": "drdn", "repeats": 2, **arguments, **paths},
        progress,
    )
    model = load_model(paths["model"])
    assert model.model_id == result["MODEL_ID"]
    assert [f.name for f in model.factors] == ["slope", "soil"]
    assert model.factors[1].categories == (1, 2, 3)
    assert (model.members, model.card.seeds) == (2, [42, 43])
    assert model.card.hyperparameters["blocks"] == 2 and model.card.hyperparameters["dense1"] == 64
    assert model.card.split["train"]["rows"] == 200
    features = read_features(samples)
    held = np.array(features.columns["split"]) == "validation"
    mean = predict_samples(model, features.columns).mean(axis=0)
    expected = auc(features.columns["label"][held], mean[held])
    assert result["AUC"] == pytest.approx(expected)
    assert model.card.metrics["validation"]["AUC"] == pytest.approx(expected)
    assert expected > 0.95
    history = read_features(paths["history"])
    assert set(history.number("repeat")) == {1, 2}
    assert {"epoch", "loss", "holdout_loss", "holdout_auc"} <= set(history.columns)
    runs = read_features(paths["runs"])
    assert set(runs.columns["configuration"]) == {
        "default epochs=25 learning_rate=0.01 blocks=2 block_units=16"
    }
    assert set(runs.columns["split"]) == {"train", "validation"}
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Training: DRDN" in page and "logistic regression" in page and "://" not in page
    log = "\n".join(lines)
    assert (
        "Computing on the CPU" in log and "Logistic regression on the same rows: train AUC" in log
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "h.gpkg", "m.safetensors", "r.html", "r_data", "runs.csv", "runs.csvt"
    ]  # fmt: skip


def test_same_seed_writes_the_same_model_file(samples, tmp_path):
    ids = [
        run_job("train", {"samples": samples, "architecture": "lstm", "seed": seed,
                          "settings": {"epochs": 2}, "model": str(tmp_path / f"{i}.safetensors")},
                Progress())["MODEL_ID"]
        for i, seed in enumerate((1, 1, 2))
    ]  # fmt: skip
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("method", ["logistic", "forest", "boosting", "frequencyratio"])
def test_baselines_write_models_that_predict(method, samples, tmp_path):
    model_path, report = str(tmp_path / "b.safetensors"), str(tmp_path / "b.html")
    result = run_job(
        "trainbaseline",
        {"samples": samples, "method": method, "model": model_path, "report": report,
         "options": {"trees": 20}, "balanced": True},
        Progress(),
    )  # fmt: skip
    features = read_features(samples)
    held = np.array(features.columns["split"]) == "validation"
    found = predict_samples(load_model(model_path), features.columns)[0]
    assert auc(features.columns["label"][held], found[held]) == pytest.approx(result["AUC"])
    # The label is an exclusive or of both factors: trees see it, sums of factors do not.
    assert (result["AUC"] > 0.95) == (method in ("forest", "boosting"))


@pytest.mark.parametrize(
    ("method", "same"),
    [("logistic", True), ("boosting", True), ("frequencyratio", True), ("forest", False)],
)
def test_repeats_of_a_baseline_without_chance_are_said_to_be_the_same(
    method, same, samples, tmp_path
):
    log = []
    run_job(
        "trainbaseline",
        {"samples": samples, "method": method, "model": str(tmp_path / "b.safetensors"),
         "options": {"trees": 5}, "repeats": 2},
        Progress(on_message=lambda text, level: log.append(text)),
    )  # fmt: skip
    assert any(line.startswith("The 2 members are the same") for line in log) is same


@pytest.mark.parametrize(
    ("changes", "error", "expected"),
    [
        ({"factor_fields": ["dem"]}, InputError, "no field 'dem'"),
        ({"label_field": "soil"}, InputError, "must be 1"),
        ({"settings": {"epochs": -1}}, InputError, "'epochs' is -1"),
        ({"hyperparameters": {"blocks": 99}}, InputError, "'blocks' is 99; allowed is 1 to 64"),
        ({"device": 2}, Exception, "no CUDA GPU"),
        ({"model": "/proc/nowhere/m.safetensors"}, OutputError, "cannot be written"),
    ],
)
def test_failures_leave_nothing(changes, error, expected, samples, tmp_path):
    import torch

    if changes.get("device") == 2 and torch.cuda.is_available():
        pytest.skip("this computer has a CUDA GPU")
    arguments = {"samples": samples, "architecture": "drdn", "settings": {"epochs": 1},
                 "model": str(tmp_path / "m.safetensors"), **changes}  # fmt: skip
    with pytest.raises(error, match=expected):
        run_job("train", arguments, Progress())
    assert list(tmp_path.iterdir()) == []


def test_cancel_leaves_the_checkpoint_alone(samples, tmp_path):
    looks = []
    progress = Progress(is_cancelled=lambda: looks.append(1) or len(looks) > 40)
    arguments = {"samples": samples, "architecture": "lstm", "settings": {"epochs": 50},
                 "model": str(tmp_path / "m.safetensors"), "history": str(tmp_path / "h.csv"),
                 "checkpoint": str(tmp_path / "c.checkpoint")}  # fmt: skip
    with pytest.raises(Cancelled):
        run_job("train", arguments, progress)
    assert [p.name for p in tmp_path.iterdir()] == ["c.checkpoint"]


def test_holdout_folds_need_folds(samples, tmp_path):
    arguments = {"samples": samples, "architecture": "lstm", "settings": {"epochs": 1},
                 "model": str(tmp_path / "m.safetensors"), "holdout_folds": True}  # fmt: skip
    run_job("train", arguments, Progress())
    assert load_model(arguments["model"]).card.training["holdout"] == "folds"
    features = read_features(samples)
    columns = {k: v for k, v in features.columns.items() if k != "fold"}
    path = str(tmp_path / "plain.gpkg")
    write_points(path, features.x, features.y, columns, features.crs)
    with pytest.raises(InputError, match="no numeric field 'fold'"):
        run_job("train", {**arguments, "samples": path}, Progress())
