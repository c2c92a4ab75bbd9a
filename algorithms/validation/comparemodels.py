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
    HELP = (
        "<p>Tells whether one model, or one configuration of a model, is really better than "
        "another, or whether the difference is within what another random seed would have given. "
        "Train each with REPEATS of 5 to 10 and ask for the output RUNS (all trainers and tuners "
        "write it); give these tables here.</p>"
        "<p>Two rows of the tables belong to the same <b>group</b> where model and configuration "
        "are the same. <b>What is compared</b>: where models have several configurations, such as "
        "default and tuned, the configurations of each model (six models and three metrics make "
        "18 comparisons, as in the paper); otherwise every model with every other. BASELINE and "
        "PAIRS change that. Tables that repeat model, configuration and seed with other values "
        "(trained on other samples or factors) are told apart by their file names.</p>"
        "<p><b>The test</b> is Welch's two-sided t-test, its p-values corrected by Benjamini and "
        "Hochberg over all comparisons of the run. A <b>gain</b> is the difference of the means, "
        "positive where B is better than the reference A (so turned round for errors); with its "
        "Welch-Satterthwaite confidence interval and the <b>conservative bound</b>, the end of the "
        "interval nearer to zero (0 where it holds zero). Groups that do not vary at all cannot "
        "be tested and are reported so; groups of one run, and the same runs under two names, are "
        "left out.</p>"
        "<p>Runs differ by their seed alone: a significant difference is no accident of the "
        "initial weights (or of the folds), but may still be one of the samples or the area. More "
        "comparisons make each harder to prove, so ask for the metrics that matter.</p>"
        "<p>Output is a table with a row a comparison, and a report with the table of means, the "
        "forest plot and violin plots.</p>"
        "<p>Reference: the forecasting paper (Rhineland), section 4.2, Table 1, Figures 3 and 4; "
        "Welch (1947), Biometrika 34; Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57.</p>"
    )

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(
                "RUNS", "Runs tables", QgsProcessing.SourceType.TypeVector
            ),
            "One or several tables with the columns model, configuration, seed, split, metric and "
            "value, as the trainers' output RUNS (GPKG or CSV).",
        )
        self.add(
            QgsProcessingParameterString("METRICS", "Metrics", optional=True),
            "Names from the column metric, with commas, for example AUC, Kappa; 'all' for all that "
            "the groups have in common. Empty: those of AUC, ACC, Kappa, RMSE, MAE and R2 that "
            "there are. Every metric adds comparisons, for which the correction pays.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "SPLIT", "Rows", ["Automatic", "Validation", "Test", "Training"], defaultValue=0
            ),
            "On which rows the metrics were measured. Automatic: validation rows where all groups "
            "have them, else test, else training rows (which flatter).",
        )
        self.add(
            QgsProcessingParameterString("BASELINE", "Baseline", optional=True),
            "What the others are compared with: a configuration (each model's other "
            "configurations are compared with it), a model (all other models are), or both as "
            "'model (configuration)'. Empty: see PAIRS.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "PAIRS",
                "Pairs, without a baseline",
                ["Automatic", "Configurations of the same model", "All pairs"],
                defaultValue=0,
            ),
            "Automatic: configurations of the same model where a model has several, else all "
            "pairs of models. Reference A is a configuration whose name begins with 'manual' or "
            "'default', else the first.",
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
            "rate); the confidence intervals cover 1 - ALPHA.",
            advanced=True,
        )
        self.add_table_output(
            "OUTPUT",
            "Comparisons",
            "One row a metric and pair: model and configuration of A (the reference) and B, runs, "
            "means and standard deviations (sd), gain with its interval (ci_low, ci_high) and "
            "bound in the metric's unit, gain and bound in percent of the mean of A, t, df, p, "
            "p_adjusted, significant (yes, no, not tested) and better.",
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
