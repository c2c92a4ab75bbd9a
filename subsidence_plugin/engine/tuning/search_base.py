"""What the searches of all kinds of models share: their task, their names, their best trial."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InputError
from .space import Space
from .study import NOTE
from .task import Task, signature_of

#: Name among the references of a model with its declared defaults.
DEFAULTS = "defaults"


@dataclass(frozen=True)
class SearchBase:
    """A model to be tuned; a child names its objective and its metric.

    Parameters
    ----------
    base : Recipe or ForecastRecipe
        What is not searched: settings given by the user, values that ``SPACE`` fixes.
    strategy : str
    space : tuple of Dimension
    seed : int
        Of every trial's training, so that trials differ by their values alone.
    """

    base: Any
    strategy: str
    space: Space
    seed: int

    #: Key of ``task.OBJECTIVES``.
    objective = ""

    @property
    def model_name(self) -> str:
        """With which the name of a study begins."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """The model as people write it."""
        return self.base.title

    @property
    def maximise(self) -> bool:
        """True where more is better."""
        raise NotImplementedError

    @property
    def metric_title(self) -> str:
        """The metric as people write it."""
        raise NotImplementedError

    def further(self) -> dict[str, Any]:
        """Return arguments of the objective besides recipe and seed."""
        return {}

    def reference_title(self, name: str) -> str:
        """Return a reference as people write it."""
        raise NotImplementedError

    @cached_property
    def task(self) -> Task:
        """The task that the study stores.

        Values of the recipe that are searched are left out: they are the trials' own.
        """
        recipe = self.base.as_dict()
        searched = {dimension.name for dimension in self.space}
        for part in ("hyperparameters", "settings"):
            recipe[part] = {n: v for n, v in recipe[part].items() if n not in searched}
        arguments = {"recipe": recipe, **self.further(), "seed": self.seed}
        return Task(self.objective, arguments, self.space, self.maximise)

    def name(self, data: Mapping[str, np.ndarray]) -> str:
        """Return a name for the study: other settings or samples make another study."""
        text = json.dumps([self.task.as_dict(), self.strategy == "grid", signature_of(data)])
        mark = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{self.model_name}-{mark}"

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
