"""Scores of several models on the same rows, by split: what H's Table 1 puts side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from .metrics import THRESHOLD, auc, evaluate, roc_curve
from .splits import ALL, SPLITS, TEST, TRAIN, VALIDATION

#: Rows that a model was not trained on, best suited first, to say which model is best.
JUDGES = (VALIDATION, TEST, ALL, TRAIN)


@dataclass(frozen=True)
class Scores:
    """Labels and probabilities of one model on the rows of one split, and their metrics.

    ``calibration`` is the method of a recalibrated model, else empty. On ``cross_fitted`` of the
    rows that calibration was fitted: these are scored by fits that left them out. Such fits
    differ from fold to fold, so that rows are then ranked by ``ranks``, the probability before
    recalibration, whose order it keeps; else ``ranks`` are the probabilities.
    """

    model: str
    split: str
    labels: np.ndarray
    probabilities: np.ndarray
    metrics: Mapping[str, float] = field(default_factory=dict)
    calibration: str = ""
    cross_fitted: int = 0
    ranks: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """ROC curve (FPR, TPR)."""
        return roc_curve(self.labels, self.ranks)


def score(
    model: str, split: str, labels: np.ndarray, probabilities: np.ndarray,
    threshold: float = THRESHOLD, calibration: str = "", cross_fitted: int = 0,
    uncalibrated: Optional[np.ndarray] = None,
) -> Scores:  # fmt: skip
    """Return the scores of one model on the rows of one split.

    ``uncalibrated`` probabilities are needed only where ``cross_fitted`` is not 0.
    """
    labels = np.asarray(labels).astype(int)
    probabilities = np.asarray(probabilities, float)
    metrics = evaluate(labels, probabilities, threshold)
    ranks = probabilities
    if cross_fitted and uncalibrated is not None:
        ranks = np.asarray(uncalibrated, float)
        metrics["AUC"] = auc(labels, ranks)
    return Scores(model, split, labels, probabilities, metrics, calibration, cross_fitted, ranks)


def score_columns(scores: Sequence[Scores]) -> dict[str, object]:
    """Return the table: one row a model and split, metrics as fractions."""
    columns: dict[str, object] = {
        "model": [s.model for s in scores],
        "split": [s.split for s in scores],
        "rows": np.array([len(s.labels) for s in scores]),
    }
    for name in scores[0].metrics:
        columns[name] = np.array([s.metrics[name] for s in scores])
    return columns


def judging_split(scores: Sequence[Scores]) -> str:
    """Return the split whose rows say which model is best.

    Validation rows, but test rows where there are some and a model was calibrated on the former.
    """
    there = {s.split for s in scores}
    clean = there - {s.split for s in scores if s.cross_fitted}
    if TEST in clean and VALIDATION not in clean:
        return TEST
    return next(name for name in JUDGES if name in there)


def ranking(scores: Sequence[Scores], split: str, metric: str = "AUC") -> list[Scores]:
    """Return the scores on a split, best first."""
    return sorted((s for s in scores if s.split == split), key=lambda s: -s.metrics[metric])


def splits_of(scores: Sequence[Scores]) -> list[str]:
    """Return the splits that occur, in order."""
    there = {s.split for s in scores}
    return [name for name in (*SPLITS, ALL) if name in there]


def find(scores: Sequence[Scores], model: str, split: str) -> Optional[Scores]:
    """Return the scores of a model on a split."""
    return next((s for s in scores if s.model == model and s.split == split), None)
