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
    HELP = (
        "<p>Compares one or several trained models on the same samples: TP, TN, FP, FN, PPV, NPV, "
        "sensitivity, specificity, accuracy, Kappa, AUC, MAE and RMSE, for training, validation "
        "and test rows apart. Use it after training, and give it the baselines as well as the "
        "networks: the report's first sentence says which model is best on validation rows, "
        "whichever it is, and by DeLong's test whether it is better by more than chance.</p>"
        "<p>Input are samples that hold the models' factors (matched by name), a label and a "
        "split, and the model files. Rows that one model cannot judge are left out for all. Of an "
        "ensemble the mean probability of the members is scored, of a recalibrated model the "
        "recalibrated one.</p>"
        "<p>Output is a table with one row a model and split, fractions from 0 to 1, MAE and RMSE "
        "both on labels (as in Table 1) and on probabilities (as in Figure 5), the bootstrap "
        "interval of the AUC, average precision, Brier score, expected calibration error (ten "
        "bins of equal width) beside what chance alone would leave, and the figures at the "
        "threshold with the largest Youden index, found on the training rows. The report holds "
        "Table 1, ROC curves with confidence bands, DeLong's tests, precision–recall curves, "
        "errors with their distribution, and reliability curves.</p>"
        "<p><i>Recalibration</i> makes probabilities come true: of all places with 0.7, seven in "
        "ten subside. It is fitted on the validation rows of one model, stored in a copy of its "
        "file, and applied whenever that file maps or is validated. It is never measured on the "
        "rows that it was fitted on: test rows are taken where there are some; else the "
        "validation rows are recalibrated fold by fold, each by a fit on the others. The model "
        "file remembers its rows, so that this holds in later runs, too.</p>"
        "<p>Reference: the susceptibility paper (Hanoi), sections 2.5.1 and 6.1, Table 1, Figures "
        "4 to 6. DeLong et al. 1988; Platt 1999; Zadrozny and Elkan 2002; Naeini et al. 2015.</p>"
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
        self.add_table_output("OUTPUT", "Metrics", "One row a model and split.")
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
            "One row a pair of models: AUCs on the judged rows, difference with its 95 % interval, "
            "z, p, and p adjusted for all pairs (Benjamini–Hochberg).",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("BEST_MODEL", "Best model on validation rows"))
        self.addOutput(QgsProcessingOutputNumber("BEST_AUC", "Its AUC"))
        self.addOutput(
            QgsProcessingOutputNumber("ECE_BEFORE", "Calibration error before recalibration")
        )
        self.addOutput(QgsProcessingOutputNumber("ECE_AFTER", "Calibration error after it"))

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
