"""Train a baseline: the simple models that a network must beat."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterBoolean, QgsProcessingParameterEnum
from qgis.core import QgsProcessingParameterNumber as Number

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values
from .network import MODEL_FILTER, add_repeats, add_results, add_runs, add_samples

#: In the order of ``METHOD``.
METHODS = ("logistic", "forest", "boosting", "frequencyratio")


class TrainBaseline(SubsidenceAlgorithm):
    """Samples to the model file of a simple model."""

    NAME = "trainbaseline"
    TITLE = "Train baseline"
    GROUP = Group.SUSCEPTIBILITY
    HELP = """<p>Trains one of the simple models that a network must beat: logistic regression, \
random forest, gradient boosting (both scikit-learn's) or the frequency ratio model, in \
seconds.</p>
<p>Takes the same samples as the network trainers and writes the same kind of model file, so \
that prediction, validation and maps work alike. Train one beside every network: on few samples \
or under a spatial split the simple model is often the better one.</p>
<p>Frequency ratio: continuous factors are cut into quantile classes of the training rows; the \
ratio of a class is its share of the subsidence rows divided by its share of all training rows; \
the mean of a row's ratios becomes a probability by a logistic regression. Reference: the Hanoi \
paper, section 6.2 and Table 2.</p>"""

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
        self.add(
            Number("TREES", "Trees", Number.Type.Integer, 200, minValue=1, maxValue=10_000),
            "Of the random forest; more trees give smoother probabilities and larger files.",
            advanced=True,
        )
        self.add(
            Number(
                "ITERATIONS", "Iterations", Number.Type.Integer, 100, minValue=1, maxValue=10_000
            ),
            "Trees of the gradient boosting, one after another.",
            advanced=True,
        )
        self.add(
            Number("CLASSES", "Classes", Number.Type.Integer, 10, minValue=2, maxValue=100),
            "Quantile classes of a continuous factor in the frequency ratio model.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("BALANCED", "Balance the classes", False),
            "Rows of the rarer class count more, so that both classes weigh the same.",
            advanced=True,
        )
        add_repeats(self)
        self.add_seed()
        self.add_file_output("MODEL", "Model", MODEL_FILTER, "The fitted model.")
        self.add_report()
        add_runs(self)
        add_results(self)

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "samples": values.vector("SAMPLES"),
            "method": METHODS[values.choice("METHOD")],
            "factor_fields": values.fields("FACTOR_FIELDS"),
            "label_field": values.text("LABEL_FIELD") or "label",
            "options": {
                "trees": values.integer("TREES"),
                "iterations": values.integer("ITERATIONS"),
                "classes": values.integer("CLASSES"),
            },
            "balanced": values.flag("BALANCED"),
            "repeats": values.integer("REPEATS"),
            "seed": values.integer("SEED"),
            "model": values.output("MODEL"),
            "report": values.output("REPORT"),
            "runs": values.output("RUNS"),
        }
