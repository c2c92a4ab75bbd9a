"""Tune a forecaster: search its hyperparameters by validation loss."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterNumber

from ...subsidence_plugin.engine.progress import Progress
from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..tuning_parameters import (
    add_search,
    add_search_results,
    add_storage,
    login_of,
    search_arguments,
    storage_arguments,
)
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


class TuneForecaster(SubsidenceAlgorithm):
    """A deformation stack to the ensemble of the best hyperparameters found."""

    NAME = "tuneforecaster"
    TITLE = "Tune forecaster"
    GROUP = Group.FORECASTING

    def declare(self) -> None:
        add_data(self)
        add_lengths(self)
        add_search(self, "3 passes")
        add_settings(self)
        add_shares(self)
        add_storage(self)
        self.add(
            QgsProcessingParameterNumber(
                "TOP", "Trials in the ensemble", QgsProcessingParameterNumber.Type.Integer, 10,
                minValue=1, maxValue=1000,
            ),
            "So many of the best trials with different values become the members of MODEL; the "
            "forecast is their median. The defaults, trained and judged as well, are a member "
            "where they are among the best.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterNumber(
                "REPEATS", "Repeats", QgsProcessingParameterNumber.Type.Integer, 1,
                minValue=1, maxValue=1000,
            ),
            "Repeats the whole search, with the seeds SEED, SEED + 1 and so on, TRIALS each; the "
            "paper takes 10. The defaults are trained with each seed as well. RUNS has both, and "
            "MODEL the best trials of all searches.",
            advanced=True,
        )  # fmt: skip
        self.add_seed()
        self.add_device()
        self._add_outputs()

    def _add_outputs(self) -> None:
        self.add_file_output(
            "MODEL",
            "Forecaster",
            MODEL_FILTER,
            "Model file with the best TOP trials as members of one ensemble, for 'Forecast "
            "deformation'.",
        )
        self.add_table_output(
            "TABLE", "Scores",
            "Table of the ensemble and the simple forecasts with the columns part, step (0: all "
            "together), number of values, RMSE, MAE and bias in mm, R² of levels and of changes "
            "since the origin, and skill.", True,
        )  # fmt: skip
        self.add_table_output(
            "TRIALS_TABLE", "Trials",
            "Table with search, seed, trial, state, value, hyperparameters, seconds and worker of "
            "every trial.", True,
        )  # fmt: skip
        self.add_table_output(
            "RUNS", "Runs table",
            "Table for 'Compare repeated runs' with model, configuration (manual or the search), "
            "seed, split, metric and value of single networks, with the defaults and with the best "
            "values of each repeat.", True,
        )  # fmt: skip
        self.add_report()
        add_results(self)
        add_search_results(self)

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            **data_arguments(values),
            **setting_arguments(values),
            **search_arguments(values),
            **storage_arguments(values),
            "top": values.integer("TOP"),
            "repeats": values.integer("REPEATS"),
            "seed": values.integer("SEED"),
            "device": values.choice("DEVICE"),
            "model": values.output("MODEL"),
            "table": values.output("TABLE"),
            "trials_table": values.output("TRIALS_TABLE"),
            "runs": values.output("RUNS"),
            "report": values.output("REPORT"),
        }

    def execute(self, values: Values, progress: Progress) -> dict[str, Any]:
        with login_of(values):
            return super().execute(values, progress)
