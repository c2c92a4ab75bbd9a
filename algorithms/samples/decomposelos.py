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
    HELP = (
        "Turns line-of-sight time series of an ascending and a descending track into vertical and "
        "east displacement on one grid and on common dates. Run it after 'Import InSAR time "
        "series' where no level 3 product exists; vertical series are what is gridded and "
        "forecast.\n\n"
        "The points of each track are averaged in square cells; cells that both tracks see give "
        "two equations for vertical and east, with the unit vectors of the fields los_east, "
        "los_north, los_up, or of incidence_angle and track_angle. A satellite on a polar orbit "
        "hardly sees motion northwards: it is taken as zero, as in level 3 of the European "
        "service, or as the GNSS velocity of a column; the log says what its neglect would "
        "add.\n\n"
        "Outputs are two point layers at the cell centres, in mm and mm/yr: vertical (negative is "
        "subsidence) and east (positive is eastwards), each with the points a cell has of both "
        "tracks. mean_velocity, acceleration and seasonality come from fits of each track on its "
        "own dates; their standard errors are those of the fits, propagated through the "
        "decomposition (errors independent from date to date and between tracks), and rmse is the "
        "propagated standard deviation of one date.\n\n"
        "Reference: Fuhrmann and Garthwaite (2019), Remote Sensing 11, 241."
    )

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
            "In map units of the ascending layer (metres where it is in degrees); cells begin at "
            "multiples of it. 100 m is that of EGMS L3.",
        )
        self._declare_dates()
        self._declare_north()
        self._declare_angles()
        self.add_points_output(
            "VERTICAL", "Vertical points", "Vertical displacement (mm), a field a date."
        )
        self.add_points_output("EAST", "East points", "East displacement (mm), a field a date.")
        self.addOutput(QgsProcessingOutputNumber("CELLS", "Cells"))
        self.addOutput(QgsProcessingOutputNumber("DATES", "Dates"))

    def _declare_dates(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "DATES",
                "Dates",
                ["All dates of either track", "Dates that both tracks have", "Every STEP days"],
                defaultValue=0,
            ),
            "Within the time that both tracks cover. At dates that a track does not have, it is "
            "interpolated linearly between its own.",
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
            "Between dates of a track farther apart than this the result is left empty.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "MIN_POINTS", "Points a cell needs", INTEGER, 1, False, 1, 10000
            ),
            "Of each track; cells with fewer are left out.",
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
            "Zero as in EGMS L3, or the velocity in mm/yr of the field gnss_velocity_n.",
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
                "Between the vertical and the line of sight; for a layer without fields of the "
                "geometry. With the track angle it takes the place of the fields.",
                advanced=True,
            )  # fmt: skip
            self.add(
                QgsProcessingParameterNumber(
                    f"{name.upper()}_TRACK", f"Track angle, {name} (°)", DOUBLE, None, True, -360,
                    360,
                ),
                "Direction of flight, clockwise from north: about -10 ascending, 190 descending; "
                "the radar looks to the right.",
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
