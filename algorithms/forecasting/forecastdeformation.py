"""Deformation stack and forecaster to maps of future displacement."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values


class ForecastDeformation(SubsidenceAlgorithm):
    """Maps and points of what a trained forecaster expects."""

    NAME = "forecastdeformation"
    TITLE = "Forecast deformation"
    GROUP = Group.FORECASTING

    def declare(self) -> None:
        whole = QgsProcessingParameterNumber.Type.Integer
        self.add(
            QgsProcessingParameterRasterLayer("INPUT", "Deformation stack"),
            "Raster with one band for each date, in mm: the output of 'Grid InSAR deformation'.",
        )
        self.add(
            QgsProcessingParameterFile(
                "MODEL", "Forecaster", fileFilter="Model files (*.safetensors);;All files (*)"
            ),
            "A .safetensors file written by 'Train forecaster' or 'Tune forecaster'.",
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "POINTS", "InSAR points", [QgsProcessing.SourceType.TypeVectorPoint], optional=True
            ),
            "The points that the stack was gridded from, with a field DYYYYMMDD for each date, in "
            "mm. Needed for POINT_FORECAST, and for a GCN whose nodes are points. Empty: cells "
            "only.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("COVARIATES", "Covariates", optional=True),
            "Needed for a forecaster trained with covariates: a raster on the grid of the stack "
            "whose bands have the names of these covariates. Empty: none.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "STEP", "Step of the members", whole, None, optional=True, minValue=1,
                maxValue=365,
            ),
            "The future date that MEMBERS shows: 1 is the first. Empty: the last.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterNumber(
                "COVERAGE", "Coverage of the interval (%)",
                QgsProcessingParameterNumber.Type.Double, 90.0, minValue=1, maxValue=99.9,
            ),
            "Percentage of the true values that shall lie between LOWER and UPPER. The "
            "calibration of a forecaster usually reaches from 50 to 98 %.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterString("ORIGIN", "Date of origin", optional=True),
            "The last date that the forecast may know: a date of the stack as 2023-06-30, or a "
            "negative number, -10 for ten dates before the last. Empty: the last one.",
            advanced=True,
        )
        self.add_device()
        self.add_threads()
        self.add_outputs()

    def add_outputs(self) -> None:
        """Add the rasters, the points, and the figures for a workflow."""
        self.add_raster_output(
            "OUTPUT", "Forecast",
            "Median over the members, one band for each future date, in mm since the first date of "
            "the stack (float32); nodata where the stack has too few values.",
        )  # fmt: skip
        self.add_raster_output(
            "CHANGE", "Forecast change",
            "The forecast minus the level at the origin (the last value known), one band for each "
            "future date, in mm: what is expected to be added, which a map since the first date "
            "hides.",
            optional=True,
        )  # fmt: skip
        self.add_raster_output(
            "SPREAD", "Ensemble spread",
            "Standard deviation over the members, one band for each future date, in mm. Needs a "
            "forecaster of several members.",
            optional=True,
        )  # fmt: skip
        self.add_raster_output(
            "LOWER", "Lower end of the interval",
            "Lower end of the prediction interval, one band for each future date, in mm. Needs a "
            "forecaster with calibrated intervals.",
            optional=True,
        )  # fmt: skip
        self.add_raster_output(
            "UPPER", "Upper end of the interval",
            "Upper end of the prediction interval, one band for each future date, in mm. Needs a "
            "forecaster with calibrated intervals.",
            optional=True,
        )  # fmt: skip
        self.add_raster_output(
            "MEMBERS", "Members",
            "One band for each member at the date of STEP, in mm: the input of 'Ensemble "
            "uncertainty'.",
            optional=True,
        )  # fmt: skip
        self.add_points_output(
            "POINT_FORECAST", "Points with forecast",
            "The points up to the origin with the forecast in further fields DYYYYMMDD, in mm, and "
            "half the width of the interval in fields HYYYYMMDD. Needs POINTS.",
            optional=True,
        )  # fmt: skip
        self.addOutput(QgsProcessingOutputNumber("BANDS", "Number of future dates"))
        self.addOutput(QgsProcessingOutputNumber("CELLS", "Cells with a forecast"))
        self.addOutput(QgsProcessingOutputString("ORIGIN_DATE", "Last date known"))
        self.addOutput(QgsProcessingOutputString("FIRST_DATE", "First date of the forecast"))
        self.addOutput(QgsProcessingOutputString("LAST_DATE", "Last date of the forecast"))

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "input": values.raster("INPUT"),
            "model": values.file("MODEL"),
            "output": values.output("OUTPUT"),
            "spread": values.output("SPREAD"),
            "lower": values.output("LOWER"),
            "upper": values.output("UPPER"),
            "members": values.output("MEMBERS"),
            "change": values.output("CHANGE"),
            "points": values.vector("POINTS"),
            "point_forecast": values.output("POINT_FORECAST"),
            "covariates": values.raster("COVARIATES"),
            "step": values.integer("STEP"),
            "origin": values.text("ORIGIN"),
            "coverage": values.number("COVERAGE"),
            "device": values.choice("DEVICE"),
            "threads": values.integer("THREADS"),
        }
