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
    HELP = (
        "<p>Trains a network that forecasts the next dates of a deformation stack: a spatial "
        "encoder (CNN, GCN or ResNet) reads the map of each date, a temporal encoder (LSTM or "
        "Transformer) their sequence, and a decoder gives all dates of the horizon at once. These "
        "are the six architectures of Section 3.2 of the Rhineland forecasting paper.</p>"
        "<p><b>Input</b>: the stack of <i>Grid InSAR deformation</i>; or for a GCN the InSAR "
        "points themselves. A date without a value takes the last one before it and is no target; "
        "cells that lack more than a quarter of the dates are left out. Dates at which nothing "
        "was measured (<i>SUBSIDENCE_GAP=yes</i>) are neither targets nor origins. The days "
        "between the dates are an input, so irregular series work. Of grids beyond 192 × 192 "
        "cells, tiles drawn at random are used as far as memory allows.</p>"
        "<p><b>Split in time</b>: the first dates train (80 %), the next validate, the last test; "
        "no target crosses a border. Mean and standard deviation of the training part scale the "
        "data. The variant lastmap starts from a pooled linear regression. The pass with the "
        "lowest validation loss is kept, which may be the start itself.</p>"
        "<p><b>Is it any good?</b> The same values are forecast by persistence, the mean of the "
        "last dates, lines with and without an annual wave, a line through the window and a "
        "pooled ridge regression on differences. Skill is 1 − RMSE / RMSE of the best of them; "
        "report and log begin with it, also where it is negative. On many series simple "
        "regressions are hard to beat. With POINTS, forecasts of a grid are scored at the points "
        "as well.</p>"
        "<p><b>Intervals</b>: errors on the validation part calibrate the prediction intervals "
        "of <i>Forecast deformation</i> (split conformal prediction); the report says how many "
        "test values lie inside.</p>"
        "<p><b>Output</b>: the model file for <i>Forecast deformation</i>; a table of scores by "
        "step; a runs table for <i>Compare repeated runs</i>; a report. With REPEATS, several "
        "networks form one ensemble whose median is the forecast.</p>"
    )

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
            "Trains so many networks with the seeds SEED, SEED + 1 and so on. All go into the "
            "model file as an ensemble: the forecast is their median, and their spread can be "
            "mapped.",
            advanced=True,
        )  # fmt: skip
        self.add_seed()
        self.add_device()
        self.add_file_output(
            "MODEL", "Forecaster", MODEL_FILTER, "The trained networks and their description."
        )
        self.add_table_output(
            "TABLE", "Scores",
            "Table: forecast (network and simple ones), part, step (0: all together), number of "
            "values, RMSE, MAE, bias in mm, R² of levels and of changes since the origin, skill.",
            True,
        )  # fmt: skip
        self.add_table_output(
            "RUNS", "Runs table",
            "Table: model, configuration, seed, split, metric and value of every single network, "
            "for 'Compare repeated runs'.", True,
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
