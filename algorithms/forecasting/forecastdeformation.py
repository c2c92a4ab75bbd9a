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
    HELP = (
        "<p>Forecasts the displacement at the next dates with a forecaster of <i>Train "
        "forecaster</i> or <i>Tune forecaster</i>: a raster with <b>one band a future date</b>, in "
        "mm, with the sign of the stack. The value is the median over the members of the ensemble "
        "(Rhineland forecasting paper, Sections 3.2 and 4.4). Like the stack it counts from the "
        "first date; <b>CHANGE</b> shows what the forecast adds to the level at the origin.</p>"
        "<p><b>Input</b>: the deformation stack of <i>Grid InSAR deformation</i>, with at least as "
        "many dates as the window of the forecaster. A date without a value takes the last one "
        "before it; a cell that lacks more than a quarter of the window is nodata. Cells of "
        "another size, or dates at other intervals than those trained on, are said in the log.</p>"
        "<p><b>Dates</b>: the first target lies gap + 1 typical steps (median of the stack) after "
        "the last date. With ORIGIN the forecast is made from a past date as if nothing after it "
        "were known, and its dates are those of the stack, so that <i>Residuals of forecasts</i> "
        "can compare it with what came; the log warns where the forecaster was trained or "
        "calibrated on these dates, and where the origin lies in a gap.</p>"
        "<p><b>Uncertainty</b>: SPREAD is the standard deviation over the members (what they "
        "disagree in). LOWER and UPPER are a prediction interval: in training, errors on the "
        "validation dates were divided by the noise of their series, and the quantile of that "
        "ratio, times the noise of a cell's own series, is half the interval's width at each step. "
        "MEMBERS holds each member at one step and is what <i>Ensemble uncertainty</i> takes.</p>"
        "<p><b>Points</b>: POINT_FORECAST has the fields of POINTS up to the origin and, as further"
        " <i>DYYYYMMDD</i> fields, the forecast, so that the viewers of InSAR series draw past and "
        "forecast as one curve (layer metadata FORECAST_FIELDS lists the latter); "
        "<i>HYYYYMMDD</i> is half the width of the interval at that date. A point takes the "
        "forecast of the cells around it (bilinear) plus its mean difference from the surface over "
        "the window. A GCN trained on points forecasts these themselves, and the rasters are "
        "gridded from them as the stack was.</p>"
        "<p>Works tile by tile in several threads, so that memory does not grow with the raster; "
        "only the paper's variant takes the whole grid, of the size trained on. How good the "
        "forecast is, is not said here: see the report of the training, which compares it with "
        "simple baselines.</p>"
    )

    def declare(self) -> None:
        whole = QgsProcessingParameterNumber.Type.Integer
        self.add(
            QgsProcessingParameterRasterLayer("INPUT", "Deformation stack"),
            "A band a date, in mm: the output of 'Grid InSAR deformation'.",
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
            "The points that the stack was gridded from, with a field DYYYYMMDD a date. Needed for "
            "POINT_FORECAST, and for a GCN whose nodes are points.",
        )
        self.add(
            QgsProcessingParameterRasterLayer("COVARIATES", "Covariates", optional=True),
            "Only for a forecaster trained with covariates: a raster on the grid of the stack with "
            "a band of the name of each.",
        )
        self.add(
            QgsProcessingParameterNumber(
                "STEP", "Step of the members", whole, None, optional=True, minValue=1,
                maxValue=365,
            ),
            "Which future date MEMBERS shows: 1 is the first. Empty: the last.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterNumber(
                "COVERAGE", "Coverage of the interval (%)",
                QgsProcessingParameterNumber.Type.Double, 90.0, minValue=1, maxValue=99.9,
            ),
            "Share of the true values that shall lie between LOWER and UPPER. The forecaster's "
            "calibration usually reaches from 50 to 98 %.",
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
            "Median over the members, a band a future date, float32 in mm; nodata where the "
            "stack has too few values. Counted, as the stack is, since the first date.",
        )  # fmt: skip
        self.add_raster_output(
            "CHANGE", "Forecast change",
            "The forecast minus the level at the origin (the last value known), a band a future "
            "date, in mm: what is expected to be added, which a map since the first date hides.",
            optional=True,
        )  # fmt: skip
        self.add_raster_output(
            "SPREAD", "Ensemble spread",
            "Standard deviation over the members (ddof 0), a band a future date; needs a "
            "forecaster of several members.",
            optional=True,
        )  # fmt: skip
        self.add_raster_output(
            "LOWER", "Lower end of the interval",
            "A band a future date, in mm; needs a forecaster with calibrated intervals.",
            optional=True,
        )  # fmt: skip
        self.add_raster_output(
            "UPPER", "Upper end of the interval",
            "A band a future date, in mm; needs a forecaster with calibrated intervals.",
            optional=True,
        )  # fmt: skip
        self.add_raster_output(
            "MEMBERS", "Members",
            "A band a member at the date of STEP, in mm: the input of 'Ensemble uncertainty'.",
            optional=True,
        )  # fmt: skip
        self.add_points_output(
            "POINT_FORECAST", "Points with forecast",
            "POINTS with the forecast as further fields DYYYYMMDD, and HYYYYMMDD, half the width "
            "of the interval.",
            optional=True,
        )  # fmt: skip
        self.addOutput(QgsProcessingOutputNumber("BANDS", "Future dates"))
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
