"""What folds give: scores, out-of-fold probabilities, and the log that they are entered in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ..progress import Progress
from ..validation.metrics import evaluate
from .folds import Partition
from .recipes import Candidate

#: (model, scheme, repeat) of a column of out-of-fold probabilities.
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Rows:
    """Complete rows of samples: values (rows, factors) in the factors' own units, 0/1 labels."""

    values: np.ndarray
    label: np.ndarray
    names: Sequence[str]
    kinds: Sequence[str]


@dataclass(frozen=True)
class FoldScore:
    """One model on the test rows of one fold; ``AUC`` is NaN where these have one class."""

    model: str
    scheme: str
    repeat: int
    seed: int
    fold: int
    training_rows: int
    rows: int
    positives: int
    metrics: dict[str, float]


@dataclass
class CrossValidation:
    """Scores of all folds, and the probability that each row got from a model without it."""

    scores: list[FoldScore] = field(default_factory=list)
    probability: dict[Key, np.ndarray] = field(default_factory=dict)

    def auc(self, model: str, scheme: str, repeat: Optional[int] = None) -> np.ndarray:
        """Return the AUC of each fold, of one or of all repeats in order."""
        return np.array([
            s.metrics["AUC"] for s in self.scores
            if (s.model, s.scheme) == (model, scheme) and repeat in (None, s.repeat)
        ])  # fmt: skip


def fold_score(
    candidate: Candidate, partition: Partition, number: int, label: np.ndarray, test: np.ndarray,
    found: np.ndarray,
) -> FoldScore:  # fmt: skip
    """Return the score of a fold's test rows; rows without probability are left out."""
    known = np.isfinite(found)
    real = label[test][known]
    return FoldScore(
        candidate.title, partition.scheme, partition.repeat, partition.seed, number,
        int((~test).sum()), len(real), int(real.sum()), score_metrics(real, found[known]),
    )  # fmt: skip


def folds_of(partitions: Sequence[Partition]) -> list[tuple[Partition, int]]:
    """Return every fold of every partition, in the order in which they are run."""
    return [(p, number) for p in partitions for number in range(1, p.folds + 1)]


def score_metrics(label: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Return the metrics of ``evaluate`` and the Brier score (mean squared error).

    All are NaN without rows.
    """
    if not len(label):
        empty = evaluate(np.array([0, 1]), np.array([0.0, 1.0]))
        return {**dict.fromkeys(empty, float("nan")), "Brier": float("nan")}
    brier = float(np.mean((probability - label) ** 2))
    return {**evaluate(label, probability), "Brier": brier}


class FoldLog:
    """Collects the folds in any order; log lines, fractions and the time left.

    What the trainings themselves say is left out, but for warnings, each said once.
    """

    def __init__(
        self, progress: Progress, candidates: Sequence[Candidate], label: np.ndarray,
        partitions: Sequence[Partition],
    ) -> None:  # fmt: skip
        self.progress, self.candidates, self.label = progress, candidates, label
        self.folds = folds_of(partitions)
        self.scores: dict[int, list[FoldScore]] = {}
        self.probability: dict[Key, np.ndarray] = {}
        self.warned: set[str] = set()

    @property
    def result(self) -> CrossValidation:
        """What was entered so far, in the order of the folds."""
        scores = [score for index in sorted(self.scores) for score in self.scores[index]]
        return CrossValidation(scores, self.probability)

    def part(self, place: int) -> Progress:
        """Return the progress of the training of one candidate in the next fold."""
        share = 1 / (len(self.folds) * len(self.candidates))
        start = len(self.scores) / len(self.folds) + place * share

        def message(text: str, level: str) -> None:
            if level == "warning":
                self.warn(text)

        return Progress(
            lambda fraction: self.progress(start + fraction * share), message,
            self.progress.cancelled,
        )  # fmt: skip

    def warn(self, text: str) -> None:
        """Pass a warning on, the first time."""
        if text not in self.warned:
            self.warned.add(text)
            self.progress.warn(text)

    def add(self, index: int, probabilities: Sequence[np.ndarray]) -> None:
        """Enter fold ``index``: each candidate's probabilities of its test rows."""
        partition, number = self.folds[index]
        test = partition.fold == number
        self.scores[index] = []
        for candidate, found in zip(self.candidates, probabilities):
            key = (candidate.title, partition.scheme, partition.repeat)
            column = self.probability.setdefault(key, np.full(len(test), np.nan))
            column[test] = found
            self.scores[index].append(
                fold_score(candidate, partition, number, self.label, test, np.asarray(found))
            )
        self._say(partition, number, self.scores[index])

    def _say(self, partition: Partition, number: int, here: Sequence[FoldScore]) -> None:
        """Say how the models did in this fold, and on the average so far."""
        result, parts = self.result, []
        for score in here:
            so_far = result.auc(score.model, partition.scheme)
            known = so_far[np.isfinite(so_far)]
            mean = f" (mean so far {known.mean():.3f})" if len(known) else ""
            own = score.metrics["AUC"]
            parts.append(f"{score.model} {own:.3f}{mean}" if own == own else f"{score.model} –")
        self.progress(len(self.scores) / len(self.folds))
        left = self.progress.time_left()
        self.progress.info(
            f"Repeat {partition.repeat}, {partition.scheme} fold {number} of {partition.folds} "
            f"({here[0].rows} rows, {here[0].positives} with label 1), AUC: {', '.join(parts)}"
            f"{f'; {left}' if left else ''}."
        )
