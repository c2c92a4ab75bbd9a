"""Cross-validation by id and through ``qgis_process``; the fold map's style."""

import csv

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.report.crossvalidation_figures import (
    FOLD_COLOURS,
    OTHER_FOLDS,
)
from land_subsidence.subsidence_plugin.engine.styles import write_fold_style
from land_subsidence.subsidence_plugin.engine.training.fit import MODEL_TITLES, MODEL_TYPES
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from qgis.core import QgsApplication, QgsProcessingException, QgsVectorLayer

pytest.importorskip("sklearn")
ID = "subsidence:crossvalidate"


@pytest.fixture
def samples(tmp_path):
    random = np.random.default_rng(6)
    x, y = random.random((2, 160)) * 2000
    depth = x / 1000 + random.normal(0, 0.6, 160)
    columns = {
        "label": (depth + random.normal(0, 0.6, 160) > 1).astype(np.int32),
        "split": ["train"] * 160, "fold": (y // 500).astype(np.int32) + 1,
        "depth": depth, "slope": random.random(160),
    }  # fmt: skip
    path = str(tmp_path / "samples.gpkg")
    write_points(path, x, y, columns, "EPSG:32648")
    return path


def rows_of(path):
    return [f.attributeMap() for f in QgsVectorLayer(path, "t", "ogr").getFeatures()]


def test_enums_keep_their_order(qgis_app):
    algorithm = QgsApplication.processingRegistry().algorithmById(ID)
    options = {n: algorithm.parameterDefinition(n).options() for n in ("MODEL_TYPE", "METHOD")}
    assert options["MODEL_TYPE"] == list(MODEL_TITLES)
    assert MODEL_TYPES == (
        "cnn", "lstm", "drdn", "cnnlstm", "logistic", "forest", "boosting", "frequencyratio"
    )  # fmt: skip
    assert options["METHOD"] == ["Square blocks", "k-means on coordinates", "Field of the samples"]
    assert all(p.help() for p in algorithm.parameterDefinitions())


def test_by_id_with_the_defaults_of_the_dialog(samples, run, log, tmp_path):
    result = run(
        ID,
        {
            "SAMPLES": samples, "MODEL_TYPE": 4, "BASELINES": [3], "REPEATS": 2, "FOLDS": 4,
            "OUTPUT": str(tmp_path / "folds.gpkg"), "FOLD_MAP": str(tmp_path / "map.gpkg"),
            "RUNS": str(tmp_path / "runs.csv"), "REPORT": str(tmp_path / "report.html"),
        },
        log,
    )  # fmt: skip
    rows = rows_of(result["OUTPUT"])
    assert len(rows) == 2 * 2 * 2 * 4
    own = [r["AUC"] for r in rows if r["model"] == MODEL_TITLES[4] and r["scheme"] == "spatial"]
    assert result["SPATIAL_AUC"] == pytest.approx(np.mean(own))
    assert result["BEST_BASELINE"] == "Frequency ratio"
    assert 0 < result["SUGGESTED_BLOCK_SIZE"] < 1000
    layer = QgsVectorLayer(result["FOLD_MAP"], "map", "ogr")
    assert layer.featureCount() == 160
    assert {"label", "fold_random", "fold_spatial", "p_random", "p_spatial"} <= set(
        layer.fields().names()
    )
    assert layer.renderer().type() == "categorizedSymbol"
    assert [c.label() for c in layer.renderer().categories()] == [f"Fold {n}" for n in range(1, 5)]
    assert "Under the same spatial folds" in log.text
    again = {
        "SAMPLES": result["FOLD_MAP"], "MODEL_TYPE": 4, "BASELINES": [3], "METHOD": 2,
        "FOLD_FIELD": "fold_spatial", "REPEATS": 1, "OUTPUT": str(tmp_path / "again.gpkg"),
    }  # fmt: skip
    wanted = (MODEL_TITLES[4], "spatial", 1)
    first = [r["AUC"] for r in rows if (r["model"], r["scheme"], r["repeat"]) == wanted]
    assert run(ID, again, log)["SPATIAL_AUC"] == pytest.approx(np.mean(first), abs=1e-6)
    assert (tmp_path / "report.html").exists() and (tmp_path / "runs.csv").exists()


def test_no_baselines_and_no_map(samples, run, tmp_path):
    result = run(
        ID,
        {
            "SAMPLES": samples, "MODEL_TYPE": 7, "BASELINES": [], "REPEATS": 1, "METHOD": 2,
            "FOLD_MAP": None, "OUTPUT": str(tmp_path / "folds.csv"),
        },
    )  # fmt: skip
    assert {r["model"] for r in rows_of(result["OUTPUT"])} == {"Frequency ratio"}
    assert "BEST_BASELINE" not in result and "FOLD_MAP" not in result


def test_bad_input_is_one_sentence(samples, run, tmp_path):
    base = {"SAMPLES": samples, "MODEL_TYPE": 1, "OUTPUT": str(tmp_path / "folds.gpkg")}
    with pytest.raises(QgsProcessingException, match="LSTM has no hyperparameter 'units'"):
        run(ID, {**base, "HYPERPARAMETERS": "units=3"})
    with pytest.raises(QgsProcessingException, match="too few for 90 folds"):
        run(ID, {**base, "FOLDS": 90})
    (tmp_path / "no.safetensors").write_bytes(b"nothing")
    with pytest.raises(QgsProcessingException, match="not a model file"):
        run(ID, {**base, "MODEL": str(tmp_path / "no.safetensors")})
    assert not [p for p in tmp_path.iterdir() if "folds" in p.name]


def test_through_qgis_process(samples, qgis_process, tmp_path):
    done = qgis_process(
        "run", ID, f"--SAMPLES={samples}", "--MODEL_TYPE=4", "--BASELINES=3", "--METHOD=1",
        "--REPEATS=1", f"--OUTPUT={tmp_path / 'folds.csv'}", f"--FOLD_MAP={tmp_path / 'map.gpkg'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (tmp_path / "folds.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 20
    assert "spatial fold 5 of 5" in done.stdout
    bad = qgis_process(
        "run", ID, f"--SAMPLES={samples}", "--MODEL_TYPE=4", "--BLOCK_SIZE=5000",
        f"--OUTPUT={tmp_path / 'other.csv'}",
    )  # fmt: skip
    assert bad.returncode != 0
    assert "blocks of 5000 map units, too few for 5 folds" in bad.stdout + bad.stderr
    assert "Traceback" not in bad.stdout + bad.stderr


@pytest.mark.parametrize("folds", [3, 12])
def test_the_map_has_the_colours_of_the_report(qgis_app, tmp_path, folds):
    path = str(tmp_path / "map.gpkg")
    place = np.arange(float(folds))
    fields = {"fold_spatial": np.arange(1, folds + 1)}
    write_points(path, place, place, fields, "EPSG:32648")
    write_fold_style(path, folds)
    layer = QgsVectorLayer(path)  # owns the renderer
    categories = layer.renderer().categories()
    colours = [c.symbol().color().name() for c in categories]
    labels = [c.label() for c in categories]
    if folds == 3:
        assert (colours, labels) == (list(FOLD_COLOURS[:3]), ["Fold 1", "Fold 2", "Fold 3"])
    else:
        assert (colours[:9], colours[9]) == (list(FOLD_COLOURS), OTHER_FOLDS)
        assert labels[9] == "Other folds"
