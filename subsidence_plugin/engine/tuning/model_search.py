"""What ``tunemodel`` searches: a model type's recipe and space, and what it is measured against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..errors import InputError, MissingPackageError
from ..progress import Progress
from ..training.fit import MODEL_TITLES, MODEL_TYPES, recipe_of
from .search_base import DEFAULTS, SearchBase
from .space import parse_changes, space_of
from .susceptibility import (
    METRIC_TITLES,
    METRICS,
    WARM_UP_EPOCHS,
    WARM_UP_FOLDS,
    Susceptibility,
    declared_of,
    recipe_with,
)
from .trials import quiet

#: Models that a tuned one is set beside, with their defaults, under the same evaluation.
BASELINES = ("logistic", "forest")


@dataclass(frozen=True)
class ModelSearch(SearchBase):
    """A model type of susceptibility to be tuned, see ``SearchBase``.

    ``metric`` is one of ``METRICS``.
    """

    metric: str

    objective = "susceptibility"

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
        return cls(base, strategy, space, seed, metric)

    @property
    def model_name(self) -> str:
        """The architecture."""
        return self.base.architecture

    @property
    def maximise(self) -> bool:
        """True where more is better."""
        return self.metric == "auc"

    @property
    def metric_title(self) -> str:
        """The metric as people write it."""
        return METRIC_TITLES[METRICS.index(self.metric)]

    def further(self) -> dict[str, Any]:
        """Return the metric, which the objective needs too."""
        return {"metric": self.metric}

    def warm_up(self, data: Mapping[str, np.ndarray]) -> int:
        """Return the steps that every trial may run before it can be pruned."""
        return WARM_UP_FOLDS if len(data["held"]) > 1 else WARM_UP_EPOCHS

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
                found[name] = judge({}, lambda _step, _value: None, quiet(part))
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
