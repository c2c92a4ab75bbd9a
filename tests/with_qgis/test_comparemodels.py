"""The comparison of runs by id, and through ``qgis_process``."""

import csv

import pytest
from land_subsidence.subsidence_plugin.engine.training.scores import runs_table
from land_subsidence.subsidence_plugin.engine.vector.write import write_table
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProject,
    QgsVectorLayer,
)

pytest.importorskip("scipy")

RUNS = {
    "cnn": ("CNN", [0.80, 0.81, 0.82, 0.81]),
    "lstm": ("LSTM", [0.70, 0.74, 0.72, 0.71]),
    "drdn": ("DRDN", [0.81, 0.83, 0.80, 0.82]),
}


@pytest.fixture
def tables(tmp_path):
    """Runs tables of three models: two GPKG and a CSV."""
    paths = {}
    for name, (model, values) in RUNS.items():
        paths[name] = str(tmp_path / f"{name}.{'csv' if name == 'lstm' else 'gpkg'}")
        members = [{"validation": {"AUC": v, "Kappa": v / 2}} for v in values]
        write_table(paths[name], runs_table(model, "default", range(4), members))
    return paths


def test_by_id(tables, tmp_path, run, log):
    result = run(
        "subsidence:comparemodels",
        {
            "RUNS": list(tables.values()),
            "METRICS": "auc",
            "OUTPUT": str(tmp_path / "out.gpkg"),
            "REPORT": str(tmp_path / "report.html"),
        },
        log,
    )
    rows = [f.attributeMap() for f in QgsVectorLayer(result["OUTPUT"], "t", "ogr").getFeatures()]
    assert [(row["model_a"], row["model_b"]) for row in rows] == [
        ("CNN", "LSTM"), ("CNN", "DRDN"), ("LSTM", "DRDN")
    ]  # fmt: skip
    assert (result["COMPARISONS"], result["SIGNIFICANT"]) == (3, 2)
    assert result["BEST"] == "DRDN (default)"
    assert "Of 3 comparisons on validation rows, 2 are significant" in log.text
    assert "cannot be told from the next, CNN" in (tmp_path / "report.html").read_text("utf-8")


def test_layers_of_the_project_and_a_filter(tables, tmp_path, run):
    layers = [QgsVectorLayer(path, name, "ogr") for name, path in tables.items()]
    layers[0].setSubsetString("seed < 2")
    project, context = QgsProject(), QgsProcessingContext()
    project.addMapLayers(layers)
    context.setProject(project)
    result = run(
        "subsidence:comparemodels",
        {"RUNS": [layer.id() for layer in layers], "BASELINE": "cnn", "METRICS": "AUC",
         "OUTPUT": str(tmp_path / "out.csv")},
        context=context,
    )  # fmt: skip
    with open(result["OUTPUT"], newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["model_b"], row["runs_a"], row["runs_b"]) for row in rows] == [
        ("LSTM", "2", "4"), ("DRDN", "2", "4")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"RUNS": []}, "RUNS"),
        ({"RUNS": ["nowhere.gpkg"]}, r"table 'nowhere.gpkg' \(RUNS\) cannot be opened"),
        ({"BASELINE": "forest"}, "no model or configuration 'forest'"),
        ({"METRICS": "RMSE"}, r"'RMSE' \(METRICS\) is in no runs table"),
        ({"SPLIT": 2}, "has no runs on test rows"),
        ({"PAIRS": 1}, "No model has two configurations"),
        ({"ALPHA": 0.7}, "ALPHA is 0.7; it must be from 0.0001 to 0.5"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(tables, tmp_path, run, change, words):
    parameters = {"RUNS": list(tables.values()), "OUTPUT": str(tmp_path / "out.csv"), **change}
    with pytest.raises(QgsProcessingException, match=words):
        run("subsidence:comparemodels", parameters)
    assert not (tmp_path / "out.csv").exists()


def test_through_qgis_process(tables, tmp_path, qgis_process):
    done = qgis_process(
        "run", "subsidence:comparemodels", *(f"--RUNS={path}" for path in tables.values()),
        "--BASELINE=LSTM", f"--OUTPUT={tmp_path / 'out.csv'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["metric"], row["better"]) for row in rows] == [
        (metric, f"{model} (default)") for metric in ("AUC", "Kappa") for model in ("CNN", "DRDN")
    ]  # fmt: skip
    bad = qgis_process(
        "run", "subsidence:comparemodels", f"--RUNS={tables['cnn']}",
        f"--OUTPUT={tmp_path / 'other.csv'}",
    )  # fmt: skip
    assert bad.returncode != 0
    assert "hold only CNN (default)" in bad.stdout + bad.stderr
    assert "Traceback" not in bad.stdout + bad.stderr
    assert not (tmp_path / "other.csv").exists()
