"""One tuning from beginning to end, as its report and its model file tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..models.model import Model
from .search import listed
from .storage_url import Place
from .study import REFERENCES, counts
from .task import Plan

STRATEGY_TITLES = {"grid": "grid", "random": "random", "tpe": "TPE"}


@dataclass
class Searched:
    """What was asked for, and, step by step, what one search found.

    Parameters
    ----------
    tuned : SearchBase
    plan : Plan
    place : Place
    name : str
        Of the study.
    evaluation : str
        In words, what trials were judged by.
    workers : int
    device : str
        Of trainings in this process.
    samples : str
        Path of the data.
    """

    tuned: Any
    plan: Plan
    place: Place
    name: str
    evaluation: str
    workers: int
    device: str
    samples: str
    study: Any = None
    trial: Any = None

    @property
    def strategy_title(self) -> str:
        """The strategy as runs tables name the configuration."""
        return STRATEGY_TITLES[self.plan.strategy]

    @property
    def metric(self) -> str:
        """Name of the metric in the model file."""
        return self.tuned.metric_title

    @property
    def references(self) -> dict[str, float]:
        """What defaults and baselines reach under the trials' evaluation, by name."""
        return dict(self.study.user_attrs.get(REFERENCES, {}))

    @property
    def is_parallel(self) -> bool:
        """Whether trials ran at the same time, here or elsewhere."""
        workers = {
            (w["host"], w["pid"])
            for t in self.study.get_trials(deepcopy=False)
            if (w := t.user_attrs.get("worker"))
        }
        return self.workers > 1 or len(workers) > 1

    def words(self) -> str:
        """Return the values of the best trial in words."""
        return listed(self.trial.params)

    def summary(self) -> dict[str, Any]:
        """Return what the model file keeps of the search; no storage, which may be private."""
        now = counts(self.study)
        return {
            "strategy": self.strategy_title, "trials": now.finished, "pruned": now.pruned,
            "metric": self.metric, "evaluation": self.evaluation,
            "best_value": float(self.trial.value), "best_trial": int(self.trial.number),
            "study": self.name, "parallel": self.is_parallel,
        }  # fmt: skip


@dataclass
class Outcome(Searched):
    """One tuning of ``tunemodel``: the search, and the models refitted from it."""

    best: Optional[Model] = None
    top: Optional[Model] = None
    model_id: str = ""
    logistic: Optional[Mapping[str, Mapping[str, float]]] = None

    @property
    def metric(self) -> str:
        """Name of the metric in the model file."""
        return self.tuned.metric
