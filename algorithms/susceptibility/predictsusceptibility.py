"""Map subsidence probability over a factor stack with a trained model."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class PredictSusceptibility(SubsidenceAlgorithm):
    """Factor stack and model file to a probability raster, ensemble spread and members."""

    NAME = "predictsusceptibility"
    TITLE = "Predict susceptibility"
    GROUP = Group.SUSCEPTIBILITY

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("FACTORS", "Factor stack or class stack"),
            "Raster with one band for each factor, named as in the samples on which the model was "
            "trained.",
        )
        self.add(
            QgsProcessingParameterFile(
                "MODEL",
                "Model file",
                fileFilter="Model files (*.safetensors);;All files (*)",
            ),
            "File (.safetensors) written by a training algorithm, 'Tune model' or 'Validate "
            "models'.",
        )
        self.add_device()
        self.add(
            QgsProcessingParameterEnum(
                "PRECISION", "Precision", ["float32", "bfloat16"], defaultValue=0
            ),
            "bfloat16 computes networks about twice as fast where the processor has it in "
            "hardware, with probabilities that differ by some 0.01; elsewhere float32 is used.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "PREVALENCE",
                "Share of the area that subsides (corrects the prior)",
                QgsProcessingParameterNumber.Type.Double,
                None,
                optional=True,
                minValue=0,
                maxValue=1,
            ),
            "Samples hold as many stable as subsiding points, an area does not. Given the share "
            "of the area that subsides (0 to 1, excluded), the odds p/(1-p) of the map are "
            "multiplied by the ratio of the prior odds, area to samples (to calibration rows for "
            "a recalibrated model). Ranking and AUC do not change. Empty: probabilities as the "
            "model gives them.",
            advanced=True,
        )
        self.add_threads()
        self.add_raster_output(
            "OUTPUT",
            "Probability raster",
            "Probability of subsidence, 0 to 1, float32; nodata where a factor has no value.",
        )
        self.add_raster_output(
            "SPREAD",
            "Ensemble spread",
            "Raster of the standard deviation of the members' probabilities (divided by their "
            "number); needs a model of several members.",
            optional=True,
        )
        self.add_raster_output(
            "MEMBERS",
            "Members",
            "Raster with one band of probabilities for each member of the model.",
            optional=True,
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "factors": values.raster("FACTORS"),
            "model": values.file("MODEL"),
            "output": values.output("OUTPUT"),
            "spread": values.output("SPREAD"),
            "members": values.output("MEMBERS"),
            "device": values.choice("DEVICE"),
            "precision": values.choice("PRECISION"),
            "prevalence": values.number("PREVALENCE"),
            "threads": values.integer("THREADS"),
        }
