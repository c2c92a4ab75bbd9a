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
    HELP = (
        "<p>Subtracts what was observed from one or several forecasts of deformation, and shows "
        "how large the errors are, how they are distributed and where they cluster, as Section "
        "5.1 of the Rhineland forecasting paper (Figures 9 and 10). Use it on forecasts from a "
        "past origin, whose dates have been observed since.</p>"
        "<p><b>Input</b>: PREDICTED are rasters with one band a date (the output of <i>Forecast "
        "deformation</i>, or any raster whose bands are named 2024-06-30), or of a single band. "
        "OBSERVED is the deformation stack. All need the same grid. Bands are matched by their "
        "dates, exactly unless TOLERANCE allows some days; dates that only one side has are left "
        "out, and bands of OBSERVED in gaps without acquisition too. A single band without date "
        "is compared with the last band of OBSERVED, or that of DATE. Several forecasts are "
        "compared at the dates and cells that all of them have.</p>"
        "<p><b>Maps</b>: <i>signed</i> is predicted minus observed, red where the forecast is too "
        "high (too little subsidence), blue where it is too low: one band a date of a single "
        "forecast, of several one band a forecast with the mean over the dates. <i>Absolute</i> "
        "has a band a forecast, the size of the residual, of several dates their root mean "
        "square; <i>Monitoring priority</i> takes it as RESIDUAL. <i>Hotspots</i> are cells whose "
        "neighbourhood has larger errors than chance would give it (Getis–Ord Gi*, "
        "Benjamini–Hochberg).</p>"
        "<p><b>Points</b>: with the InSAR points that the stack was made of, residuals are also "
        "told at the points. The gridded surface has another level than a point in it; where "
        "OBSERVED has a date before the forecast, the change since then is compared on both "
        "sides, so that this offset drops out.</p>"
        "<p><b>Table and report</b>: bias, MAE, RMSE, R², skill against persistence, standard "
        "deviation, skewness, excess kurtosis, the Jarque–Bera test, the Q–Q plot with normal "
        "line, OLS and robust (Theil–Sen) fit, the quantiles 1, 2.5, 5, 95, 97.5 and 99 %, "
        "Moran's I and the area of the hotspots. Rasters of any size: memory does not grow with "
        "them.</p>"
    )

    def declare(self) -> None:
        whole = QgsProcessingParameterNumber.Type.Integer
        self.add(
            QgsProcessingParameterMultipleLayers(
                "PREDICTED", "Forecasts", QgsProcessing.SourceType.TypeRaster
            ),
            "One or several rasters with a band a date, or of one band, in mm. The names of the "
            "layers name the forecasts.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("OBSERVED", "Observed deformation"),
            "The deformation stack (a band a date) on the same grid. If it also holds the date "
            "before the forecast, the error is compared with that of persistence.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "POINTS", "InSAR points", [QgsProcessing.SourceType.TypeVectorPoint], optional=True
            ),
            "Points with a field DYYYYMMDD a date, of which the stack was made: residuals are "
            "also told at them. Empty: at cells only.",
        )
        self.add(
            QgsProcessingParameterString("DATE", "Date to compare", "", optional=True),
            "A date such as 2024-06-30, or the word last (the last common one). Empty: all common "
            "dates.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "TOLERANCE", "Days between forecast and observation", whole, 0, minValue=0,
                maxValue=366,
            ),
            "How many days an observation may be off the date of a forecast; the nearest is "
            "taken. 0: only the very same date.",
            advanced=True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterNumber(
                "RADIUS", "Neighbourhood of hotspots (cells)", whole, 3, minValue=1, maxValue=100
            ),
            "Cells to either side: 3 compares the errors of 7 × 7 cells with those of the map.",
            advanced=True,
        )
        self.add_threads()
        self.add_raster_output(
            "SIGNED",
            "Signed residuals",
            "Predicted minus observed: a band a date of one forecast, a band a forecast (mean "
            "over the dates) of several.",
        )
        self.add_raster_output(
            "ABSOLUTE",
            "Absolute residuals",
            "A band a forecast: size of the residual, of several dates the root mean square.",
        )
        self.add_raster_output(
            "HOTSPOTS",
            "Hotspots of errors",
            "A band a forecast: 1 small errors cluster, 2 no cluster, 3 and 4 large errors cluster "
            "(at most 5 and 1 % false discoveries); 0 is nodata.",
            optional=True,
        )
        self.add_points_output(
            "POINT_RESIDUALS",
            "Residuals at the points",
            "signed (mean over the dates), absolute (root mean square) and surface (with the "
            "offset of the grid); of one forecast also a field a date. Needs POINTS.",
            optional=True,
        )
        self.add_table_output(
            "TABLE",
            "Table of errors",
            "A row a forecast and date, one for all dates, and the same at points.",
            optional=True,
        )
        self.add_report()
        self.addOutput(QgsProcessingOutputString("BEST", "Forecast of the smallest RMSE"))
        self.addOutput(QgsProcessingOutputNumber("RMSE", "Its RMSE"))
        self.addOutput(QgsProcessingOutputNumber("BIAS", "Its bias"))
        self.addOutput(QgsProcessingOutputNumber("SKILL", "Its skill against persistence"))
        self.addOutput(QgsProcessingOutputNumber("HOTSPOT_KM2", "Its hotspots (km²)"))
        self.addOutput(QgsProcessingOutputNumber("DATES", "Dates compared"))
        self.addOutput(QgsProcessingOutputNumber("CELLS", "Cells compared"))

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
