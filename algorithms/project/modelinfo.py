"""What a model file says of itself."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFile,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class ModelInfo(SubsidenceAlgorithm):
    """Model file to its description."""

    NAME = "modelinfo"
    TITLE = "Model information"
    GROUP = Group.PROJECT
    HELP = (
        "<p>Checks a model file in full and writes to the log what it says of itself: "
        "architecture, hyperparameters, factors with their kinds and ranges in training, rows, "
        "metrics, seeds and versions; of a forecaster its window, horizon, dates, skill beside the "
        "baselines and calibrated intervals. Use it before using a model from somebody else: "
        "loading runs no code of the file, and a damaged one is named as such.</p>"
        "<p>Input is a .safetensors file of the training algorithms; outputs are the log, an "
        "optional HTML page and the main entries as values for a workflow.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterFile("MODEL", "Model file", extension="safetensors"),
            "A .safetensors file written by one of the training algorithms, for susceptibility or "
            "for forecasts.",
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("ARCHITECTURE", "Architecture"))
        self.addOutput(QgsProcessingOutputNumber("MEMBERS", "Number of members"))
        self.addOutput(QgsProcessingOutputString("FACTORS", "Factor or covariate names"))
        self.addOutput(QgsProcessingOutputString("MODEL_ID", "Id of the model"))

    def arguments(self, values: Values) -> dict[str, Any]:
        return {"model": values.file("MODEL"), "report": values.output("REPORT")}
