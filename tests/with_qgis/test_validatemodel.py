"""The model validation algorithm by id, and through ``qgis_process``."""

import csv

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import load_model, save_model
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from qgis.core import QgsProcessingException, QgsVectorLayer

pytest.importorskip("safetensors")


@pytest.fixture
def material(tmp_path):
    """Samples with two factors, and a logistic model on each of them."""
    random = np.random.default_rng(4)
    label = np.tile([0, 1], 100)
    columns = {
        "label": label,
        "split": ["train"] * 100 + ["validation"] * 100,
        "depth": np.clip(random.normal(0.35 + 0.3 * label, 0.2), 0, 1),
        "slope": random.random(200),
    }
    place = np.arange(200.0)
    write_points(str(tmp_path / "samples.gpkg"), place, place, columns, "EPSG:32648")
    for factor in ("depth", "slope", "clay"):
        member = {"coefficients": np.array([6.0]), "intercept": np.array([-3.0])}
        save_model(
            str(tmp_path / f"{factor}.safetensors"), [member], Card("logistic", [Factor(factor)])
        )
    return tmp_path


def test_several_models_by_id(material, run, log):
    result = run(
        "subsidence:validatemodel",
        {
            "SAMPLES": str(material / "samples.gpkg"),
            "MODELS": [str(material / f"{name}.safetensors") for name in ("slope", "depth")],
            "OUTPUT": str(material / "metrics.gpkg"),
            "REPORT": str(material / "report.html"),
        },
        log,
    )
    rows = [f.attributeMap() for f in QgsVectorLayer(result["OUTPUT"], "t", "ogr").getFeatures()]
    assert [(row["model"], row["split"]) for row in rows] == [
        (f"Logistic regression ({name})", split)
        for name in ("slope", "depth")
        for split in ("train", "validation")
    ]
    assert all(row["TP"] + row["TN"] + row["FP"] + row["FN"] == 100 for row in rows)
    assert result["BEST_MODEL"] == "Logistic regression (depth)"
    assert result["BEST_AUC"] == pytest.approx(rows[3]["AUC"])
    assert "(baseline) on validation rows: AUC" in log.text
    assert "is best by AUC" in (material / "report.html").read_text(encoding="utf-8")


def test_one_model_as_plain_text_and_rows_together(material, run):
    result = run(
        "subsidence:validatemodel",
        {
            "SAMPLES": str(material / "samples.gpkg"),
            "MODELS": str(material / "depth.safetensors"),
            "SPLIT_FIELD": "",
            "OUTPUT": str(material / "metrics.csv"),
        },
    )
    (row,) = QgsVectorLayer(result["OUTPUT"], "t", "ogr").getFeatures()
    assert (row["split"], row["rows"]) == ("all", 200)


def test_recalibration_by_id(material, run, log):
    target = str(material / "calibrated.safetensors")
    parameters = {
        "SAMPLES": str(material / "samples.gpkg"),
        "MODELS": [str(material / "depth.safetensors")],
        "CALIBRATION": 2,
        "CALIBRATED_MODEL": target,
        "BOOTSTRAP": 50,
        "SEED": 1,
        "DELONG": str(material / "delong.csv"),
        "OUTPUT": str(material / "metrics.gpkg"),
    }
    result = run("subsidence:validatemodel", parameters, log)
    assert result["CALIBRATED_MODEL"] == target
    assert 0 <= result["ECE_AFTER"] <= 1
    assert "Recalibration by Platt's curve: the expected calibration error" in log.text
    stored = load_model(target).card.calibration
    assert (stored["method"], stored["rows"]) == ("platt", 100)
    rows = list(QgsVectorLayer(result["OUTPUT"], "t", "ogr").getFeatures())
    assert [row["model"] for row in rows][-1] == "Logistic regression recalibrated"
    assert rows[0]["AUC_low"] < rows[0]["AUC"] < rows[0]["AUC_high"]
    two = [str(material / f"{name}.safetensors") for name in ("slope", "depth")]
    with pytest.raises(QgsProcessingException, match="recalibrates one model, and MODELS holds 2"):
        run("subsidence:validatemodel", {**parameters, "MODELS": two})


@pytest.mark.parametrize(
    ("name", "words"),
    [("clay", "lack 1 of the model's 1 factors: clay"), ("broken", "not a model file")],
)
def test_bad_models_fail_with_one_sentence_and_no_output(material, run, name, words):
    (material / "broken.safetensors").write_bytes(b"no model at all")
    arguments = {
        "SAMPLES": str(material / "samples.gpkg"),
        "MODELS": [str(material / f"{name}.safetensors")],
        "OUTPUT": str(material / "metrics.gpkg"),
    }
    with pytest.raises(QgsProcessingException, match=words):
        run("subsidence:validatemodel", arguments)
    assert not [p for p in material.iterdir() if "metrics" in p.name]


def test_through_qgis_process(material, qgis_process):
    arguments = [
        f"--SAMPLES={material / 'samples.gpkg'}", f"--OUTPUT={material / 'metrics.csv'}",
        f"--MODELS={material / 'depth.safetensors'}",
    ]  # fmt: skip
    done = qgis_process(
        "run", "subsidence:validatemodel", *arguments,
        f"--MODELS={material / 'slope.safetensors'}", f"--REPORT={material / 'report.html'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (material / "metrics.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert 0.5 < float(rows[1]["AUC"]) < 1
    bad = qgis_process(
        "run", "subsidence:validatemodel", f"--SAMPLES={material / 'samples.gpkg'}",
        f"--MODELS={material / 'clay.safetensors'}", f"--OUTPUT={material / 'other.csv'}",
    )  # fmt: skip
    assert bad.returncode != 0
    assert "factors: clay" in bad.stdout + bad.stderr
    assert "Traceback" not in bad.stdout + bad.stderr
    assert not (material / "other.csv").exists()


def test_no_model_is_one_sentence(material, run):
    parameters = {"SAMPLES": str(material / "samples.gpkg"), "MODELS": [], "OUTPUT": "x.csv"}
    with pytest.raises(QgsProcessingException, match="MODELS"):
        run("subsidence:validatemodel", parameters)
