"""Validation of one or several models on samples, and recalibration of one."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class ValidateModel(SubsidenceAlgorithm):
    """Samples and model files to metrics, figures, tests, and a recalibrated model."""

    NAME = "validatemodel"
    TITLE = "Validate models"
    GROUP = Group.VALIDATION

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterFeatureSource(
                "SAMPLES", "Samples", [QgsProcessing.SourceType.TypeVector]
            ),
            "Points or a table with one numeric field for each factor of every model (matched by "
            "name), a label and a split.",
        )
        self.add(
            QgsProcessingParameterMultipleLayers(
                "MODELS", "Model files", QgsProcessing.SourceType.TypeFile
            ),
            "One or several .safetensors files written by the training algorithms.",
        )
        self.add(
            QgsProcessingParameterField(
                # Optional, since QGIS 3.22 takes no default for a mandatory field.
                "LABEL_FIELD",
                "Label field",
                "label",
                "SAMPLES",
                optional=True,
            ),
            "Field with 1 for subsidence and 0 for none. Empty: the field 'label'.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterField(
                "SPLIT_FIELD", "Split field", "split", "SAMPLES", optional=True
            ),
            "Text field with train, validation or test. Empty: all rows are scored together.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "THRESHOLD",
                "Threshold",
                QgsProcessingParameterNumber.Type.Double,
                0.5,
                minValue=0,
                maxValue=1,
            ),
            "Probability from which a row is called subsidence; the paper takes 0.5.",
            advanced=True,
        )
        self._add_calibration()
        self.add(
            QgsProcessingParameterNumber(
                "BOOTSTRAP",
                "Bootstrap resamples",
                QgsProcessingParameterNumber.Type.Integer,
                1000,
                minValue=0,
                maxValue=100000,
            ),
            "Resamples of the rows, within each class, for the 95 % bands of the ROC curves and "
            "the intervals of the AUC; 0 leaves them out.",
            advanced=True,
        )
        self.add_seed()
        self.add_table_output("OUTPUT", "Metrics", "Table with one row for each model and split.")
        self.add_file_output(
            "CALIBRATED_MODEL",
            "Recalibrated model",
            "Model files (*.safetensors)",
            "A copy of the model file with its calibration, for 'Predict susceptibility'. Needs a "
            "method in CALIBRATION.",
            optional=True,
        )
        self.add_table_output(
            "DELONG",
            "DeLong's tests",
            "Table with one row for each pair of models: AUCs on the judged rows, difference with "
            "its 95 % interval, z, p, and p adjusted for all pairs (Benjamini–Hochberg).",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("BEST_MODEL", "Best model on validation rows"))
        self.addOutput(QgsProcessingOutputNumber("BEST_AUC", "AUC of the best model"))
        self.addOutput(
            QgsProcessingOutputNumber("ECE_BEFORE", "Calibration error before recalibration")
        )
        self.addOutput(
            QgsProcessingOutputNumber("ECE_AFTER", "Calibration error after recalibration")
        )

    def _add_calibration(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "CALIBRATION",
                "Recalibration",
                ["None", "Isotonic regression", "Platt's curve"],
                defaultValue=0,
            ),
            "Fits, on the validation rows, a map from the model's probability to one that comes "
            "true; for a single model. Isotonic regression takes any rising map, in steps, and "
            "needs some 1,000 rows; Platt's curve (logistic, on the log-odds) has two numbers, "
            "stays smooth, and does with a hundred.",
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "samples": values.vector("SAMPLES"),
            "models": values.files("MODELS"),
            "label_field": values.field("LABEL_FIELD") or "label",
            "split_field": values.field("SPLIT_FIELD"),
            "threshold": values.number("THRESHOLD"),
            "calibration": values.choice("CALIBRATION"),
            "bootstrap": values.integer("BOOTSTRAP"),
            "seed": values.integer("SEED"),
            "output": values.output("OUTPUT"),
            "calibrated_model": values.output("CALIBRATED_MODEL"),
            "delong": values.output("DELONG"),
            "report": values.output("REPORT"),
        }
