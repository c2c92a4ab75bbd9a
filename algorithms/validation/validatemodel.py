"""Metrics of one or several models on samples."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class ValidateModel(SubsidenceAlgorithm):
    """Samples and model files to the metrics of Table 1."""

    NAME = "validatemodel"
    TITLE = "Validate models"
    GROUP = Group.VALIDATION
    HELP = (
        "<p>Compares one or several trained models on the same samples: TP, TN, FP, FN, PPV, NPV, "
        "sensitivity, specificity, accuracy, Kappa, AUC, MAE and RMSE, for training, validation "
        "and test rows apart. Use it after training, and give it the baselines as well as the "
        "networks: the report's first sentence says which model is best on validation rows, "
        "whichever it is.</p>"
        "<p>Input are samples that hold the models' factors (matched by name), a label and a "
        "split, and the model files. Rows that one model cannot judge are left out for all. Of an "
        "ensemble the mean probability of the members is scored.</p>"
        "<p>Output is a table with one row a model and split, fractions from 0 to 1, MAE and RMSE "
        "both on labels (as in Table 1) and on probabilities (as in Figure 5); and a report with "
        "Table 1, ROC curves and errors.</p>"
        "<p>Reference: the susceptibility paper (Hanoi), sections 2.5.1 and 6.1, Table 1, Figures "
        "4 and 5.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterFeatureSource(
                "SAMPLES", "Samples", [QgsProcessing.SourceType.TypeVector]
            ),
            "Points or a table with one numeric field a factor of every model.",
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
            "1 = subsidence, 0 = none; 'label' where left empty.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterField(
                "SPLIT_FIELD", "Split field", "split", "SAMPLES", optional=True
            ),
            "Text field with train, validation or test; leave it empty to score all rows together.",
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
        self.add_table_output("OUTPUT", "Metrics", "One row a model and split.")
        self.add_report()
        self.addOutput(QgsProcessingOutputString("BEST_MODEL", "Best model on validation rows"))
        self.addOutput(QgsProcessingOutputNumber("BEST_AUC", "Its AUC"))

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "samples": values.vector("SAMPLES"),
            "models": values.files("MODELS"),
            "label_field": values.field("LABEL_FIELD") or "label",
            "split_field": values.field("SPLIT_FIELD"),
            "threshold": values.number("THRESHOLD"),
            "output": values.output("OUTPUT"),
            "report": values.output("REPORT"),
        }
