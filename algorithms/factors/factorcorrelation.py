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
    HELP = (
        "<p>Tells which conditioning factors say the same: Pearson's and Spearman's correlation of "
        "every pair with stars of significance, and the variance inflation factor (VIF) and "
        "tolerance of every factor. Use it before training, to leave out factors that repeat "
        "others.</p>"
        "<p>Give <b>either</b> a sample layer (its training rows by default, so that validation "
        "rows decide nothing) <b>or</b> a factor stack, which is read tile by tile: Pearson's "
        "coefficients and VIF then come from all complete cells exactly, Spearman's and the "
        "significance from a random sample of them.</p>"
        "<p>Rows or cells that lack a factor are left out for all factors. Categorical factors "
        "(lithology, land use) have no correlation coefficient and are left out; class codes of a "
        "class stack count as ordinal numbers where the factor had an order. Factors of one value "
        "only are left out too.</p>"
        "<p><b>VIF</b> above 5 is often called high; above 10, which is a tolerance below 0.1, the "
        "factor repeats the others. It is empty where a factor is an exact combination of "
        "others.</p>"
        "<p><b>Significance</b> assumes independent rows. Neighbouring places are alike, so with "
        "thousands of rows nearly every pair gets three stars: judge by the size of the "
        "coefficient.</p>"
        "<p>Outputs: a table of pairs, the strongest first; a table of VIF and tolerance; a report "
        "with the matrices of circles.</p>"
        "<p>Reference: the susceptibility paper (Hanoi), section 5 (iii) and Figure 3; the limit "
        "|r| > 0.7 after Dormann et al. (2013), Ecography 36.</p>"
    )

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
            "Pairs with a larger |Pearson's r| are listed and framed.",
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
            "For Spearman's coefficient and the significance; a stack with fewer complete cells is "
            "taken whole.",
            advanced=True,
        )
        self.add_seed()
        self.add_table_output(
            "OUTPUT",
            "Correlations",
            "One row a pair: factor1, factor2, pearson, spearman, their p and stars, n (rows that "
            "the p-values assume) and above_threshold.",
        )
        self.add_table_output(
            "VIF", "Inflation factors", "One row a factor: vif, tolerance, verdict.", optional=True
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputNumber("PAIRS", "Pairs above the threshold"))
        self.addOutput(QgsProcessingOutputNumber("HIGHEST_VIF", "Highest VIF (none if infinite)"))

    def _add_inputs(self) -> None:
        self.add(
            QgsProcessingParameterFeatureSource(
                "SAMPLES", "Samples", [QgsProcessing.SourceType.TypeVector], optional=True
            ),
            "Layer of 'Extract samples', or another with one numeric field a factor. Either this "
            "or FACTORS.",
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
            "Is not a factor.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterLayer("FACTORS", "Factor stack", optional=True),
            "Multi-band raster with a factor a band, for example from 'Align factors'. Either this "
            "or SAMPLES.",
        )
        self.add(
            QgsProcessingParameterBand("BANDS", "Bands of the stack", None, "FACTORS", True, True),
            "Bands to correlate. Empty: all.",
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
