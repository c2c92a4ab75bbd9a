"""Deformation stack to a forecaster, beside simple forecasts."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterNumber

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values
from .parameters import (
    MODEL_FILTER,
    add_data,
    add_lengths,
    add_results,
    add_settings,
    add_shares,
    data_arguments,
    setting_arguments,
)


class TrainForecaster(SubsidenceAlgorithm):
    """Six architectures in two variants, scored against simple forecasts."""

    NAME = "trainforecaster"
    TITLE = "Train forecaster"
    GROUP = Group.FORECASTING

    def declare(self) -> None:
        add_data(self)
        add_lengths(self)
        add_settings(self)
        add_shares(self)
        self.add(
            QgsProcessingParameterNumber(
                "REPEATS", "Repeats", QgsProcessingParameterNumber.Type.Integer, 1,
                minValue=1, maxValue=1000,
            ),
            "So many networks are trained, with the seeds SEED, SEED + 1 and so on. All go into "
            "the model file as an ensemble: the forecast is their median, and their spread can be "
            "mapped.",
            advanced=True,
        )  # fmt: skip
        self.add_seed()
        self.add_device()
        self.add_file_output(
            "MODEL",
            "Forecaster",
            MODEL_FILTER,
            "Model file with the trained networks and their description, for 'Forecast "
            "deformation'.",
        )
        self.add_table_output(
            "TABLE", "Scores",
            "Table with the columns forecast (network and simple ones), part, step (0: all "
            "together), number of values, RMSE, MAE and bias in mm, R² of levels and of changes "
            "since the origin, and skill.",
            True,
        )  # fmt: skip
        self.add_table_output(
            "RUNS", "Runs table",
            "Table with model, configuration, seed, split, metric and value of every single "
            "network, for 'Compare repeated runs'.", True,
        )  # fmt: skip
        self.add_report()
        add_results(self)

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            **data_arguments(values),
            **setting_arguments(values),
            "repeats": values.integer("REPEATS"),
            "seed": values.integer("SEED"),
            "device": values.choice("DEVICE"),
            "model": values.output("MODEL"),
            "table": values.output("TABLE"),
            "runs": values.output("RUNS"),
            "report": values.output("REPORT"),
        }
