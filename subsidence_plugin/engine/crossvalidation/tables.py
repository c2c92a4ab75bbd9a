"""The tables of a cross-validation: folds, points with their folds, and runs to compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..training.scores import runs_table
from ..validation.splits import VALIDATION
from .folds import SCHEMES
from .study import Study
from .summary import SCHEME_WORDS, repeat_metrics


def fold_columns(study: Study) -> dict[str, Any]:
    """Return the fold table: one row a model, scheme, repeat and fold, metrics as fractions."""
    scores = sorted(study.result.scores, key=lambda s: _order(study, s.model, s.scheme))
    baselines = {c.title for c in study.candidates if c.is_baseline}
    columns: dict[str, Any] = {
        "model": [s.model for s in scores],
        "kind": ["baseline" if s.model in baselines else "network" for s in scores],
        "scheme": [s.scheme for s in scores],
    }
    for name in ("repeat", "fold", "seed", "training_rows", "rows", "positives"):
        columns[name] = np.array([getattr(s, name) for s in scores], dtype=np.int64)
    for name in ("AUC", "ACC", "Kappa", "Brier"):  # the rest follows
        columns[name] = np.array([s.metrics[name] for s in scores], dtype=float)
    for name in scores[0].metrics:
        if name not in columns:
            columns[name] = np.array([s.metrics[name] for s in scores], dtype=float)
    return columns


def _order(study: Study, model: str, scheme: str) -> tuple[int, int]:
    titles = [candidate.title for candidate in study.candidates]
    return titles.index(model), SCHEMES.index(scheme)


def map_columns(study: Study, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of the fold map: folds of the first repeat and out-of-fold probabilities.

    The probability of a row comes from the model that was trained without its fold; the scheme's
    name ends the field's. The samples' ``own`` fields stay, but for those of the same name, so
    that the map can stand for the samples where folds are asked for (``applicability``).
    """
    columns = {"label": study.label.astype(np.int32)}
    for scheme in SCHEMES:
        columns[f"fold_{scheme}"] = study.partition(scheme).fold.astype(np.int32)
    for scheme in SCHEMES:
        columns[f"p_{scheme}"] = study.result.probability[study.main.title, scheme, 1]
    return {**{n: values for n, values in own.items() if n.casefold() not in columns}, **columns}


def run_columns(study: Study) -> dict[str, list[Any]]:
    """Return the runs table: a run is a partition, its value the mean over the folds.

    The rows are those that the models have not seen, so their split is ``validation``; the
    scheme stands in the configuration.
    """
    whole: dict[str, list[Any]] = {}
    for candidate in study.candidates:
        for scheme in SCHEMES:
            metrics = repeat_metrics(study.result, candidate.title, scheme)
            columns = runs_table(
                candidate.title, f"{candidate.configuration}, {SCHEME_WORDS[scheme]}",
                list(metrics), [{VALIDATION: values} for values in metrics.values()],
            )  # fmt: skip
            for name, values in columns.items():
                whole.setdefault(name, []).extend(values)
    return {
        "model": whole["model"], "configuration": whole["configuration"],
        "seed": np.array(whole["seed"], dtype=np.int64), "split": whole["split"],
        "metric": whole["metric"], "value": np.array(whole["value"], dtype=float),
    }  # fmt: skip
