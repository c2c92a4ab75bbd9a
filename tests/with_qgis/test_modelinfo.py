"""A model file is described; a renamed one gives one sentence."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import save_model


def test_describes_a_model(run, log, tmp_path):
    inputs = np.array([[0.0], [0.2], [0.7], [1.0]])
    arrays = BASELINES["logistic"].fit(inputs, np.array([0, 1, 0, 1]))
    factors = [Factor("slope", "continuous", 2.0, 34.5)]
    metrics = {"validation": {"AUC": 0.875, "ACC": 0.75, "SST": 1.0, "SPF": 0.5, "Kappa": 0.5,
                              "RMSE_probability": 0.4}}  # fmt: skip
    card = Card("logistic", factors, metrics=metrics, seeds=[7], source="samples.gpkg",
                split={"train": {"rows": 4, "positive": 2}})  # fmt: skip
    path, report = str(tmp_path / "m.safetensors"), tmp_path / "m.html"
    model_id = save_model(path, [arrays], card)
    result = run("subsidence:modelinfo", {"MODEL": path, "REPORT": str(report)}, log)
    assert result == {
        "ARCHITECTURE": "logistic", "MEMBERS": 1, "FACTORS": "slope", "MODEL_ID": model_id,
        "REPORT": str(report),
    }  # fmt: skip
    assert "Logistic regression, members: 1, of 2 numbers" in log.text
    assert "Factor slope (continuous): 2 to 34.5" in log.text
    assert "On the validation rows: AUC 0.875, ACC 0.750" in log.text
    assert "0.875" in report.read_text(encoding="utf-8")


def test_renamed_file_is_one_sentence(run, log, tmp_path):
    from qgis.core import QgsProcessingException

    path = tmp_path / "m.safetensors"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    with pytest.raises(QgsProcessingException, match="is not a model file of this plugin"):
        run("subsidence:modelinfo", {"MODEL": str(path)}, log)


def test_a_card_without_figures_is_described_too(run, log, tmp_path):
    """Other tools may write fewer metrics: what is missing is a dash, not a traceback."""
    arrays = BASELINES["logistic"].fit(np.array([[0.0], [0.2], [1.0]]), np.array([0, 1, 1]))
    card = Card("logistic", [Factor("slope")], metrics={"test": {"ACC": 0.5}}, split={"test": {}})
    path, report = str(tmp_path / "m.safetensors"), tmp_path / "m.html"
    save_model(path, [arrays], card)
    run("subsidence:modelinfo", {"MODEL": path, "REPORT": str(report)}, log)
    assert "On the test rows: ACC 0.500" in log.text
    assert "no part of the samples has rows of both classes" in report.read_text(encoding="utf-8")
