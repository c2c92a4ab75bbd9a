"""Tune forecaster by id: parameters and help, results, Cancel from another thread, headless."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("optuna")

from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from osgeo import osr

NAMES = (
    "INPUT POINTS COVARIATES SPATIAL TEMPORAL VARIANT WINDOW HORIZON GAP EPOCHS BATCH_SIZE "
    "LEARNING_RATE HYPERPARAMETERS VALIDATION_SHARE TEST_SHARE STRATEGY TRIALS SPACE PRUNING TOP "
    "REPEATS STORAGE STUDY WORKERS AUTHENTICATION WORKER_DATA SEED DEVICE MODEL TABLE TRIALS_TABLE "
    "RUNS REPORT"
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """60 dates of 12 × 12 cells."""
    random = np.random.default_rng(4)
    values = np.cumsum(random.normal(-0.1, 0.4, (60, 12, 12)), axis=0)
    path = str(tmp_path_factory.mktemp("stack") / "s.tif")
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32632)
    grid = Grid(12, 12, (3e5, 100.0, 0, 56e5, 0, -100.0), reference.ExportToWkt())
    names = [str(np.datetime64("2020-01-03", "D") + 6 * i) for i in range(60)]
    about = {"SUBSIDENCE_KIND": "deformation_stack", "SUBSIDENCE_UNITS": "mm"}
    with RasterWriter(path, grid, names, metadata=about, finish=False) as writer:
        writer.write(values.astype(np.float32))
    return path


@pytest.fixture
def parameters(stack, tmp_path):
    return {
        "INPUT": stack, "WINDOW": 8, "HORIZON": 3, "EPOCHS": 2, "TRIALS": 3, "TOP": 2, "DEVICE": 1,
        "MODEL": str(tmp_path / "m.safetensors"),
    }  # fmt: skip


def test_parameters_have_help_and_the_paper_s_defaults(qgis_app):
    algorithm = qgis_app.processingRegistry().createAlgorithmById("subsidence:tuneforecaster")
    for name in NAMES.split():
        assert algorithm.parameterDefinition(name).help(), name
    defaults = {name: algorithm.parameterDefinition(name).defaultValue() for name in
                ("STRATEGY", "TRIALS", "TOP", "WORKERS", "REPEATS", "PRUNING")}  # fmt: skip
    assert defaults == {
        "STRATEGY": 2, "TRIALS": 50, "TOP": 10, "WORKERS": 1, "REPEATS": 1, "PRUNING": True
    }  # fmt: skip


def test_all_outputs(run, log, parameters, tmp_path):
    files = {"TABLE": "s.gpkg", "TRIALS_TABLE": "t.gpkg", "RUNS": "runs.gpkg", "REPORT": "r.html",
             "WORKER_DATA": "w.npz"}  # fmt: skip
    outputs = {name: str(tmp_path / file) for name, file in files.items()}
    result = run("subsidence:tuneforecaster", {**parameters, **outputs}, log)
    forecaster = load_forecaster(result["MODEL"])
    assert forecaster.members == 2 and forecaster.model_id == result["MODEL_ID"]
    assert all(Path(path).exists() for path in outputs.values())
    assert 0 < result["BEST_VALUE"] <= 1 and result["RMSE"] > 0 and result["SKILL"] < 1
    assert result["STUDY_NAME"].startswith("resnet-transformer-")
    assert result["STORAGE_SHOWN"] == str(tmp_path / "m.study")
    assert "best so far" in log.text and "On the test part" in log.text


def test_errors_are_one_sentence_and_leave_nothing(run, parameters, tmp_path):
    from qgis.core import QgsProcessingException

    for changes, expected in (
        ({"SPACE": "nosuch=1"}, "SPACE names 'nosuch'"),
        ({"HYPERPARAMETERS": "channels"}, "HYPERPARAMETERS holds 'channels'"),
        ({"VALIDATION_SHARE": 0}, "VALIDATION_SHARE is 0"),
        ({"AUTHENTICATION": "nosuch1"}, "AUTHENTICATION 'nosuch1' gives no user name"),
        ({"INPUT": None}, "INPUT is empty"),
    ):
        with pytest.raises(QgsProcessingException, match=expected):
            run("subsidence:tuneforecaster", {**parameters, **changes})
    assert list(tmp_path.iterdir()) == []


def test_cancel_from_another_thread_keeps_the_trials(run, parameters, tmp_path):
    from qgis.core import QgsProcessingFeedback

    feedback, lines, done = QgsProcessingFeedback(False), [], threading.Event()
    feedback.pushInfo = lines.append

    def cancel():
        while not any("Trial " in line for line in lines) and not done.wait(0.02):
            pass
        feedback.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    try:
        begun = time.monotonic()
        result = run(
            "subsidence:tuneforecaster",
            {**parameters, "TRIALS": 500, "REPORT": str(tmp_path / "r.html")}, feedback,
        )  # fmt: skip
    finally:
        done.set()
        thread.join()
    assert result == {} and time.monotonic() - begun < 100
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.study", "m.study.networks"]


def test_headless(qgis_process, parameters):
    done = qgis_process(
        "run", "subsidence:tuneforecaster",
        *(f"--{name}={value}" for name, value in parameters.items()), "--SPATIAL=1",
        "--TEMPORAL=0", "--HYPERPARAMETERS=channels=4",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Trial 2 (3 of 3): Validation loss" in done.stdout and "STUDY_NAME" in done.stdout
    assert "gcn-lstm-" in done.stdout
