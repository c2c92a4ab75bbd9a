"""A model file is described; a renamed one gives one sentence."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.baselines.registry import BASELINES
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.models.file import save_model
from land_subsidence.subsidence_plugin.engine.networks.registry import build


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


def test_a_recalibrated_model_says_on_which_rows(run, log, tmp_path):
    arrays = BASELINES["logistic"].fit(np.array([[0.0], [0.2], [1.0]]), np.array([0, 1, 1]))
    measured = {"rows": "400 test rows", "ECE_before": 0.0872, "ECE": 0.0214, "ECE_chance": 0.02,
                "Brier_before": 0.1512, "Brier": 0.1433}  # fmt: skip
    calibration = {
        "method": "platt", "slope": 0.5, "intercept": 0.1, "rows": 1883, "positive": 900,
        "split": "validation", "source": "samples.gpkg", "measured": measured,
    }  # fmt: skip
    card = Card("logistic", [Factor("slope")], calibration=calibration,
                metrics={"validation": {"AUC": 0.875}})  # fmt: skip
    path = str(tmp_path / "m.safetensors")
    save_model(path, [arrays], card)
    run("subsidence:modelinfo", {"MODEL": path}, log)
    assert (
        "Recalibrated by Platt's curve, fitted on 1,883 validation rows of samples.gpkg."
        in log.text
    )
    assert (
        "Expected calibration error 0.087 before and 0.021 after, Brier score 0.151 and 0.143, on "
        "400 test rows." in log.text
    )
    assert "On the validation rows, before recalibration: AUC 0.875" in log.text


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


def test_an_ensemble_of_different_networks_is_described_member_by_member(run, log, tmp_path):
    own = [{"lstm_units": 4, "dropout": 0.0}, {"lstm_units": 9, "dropout": 0.5}]
    members = [
        {name: tensor.numpy().copy() for name, tensor in build("lstm", 1, h).state_dict().items()}
        for h in own
    ]
    card = Card("lstm", [Factor("slope")], own[0], member_hyperparameters=own, seeds=[1, 2])
    path, report = str(tmp_path / "m.safetensors"), tmp_path / "m.html"
    save_model(path, members, card)
    result = run("subsidence:modelinfo", {"MODEL": path, "REPORT": str(report)}, log)
    assert result["MEMBERS"] == 2
    # 4 · (units + units² + 2 · units) of the LSTM, units + 1 of the output.
    assert "LSTM, members: 2, of 117 to 442 numbers" in log.text
    for text in (log.text, report.read_text(encoding="utf-8")):
        assert "Hyperparameters of member 1" in text and "Hyperparameters of member 2" in text
        assert "dropout 0.5, lstm_units 9" in text
