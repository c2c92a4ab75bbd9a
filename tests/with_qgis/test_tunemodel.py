"""Tune model by id: parameters and help, results, workers inside QGIS, Cancel, authentication."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("optuna")
pytest.importorskip("sklearn")

from land_subsidence.subsidence_plugin.engine.models.file import load_model
from land_subsidence.subsidence_plugin.engine.training.fit import MODEL_TITLES
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

NAMES = (
    "SAMPLES FACTOR_FIELDS LABEL_FIELD MODEL_TYPE STRATEGY TRIALS TOP STORAGE STUDY WORKERS SEED "
    "DEVICE EVALUATION HOLDOUT FOLDS BLOCK_SIZE METRIC PRUNING SPACE EPOCHS PATIENCE CLASS_WEIGHTS "
    "REPEATS AUTHENTICATION WORKER_DATA MODEL ENSEMBLE TRIALS_TABLE RUNS REPORT"
)


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
    write_points(path, rng.random(240) * 900, rng.random(240) * 900, columns, "EPSG:32648")
    return path


@pytest.fixture
def parameters(samples, tmp_path):
    return {
        "SAMPLES": samples, "MODEL_TYPE": 7, "TRIALS": 4, "MODEL": str(tmp_path / "m.safetensors")
    }  # fmt: skip


def test_parameters_have_help_and_their_order_stays(qgis_app):
    algorithm = qgis_app.processingRegistry().createAlgorithmById("subsidence:tunemodel")
    for name in NAMES.split():
        assert algorithm.parameterDefinition(name).help(), name
    options = {name: algorithm.parameterDefinition(name).options() for name in
               ("MODEL_TYPE", "STRATEGY", "EVALUATION", "METRIC")}  # fmt: skip
    assert options["MODEL_TYPE"] == list(MODEL_TITLES)
    assert options["STRATEGY"] == ["Grid", "Random", "TPE"]
    assert len(options["EVALUATION"]) == 5 and options["METRIC"] == ["AUC", "Log loss"]
    defaults = {name: algorithm.parameterDefinition(name).defaultValue() for name in
                ("STRATEGY", "TRIALS", "TOP", "WORKERS")}  # fmt: skip
    assert defaults == {"STRATEGY": 2, "TRIALS": 50, "TOP": 10, "WORKERS": 1}


def test_all_outputs(run, log, parameters, tmp_path):
    files = {"ENSEMBLE": "e.safetensors", "TRIALS_TABLE": "t.gpkg", "RUNS": "runs.gpkg",
             "REPORT": "r.html", "WORKER_DATA": "w.npz"}  # fmt: skip
    outputs = {name: str(tmp_path / file) for name, file in files.items()}
    result = run("subsidence:tunemodel", {**parameters, **outputs, "TOP": 2}, log)
    assert load_model(result["MODEL"]).card.architecture == "frequencyratio"
    assert load_model(result["ENSEMBLE"]).members == 2
    assert all(Path(path).exists() for path in outputs.values())
    assert 0.5 < result["BEST_VALUE"] <= 1 and result["STUDY_NAME"].startswith("frequencyratio-")
    assert result["STORAGE_SHOWN"] == str(tmp_path / "m.study")
    assert "best so far" in log.text


@pytest.mark.slow
def test_worker_processes_are_python_and_not_qgis(run, log, parameters):
    pytest.importorskip("torch")
    result = run("subsidence:tunemodel", {**parameters, "WORKERS": 2, "TRIALS": 6}, log)
    assert "2 worker processes with one thread each" in log.text
    assert "worker 1" in log.text and result["BEST_VALUE"] > 0.5


def test_errors_are_one_sentence_and_leave_nothing(run, parameters, tmp_path):
    from qgis.core import QgsProcessingException

    for changes, expected in (
        ({"SPACE": "nosuch=1"}, "SPACE names 'nosuch'"),
        ({"STORAGE": "postgresql://me:${NO_SUCH_NAME}@h/db"}, "NO_SUCH_NAME, which is not set"),
        ({"EVALUATION": 4}, "no numeric field 'fold'"),
        ({"AUTHENTICATION": "nosuch1"}, "AUTHENTICATION 'nosuch1' gives no user name"),
    ):
        with pytest.raises(QgsProcessingException, match=expected):
            run("subsidence:tunemodel", {**parameters, **changes})
    assert not (tmp_path / "m.safetensors").exists()


def test_a_password_kept_by_qgis_reaches_the_storage_and_is_not_shown(
    run, log, parameters, qgis_app, tmp_path
):
    from qgis.core import QgsAuthMethodConfig, QgsProcessingException

    manager = qgis_app.authManager()
    if manager.isDisabled() or not manager.setMasterPassword("master", True):
        pytest.skip("QGIS has no authentication database here")
    config = QgsAuthMethodConfig("Basic")
    config.setName("tuning")
    config.setConfig("username", "tuner")
    config.setConfig("password", "sesame-open")
    stored = manager.storeAuthenticationConfig(config)
    assert stored if isinstance(stored, bool) else stored[0]
    changes = {"STORAGE": "postgresql://127.0.0.1:1/db", "AUTHENTICATION": config.id()}
    with pytest.raises(QgsProcessingException) as error:
        run("subsidence:tunemodel", {**parameters, **changes}, log)
    assert "postgresql://tuner:***@127.0.0.1:1/db cannot be reached" in str(error.value)
    assert "sesame" not in str(error.value) + log.text


def test_cancel_from_another_thread_keeps_the_trials(run, parameters, tmp_path):
    from qgis.core import QgsProcessingFeedback

    pytest.importorskip("torch")
    feedback = QgsProcessingFeedback(False)
    lines = []
    feedback.pushInfo = lines.append

    def cancel():
        end = time.monotonic() + 60
        while not any("Trial " in line for line in lines) and time.monotonic() < end:
            time.sleep(0.02)
        feedback.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    result = run(
        "subsidence:tunemodel",
        {**parameters, "MODEL_TYPE": 1, "TRIALS": 500, "EPOCHS": 3,
         "REPORT": str(tmp_path / "r.html")},
        feedback,
    )  # fmt: skip
    thread.join()
    assert result == {}
    assert [p.name for p in tmp_path.iterdir()] == ["m.study"]


def test_headless(qgis_process, parameters):
    done = qgis_process(
        "run", "subsidence:tunemodel",
        *(f"--{name}={value}" for name, value in parameters.items()), "--STRATEGY=0",
        "--SPACE=classes=4,8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Trial 1 (2 of 2): AUC" in done.stdout and "STUDY_NAME" in done.stdout
