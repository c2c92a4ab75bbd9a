"""Forecasts of deformation minus what was observed: maps, distribution, clusters."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class ForecastResiduals(SubsidenceAlgorithm):
    """What one or several forecasts are off by, where and how."""

    NAME = "forecastresiduals"
    TITLE = "Residuals of forecasts"
    GROUP = Group.FORECASTING

    def declare(self) -> None:
        whole = QgsProcessingParameterNumber.Type.Integer
        self.add(
            QgsProcessingParameterMultipleLayers(
                "PREDICTED", "Forecasts", QgsProcessing.SourceType.TypeRaster
            ),
            "One or several rasters in mm with one band for each date (the output of 'Forecast "
            "deformation', or bands named 2024-06-30), or with a single band. The names of the "
            "layers name the forecasts.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("OBSERVED", "Observed deformation"),
            "The deformation stack (one band for each date, in mm) on the same grid. If it also "
            "holds the date before the forecast, the error is compared with that of persistence.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "POINTS", "InSAR points", [QgsProcessing.SourceType.TypeVectorPoint], optional=True
            ),
            "The points that the stack was gridded from, with a field DYYYYMMDD for each date, in "
            "mm: residuals are also told at them. Empty: cells only.",
        )
        self.add(
            QgsProcessingParameterString("DATE", "Date to compare", "", optional=True),
            "Compares this date only: a date such as 2024-06-30, or the word last for the last "
            "common one. Empty: all common dates.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "TOLERANCE", "Days between forecast and observation", whole, 0, minValue=0,
                maxValue=366,
            ),
            "An observation may be off the date of a forecast by so many days; the nearest is "
            "taken. With 0 only the very same date counts.",
            advanced=True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterNumber(
                "RADIUS", "Neighbourhood of hotspots (cells)", whole, 3, minValue=1, maxValue=100
            ),
            "Cells to either side of a cell: 3 compares the errors of 7 × 7 cells with those of "
            "the map.",
            advanced=True,
        )
        self.add_threads()
        self._add_map(
            "SIGNED",
            "Signed residuals",
            "Predicted minus observed, in mm. Of one forecast one band for each date; of several "
            "one band for each forecast, the mean over the dates.",
        )
        self._add_map(
            "ABSOLUTE",
            "Absolute residuals",
            "Size of the residual in mm, of several dates their root mean square; one band for "
            "each forecast. 'Monitoring priority' takes it as RESIDUAL.",
        )
        self.add_raster_output(
            "HOTSPOTS",
            "Hotspots of errors",
            "One band for each forecast: 1 small errors cluster, 2 no cluster, 3 and 4 large "
            "errors cluster (at most 5 and 1 % false discoveries); 0 is nodata.",
            optional=True,
        )
        self.add_points_output(
            "POINT_RESIDUALS",
            "Residuals at the points",
            "The points with the fields signed (mean over the dates), absolute (root mean square) "
            "and surface (with the offset of the grid), in mm; of one forecast also one field for "
            "each date. Needs POINTS.",
            optional=True,
        )
        self.add_table_output(
            "TABLE",
            "Table of errors",
            "Table with one row for each forecast and date and one for all dates; with POINTS the "
            "same at the points.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("BEST", "Forecast with the smallest RMSE"))
        self.addOutput(QgsProcessingOutputNumber("RMSE", "RMSE of this forecast (mm)"))
        self.addOutput(QgsProcessingOutputNumber("BIAS", "Bias of this forecast (mm)"))
        self.addOutput(
            QgsProcessingOutputNumber("SKILL", "Skill of this forecast against persistence")
        )
        self.addOutput(QgsProcessingOutputNumber("HOTSPOT_KM2", "Hotspots of this forecast (km²)"))
        self.addOutput(QgsProcessingOutputNumber("DATES", "Dates compared"))
        self.addOutput(QgsProcessingOutputNumber("CELLS", "Cells compared"))

    def _add_map(self, name: str, text: str, help: str) -> None:
        """Add a raster that is made unless it is skipped."""
        self.add(QgsProcessingParameterRasterDestination(name, text, None, True, True), help)

    def arguments(self, values: Values) -> dict[str, Any]:
        predicted = values.rasters("PREDICTED")
        return {
            "predicted": [path for path, _name in predicted],
            "names": [name for _path, name in predicted],
            "observed": values.raster("OBSERVED"),
            "points": values.vector("POINTS"),
            "date": values.text("DATE"),
            "tolerance": values.integer("TOLERANCE"),
            "radius": values.integer("RADIUS"),
            "threads": values.integer("THREADS"),
            "signed": values.output("SIGNED"),
            "absolute": values.output("ABSOLUTE"),
            "hotspots": values.output("HOTSPOTS"),
            "point_residuals": values.output("POINT_RESIDUALS"),
            "table": values.output("TABLE"),
            "report": values.output("REPORT"),
        }
