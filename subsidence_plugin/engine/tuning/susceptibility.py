"""The objective of ``tunemodel``: how well a model separates training rows it was not fitted on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..hyperparameter import Tunable
from ..progress import Progress
from ..training.device import choose_device
from ..training.fit import Recipe, fit_model, predict_values, recipe_of
from ..validation.metrics import auc
from .task import Report

METRICS = ("auc", "logloss")
METRIC_TITLES = ("AUC", "Log loss")
#: Epochs between two reports to the pruner, and those that every trial may run.
REPORT_EPOCHS = 5
WARM_UP_EPOCHS = 30
#: Folds after which a trial may be pruned.
WARM_UP_FOLDS = 2
#: Probabilities are kept this far from 0 and 1 in the log loss.
EPSILON = 1e-7


def declared_of(architecture: str) -> Tunable:
    """Return the declaration of a model type."""
    from ..baselines.registry import BASELINES
    from ..networks.registry import ARCHITECTURES

    return {**ARCHITECTURES, **BASELINES}[architecture]


def recipe_with(base: Recipe, values: Mapping[str, Any]) -> Recipe:
    """Return the recipe with some hyperparameters and training settings replaced."""
    own, settings = declared_of(base.architecture).recipe_values(values)
    return recipe_of(
        base.architecture, {**base.hyperparameters, **own}, {**base.settings, **settings}
    )


def make_data(
    values: np.ndarray,
    label: np.ndarray,
    held: np.ndarray,
    names: Sequence[str],
    kinds: Sequence[str],
) -> dict[str, np.ndarray]:
    """Return the arrays that a worker needs, as they go into an ``.npz`` file.

    Parameters
    ----------
    values : 2d-array, (rows, factors)
        Training rows only.
    label : 1d-array of 0 and 1, (rows,)
    held : 2d-array of bool, (evaluations, rows)
        Rows that a trial is judged by and not fitted on: one hold-out, or one a fold.
    names, kinds : sequence of str
        Of the factors.
    """
    for number, mask in enumerate(held, 1):
        for rows, what in ((mask, "judged by"), (~mask, "fitted on")):
            if len(np.unique(label[rows])) < 2:
                raise InputError(
                    f"The rows that trials are {what} in part {number} of the evaluation "
                    f"({int(rows.sum())} rows) do not hold both classes; use fewer folds, larger "
                    "shares, or another EVALUATION."
                )
    return {
        "values": np.ascontiguousarray(values, dtype=np.float32),
        "label": np.asarray(label, dtype=np.int8),
        "held": np.asarray(held, dtype=bool),
        "names": np.array(list(names), dtype=np.str_),
        "kinds": np.array(list(kinds), dtype=np.str_),
    }


def score(metric: str, label: np.ndarray, probability: np.ndarray) -> float:
    """Return AUC or log loss of the rows that the model could judge."""
    known = np.isfinite(probability)
    label, probability = label[known], probability[known]
    if len(np.unique(label)) < 2:
        raise InputError("The rows that a trial is judged by hold only unseen categories.")
    if metric == "auc":
        return auc(label, probability)
    p = np.clip(probability, EPSILON, 1 - EPSILON)
    return float(-np.mean(np.where(label == 1, np.log(p), np.log1p(-p))))


class Susceptibility:
    """Fits a recipe once an evaluation (hold-out or fold) and returns the mean score.

    Parameters
    ----------
    arguments : mapping
        ``recipe`` (of ``Recipe.as_dict``), ``metric`` of ``METRICS`` and ``seed``.
    data : mapping of str to ndarray
        From ``make_data``.
    device : str
    """

    def __init__(
        self, arguments: Mapping[str, Any], data: Mapping[str, np.ndarray], device: str = "cpu"
    ) -> None:
        self.base = Recipe(**arguments["recipe"])
        self.metric = arguments["metric"]
        self.seed, self.device = int(arguments["seed"]), device
        self.values, self.label, self.held = (
            np.asarray(data[name]) for name in ("values", "label", "held")
        )
        self.names = [str(name) for name in data["names"]]
        self.kinds = [str(kind) for kind in data["kinds"]]
        self.folds = len(self.held)
        self.warm_up = WARM_UP_FOLDS if self.folds > 1 else WARM_UP_EPOCHS

    def __call__(self, values: Mapping[str, Any], report: Report, progress: Progress) -> float:
        """Return the mean score over the evaluations; the pruner hears of epochs or folds."""
        recipe = recipe_with(self.base, values)
        scores: list[float] = []
        for index, mask in enumerate(self.held):
            part = progress.part(index / self.folds, (index + 1) / self.folds)
            on_epoch = self._epochs(report) if self.folds == 1 and recipe.is_network else None
            model = fit_model(
                recipe, self.values[~mask], self.names, self.kinds, self.label[~mask],
                seed=self.seed, device=self.device, progress=part, on_epoch=on_epoch,
            )  # fmt: skip
            found = predict_values(model, self.values[mask])
            scores.append(score(self.metric, self.label[mask], found))
            if 1 < self.folds and index + 1 < self.folds:
                report(index + 1, float(np.mean(scores)))
        return float(np.mean(scores))

    def _epochs(self, report: Report) -> Any:
        """Return what reports the score of the inner hold-out, which ends a training early."""

        def on_epoch(
            _member: int, epoch: int, _loss: float, held_loss: float, held_auc: float
        ) -> None:
            value = held_auc if self.metric == "auc" else held_loss
            if epoch % REPORT_EPOCHS == 0 and math.isfinite(value):
                report(epoch, value)

        return on_epoch


def prepare(
    arguments: Mapping[str, Any], data: Mapping[str, np.ndarray], device: int, progress: Progress,
    _aside: Optional[str] = None,
) -> Susceptibility:  # fmt: skip
    """Return the objective of a task; it keeps nothing aside."""
    is_network = Recipe(**arguments["recipe"]).is_network
    return Susceptibility(arguments, data, choose_device(device, progress) if is_network else "cpu")
