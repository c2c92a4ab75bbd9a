"""Correlation and inflation of the conditioning factors."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBand,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class FactorCorrelation(SubsidenceAlgorithm):
    """Samples or a stack to correlation matrices, significance and VIF."""

    NAME = "factorcorrelation"
    TITLE = "Factor correlation"
    GROUP = Group.FACTORS

    def declare(self) -> None:
        self._add_inputs()
        whole = QgsProcessingParameterNumber.Type.Integer
        self.add(
            QgsProcessingParameterNumber(
                "THRESHOLD",
                "Threshold of |r|",
                QgsProcessingParameterNumber.Type.Double,
                0.7,
                minValue=0,
                maxValue=1,
            ),
            "Pairs whose |Pearson's r| is larger are listed in the log and framed in the report.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "CELLS",
                "Cells drawn from a stack",
                whole,
                100_000,
                minValue=100,
                maxValue=5_000_000,
            ),
            "Cells drawn at random for Spearman's coefficient and the significance. A stack with "
            "fewer complete cells is taken whole.",
            advanced=True,
        )
        self.add_seed()
        self.add_table_output(
            "OUTPUT",
            "Correlations",
            "Table with one row for each pair: factor1, factor2, pearson, spearman, their p and "
            "stars, n (rows that the p-values assume) and above_threshold.",
        )
        self.add_table_output(
            "VIF",
            "Inflation factors",
            "Table with one row for each factor: vif, tolerance and verdict.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputNumber("PAIRS", "Number of pairs above the threshold"))
        self.addOutput(QgsProcessingOutputNumber("HIGHEST_VIF", "Highest VIF (none if infinite)"))

    def _add_inputs(self) -> None:
        self.add(
            QgsProcessingParameterFeatureSource(
                "SAMPLES", "Samples", [QgsProcessing.SourceType.TypeVector], optional=True
            ),
            "Samples of 'Extract samples', or another layer with one numeric field for each "
            "factor. Give either this or FACTORS.",
        )
        self.add(
            QgsProcessingParameterField(
                "FACTOR_FIELDS",
                "Factor fields",
                None,
                "SAMPLES",
                QgsProcessingParameterField.DataType.Numeric,
                True,
                True,
            ),
            "Fields of the samples to correlate. Empty: all factors that 'Extract samples' wrote, "
            "else all numeric fields but label, fold and coordinates.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "ROWS", "Rows of the samples", ["Training rows", "All rows"], defaultValue=0
            ),
            "Training rows are those whose field split is 'train'; without that field all rows "
            "count.",
        )
        self.add(
            QgsProcessingParameterField(
                "LABEL_FIELD",
                "Label field",
                "label",
                "SAMPLES",
                QgsProcessingParameterField.DataType.Numeric,
                optional=True,
            ),
            "Field with the label, which is not taken as a factor.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterLayer("FACTORS", "Factor stack", optional=True),
            "Factor stack or class stack: a raster with one band for each factor, for example from "
            "'Align factors'. Give either this or SAMPLES.",
        )
        self.add(
            QgsProcessingParameterBand("BANDS", "Bands of the stack", None, "FACTORS", True, True),
            "Bands of the stack to correlate. Empty: all.",
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "samples": values.vector("SAMPLES"),
            "factors": values.raster("FACTORS"),
            "factor_fields": values.fields("FACTOR_FIELDS"),
            "bands": list(self.parameterAsInts(values.parameters, "BANDS", values.context)),
            "label_field": values.field("LABEL_FIELD") or "label",
            "rows": values.choice("ROWS"),
            "threshold": values.number("THRESHOLD"),
            "cells": values.integer("CELLS"),
            "seed": values.integer("SEED"),
            "output": values.output("OUTPUT"),
            "vif": values.output("VIF"),
            "report": values.output("REPORT"),
        }
