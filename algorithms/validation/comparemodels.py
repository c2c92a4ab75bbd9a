"""Repeated runs of models and configurations, compared by tests."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterEnum,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProcessingUtils,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..translate import tr
from ..values import Values


class CompareModels(SubsidenceAlgorithm):
    """Runs tables to Welch tests, forest plot and violin plots."""

    NAME = "comparemodels"
    TITLE = "Compare repeated runs"
    GROUP = Group.VALIDATION

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(
                "RUNS", "Runs tables", QgsProcessing.SourceType.TypeVector
            ),
            "One or several tables with the columns model, configuration, seed, split, metric and "
            "value: the output RUNS of the training and tuning algorithms (GPKG or CSV).",
        )
        self.add(
            QgsProcessingParameterString("METRICS", "Metrics", optional=True),
            "Names from the column metric with commas between them, for example AUC, Kappa; 'all' "
            "takes all that the groups have in common. Every metric adds comparisons, which makes "
            "each harder to prove. Empty: those of AUC, ACC, Kappa, RMSE, MAE and R2 that there "
            "are.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "SPLIT", "Rows", ["Automatic", "Validation", "Test", "Training"], defaultValue=0
            ),
            "The rows on which the metrics were measured. Automatic takes validation rows where "
            "all groups have them, else test rows, else training rows (which flatter).",
        )
        self.add(
            QgsProcessingParameterString("BASELINE", "Baseline", optional=True),
            "What the others are compared with: a configuration (each model's other "
            "configurations are compared with it), a model (all other models are), or both as "
            "'model (configuration)'. Empty: PAIRS decides.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "PAIRS",
                "Pairs without a baseline",
                ["Automatic", "Configurations of the same model", "All pairs"],
                defaultValue=0,
            ),
            "Automatic takes the configurations of the same model where models have several, such "
            "as default and tuned, else all pairs of models. Reference A is a configuration whose "
            "name begins with 'manual' or 'default', else the first.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "ALPHA",
                "Significance level",
                QgsProcessingParameterNumber.Type.Double,
                0.05,
                minValue=0.0001,
                maxValue=0.5,
            ),
            "Share of chance findings among the significant ones that is accepted (false discovery "
            "rate); the confidence intervals cover 1 − ALPHA.",
            advanced=True,
        )
        self.add_table_output(
            "OUTPUT",
            "Comparisons",
            "Table with one row for each metric and pair: model and configuration of A (the "
            "reference) and B, runs, means and standard deviations (sd), gain with its interval "
            "(ci_low, ci_high) and bound in the metric's unit, gain and bound in percent of the "
            "mean of A, t, df, p, p_adjusted, significant (yes, no, not tested) and better.",
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputNumber("COMPARISONS", "Comparisons tested"))
        self.addOutput(QgsProcessingOutputNumber("SIGNIFICANT", "Significant after correction"))
        self.addOutput(QgsProcessingOutputString("BEST", "Best mean of the first metric"))

    def checkParameterValues(
        self, parameters: dict, context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Name a table that cannot be opened (QGIS says 'incorrect value' only)."""
        given = parameters.get("RUNS")
        for value in given if isinstance(given, (list, tuple)) else [given]:
            if not isinstance(value, str) or not value:
                continue  # a layer object, or nothing: QGIS's own check
            if QgsProcessingUtils.mapLayerFromString(value, context) is None:
                return False, tr("The table '{name}' (RUNS) cannot be opened; check it.").format(
                    name=value
                )
        return super().checkParameterValues(parameters, context)

    def arguments(self, values: Values) -> dict[str, Any]:
        metrics = (values.text("METRICS") or "").replace(";", ",").split(",")
        return {
            "runs": values.vectors("RUNS"),
            "metrics": [name.strip() for name in metrics if name.strip()],
            "split": values.choice("SPLIT"),
            "baseline": values.text("BASELINE") or "",
            "pairs": values.choice("PAIRS"),
            "alpha": values.number("ALPHA"),
            "output": values.output("OUTPUT"),
            "report": values.output("REPORT"),
        }
