"""All that is found out about several models on the same rows: bands, tests, thresholds, curves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ..progress import Progress
from .bootstrap import REPLICATES, RocBand, roc_band
from .calibration import Reliability, reliability
from .delong import Comparison, delong_test
from .metrics import THRESHOLD, confusion
from .model_scores import Scores, find, judging_split, ranking, score_columns, splits_of
from .precision_recall import average_precision
from .splits import ALL, TRAIN
from .thresholds import best_threshold


@dataclass(frozen=True)
class Thresholds:
    """The threshold given to a model and those with the largest Youden index.

    ``best`` was found on the rows of the split ``found_on``; where that is the judged split
    itself, what it reaches there flatters. ``own`` is the best threshold of the judged rows
    themselves, which no other rows reach. NaN where no threshold tells anything apart.
    """

    model: str
    threshold: float
    best: float
    found_on: str
    own: float


@dataclass
class Evaluation:
    """Scores of every model on every split, and what follows from them.

    ``bands`` by (model, split), empty without bootstrap; ``comparisons`` and ``thresholds`` on
    the judged split; ``split_method`` says how the split was made (empty: not known).
    """

    scores: list[Scores]
    baselines: frozenset[str] = frozenset()
    threshold: float = THRESHOLD
    split_method: str = ""
    bands: dict[tuple[str, str], RocBand] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    thresholds: list[Thresholds] = field(default_factory=list)

    @property
    def judge(self) -> str:
        """The split whose rows say which model is best."""
        return judging_split(self.scores)

    @property
    def models(self) -> list[str]:
        """The models in the order given."""
        return list(dict.fromkeys(s.model for s in self.scores))

    @property
    def splits(self) -> list[str]:
        """The splits, training first."""
        return splits_of(self.scores)

    @property
    def ranked(self) -> list[Scores]:
        """Scores on the judged rows, best AUC first."""
        return ranking(self.scores, self.judge)

    def compared(self, first: str, second: str) -> Optional[Comparison]:
        """Return the comparison of two models, whichever comes first in it."""
        pair = {first, second}
        return next((c for c in self.comparisons if {c.first, c.second} == pair), None)


def evaluate_models(
    scores: Sequence[Scores],
    baselines: Collection[str] = (),
    threshold: float = THRESHOLD,
    split_method: str = "",
    replicates: int = REPLICATES,
    seed: int = 42,
    progress: Optional[Progress] = None,
) -> Evaluation:
    """Return the evaluation of every model.

    Parameters
    ----------
    scores : sequence of Scores
        Every model on every split.
    baselines : collection of str
        Those of the models that are baselines.
    threshold : float
        Probability from which a row is called subsidence.
    split_method : str
    replicates : int
        Bootstrap resamples of a ROC band; 0 leaves the bands out.
    seed : int
    progress : Progress, optional
    """
    progress = progress or Progress()
    found = Evaluation(list(scores), frozenset(baselines), threshold, split_method)
    for number, s in enumerate(scores if replicates else ()):
        part = progress.part(number / len(scores), (number + 1) / len(scores))
        band = roc_band(s.labels, s.ranks, replicates, seed, progress=part)
        found.bands[s.model, s.split] = band
    judged = found.ranked
    found.comparisons = delong_test(judged[0].labels, {s.model: s.ranks for s in judged})
    found.thresholds = [_thresholds(found, model) for model in found.models]
    progress(1)
    return found


def table_columns(found: Evaluation, further: Sequence[Scores] = ()) -> dict[str, object]:
    """Return the output table: one row a model and split, metrics as fractions.

    Parameters
    ----------
    found : Evaluation
    further : sequence of Scores
        Rows to add at the end (a model as it is after recalibration).
    """
    scores = [*found.scores, *further]
    columns = score_columns(scores)
    rows = [_further_metrics(found, s) for s in scores]
    for name in rows[0]:
        values = [row[name] for row in rows]
        columns[name] = values if isinstance(values[0], str) else np.array(values)
    return columns


def _further_metrics(found: Evaluation, s: Scores) -> dict[str, object]:
    band = found.bands.get((s.model, s.split))
    curve = reliability(s.labels, s.probabilities)
    best = next((t for t in found.thresholds if t.model == s.model), None)
    at_best = best.best if best else float("nan")
    counts = confusion(s.labels, s.probabilities, at_best) if at_best == at_best else None
    return {
        "AUC_low": band.auc_low if band else float("nan"),
        "AUC_high": band.auc_high if band else float("nan"),
        "AP": average_precision(s.labels, s.ranks),
        "prevalence": float(s.labels.mean()),
        "Brier": curve.brier,
        "ECE": curve.ece,
        "ECE_chance": curve.chance,
        "Youden_threshold": at_best,
        "Youden_rows": best.found_on if best else "",
        "SST_Youden": counts.sst if counts else float("nan"),
        "SPF_Youden": counts.spf if counts else float("nan"),
        "ACC_Youden": counts.acc if counts else float("nan"),
        "Kappa_Youden": counts.kappa if counts else float("nan"),
        "calibration": s.calibration or "none",
        "cross_fitted": s.cross_fitted,
    }


def delong_columns(found: Evaluation) -> dict[str, object]:
    """Return DeLong's tests as a table: one row a pair of models, none for a single model."""
    pairs = found.comparisons
    columns: dict[str, object] = {
        "first": [pair.first for pair in pairs],
        "second": [pair.second for pair in pairs],
        "split": [found.judge] * len(pairs),
    }
    for name in ("auc_first", "auc_second", "difference", "low", "high", "z", "p", "adjusted_p"):
        columns[name] = np.array([getattr(pair, name) for pair in pairs], float)
    return columns


def judged_reliability(found: Evaluation) -> dict[str, Reliability]:
    """Return the reliability curve of each model on the judged rows."""
    return {s.model: reliability(s.labels, s.probabilities) for s in found.ranked}


def _thresholds(found: Evaluation, model: str) -> Thresholds:
    """Return the best threshold of the training rows, and that of the judged rows.

    Training rows, since these are not the rows on which it is then reported; without them it can
    only be found on the judged rows.
    """
    judged = find(found.scores, model, found.judge)
    training = find(found.scores, model, TRAIN)
    source = training if training is not None and found.judge not in (TRAIN, ALL) else judged
    best = best_threshold(source.labels, source.probabilities).threshold
    own = best_threshold(judged.labels, judged.probabilities).threshold
    return Thresholds(model, found.threshold, best, source.split, own)
