"""What ``tunemodel`` searches: a model type's recipe and space, and what it is measured against."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

import numpy as np

from ..errors import InputError, MissingPackageError
from ..progress import Progress
from ..training.fit import MODEL_TITLES, MODEL_TYPES, Recipe, recipe_of
from .space import Space, parse_changes, space_of
from .study import NOTE
from .susceptibility import (
    METRIC_TITLES,
    METRICS,
    WARM_UP_EPOCHS,
    WARM_UP_FOLDS,
    Susceptibility,
    declared_of,
    recipe_with,
)
from .task import Task, signature_of

#: Models that a tuned one is set beside, with their defaults, under the same evaluation.
BASELINES = ("logistic", "forest")
DEFAULTS = "defaults"


@dataclass(frozen=True)
class ModelSearch:
    """A model type to be tuned.

    Parameters
    ----------
    base : Recipe
        What is not searched: settings given by the user, values that ``SPACE`` fixes.
    strategy : str
    metric : str
        One of ``METRICS``.
    space : tuple of Dimension
    seed : int
        Of every trial's training, so that trials differ by their values alone.
    """

    base: Recipe
    strategy: str
    metric: str
    space: Space
    seed: int

    @classmethod
    def of(
        cls,
        model_type: str,
        strategy: str,
        metric: str,
        changes: str,
        settings: Optional[Mapping[str, Any]],
        seed: int,
    ) -> ModelSearch:
        """Return the search of a model type, with the user's changes of its space."""
        if model_type not in MODEL_TYPES:
            raise InputError(
                f"The model type '{model_type!s:.40}' is not known; use {', '.join(MODEL_TYPES)}."
            )
        space, fixed = space_of(declared_of(model_type), strategy, parse_changes(changes))
        base = recipe_with(recipe_of(model_type, {}, settings or {}), fixed)
        return cls(base, strategy, metric, space, seed)

    @property
    def maximise(self) -> bool:
        """True where more is better."""
        return self.metric == "auc"

    @property
    def metric_title(self) -> str:
        """The metric as people write it."""
        return METRIC_TITLES[METRICS.index(self.metric)]

    @cached_property
    def task(self) -> Task:
        """The task that the study stores.

        Values of the recipe that are searched are left out: they are the trials' own.
        """
        recipe = self.base.as_dict()
        searched = {dimension.name for dimension in self.space}
        for part in ("hyperparameters", "settings"):
            recipe[part] = {n: v for n, v in recipe[part].items() if n not in searched}
        arguments = {"recipe": recipe, "metric": self.metric, "seed": self.seed}
        return Task("susceptibility", arguments, self.space, self.maximise)

    def name(self, data: Mapping[str, np.ndarray]) -> str:
        """Return a name for the study: other settings or samples make another study."""
        text = json.dumps([self.task.as_dict(), self.strategy == "grid", signature_of(data)])
        mark = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{self.base.architecture}-{mark}"

    def warm_up(self, data: Mapping[str, np.ndarray]) -> int:
        """Return the steps that every trial may run before it can be pruned."""
        return WARM_UP_FOLDS if len(data["held"]) > 1 else WARM_UP_EPOCHS

    def described(self, trial: Any) -> str:
        """Return the value of a completed trial for people."""
        return f"{self.metric_title} {trial.value:.4f}"

    def best(self, ranked: Sequence[Any], study: Any) -> Any:
        """Return the best trial.

        Raises
        ------
        InputError
            None was completed.
        """
        if ranked:
            return ranked[0]
        notes = [t.user_attrs[NOTE] for t in study.get_trials() if NOTE in t.user_attrs]
        raise InputError(
            "No trial was completed" + (f": {notes[-1]}" if notes else "; raise TRIALS.")
        )

    def references(
        self, data: Mapping[str, np.ndarray], device: str, progress: Progress
    ) -> dict[str, float]:
        """Return what the model's defaults and the baselines reach under the same evaluation."""
        recipes = {DEFAULTS: self.base}
        recipes.update({n: recipe_of(n) for n in BASELINES if n != self.base.architecture})
        found: dict[str, float] = {}
        for index, (name, recipe) in enumerate(recipes.items()):
            part = progress.part(index / len(recipes), (index + 1) / len(recipes))
            arguments = {"recipe": recipe.as_dict(), "metric": self.metric, "seed": self.seed}
            judge = Susceptibility(arguments, data, device)
            try:
                found[name] = judge({}, lambda _step, _value: None, _silent(part))
            except MissingPackageError:
                continue
            title = self.reference_title(name)
            progress.info(f"{title}, judged as the trials are: {self.metric_title} "
                          f"{found[name]:.4f}.")  # fmt: skip
        return found

    def reference_title(self, name: str) -> str:
        """Return a reference as people write it."""
        if name == DEFAULTS:
            return f"{self.base.title} with its defaults"
        return MODEL_TITLES[MODEL_TYPES.index(name)]


def _silent(progress: Progress) -> Progress:
    return Progress(progress, lambda _text, _level: None, progress.cancelled)
