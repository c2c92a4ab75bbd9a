"""Train a baseline: the simple models that a network must beat."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterBoolean, QgsProcessingParameterEnum
from qgis.core import QgsProcessingParameterNumber as Number

from ...subsidence_plugin.engine.baselines.options import OPTIONS
from ...subsidence_plugin.engine.hyperparameter import Hyperparameter
from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values
from .network import MODEL_FILTER, add_repeats, add_results, add_runs, add_samples

#: In the order of ``METHOD``.
METHODS = ("logistic", "forest", "boosting", "frequencyratio")
#: Of the methods' hyperparameters, in the dialog.
TITLES = {
    "inverse_penalty": "Inverse penalty", "trees": "Trees",
    "min_samples_leaf": "Rows in a leaf", "max_features": "Share of inputs in a split",
    "iterations": "Iterations", "learning_rate": "Learning rate", "leaves": "Leaves",
    "l2": "Penalty on leaves", "classes": "Classes",
}  # fmt: skip


class TrainBaseline(SubsidenceAlgorithm):
    """Samples to the model file of a simple model."""

    NAME = "trainbaseline"
    TITLE = "Train baseline"
    GROUP = Group.SUSCEPTIBILITY

    def declare(self) -> None:
        add_samples(self)
        self.add(
            QgsProcessingParameterEnum(
                "METHOD", "Method",
                ["Logistic regression", "Random forest", "Gradient boosting", "Frequency ratio"],
                defaultValue=0,
            ),
            "Logistic regression is the usual yardstick; random forest often leads where samples "
            "are many and places alike, and falls behind it on unseen places.",
        )  # fmt: skip
        for method in METHODS:
            for hyperparameter in OPTIONS[method].hyperparameters:
                self._add_hyperparameter(hyperparameter)
        self.add(
            QgsProcessingParameterBoolean("BALANCED", "Balance the classes", False),
            "Rows of the rarer class count more, so that both classes weigh the same.",
            advanced=True,
        )
        add_repeats(self)
        self.add_seed()
        self.add_file_output(
            "MODEL", "Model file", MODEL_FILTER, "The fitted model and its description."
        )
        self.add_report()
        add_runs(self)
        add_results(self)

    def _add_hyperparameter(self, declared: Hyperparameter) -> None:
        kind = Number.Type.Integer if declared.is_integer else Number.Type.Double
        self.add(
            Number(
                declared.name.upper(), TITLES[declared.name], kind, declared.default,
                minValue=declared.minimum, maxValue=declared.maximum,
            ),
            declared.meaning,
            advanced=True,
        )  # fmt: skip

    def arguments(self, values: Values) -> dict[str, Any]:
        method = METHODS[values.choice("METHOD")]
        return {
            "samples": values.vector("SAMPLES"),
            "method": method,
            "factor_fields": values.fields("FACTOR_FIELDS"),
            "label_field": values.text("LABEL_FIELD") or "label",
            "options": {h.name: _value(values, h) for h in OPTIONS[method].hyperparameters},
            "balanced": values.flag("BALANCED"),
            "repeats": values.integer("REPEATS"),
            "seed": values.integer("SEED"),
            "model": values.output("MODEL"),
            "report": values.output("REPORT"),
            "runs": values.output("RUNS"),
        }


def _value(values: Values, declared: Hyperparameter) -> Any:
    name = declared.name.upper()
    return values.integer(name) if declared.is_integer else values.number(name)
