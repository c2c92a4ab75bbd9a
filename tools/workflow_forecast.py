"""The steps of the forecasting workflow, drawn by ``make_workflow``."""
# ruff: noqa: TID251 - the models are drawn by QGIS itself

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProcessingParameterVectorLayer,
)

INTEGER = QgsProcessingParameterNumber.Type.Integer
DOUBLE = QgsProcessingParameterNumber.Type.Double


def inputs() -> list[QgsProcessingParameterDefinition]:
    """Return what the user gives."""
    points = QgsProcessing.SourceType.TypeVectorPoint
    return [
        QgsProcessingParameterVectorLayer("POINTS", "InSAR points", [points]),
        QgsProcessingParameterNumber("RESOLUTION", "Cell size (m)", DOUBLE, 100, False, 0.01),
        QgsProcessingParameterNumber("WINDOW", "Window (dates)", INTEGER, 60, False, 2, 1000),
        QgsProcessingParameterNumber("HORIZON", "Horizon (dates)", INTEGER, 10, False, 1, 365),
        QgsProcessingParameterNumber("GAP", "Gap (dates)", INTEGER, 0, False, 0, 365),
        QgsProcessingParameterNumber("TRIALS", "Trials", INTEGER, 50, False, 1, 100_000),
        QgsProcessingParameterNumber("TOP", "Members of the ensemble", INTEGER, 10, False, 2, 100),
        QgsProcessingParameterNumber(
            "EPOCHS", "Largest number of passes", INTEGER, 12, False, 1, 10_000
        ),
        QgsProcessingParameterNumber("WORKERS", "Worker processes", INTEGER, 1, False, 1, 256),
        QgsProcessingParameterNumber("SEED", "Random seed", INTEGER, 42, False, 0, 2**31 - 1),
    ]


#: As in ``workflow_susceptibility``; a value that begins with "=" is an expression.
STEPS = (
    (
        "grid", "griddeformation", "Grid InSAR deformation", (0, 0),
        {"INPUT": "@POINTS", "RESOLUTION": "@RESOLUTION"},
        [
            ("OUTPUT", "DEFORMATION", "Deformation stack"),
            ("REPORT", "REPORT", "Gridding report"),
        ],
    ),
    (
        "tune", "tuneforecaster", "Tune ResNet + Transformer", (1, 0),
        {
            "INPUT": "grid.OUTPUT", "POINTS": "@POINTS", "SPATIAL": 2, "TEMPORAL": 1,
            "WINDOW": "@WINDOW", "HORIZON": "@HORIZON", "GAP": "@GAP", "TRIALS": "@TRIALS",
            "TOP": "@TOP", "EPOCHS": "@EPOCHS", "WORKERS": "@WORKERS", "SEED": "@SEED",
        },
        [
            ("MODEL", "MODEL", "Forecaster"),
            ("TABLE", "SCORES", "Scores by horizon"),
            ("REPORT", "TUNING_REPORT", "Forecaster report"),
        ],
    ),
    (
        "past", "forecastdeformation", "Forecast from a past date", (2, 1),
        {
            "INPUT": "grid.OUTPUT", "MODEL": "tune.MODEL",
            # numbers come as text from the command line, and not at all where left out
            "ORIGIN": "=to_string(-coalesce(to_int(@HORIZON), 10) - coalesce(to_int(@GAP), 0))",
        },
        [("OUTPUT", "PAST_FORECAST", "Forecast of dates observed since")],
    ),
    (
        "residuals", "forecastresiduals", "Residuals", (3, 1),
        {"PREDICTED": ["past.OUTPUT"], "OBSERVED": "grid.OUTPUT", "POINTS": "@POINTS"},
        [
            ("SIGNED", "SIGNED_RESIDUALS", "Signed residuals"),
            ("ABSOLUTE", "ABSOLUTE_RESIDUALS", "Absolute residuals"),
            ("REPORT", "RESIDUAL_REPORT", "Residual report"),
        ],
    ),
    (
        "forecast", "forecastdeformation", "Forecast deformation", (2, 0),
        {"INPUT": "grid.OUTPUT", "MODEL": "tune.MODEL", "POINTS": "@POINTS"},
        [
            ("OUTPUT", "FORECAST", "Forecast"),
            ("CHANGE", "CHANGE", "Change since the last date"),
            ("LOWER", "LOWER", "Lower end of the interval"),
            ("UPPER", "UPPER", "Upper end of the interval"),
            ("MEMBERS", "MEMBERS", "Members at the last date"),
            ("POINT_FORECAST", "POINT_FORECAST", "Points with forecast"),
        ],
    ),
    (
        "uncertainty", "ensembleuncertainty", "Ensemble uncertainty", (3, 0),
        {"INPUT": ["forecast.MEMBERS"]},
        [
            ("LEVELS", "LEVELS", "Levels"),
            ("EXCEEDANCE", "EXCEEDANCE", "Exceedance probability"),
            ("CONFIDENCE", "CONFIDENCE", "Confidence in the level"),
            ("SPREAD", "SPREAD", "Ensemble spread"),
            ("BIVARIATE", "BIVARIATE", "Levels by spread"),
            ("REPORT", "UNCERTAINTY_REPORT", "Uncertainty report"),
        ],
    ),
    (
        "priority", "monitoringpriority", "Monitoring priority", (4, 0),
        {
            "SPREAD": "uncertainty.SPREAD", "RESIDUAL": "residuals.ABSOLUTE",
            "EXCEEDANCE": "uncertainty.EXCEEDANCE", "LEVELS": "uncertainty.LEVELS",
        },
        [("OUTPUT", "PRIORITY", "Monitoring priority"), ("TABLE", "AREAS", "Area of the actions")],
    ),
)  # fmt: skip

HELP = {
    "ALG_DESC": (
        "The whole chain of the forecasting paper as one run: points are gridded, ResNet + "
        "Transformer is tuned and the best trials become one ensemble, the next dates are "
        "forecast with intervals, the members give levels, exceedance, confidence and spread, a "
        "forecast from a past date gives residuals, and all of them the monitoring priority. Read "
        "the forecaster report first: it says whether the network beats simple forecasts here. "
        "Open the workflow in QGIS's model designer to change a step."
    ),
    "POINTS": (
        "Points with a field DYYYYMMDD for each date, in mm, as 'Import InSAR time series' writes "
        "them."
    ),
    "RESOLUTION": "Side of a cell in metres.",
    "WINDOW": "Dates that the forecaster reads; 60 are a year at 6 days.",
    "HORIZON": "Dates that the forecaster gives, all at once.",
    "GAP": (
        "Dates left out between the last date read and the first one forecast. 2 is the honest "
        "choice for EGMS L3 after 2021, whose neighbouring dates share information."
    ),
    "TRIALS": "Configurations that are tried, the first 20 at random; the paper takes 50.",
    "TOP": "So many of the best trials become the members of the ensemble; the paper takes 10.",
    "EPOCHS": (
        "A trial ends after this many passes over the training windows at the latest. More take "
        "longer."
    ),
    "WORKERS": (
        "Trials trained at the same time. With more than 1 each takes a process and a core, and "
        "the seed no longer repeats the search."
    ),
    "SEED": "The same seed and the same data give the same result, with one worker process.",
    "ALG_CREATOR": "Land Subsidence plugin",
}
