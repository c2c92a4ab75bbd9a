"""What the network trainers share; parameters and help come from the architecture's declaration."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
)

from ...subsidence_plugin.engine.networks.declaration import (
    PRESETS,
    Architecture,
    Hyperparameter,
)
from ...subsidence_plugin.engine.networks.registry import ARCHITECTURES
from ...subsidence_plugin.engine.training.settings import RANGES
from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..help_page import HelpPage
from ..translate import tr
from ..values import Values

MODEL_FILTER = "Model files (*.safetensors)"
OPTIMIZER_VALUES = (None, "adam", "sgd")
WEIGHT_VALUES = ("none", "balanced")
#: Help of a hyperparameter.
NOT_SEARCHED = "{meaning} Empty: the preset's (default {default})."
SEARCHED = f"{NOT_SEARCHED} 'Tune model' searches {{low}} to {{high}}."

#: Parameter, description, setting, default (None: the preset's), advanced, help.
NUMBERS = (
    ("EPOCHS", "Largest number of epochs", "epochs", 1000, False,
     "Passes over the training rows; early stopping usually ends before."),
    ("BATCH_SIZE", "Batch size", "batch_size", 32, True, "Training rows in each step."),
    ("LEARNING_RATE", "Learning rate", "learning_rate", None, True,
     "Size of the optimizer's steps. Empty: the preset's."),
    ("MOMENTUM", "Momentum", "momentum", None, True,
     "Share of the last step that SGD keeps; Adam does not use it. Empty: the preset's."),
    ("WEIGHT_DECAY", "Weight decay", "weight_decay", 0.0, True,
     "Every step shrinks all weights by learning rate × weight decay, against overfitting on few "
     "samples; try 0.01 to 1. With Adam it acts beside the gradient (AdamW), with SGD as a "
     "penalty on the squared weights."),
    ("PATIENCE", "Patience", "patience", 30, False,
     "Stop after so many epochs without a lower hold-out loss (once it has begun to learn); 0 "
     "never stops early. The weights of the best epoch are kept in either case."),
    ("HOLDOUT", "Hold-out share", "holdout_share", 0.15, True,
     "Share of the training rows that finds the best epoch; with 0 all rows train and the last "
     "weights are kept."),
)  # fmt: skip


def add_samples(algorithm: SubsidenceAlgorithm) -> None:
    """Add the parameters that name the samples, their factors and their label."""
    algorithm.add(
        QgsProcessingParameterFeatureSource(
            "SAMPLES", "Samples", [QgsProcessing.SourceType.TypeVector]
        ),
        "Layer of 'Extract samples': the fields label (1 subsidence, 0 none), split (train, "
        "validation or test) and one numeric field for each factor. Incomplete rows are left out.",
    )
    algorithm.add(
        QgsProcessingParameterField(
            "FACTOR_FIELDS",
            "Factors",
            None,
            "SAMPLES",
            QgsProcessingParameterField.DataType.Numeric,
            True,
            True,
        ),
        "Fields of the model's factors. Empty: all factors that 'Extract samples' wrote.",
    )
    algorithm.add(
        QgsProcessingParameterField(
            "LABEL_FIELD",
            "Label field",
            "label",
            "SAMPLES",
            QgsProcessingParameterField.DataType.Numeric,
            # qgis_process of 3.22 asks for a mandatory field even where it has a default.
            optional=True,
        ),
        "Numeric field with 1 for subsidence and 0 for none. Empty: label.",
        advanced=True,
    )


def add_results(algorithm: SubsidenceAlgorithm) -> None:
    """Add the figures that a trainer returns beside its files."""
    algorithm.addOutput(
        QgsProcessingOutputNumber("AUC", "AUC on validation rows (training rows without these)")
    )
    algorithm.addOutput(QgsProcessingOutputString("MODEL_ID", "Id of the model"))


def add_repeats(algorithm: SubsidenceAlgorithm) -> None:
    """Add the parameter ``REPEATS`` of a trainer."""
    algorithm.add(
        QgsProcessingParameterNumber(
            "REPEATS", "Repeats", QgsProcessingParameterNumber.Type.Integer, 1,
            minValue=1, maxValue=1000,
        ),
        "Number of models to train, with the seeds SEED, SEED + 1 and so on. All go into the "
        "model file as an ensemble: prediction takes their mean and can write their spread.",
        advanced=True,
    )  # fmt: skip


def add_runs(algorithm: SubsidenceAlgorithm) -> None:
    """Add the optional output ``RUNS``."""
    algorithm.add_table_output(
        "RUNS", "Runs table",
        "Table with model, configuration, seed, split, metric and value of every single model, "
        "for 'Compare repeated runs' over several repeats.", True,
    )  # fmt: skip


class NetworkTrainer(SubsidenceAlgorithm):
    """Base of the four trainers: a child names its ``ARCHITECTURE``."""

    GROUP = Group.SUSCEPTIBILITY
    HELP_FILE = "network"
    ARCHITECTURE = ""

    @property
    def declared(self) -> Architecture:
        """The declaration of the architecture."""
        return ARCHITECTURES[self.ARCHITECTURE]

    def job(self) -> str:
        return "train"

    def help_values(self) -> dict[str, str]:
        presets = "; ".join(
            f"{name}: {_listed(values)}" for name, values in zip(PRESETS, self.declared.presets)
        )
        return {"summary": tr(self.declared.summary), "presets": presets}

    def help_page(self) -> HelpPage:
        """Return the help page, whose example names the model file after the network."""
        page = super().help_page()
        example = {
            name: tuple(value.format(network=self.ARCHITECTURE) for value in several)
            for name, several in page.text.example.items()
        }
        page.text = replace(page.text, example=example)
        return page

    def declare(self) -> None:
        add_samples(self)
        self._add_training()
        for hyperparameter in self.declared.hyperparameters:
            self._add_hyperparameter(hyperparameter)
        self._add_running()
        self._add_outputs()

    def _add_training(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "PRESET", "Preset", ["Defaults", "Appendix B of the Hanoi paper"], defaultValue=0
            ),
            "Values of all settings that are left empty. The defaults fill the gaps of Appendix B; "
            "its own learning rate of 0.05 for the CNN-LSTM may fail to learn.",
        )
        for name, text, setting, default, advanced, meaning in NUMBERS[:3]:
            self._add_number(name, text, setting, default, advanced, meaning)
        self.add(
            QgsProcessingParameterEnum(
                "OPTIMIZER", "Optimizer", ["As in the preset", "Adam", "SGD"], defaultValue=0
            ),
            "Adam adapts the step of every weight; SGD is stochastic gradient descent with "
            "momentum.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterEnum(
                "CLASS_WEIGHTS", "Class weights", ["None", "Balanced"], defaultValue=0
            ),
            "Balanced: rows of the rarer class count more, so that both classes weigh the same.",
        )
        for name, text, setting, default, advanced, meaning in NUMBERS[3:]:
            self._add_number(name, text, setting, default, advanced, meaning)
        self.add(
            QgsProcessingParameterBoolean("HOLDOUT_FOLDS", "Hold out whole folds", False),
            "Holds out whole folds (field fold of 'Extract samples') instead of single rows, which "
            "is stricter where samples stand close together.",
            advanced=True,
        )

    def _add_number(
        self, name: str, text: str, setting: str, default: Any, advanced: bool, meaning: str
    ) -> None:
        low, high = RANGES[setting]
        kinds = QgsProcessingParameterNumber.Type
        kind = kinds.Integer if isinstance(low, int) else kinds.Double
        self.add(
            QgsProcessingParameterNumber(name, text, kind, default, default is None, low, high),
            meaning,
            advanced,
        )

    def _add_hyperparameter(self, hyperparameter: Hyperparameter) -> None:
        kinds = QgsProcessingParameterNumber.Type
        kind = kinds.Integer if hyperparameter.is_integer else kinds.Double
        text = re.sub(r"(\d)", r" \1", hyperparameter.name.replace("_", " ")).capitalize()
        text = text.replace("Lstm", "LSTM").replace("Dense", "Dense layer")
        self.add(
            QgsProcessingParameterNumber(
                hyperparameter.name.upper(), text, kind, None, True,
                hyperparameter.minimum, hyperparameter.maximum,
            ),
            SEARCHED if hyperparameter.search else NOT_SEARCHED,
            advanced=True,
            values=_said(hyperparameter),
        )  # fmt: skip

    def _add_running(self) -> None:
        add_repeats(self)
        self.add_seed()
        self.add_device()
        self.add(
            QgsProcessingParameterFileDestination(
                "CHECKPOINT", "Checkpoint", "Checkpoints (*.checkpoint)", None, True, False
            ),
            "File that keeps the state while it trains: run again with the same file, samples and "
            "settings to go on where a cancelled or killed training stopped, with the same result "
            "as without the stop. It stays; delete it when no longer needed. Empty: none.",
            advanced=True,
        )

    def _add_outputs(self) -> None:
        self.add_file_output(
            "MODEL", "Model file", MODEL_FILTER, "The trained networks and their description."
        )
        self.add_table_output(
            "HISTORY", "Training history",
            "Table with repeat, epoch, loss, holdout_loss and holdout_auc of every epoch.", True,
        )  # fmt: skip
        self.add_report()
        add_runs(self)
        add_results(self)

    def arguments(self, values: Values) -> dict[str, Any]:
        hyperparameters = {
            h.name: values.integer(h.name.upper())
            if h.is_integer
            else values.number(h.name.upper())
            for h in self.declared.hyperparameters
        }
        settings = {
            "epochs": values.integer("EPOCHS"),
            "batch_size": values.integer("BATCH_SIZE"),
            "learning_rate": values.number("LEARNING_RATE"),
            "optimizer": OPTIMIZER_VALUES[values.choice("OPTIMIZER")],
            "momentum": values.number("MOMENTUM"),
            "weight_decay": values.number("WEIGHT_DECAY"),
            "class_weights": WEIGHT_VALUES[values.choice("CLASS_WEIGHTS")],
            "patience": values.integer("PATIENCE"),
            "holdout_share": values.number("HOLDOUT"),
        }
        return {
            "samples": values.vector("SAMPLES"),
            "architecture": self.ARCHITECTURE,
            "factor_fields": values.fields("FACTOR_FIELDS"),
            "label_field": values.text("LABEL_FIELD") or "label",
            "preset": values.choice("PRESET"),
            "hyperparameters": hyperparameters,
            "settings": settings,
            "holdout_folds": values.flag("HOLDOUT_FOLDS"),
            "repeats": values.integer("REPEATS"),
            "seed": values.integer("SEED"),
            "device": values.choice("DEVICE"),
            "checkpoint": values.output("CHECKPOINT"),
            "model": values.output("MODEL"),
            "history": values.output("HISTORY"),
            "report": values.output("REPORT"),
            "runs": values.output("RUNS"),
        }


def _listed(values: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _said(hyperparameter: Hyperparameter) -> dict[str, Any]:
    low, high = hyperparameter.search or (None, None)
    meaning = tr(hyperparameter.meaning)
    return {"meaning": meaning, "default": hyperparameter.default, "low": low, "high": high}
