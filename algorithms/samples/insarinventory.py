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
    HELP = (
        "Chooses points of subsidence among InSAR points by their velocity and quality, as the "
        "inventory with which the susceptibility chain begins. Run it after 'Import InSAR time "
        "series' (vertical points, or those of 'Decompose line of sight') and before 'Absence "
        "points'.\n\n"
        "A point subsides when its velocity reaches the threshold: below 0, velocities of it or "
        "less; above 0, of it or more, for products in which subsidence is positive. With a field "
        "of quality only points on the good side of its limit count; say which side is good: a "
        "high temporal_coherence (L2), or, for L3, which has no coherence, a low rmse_ts (release "
        "2020–2024) or rmse (older releases). Points are thinned to "
        "a least distance or to one a cell; of points too near to each other the one of the best "
        "quality stays, without a field of quality the one that moves most (of stable points: "
        "least).\n\n"
        "Stable points, on request, move by less than a limit either way and are of the same "
        "quality: give them to 'Absence points' as CANDIDATES.\n\n"
        "Outputs are point layers in the CRS of the input with the fields label (1 subsidence, 0 "
        "stable), velocity (mm/yr) and quality.\n\n"
        "Reference: the susceptibility paper (Hanoi), section 4.1: an inventory of 4,698 points "
        "from multi-temporal InSAR."
    )

    def declare(self) -> None:
        kinds = [QgsProcessing.SourceType.TypeVectorPoint]
        self.add(
            QgsProcessingParameterFeatureSource("INPUT", "InSAR points", kinds),
            "Points with a velocity, best vertical.",
        )
        self.add(
            QgsProcessingParameterField(
                "VELOCITY_FIELD", "Velocity field", "mean_velocity", "INPUT", NUMERIC, optional=True
            ),
            "In mm/yr. Empty: mean_velocity.",
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
        self.add_points_output("OUTPUT", "Subsidence points", "Points with label 1.")
        self.add_points_output(
            "STABLE", "Stable points", "Points with label 0, for 'Absence points'.", optional=True
        )
        self.addOutput(QgsProcessingOutputNumber("SUBSIDENCE_POINTS", "Subsidence points"))
        self.addOutput(QgsProcessingOutputNumber("STABLE_POINTS", "Stable points"))

    def _declare_quality(self) -> None:
        self.add(
            QgsProcessingParameterField(
                "QUALITY_FIELD", "Quality field", None, "INPUT", NUMERIC, optional=True
            ),
            "For example temporal_coherence (EGMS L2), rmse_ts (L3 of 2020–2024), rmse (older L3) "
            "or mean_velocity_std. Empty: all points count.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "QUALITY_LIMIT", "Quality limit", DOUBLE, None, optional=True
            ),
            "In the unit of the field, included. Needed with a quality field.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "QUALITY_SENSE",
                "Quality sense",
                ["High values are good (coherence)", "Low values are good (rmse)"],
                defaultValue=0,
            ),
            "Which side of the limit is kept.",
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
