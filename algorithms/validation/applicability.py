"""Where a model may be applied: dissimilarity index and area of applicability."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class Applicability(SubsidenceAlgorithm):
    """Samples, model and stack to the index, the area inside, and a masked map."""

    NAME = "applicability"
    TITLE = "Area of applicability"
    GROUP = Group.VALIDATION

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterFeatureSource(
                "SAMPLES", "Samples of the model", [QgsProcessing.SourceType.TypeVector]
            ),
            "The samples that the model was trained on: the rows of split 'train' are compared "
            "with the pixels, and the field fold gives the threshold.",
        )
        self.add(
            QgsProcessingParameterFile(
                "MODEL", "Model file", fileFilter="Model files (*.safetensors);;All files (*)"
            ),
            "A .safetensors file written by one of the training algorithms.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("FACTORS", "Factor stack or class stack"),
            "Raster with one band for each factor, named as in the samples.",
        )
        self.add(
            QgsProcessingParameterRasterLayer(
                "PROBABILITY", "Map to mask (probability)", optional=True
            ),
            "The map that the model made of this stack, on the same grid; only used for MASKED. "
            "Empty: no masked map.",
        )
        self._add_settings()
        self._add_outputs()

    def _add_settings(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "WEIGHTS",
                "Weights of the factors",
                ["Importance in the model (mean |SHAP|)", "None: all factors alike"],
                defaultValue=0,
            ),
            "By importance, an unusual value matters as much as the factor matters to the model; "
            "a factor without influence cannot put a pixel outside.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "THRESHOLD",
                "Largest index inside",
                QgsProcessingParameterNumber.Type.Double,
                None,
                optional=True,
                minValue=0,
            ),
            "Pixels with a larger dissimilarity index lie outside. Empty: the upper whisker of "
            "the index of the training rows, as published.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterField(
                "FOLD_FIELD",
                "Fold field",
                "fold",
                "SAMPLES",
                QgsProcessingParameterField.DataType.Numeric,
                optional=True,
            ),
            "Numeric field with the fold of each training row. Where it is empty or missing, each "
            "row is its own fold, as in the published software without cross-validation.",
            advanced=True,
        )
        self.add_seed()
        self.add_threads()

    def _add_outputs(self) -> None:
        self.add_raster_output(
            "OUTPUT",
            "Dissimilarity index",
            "Raster of the index: 0 is like a training row, 1 is as far as training rows are from "
            "each other on average; nodata where the model has no prediction either.",
        )
        self.add_raster_output(
            "AREA",
            "Area of applicability",
            "Raster with 1 inside and 0 outside, where the model extrapolates; 255 is nodata.",
        )
        self.add_raster_output(
            "MASKED",
            "Masked map",
            "The raster of PROBABILITY with nodata outside the area of applicability.",
            optional=True,
        )
        self.add_table_output(
            "TABLE",
            "Table of factors",
            "Table with one row for each factor: weight, share in the distance of the pixels "
            "outside, and share of pixels beyond the training range.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputNumber("THRESHOLD_USED", "Largest index inside"))
        self.addOutput(QgsProcessingOutputNumber("SHARE_OUTSIDE", "Share of the area outside"))
        self.addOutput(QgsProcessingOutputNumber("KM2_OUTSIDE", "Area outside (km²)"))

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "samples": values.vector("SAMPLES"),
            "model": values.file("MODEL"),
            "factors": values.raster("FACTORS"),
            "probability": values.raster("PROBABILITY"),
            "weights": values.choice("WEIGHTS"),
            "threshold": values.number("THRESHOLD"),
            "fold_field": values.field("FOLD_FIELD"),
            "seed": values.integer("SEED"),
            "threads": values.integer("THREADS"),
            "output": values.output("OUTPUT"),
            "area": values.output("AREA"),
            "masked": values.output("MASKED"),
            "table": values.output("TABLE"),
            "report": values.output("REPORT"),
        }
