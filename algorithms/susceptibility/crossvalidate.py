"""Cross-validate a model in random and spatial folds, side by side."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterString,
)
from qgis.core import QgsProcessingParameterNumber as Number

from ...subsidence_plugin.engine.baselines.options import OPTIONS
from ...subsidence_plugin.engine.training.model_types import MODEL_TITLES, MODEL_TYPES
from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values
from .network import add_samples


class CrossValidate(SubsidenceAlgorithm):
    """Samples to the AUC of a model on places that it has and has not seen."""

    NAME = "crossvalidate"
    TITLE = "Cross-validate"
    GROUP = Group.SUSCEPTIBILITY

    def declare(self) -> None:
        add_samples(self)
        self._add_model()
        self._add_folds()
        self.add_seed()
        self.add_device()
        self._add_outputs()

    def _add_model(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "MODEL_TYPE", "Model type", list(MODEL_TITLES),
                defaultValue=MODEL_TYPES.index("drdn"),
            ),
            "What is trained in every fold, with its default settings. Not used where MODEL is "
            "given.",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterFile(
                "MODEL", "Model file whose recipe is taken", extension="safetensors", optional=True
            ),
            "A trained or tuned model: its architecture, hyperparameters and training settings are "
            "cross-validated instead of MODEL_TYPE's defaults, with its factors. Empty: MODEL_TYPE "
            "with its defaults.",
        )
        self.add(
            QgsProcessingParameterString(
                "HYPERPARAMETERS", "Hyperparameters", None, multiLine=True, optional=True
            ),
            "Lines name=value (or separated by ;) over the defaults or the model's: the names of "
            "the training algorithms' parameters in lower case, for example lstm_units=64, "
            "learning_rate=0.0005, epochs=200, weight_decay=0.01 or trees=500. Empty: none.",
            advanced=True,
        )
        self.add(
            Number("MEMBERS", "Members", Number.Type.Integer, None, True, 1, 100),
            "Models trained in every fold, with other seeds; the mean of their probabilities is "
            "scored. Empty: as many as the model file has, 1 without one.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterEnum(
                "BASELINES", "Baselines", [option.title for option in OPTIONS.values()],
                allowMultiple=True, defaultValue=[0, 1], optional=True,
            ),
            "Simple models that are measured in the same folds, with their defaults. Headless, "
            "QGIS 3.22 takes the default for an empty list; name one instead.",
        )  # fmt: skip

    def _add_folds(self) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "METHOD", "Spatial folds",
                ["Square blocks", "k-means on coordinates", "Field of the samples"],
                defaultValue=0,
            ),
            "How neighbourhoods are cut. Blocks give folds alike in size and class; k-means gives "
            "few compact regions far from each other, which is stricter; the field takes what "
            "'Extract samples' or you have written (the number of folds with it).",
        )  # fmt: skip
        self.add(
            QgsProcessingParameterField(
                "FOLD_FIELD", "Fold field", "fold", "SAMPLES",
                QgsProcessingParameterField.DataType.Numeric, optional=True,
            ),
            "Numeric field with the fold of every sample, where the spatial folds come from a "
            "field. Empty: fold.",
            advanced=True,
        )  # fmt: skip
        self.add(
            Number("FOLDS", "Folds", Number.Type.Integer, 5, minValue=2, maxValue=100),
            "Number of parts of the samples; each is left out once.",
        )
        self.add(
            Number("BLOCK_SIZE", "Block size", Number.Type.Double, None, True, 0),
            "Side of the square blocks in map units of the samples (metres where their CRS is in "
            "degrees). Empty: suggested from the range of the factors' semivariograms.",
        )
        self.add(
            Number("REPEATS", "Partitions", Number.Type.Integer, 3, minValue=1, maxValue=1000),
            "Number of times that the samples are cut into folds, with the seeds SEED, SEED + 1 "
            "and so on. Each model is trained partitions × folds × 2 times.",
        )
        self.add(
            QgsProcessingParameterEnum(
                "ROWS", "Rows", ["All rows", "Training rows (field split)"], defaultValue=0
            ),
            "All rows: each is a test row once in every partition. Training rows: validation and "
            "test rows stay untouched, for example for a last check after tuning.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("HOLDOUT_FOLDS", "Hold out whole neighbourhoods", False),
            "How early stopping of networks judges in spatial folds: on whole neighbourhoods of "
            "the training rows, or (as the training algorithms do by default) on single ones. The "
            "rows left out play no part in either. With few samples whole neighbourhoods may cost "
            "more than they tell. A MODEL that was trained by holding out folds does so here too.",
            advanced=True,
        )
        self.add(
            Number("WORKERS", "Worker processes", Number.Type.Integer, 1, minValue=1, maxValue=256),
            "Number of folds trained at the same time, each in a process of its own with one "
            "thread; at most as many as there are processor cores. The result is the same with "
            "any number.",
            advanced=True,
        )

    def _add_outputs(self) -> None:
        self.add_table_output(
            "OUTPUT", "Folds", "Table with one row for each model, scheme, partition and fold: its "
            "rows, and its metrics (not in percent). AUC is empty where a fold has one label.",
        )  # fmt: skip
        self.add_points_output(
            "FOLD_MAP", "Fold map",
            "The samples with all their fields, the random and the spatial fold of the first "
            "partition (fold_random, fold_spatial), and the probability from the model that was "
            "trained without that fold (p_random, p_spatial). It can be given to 'Area of "
            "applicability' as the samples of the model. Needs samples with points.", True,
        )  # fmt: skip
        self.add_table_output(
            "RUNS", "Runs table",
            "Table with model, configuration, seed, split, metric and value, for 'Compare repeated "
            "runs'; a partition is a run.", True,
        )  # fmt: skip
        self.add_report()
        for name, text in (
            ("RANDOM_AUC", "AUC in random folds"),
            ("SPATIAL_AUC", "AUC in spatial folds"),
            ("BASELINE_AUC", "AUC of the best baseline in spatial folds"),
            ("SUGGESTED_BLOCK_SIZE", "Suggested block size"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, text))
        self.addOutput(QgsProcessingOutputString("BEST_BASELINE", "Best baseline"))

    def arguments(self, values: Values) -> dict[str, Any]:
        names = list(OPTIONS)
        return {
            "samples": values.vector("SAMPLES"),
            "output": values.output("OUTPUT"),
            "model_type": MODEL_TYPES[values.choice("MODEL_TYPE")],
            "model": values.file("MODEL"),
            "hyperparameters": values.text("HYPERPARAMETERS") or "",
            "members": values.integer("MEMBERS"),
            "baselines": [names[index] for index in values.choices("BASELINES")],
            "factor_fields": values.fields("FACTOR_FIELDS"),
            "label_field": values.text("LABEL_FIELD") or "label",
            "rows": values.choice("ROWS"),
            "method": values.choice("METHOD"),
            "fold_field": values.text("FOLD_FIELD") or "fold",
            "folds": values.integer("FOLDS"),
            "block_size": values.number("BLOCK_SIZE") or None,
            "repeats": values.integer("REPEATS"),
            "holdout_folds": values.flag("HOLDOUT_FOLDS"),
            "workers": values.integer("WORKERS"),
            "seed": values.integer("SEED"),
            "device": values.choice("DEVICE"),
            "fold_map": values.output("FOLD_MAP"),
            "runs": values.output("RUNS"),
            "report": values.output("REPORT"),
        }
