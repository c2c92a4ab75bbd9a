"""Decomposition of two tracks' line-of-sight series into vertical and east."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values

DOUBLE = QgsProcessingParameterNumber.Type.Double
INTEGER = QgsProcessingParameterNumber.Type.Integer
POINT = [QgsProcessing.SourceType.TypeVectorPoint]


class DecomposeLos(SubsidenceAlgorithm):
    """Ascending and descending series to vertical and east series."""

    NAME = "decomposelos"
    TITLE = "Decompose line of sight"
    GROUP = Group.SAMPLES

    def declare(self) -> None:
        for name in ("ascending", "descending"):
            self.add(
                QgsProcessingParameterFeatureSource(
                    name.upper(), f"{name.capitalize()} track", POINT
                ),
                "Points with line-of-sight series (fields DYYYYMMDD), as 'Import InSAR time "
                "series' writes them from EGMS L2a or L2b.",
            )
        self.add(
            QgsProcessingParameterNumber("RESOLUTION", "Cell size", DOUBLE, 100, False, 0.001, 1e6),
            "Side of a cell in map units of the ascending layer (metres where it is in degrees). "
            "Cells begin at multiples of it. 100 m is that of EGMS L3.",
        )
        self._declare_dates()
        self._declare_north()
        self._declare_angles()
        self.add_points_output(
            "VERTICAL",
            "Vertical points",
            "Points with the vertical displacement (mm), one field for each date.",
        )
        self.add_points_output(
            "EAST",
            "East points",
            "Points with the east displacement (mm), one field for each date.",
        )
        self.addOutput(QgsProcessingOutputNumber("CELLS", "Number of cells"))
        self.addOutput(QgsProcessingOutputNumber("DATES", "Number of dates"))

    def _declare_dates(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "DATES",
                "Dates",
                ["All dates of either track", "Dates that both tracks have", "Every STEP days"],
                defaultValue=0,
            ),
            "Dates of the result, within the time that both tracks cover. At dates that a track "
            "does not have, it is interpolated linearly between its own.",
        )
        self.add(
            QgsProcessingParameterNumber("STEP", "Step (days)", INTEGER, 6, False, 1, 3650),
            "Days between dates, for 'Every STEP days'; 6 in EGMS L3.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "MAX_GAP", "Longest gap interpolated (days)", DOUBLE, 60, False, 1, 3650
            ),
            "Where dates of a track lie farther apart than this, the result between them is left "
            "empty.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "MIN_POINTS", "Points that a cell needs", INTEGER, 1, False, 1, 10000
            ),
            "Least number of points of each track in a cell; cells with fewer are left out.",
            advanced=True,
        )

    def _declare_north(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "NORTH",
                "Motion northwards",
                ["Zero", "GNSS velocity (field gnss_velocity_n)"],
                defaultValue=0,
            ),
            "What stands for the motion northwards: zero, as in EGMS L3, or the velocity in mm/yr "
            "of the field gnss_velocity_n.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFeatureSource("GNSS", "GNSS points", POINT, optional=True),
            "Layer with the field gnss_velocity_n (EGMS L3 from 2020-2024 on); each cell takes the "
            "nearest point. Empty: the field of the tracks themselves.",
            advanced=True,
        )

    def _declare_angles(self) -> None:
        for name in ("ascending", "descending"):
            self.add(
                QgsProcessingParameterNumber(
                    f"{name.upper()}_INCIDENCE", f"Incidence angle, {name} (°)", DOUBLE, None, True,
                    1, 89,
                ),
                "Angle between the vertical and the line of sight, for a layer without fields of "
                "the geometry. Give it together with the track angle: both take the place of the "
                "fields. Empty: the fields of the layer.",
                advanced=True,
            )  # fmt: skip
            self.add(
                QgsProcessingParameterNumber(
                    f"{name.upper()}_TRACK", f"Track angle, {name} (°)", DOUBLE, None, True, -360,
                    360,
                ),
                "Direction of flight, clockwise from north: about -10 ascending, 190 descending; "
                "the radar looks to the right. Empty: the fields of the layer.",
                advanced=True,
            )  # fmt: skip

    def arguments(self, values: Values) -> dict[str, Any]:
        angles = [
            f"{name}_{angle}"
            for name in ("ASCENDING", "DESCENDING")
            for angle in ("INCIDENCE", "TRACK")
        ]
        return {
            "ascending": values.vector("ASCENDING"),
            "descending": values.vector("DESCENDING"),
            "resolution": values.number("RESOLUTION"),
            "dates": values.choice("DATES"),
            "step": values.integer("STEP"),
            "max_gap": values.number("MAX_GAP"),
            "min_points": values.integer("MIN_POINTS"),
            "north": values.choice("NORTH"),
            "gnss": values.vector("GNSS"),
            **{name.lower(): values.number(name) for name in angles},
            "vertical": values.output("VERTICAL"),
            "east": values.output("EAST"),
        }
