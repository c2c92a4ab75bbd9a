"""Train forecaster by id: results, use by Compare models, Cancel from another thread, headless."""

import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("scipy")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine" / "forecasting"))

from forecast_world import dates_of, series, write_series, write_stack
from land_subsidence.subsidence_plugin.engine.forecasting.file import load_forecaster
from qgis.core import QgsProcessingException, QgsProcessingFeedback, QgsVectorLayer

ID = "subsidence:trainforecaster"
DATES = 60
TINY = {"WINDOW": 8, "HORIZON": 3, "EPOCHS": 2, "DEVICE": 1,
        "HYPERPARAMETERS": "channels=4\ndecoder_width=6\nreadout_block=4"}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A stack of 12 × 12 cells and points at some of their centres."""
    folder, values = tmp_path_factory.mktemp("world"), series(DATES, 12, 12)
    stack = write_stack(folder / "s.tif", values, dates_of(DATES))
    rows, columns = np.arange(1, 12, 2), np.arange(11, 0, -2)
    points = write_series(
        folder / "p.gpkg", 300_050 + 100 * columns, 5_599_950 - 100 * rows,
        values[:, rows, columns].T, dates_of(DATES),
    )  # fmt: skip
    return {"INPUT": stack, "POINTS": points}


def test_stack_to_model_tables_and_report(run, log, world, tmp_path):
    ends = {"MODEL": "m.safetensors", "TABLE": "t.gpkg", "RUNS": "n.gpkg", "REPORT": "r.html"}
    targets = {name: str(tmp_path / end) for name, end in ends.items()}
    found = run(ID, {**world, **TINY, "REPEATS": 2, **targets}, log)
    for name, path in targets.items():
        assert found[name] == path and Path(path).is_file()
    table = QgsVectorLayer(targets["TABLE"], "t", "ogr")
    rows = [f.attributes()[1:] for f in table.getFeatures()]
    names = [field.name() for field in table.fields()][1:]
    assert names[:6] == ["model", "baseline", "split", "step", "values", "rmse"]
    own = next(dict(zip(names, row)) for row in rows)
    assert own["model"] == "ResNet + Transformer (median of 2)" and own["step"] == 0
    assert own["rmse"] == pytest.approx(found["RMSE"])
    assert own["skill"] == pytest.approx(found["SKILL"])
    assert "6 of 6 points lie on the stack" in log.text
    forecaster = load_forecaster(targets["MODEL"])
    assert (forecaster.members, forecaster.model_id) == (2, found["MODEL_ID"])
    assert forecaster.card.hyperparameters["channels"] == 4


def test_runs_of_two_architectures_are_compared(run, world, tmp_path):
    tables = []
    for spatial in (0, 2):
        runs = str(tmp_path / f"{spatial}.gpkg")
        how = {"SPATIAL": spatial, "TEMPORAL": 0, "REPEATS": 2, "RUNS": runs,
               "HYPERPARAMETERS": "channels=4; units=4", "EPOCHS": 1}  # fmt: skip
        model = str(tmp_path / f"{spatial}.safetensors")
        run(ID, {"INPUT": world["INPUT"], **TINY, **how, "MODEL": model})
        tables.append(runs)
    found = run("subsidence:comparemodels", {"RUNS": tables, "OUTPUT": str(tmp_path / "c.gpkg")})
    layer = QgsVectorLayer(found["OUTPUT"], "c", "ogr")
    assert layer.featureCount() == 3  # a pair, three metrics
    assert {f["metric"] for f in layer.getFeatures()} == {"RMSE", "MAE", "R2"}


def test_a_gcn_needs_no_stack(run, world, tmp_path):
    how = {"SPATIAL": 1, "TEMPORAL": 0, "HYPERPARAMETERS": None}
    model = str(tmp_path / "m.safetensors")
    run(ID, {"POINTS": world["POINTS"], **TINY, **how, "MODEL": model})
    assert load_forecaster(model).card.nodes == "points"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"WINDOW": 70}, "train part has 48 of the 60 dates"),
        ({"INPUT": None}, "INPUT is empty"),
        ({"HORIZON": 0}, "HORIZON is 0; it must be from 1 to 365"),
        ({"HYPERPARAMETERS": "channels: 3"}, "write name=value"),
        ({"HYPERPARAMETERS": "channels=1e9"}, "'channels' is 1000000000"),
    ],
)
def test_bad_parameters_are_one_sentence(run, world, tmp_path, changes, words):
    given = {"INPUT": world["INPUT"], **TINY, **changes, "MODEL": str(tmp_path / "m.safetensors")}
    with pytest.raises(QgsProcessingException) as failure:
        run(ID, given)
    assert words in str(failure.value) and "Traceback" not in str(failure.value)
    assert list(tmp_path.iterdir()) == []


def test_cancel_from_another_thread_ends_soon_and_leaves_nothing(run, world, tmp_path):
    feedback = QgsProcessingFeedback()
    threading.Timer(0.8, feedback.cancel).start()
    start = time.monotonic()
    targets = {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "r.html")}
    long = {"EPOCHS": 5000, "HYPERPARAMETERS": "patience=0"}
    assert run(ID, {"INPUT": world["INPUT"], **TINY, **long, **targets}, feedback) == {}
    assert time.monotonic() - start < 10
    assert list(tmp_path.iterdir()) == []


def test_headless(qgis_process, world, tmp_path):
    model = tmp_path / "m.safetensors"
    done = qgis_process(
        "run", ID, f"--INPUT={world['INPUT']}", "--WINDOW=8", "--HORIZON=3", "--EPOCHS=1",
        "--HYPERPARAMETERS=channels=4; decoder_width=6", f"--MODEL={model}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "SKILL:" in done.stdout and "On the test part" in done.stdout
    assert model.is_file()


def test_ustica_against_its_baselines(run, real_data, log, tmp_path):
    """Real EGMS points: the baselines have figures computed elsewhere, with their protocol."""
    source = real_data / "egms_ustica" / "EGMS_L3_E45N17_100km_U_2020_2024_1.csv"
    if not source.is_file():
        pytest.skip("SUBSIDENCE_TEST_DATA holds no L3 U file of Ustica")
    points = str(tmp_path / "u.gpkg")
    run("subsidence:importinsar", {"INPUT": [str(source)], "OUTPUT": points})
    how = {"SPATIAL": 1, "TEMPORAL": 0, "EPOCHS": 1, "DEVICE": 1, "HORIZON": 30,
           "TEST_SHARE": 0.2, "VALIDATION_SHARE": 0}  # fmt: skip
    targets = {"MODEL": str(tmp_path / "m.safetensors"), "TABLE": str(tmp_path / "t.gpkg")}
    found = run(ID, {"POINTS": points, **how, **targets}, log)
    assert "a GAP of 2 is the honest test" in log.text
    table = QgsVectorLayer(targets["TABLE"], "t", "ogr")
    rmse = {(f["model"], f["step"]): f["rmse"] for f in table.getFeatures()}

    def at(name):
        return [rmse[name, step] for step in (1, 10, 30)]

    assert at("persistence") == pytest.approx([1.22, 3.10, 4.24], abs=0.05)
    assert at("linear + annual") == pytest.approx([2.31, 2.45, 2.58], abs=0.05)
    assert at("ridge on differences") == pytest.approx([1.22, 2.46, 2.63], abs=0.1)
    assert -0.05 < found["SKILL"] < 0.1
