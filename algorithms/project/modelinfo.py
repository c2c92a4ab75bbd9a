"""What a model file says of itself."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFile,
    QgsProcessingParameterMapLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class ModelInfo(SubsidenceAlgorithm):
    """Model file to its description."""

    NAME = "modelinfo"
    TITLE = "Model information"
    GROUP = Group.PROJECT

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterFile("MODEL", "Model file", extension="safetensors"),
            "A .safetensors file written by one of the training algorithms, for susceptibility or "
            "for forecasts.",
        )
        self.add(
            QgsProcessingParameterMapLayer("LAYER", "Layer made by it", optional=True),
            "A raster or vector layer, of which the log then says whether this very model made it: "
            "maps, forecasts and SHAP layers carry the id of their model. Empty compares nothing.",
        )
        self.add_table_output(
            "TABLE",
            "Figures",
            "All figures in the file as a table: model or baseline, part of the samples (or of the "
            "dates), metric and value.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("ARCHITECTURE", "Architecture"))
        self.addOutput(QgsProcessingOutputNumber("MEMBERS", "Number of members"))
        self.addOutput(QgsProcessingOutputString("FACTORS", "Names of factors or covariates"))
        self.addOutput(QgsProcessingOutputString("MODEL_ID", "Id of the model"))
        self.addOutput(QgsProcessingOutputBoolean("MATCHES", "The layer was made by this model"))

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "model": values.file("MODEL"),
            "layer": values.layer("LAYER"),
            "table": values.output("TABLE"),
            "report": values.output("REPORT"),
        }
