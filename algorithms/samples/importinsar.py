"""Import of InSAR time series: EGMS products and generic tables to points."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values

DATE = QgsProcessingParameterDateTime.Type.Date


class ImportInsar(SubsidenceAlgorithm):
    """csv and zip files of time series to a point layer."""

    NAME = "importinsar"
    TITLE = "Import InSAR time series"
    GROUP = Group.SAMPLES

    def declare(self) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(
                "INPUT", "Files (csv or zip)", QgsProcessing.SourceType.TypeFile
            ),
            "One or several files of one component (LOS, U or E) and, of the line of sight, one "
            "geometry (ascending or descending): import each by itself.",
        )
        self._declare_table()
        self.add(
            QgsProcessingParameterExtent("EXTENT", "Extent", optional=True),
            "Area from which points are read, in any CRS. Empty: all points.",
        )
        for name, text, others in (
            ("MIN_DATE", "First date", "Earlier"), ("MAX_DATE", "Last date", "Later"),
        ):  # fmt: skip
            self.add(
                QgsProcessingParameterDateTime(name, text, DATE, optional=True),
                f"{others} dates are left out; this one stays. Velocity and its quality are then "
                "computed from the dates that stay. Empty: no limit.",
            )
        self.add_points_output(
            "OUTPUT",
            "InSAR points",
            "Points with the columns of the table and one field for each date (mm). A shapefile is "
            "refused, since it cuts field names. Only GPKG keeps the metadata.",
        )
        for name, text in (
            ("POINTS", "Number of points"), ("DATES", "Number of dates"),
            ("BROKEN_ROWS", "Broken rows left out"), ("DUPLICATES", "Duplicates left out"),
        ):  # fmt: skip
            self.addOutput(QgsProcessingOutputNumber(name, text))
        self.addOutput(QgsProcessingOutputString("COMPONENT", "Component of the displacements"))
        self.addOutput(QgsProcessingOutputString("GEOMETRY", "Geometry of the track"))

    def _declare_table(self) -> None:
        for name, text, axis in (("X_FIELD", "X column", "x"), ("Y_FIELD", "Y column", "y")):
            self.add(
                QgsProcessingParameterString(name, text, optional=True),
                "Column of the {axis} coordinate, where the table is none of EGMS and has no "
                "easting and northing, x and y, or lon and lat. Empty: found by these names.",
                advanced=True,
                values={"axis": axis},
            )
        self.add(
            QgsProcessingParameterCrs("CRS", "CRS of the coordinates", optional=True),
            "CRS of a table that is none of EGMS. Empty: EPSG:3035 for EGMS, EPSG:4326 for columns "
            "named lon and lat; other tables need it.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "COMPONENT",
                "Component",
                ["Automatic", "Line of sight (LOS)", "Vertical (U)", "East (E)", "North (N)"],
                defaultValue=0,
            ),
            "What the displacements are. Automatic reads it from the columns (line of sight) and "
            "names (U, E) of EGMS files; choose it for others.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterEnum(
                "UNIT", "Unit of the table", ["mm", "cm", "m"], defaultValue=0
            ),
            "Unit of the displacements (and of velocities a year) in the table; they are converted "
            "to mm. EGMS is in mm.",
            advanced=True,
        )

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "inputs": values.files("INPUT"),
            "x_field": values.text("X_FIELD"),
            "y_field": values.text("Y_FIELD"),
            "crs": values.crs("CRS"),
            "extent": values.extent("EXTENT"),
            "min_date": _date(values, "MIN_DATE"),
            "max_date": _date(values, "MAX_DATE"),
            "component": values.choice("COMPONENT"),
            "unit": values.choice("UNIT"),
            "output": values.output("OUTPUT"),
        }


def _date(values: Values, name: str) -> Optional[str]:
    """Return a date as ``YYYY-MM-DD``, None where it is empty."""
    if not values.given(name):
        return None
    date = values.algorithm.parameterAsDateTime(values.parameters, name, values.context).date()
    return date.toString("yyyy-MM-dd") or None
