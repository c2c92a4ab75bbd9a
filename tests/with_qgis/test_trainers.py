"""The trainers by id: parameters from the declarations, results, errors and Cancel."""

import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
from land_subsidence.subsidence_plugin.engine.models.file import load_model
from land_subsidence.subsidence_plugin.engine.networks.registry import ARCHITECTURES
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    rng = np.random.default_rng(2)
    slope, wind = rng.normal(15, 5, 240), rng.random(240)
    path = str(tmp_path_factory.mktemp("samples") / "samples.gpkg")
    columns = {
        "label": (slope + rng.normal(0, 2, 240) > 15).astype(int),
        "split": ["train" if i % 3 else "validation" for i in range(240)],
        "slope": slope,
        "wind": wind,
    }
    write_points(path, rng.random(240), rng.random(240), columns, "EPSG:32648")
    return path


def bad_samples(path, **changes):
    columns = {"label": np.tile([0, 1], 30), "split": ["train"] * 60, "slope": np.arange(60.0)}
    columns.update(changes)
    count = len(columns["label"])
    write_points(str(path), np.arange(count), np.arange(count), columns, "EPSG:32648")
    return str(path)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_parameters_follow_the_declaration(name, qgis_app):
    algorithm = qgis_app.processingRegistry().createAlgorithmById(f"subsidence:train{name}")
    for hyperparameter in ARCHITECTURES[name].hyperparameters:
        definition = algorithm.parameterDefinition(hyperparameter.name.upper())
        assert (definition.minimum(), definition.maximum()) == (
            hyperparameter.minimum,
            hyperparameter.maximum,
        )
        assert hyperparameter.meaning in definition.help()
        assert f"'Tune model' searches {hyperparameter.search[0]} to" in definition.help()
    shared = (
        "SAMPLES FACTOR_FIELDS EPOCHS BATCH_SIZE LEARNING_RATE OPTIMIZER CLASS_WEIGHTS PATIENCE "
        "WEIGHT_DECAY REPEATS SEED DEVICE CHECKPOINT MODEL HISTORY REPORT RUNS"
    )
    for parameter in shared.split():
        assert algorithm.parameterDefinition(parameter).help()


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_trains_by_id(name, run, log, samples, tmp_path):
    parameters = {
        "SAMPLES": samples, "EPOCHS": 3, "MODEL": str(tmp_path / "m.safetensors"),
        "HISTORY": str(tmp_path / "h.gpkg"), "REPORT": str(tmp_path / "r.html"),
    }  # fmt: skip
    result = run(f"subsidence:train{name}", parameters, log)
    model = load_model(result["MODEL"])
    assert model.card.architecture == name
    assert [f.name for f in model.factors] == ["slope", "wind"]
    assert model.card.training["optimizer"] == ("sgd" if name == "cnn" else "adam")
    assert result["MODEL_ID"] == model.model_id and 0 <= result["AUC"] <= 1
    assert Path(result["HISTORY"]).exists() and Path(result["REPORT"]).exists()
    assert "epoch 3 of at most 3" in log.text and "hold-out AUC" in log.text


def test_preset_and_single_settings(run, samples, tmp_path):
    parameters = {"SAMPLES": samples, "EPOCHS": 1, "PRESET": 1, "FACTOR_FIELDS": ["slope"],
                  "FILTERS": 8, "MODEL": str(tmp_path / "m.safetensors")}  # fmt: skip
    result = run("subsidence:traincnnlstm", parameters)
    assert set(result) == {"MODEL", "AUC", "MODEL_ID"}
    card = load_model(result["MODEL"]).card
    assert (card.training["preset"], card.training["learning_rate"]) == ("Appendix B", 0.05)
    assert (card.hyperparameters["filters"], card.hyperparameters["lstm_units"]) == (8, 128)
    assert [f.name for f in card.factors] == ["slope"]


@pytest.mark.parametrize("method", range(4))
def test_baselines_by_id(method, run, log, samples, tmp_path):
    parameters = {"SAMPLES": samples, "METHOD": method, "MODEL": str(tmp_path / "m.safetensors"),
                  "TREES": 10, "REPORT": str(tmp_path / "r.html")}  # fmt: skip
    result = run("subsidence:trainbaseline", parameters, log)
    names = ("logistic", "forest", "boosting", "frequencyratio")
    assert load_model(result["MODEL"]).card.architecture == names[method]
    assert result["AUC"] > 0.8 and "validation AUC" in log.text


@pytest.mark.parametrize("algorithm", ["traindrdn", "trainbaseline"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"label": np.ones(60, int)}, "rows of both classes are needed"),
        ({"label": np.arange(60) % 3}, "must be 1 (subsidence) or 0 (none)"),
        ({"slope": np.ones(60)}, "The factor 'slope' is constant"),
        ({"label": np.empty(0, int), "split": [], "slope": np.empty(0)}, "no points"),
    ],
)
def test_bad_samples_are_one_sentence(algorithm, changes, expected, run, log, tmp_path):
    from qgis.core import QgsProcessingException

    path = bad_samples(tmp_path / "bad.gpkg", **changes)
    parameters = {"SAMPLES": path, "MODEL": str(tmp_path / "m.safetensors")}
    with pytest.raises(QgsProcessingException) as caught:
        run(f"subsidence:{algorithm}", parameters, log)
    assert expected in str(caught.value)
    assert "Traceback" not in log.text
    assert not list(tmp_path.glob("*m.safetensors*"))


def test_cuda_where_there_is_none(run, samples, tmp_path):
    import torch
    from qgis.core import QgsProcessingException

    if torch.cuda.is_available():
        pytest.skip("this computer has a CUDA GPU")
    parameters = {"SAMPLES": samples, "DEVICE": 2, "MODEL": str(tmp_path / "m.safetensors")}
    with pytest.raises(QgsProcessingException, match="no CUDA GPU here"):
        run("subsidence:traincnn", parameters)
    assert not list(tmp_path.iterdir())


def test_cancel_from_another_thread_leaves_nothing(run, log, samples, tmp_path):
    threading.Timer(1.0, log.cancel).start()
    parameters = {"SAMPLES": samples, "EPOCHS": 100_000, "PATIENCE": 0,
                  "MODEL": str(tmp_path / "m.safetensors")}  # fmt: skip
    assert run("subsidence:trainlstm", parameters, log) == {}
    assert not list(tmp_path.iterdir())


def test_repeated_baselines_write_a_runs_table(run, samples, tmp_path):
    parameters = {
        "SAMPLES": samples, "METHOD": 1, "TREES": 10, "REPEATS": 3, "SEED": 5,
        "MODEL": str(tmp_path / "m.safetensors"), "RUNS": str(tmp_path / "runs.gpkg"),
    }  # fmt: skip
    run("subsidence:trainbaseline", parameters)
    model = load_model(parameters["MODEL"])
    assert model.members == 3 and model.card.seeds == [5, 6, 7]
    runs = read_features(parameters["RUNS"]).columns
    chosen = [i for i, (m, s) in enumerate(zip(runs["metric"], runs["split"]))
              if (m, s) == ("AUC", "validation")]  # fmt: skip
    assert [int(runs["seed"][i]) for i in chosen] == [5, 6, 7]
    assert len({runs["value"][i] for i in chosen}) > 1, "seeds must make a difference"
    assert set(runs["configuration"]) == {"default trees=10"}


def test_weight_decay_reaches_the_model_file(run, samples, tmp_path):
    parameters = {"SAMPLES": samples, "EPOCHS": 1, "MODEL": str(tmp_path / "m.safetensors")}
    run("subsidence:trainlstm", parameters)
    assert load_model(parameters["MODEL"]).card.training["weight_decay"] == 0
    run("subsidence:trainlstm", {**parameters, "WEIGHT_DECAY": 0.25})
    assert load_model(parameters["MODEL"]).card.training["weight_decay"] == 0.25


def test_baselines_have_their_declared_hyperparameters(run, qgis_app, samples, tmp_path):
    algorithm = qgis_app.processingRegistry().createAlgorithmById("subsidence:trainbaseline")
    for baseline in BASELINES.values():
        for declared in baseline.hyperparameters:
            definition = algorithm.parameterDefinition(declared.name.upper())
            assert definition.defaultValue() == declared.default
            assert definition.help() == declared.meaning
    parameters = {"SAMPLES": samples, "METHOD": 1, "TREES": 10, "MIN_SAMPLES_LEAF": 9,
                  "MAX_FEATURES": 0.5, "MODEL": str(tmp_path / "m.safetensors")}  # fmt: skip
    run("subsidence:trainbaseline", parameters)
    card = load_model(parameters["MODEL"]).card
    assert card.hyperparameters == {"trees": 10, "min_samples_leaf": 9, "max_features": 0.5}
