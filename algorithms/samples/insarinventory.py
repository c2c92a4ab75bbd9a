"""Inventory of subsidence, and stable points, from InSAR points."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values

DOUBLE = QgsProcessingParameterNumber.Type.Double
NUMERIC = QgsProcessingParameterField.DataType.Numeric


class InsarInventory(SubsidenceAlgorithm):
    """InSAR points to points of subsidence and stable points."""

    NAME = "insarinventory"
    TITLE = "InSAR inventory"
    GROUP = Group.SAMPLES

    def declare(self) -> None:
        kinds = [QgsProcessing.SourceType.TypeVectorPoint]
        self.add(
            QgsProcessingParameterFeatureSource("INPUT", "InSAR points", kinds),
            "Points with a velocity, best the vertical one.",
        )
        self.add(
            QgsProcessingParameterField(
                "VELOCITY_FIELD", "Velocity field", "mean_velocity", "INPUT", NUMERIC, optional=True
            ),
            "Field with the velocity in mm/yr. Empty: mean_velocity.",
        )
        self.add(
            QgsProcessingParameterNumber("THRESHOLD", "Velocity of subsidence (mm/yr)", DOUBLE, -5),
            "Points with this velocity or a faster one of the same sign are subsidence. Negative "
            "where negative is subsidence, as in EGMS.",
        )
        self._declare_quality()
        self._declare_thinning()
        self.add(
            QgsProcessingParameterNumber(
                "STABLE_LIMIT", "Velocity of stable points (mm/yr)", DOUBLE, 2, False, 0
            ),
            "Stable points move by less than this either way; at most the size of the velocity of "
            "subsidence.",
        )
        self.add_points_output(
            "OUTPUT", "Subsidence points", "Points with label 1, for 'Absence points'."
        )
        self.add_points_output(
            "STABLE",
            "Stable points",
            "Points with label 0, to be given to 'Absence points' as candidates.",
            optional=True,
        )
        self.addOutput(
            QgsProcessingOutputNumber("SUBSIDENCE_POINTS", "Number of subsidence points")
        )
        self.addOutput(QgsProcessingOutputNumber("STABLE_POINTS", "Number of stable points"))

    def _declare_quality(self) -> None:
        self.add(
            QgsProcessingParameterField(
                "QUALITY_FIELD", "Quality field", None, "INPUT", NUMERIC, optional=True
            ),
            "Field with a measure of quality, for example temporal_coherence (EGMS L2), rmse_ts "
            "(L3 of 2020–2024), rmse (older L3) or mean_velocity_std. Empty: all points count.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "QUALITY_LIMIT", "Quality limit", DOUBLE, None, optional=True
            ),
            "Worst value that counts as good, in the unit of the quality field. Needed with a "
            "quality field. Empty: none.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "QUALITY_SENSE",
                "Quality sense",
                ["High values are good (coherence)", "Low values are good (rmse)"],
                defaultValue=0,
            ),
            "Which side of the limit is kept; only used with a quality field.",
        )

    def _declare_thinning(self) -> None:
        self.add(
            QgsProcessingParameterNumber("SPACING", "Spacing", DOUBLE, 0, False, 0),
            "Least distance between points, or side of the cells, in map units (metres where the "
            "layer is in degrees); 0 keeps all. Points nearer than the cells of the factor stack "
            "say the same twice.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "THINNING", "Thinning", ["Least distance", "One point a cell"], defaultValue=0
            ),
            "How points are thinned to the spacing.",
            advanced=True,
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "input": values.vector("INPUT"),
            "velocity_field": values.field("VELOCITY_FIELD"),
            "threshold": values.number("THRESHOLD"),
            "quality_field": values.field("QUALITY_FIELD"),
            "quality_limit": values.number("QUALITY_LIMIT"),
            "quality_sense": values.choice("QUALITY_SENSE"),
            "spacing": values.number("SPACING"),
            "thinning": values.choice("THINNING"),
            "stable_limit": values.number("STABLE_LIMIT"),
            "output": values.output("OUTPUT"),
            "stable_output": values.output("STABLE"),
        }
