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
    HELP = (
        "Reads InSAR time series into a point layer with one field a date, named DYYYYMMDD, and "
        "mean_velocity with its quality: the form in which InSAR viewers of QGIS plot a point's "
        "curve, and in which all further tools here take it.\n\n"
        "Files of the European Ground Motion Service (EGMS) are read as they are downloaded, csv "
        "or zip: levels L2a and L2b (line of sight) and L3 (vertical or east), of releases until "
        "2019-2023 and from 2020-2024 on. Several tiles become one layer; where they overlap, of "
        "points at the same place the one with more dates, then better quality, is kept. Any "
        "other table with a header is read too: divided by comma, semicolon, tab or |, with "
        "columns of coordinates and of dates named 20200103, D20200103 or 2020-01-03.\n\n"
        "Displacements are in mm and velocities in mm/yr; the sign is kept as delivered (vertical: "
        "negative is subsidence; line of sight: positive is towards the satellite). The component, "
        "the geometry and the unit are said in the log and kept in the metadata of the layer. "
        "Where a table has no velocity, or dates are left out, velocity, acceleration, "
        "seasonality and rmse are fitted by least squares: a line with an annual wave for the "
        "velocity, a parabola with one for the acceleration.\n\n"
        "Files are read in blocks, so that memory does not grow with them. A broken row (another "
        "number of columns, text in a number) is left out and reported with its line number.\n\n"
        "EGMS: https://egms.land.copernicus.eu. Reference: the forecasting paper (Rhineland), "
        "section 2.2."
    )

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
            "Only points inside, in any CRS. Empty: all.",
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
            "Points with the columns of the table and one field a date (mm); not as a shapefile, "
            "which cuts field names. Only GPKG keeps the metadata.",
        )
        for name, text in (
            ("POINTS", "Points"), ("DATES", "Dates"), ("BROKEN_ROWS", "Broken rows left out"),
            ("DUPLICATES", "Duplicates left out"),
        ):  # fmt: skip
            self.addOutput(QgsProcessingOutputNumber(name, text))
        self.addOutput(QgsProcessingOutputString("COMPONENT", "Component"))
        self.addOutput(QgsProcessingOutputString("GEOMETRY", "Geometry"))

    def _declare_table(self) -> None:
        for name, text, axis in (("X_FIELD", "X column", "x"), ("Y_FIELD", "Y column", "y")):
            self.add(
                QgsProcessingParameterString(name, text, optional=True),
                f"Column of the {axis} coordinate, where the table is none of EGMS and has no "
                "easting and northing, x and y, or lon and lat.",
                advanced=True,
            )
        self.add(
            QgsProcessingParameterCrs("CRS", "CRS of the coordinates", optional=True),
            "Of a generic table. Empty: EPSG:3035 for EGMS, EPSG:4326 for columns named lon and "
            "lat; other tables need it.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "COMPONENT",
                "Component",
                ["Automatic", "Line of sight (LOS)", "Vertical (U)", "East (E)", "North (N)"],
                defaultValue=0,
            ),
            "What the displacements are. EGMS files tell it by their columns (line of sight) and "
            "their names (U, E); say it for others.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterEnum(
                "UNIT", "Unit of the table", ["mm", "cm", "m"], defaultValue=0
            ),
            "Displacements (and velocities a year) are converted to mm. EGMS is in mm.",
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
