"""Tune a model: search its hyperparameters on the training rows."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterEnum
from qgis.core import QgsProcessingParameterNumber as Number

from ...subsidence_plugin.engine.progress import Progress
from ...subsidence_plugin.engine.training.model_types import MODEL_TITLES, MODEL_TYPES
from ...subsidence_plugin.engine.training.settings import RANGES, Settings
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
from .network import MODEL_FILTER, WEIGHT_VALUES, add_results, add_samples


class TuneModel(SubsidenceAlgorithm):
    """Samples to the model of the best hyperparameters found."""

    NAME = "tunemodel"
    TITLE = "Tune model"
    GROUP = Group.SUSCEPTIBILITY

    def declare(self) -> None:
        add_samples(self)
        self._add_search()
        self._add_evaluation()
        self._add_training()
        add_storage(self)
        self.add_seed()
        self.add_device()
        self._add_outputs()

    def _add_search(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "MODEL_TYPE",
                "Model type",
                list(MODEL_TITLES),
                defaultValue=MODEL_TYPES.index("drdn"),
            ),
            "What is tuned; each model type brings its own search space.",
        )
        add_search(self, "30 epochs, or 2 folds")

    def _add_evaluation(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "EVALUATION", "Judge trials by",
                ["Hold-out of training rows", "Random folds", "Spatial folds: k-means",
                 "Spatial folds: square blocks", "Folds of the samples (field fold)"],
                defaultValue=0,
            ),
            "Which part of the training rows judges a trial. A hold-out is fastest. Spatial folds "
            "choose values that carry over to new places, where a random hold-out would choose "
            "those that fit the neighbourhood best. Folds cost one training each in every trial.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterEnum("METRIC", "Optimise", ["AUC", "Log loss"], defaultValue=0),
            "What the best trial is best in. AUC only wants places ranked well; log loss wants "
            "honest probabilities, too.",
        )
        self.add(
            Number("HOLDOUT", "Hold-out share", Number.Type.Double, 0.25, minValue=0.01,
                   maxValue=0.5),
            "Share of the training rows that judges trials, where there are no folds.",
            advanced=True,
        )  # fmt: skip
        self.add(
            Number("FOLDS", "Folds", Number.Type.Integer, 5, minValue=2, maxValue=100),
            "Number of random or spatial folds.",
            advanced=True,
        )
        self.add(
            Number("BLOCK_SIZE", "Block size", Number.Type.Double, None, True, 0),
            "Side of the square blocks in map units of the samples (metres where their CRS is in "
            "degrees). Empty: suggested from the range of the factors' semivariograms.",
            advanced=True,
        )

    def _add_training(self) -> None:
        low, high = RANGES["epochs"]
        self.add(
            Number("EPOCHS", "Largest number of epochs", Number.Type.Integer, Settings.epochs,
                   minValue=low, maxValue=high),
            "Passes over the training rows in a network's trial; early stopping usually ends "
            "before.",
            advanced=True,
        )  # fmt: skip
        low, high = RANGES["patience"]
        self.add(
            Number("PATIENCE", "Patience", Number.Type.Integer, Settings.patience, minValue=low,
                   maxValue=high),
            "A network's training stops after so many epochs without a lower loss on its inner "
            "hold-out.",
            advanced=True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterEnum(
                "CLASS_WEIGHTS", "Class weights", ["None", "Balanced"], defaultValue=0
            ),
            "Balanced: rows of the rarer class count more, so that both classes weigh the same.",
            advanced=True,
        )
        self.add(
            Number("TOP", "Trials in the ensemble", Number.Type.Integer, 10, minValue=1,
                   maxValue=1000),
            "Number of the best trials that become the members of ENSEMBLE.",
        )  # fmt: skip
        self.add(
            Number("REPEATS", "Repeats", Number.Type.Integer, 1, minValue=1, maxValue=1000),
            "Number of times that the best trial is trained in the end, with the seeds SEED, SEED "
            "+ 1 and so on. All go into the model file as an ensemble, and each into the runs "
            "table.",
            advanced=True,
        )

    def _add_outputs(self) -> None:
        self.add_file_output(
            "MODEL", "Model file", MODEL_FILTER, "The best trial, trained on all training rows."
        )
        self.add_file_output(
            "ENSEMBLE", "Ensemble", MODEL_FILTER,
            "The best TOP trials as members of one model; prediction takes their mean and can "
            "write their spread.", True,
        )  # fmt: skip
        self.add_table_output(
            "TRIALS_TABLE", "Trials",
            "Table with state, value, hyperparameters, seconds and worker of every trial.", True,
        )  # fmt: skip
        self.add_table_output(
            "RUNS", "Runs table",
            "Table with model, configuration, seed, split, metric and value of every repeat of the "
            "best trial, for 'Compare repeated runs'.", True,
        )  # fmt: skip
        self.add_report()
        add_results(self)
        add_search_results(self)

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "samples": values.vector("SAMPLES"),
            "factor_fields": values.fields("FACTOR_FIELDS"),
            "label_field": values.text("LABEL_FIELD") or "label",
            "model_type": MODEL_TYPES[values.choice("MODEL_TYPE")],
            **search_arguments(values),
            "evaluation": values.choice("EVALUATION"),
            "metric": values.choice("METRIC"),
            "holdout": values.number("HOLDOUT"),
            "folds": values.integer("FOLDS"),
            "block_size": values.number("BLOCK_SIZE"),
            "settings": {
                "epochs": values.integer("EPOCHS"),
                "patience": values.integer("PATIENCE"),
                "class_weights": WEIGHT_VALUES[values.choice("CLASS_WEIGHTS")],
            },
            "top": values.integer("TOP"),
            "repeats": values.integer("REPEATS"),
            "seed": values.integer("SEED"),
            "device": values.choice("DEVICE"),
            **storage_arguments(values),
            "model": values.output("MODEL"),
            "ensemble": values.output("ENSEMBLE"),
            "trials_table": values.output("TRIALS_TABLE"),
            "runs": values.output("RUNS"),
            "report": values.output("REPORT"),
        }

    def execute(self, values: Values, progress: Progress) -> dict[str, Any]:
        with login_of(values):
            return super().execute(values, progress)
