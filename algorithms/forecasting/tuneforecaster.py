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
    HELP = (
        "<p>Searches the hyperparameters of a forecaster (see <i>Train forecaster</i>, which has "
        "the same data and architectures) and joins the best trials to one ensemble. By default "
        "TPE as in Section 4.1 of the Rhineland forecasting paper: 50 trials, 20 of them random, "
        "the best quarter as the good set, hopeless trials ended early. Use it where the defaults "
        "are not enough, and for the spread of an ensemble: its members differ in their "
        "hyperparameters.</p>"
        "<p>A trial is one training. It is judged by the loss of its best pass on the validation "
        "part: the mean over the steps of the mean square error, divided by that of the pooled "
        "linear regression from which the variant lastmap begins. The defaults and the naive "
        "baselines are judged alike. The test part decides nothing, and report and log begin with "
        "the skill of the ensemble there against the best simple forecast, also where it is "
        "negative.</p>"
        "<p>The search can be cancelled at any time: run it again with the same settings and it "
        "goes on where it stopped, since every finished trial is kept (STORAGE). Beside a file of "
        "trials a folder with the suffix .networks keeps their trained networks; at the end only "
        "the best stay, for a later run with more TRIALS. With a database the best networks are "
        "trained again instead.</p>"
        "<p>With REPEATS the whole search is repeated with other seeds, and so are the defaults "
        "(<i>manual</i>): their runs tables of several architectures are what <i>Compare "
        "repeated runs</i> takes for Table 1 and Figures 3 and 4 of the paper (six architectures "
        "and three metrics make 18 comparisons).</p>"
        "<p><b>Output</b>: the ensemble for <i>Forecast deformation</i>, tables of scores, trials "
        "and runs, and a report with the optimisation process (Figure 5), the importance of each "
        "hyperparameter, the best trials, scores by step and the coverage of the intervals.</p>"
        "<p>Reference: the Rhineland paper, Sections 3.3 and 4.1; Bergstra et al. (2011); Akiba "
        "et al. (2019), Optuna.</p>"
    )

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
            "MODEL", "Forecaster", MODEL_FILTER, "The best TOP trials as members of one ensemble."
        )
        self.add_table_output(
            "TABLE", "Scores",
            "Table of the ensemble and the simple forecasts: part, step (0: all together), number "
            "of values, RMSE, MAE, bias in mm, R² of levels and of changes since the origin, "
            "skill.", True,
        )  # fmt: skip
        self.add_table_output(
            "TRIALS_TABLE", "Trials",
            "Table: search, seed, trial, state, value, hyperparameters, seconds and worker of "
            "every trial.", True,
        )  # fmt: skip
        self.add_table_output(
            "RUNS", "Runs table",
            "Table for 'Compare repeated runs': model, configuration (manual or the search), seed, "
            "split, metric and value of single networks, with the defaults and with the best "
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
