"""Means and spreads over folds and repeats, and what may be said of a difference.

Folds share their training rows, so that their scores are no independent draws: the variance of a
mean over folds is taken as (1/J + test/training rows) times that of single folds (Nadeau and
Bengio 2003, *Machine Learning* 52, for resampling; Bouckaert and Frank 2004 for repeated folds).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..needs import need
from ..validation.metrics import auc
from .folds import RANDOM, SCHEMES, SPATIAL
from .results import CrossValidation, FoldScore

CONFIDENCE = 0.95
#: Metrics that a summary averages.
AVERAGED = ("AUC", "ACC", "Kappa", "Brier", "SST", "SPF")


@dataclass(frozen=True)
class Summary:
    """One model under one scheme.

    Parameters
    ----------
    model, scheme : str
    means : mapping
        Mean over the folds of a repeat, then over the repeats, by metric.
    fold_deviation : float
        Standard deviation (ddof 1) of the AUC over all folds of all repeats.
    repeat_deviation : float
        Of the repeats' mean AUC; NaN for one repeat.
    pooled : float
        AUC of all rows together by their out-of-fold probabilities, mean over the repeats.
    folds, repeats : int
        Folds with an AUC in all, and repeats.
    """

    model: str
    scheme: str
    means: Mapping[str, float]
    fold_deviation: float
    repeat_deviation: float
    pooled: float
    folds: int
    repeats: int

    @property
    def auc(self) -> float:
        """The mean AUC."""
        return self.means["AUC"]


@dataclass(frozen=True)
class Difference:
    """A difference of two mean AUCs and half its 95 % interval."""

    value: float
    margin: float

    @property
    def is_clear(self) -> bool:
        """True where the interval does not reach zero."""
        return abs(self.value) > self.margin

    @property
    def reversed(self) -> Difference:
        """The difference the other way round."""
        return Difference(-self.value, self.margin)


def summarise(result: CrossValidation, label: np.ndarray) -> dict[tuple[str, str], Summary]:
    """Return the summary of each (model, scheme)."""
    models = list(dict.fromkeys(s.model for s in result.scores))
    return {
        (model, scheme): _summary(result, label, model, scheme)
        for model in models
        for scheme in SCHEMES
    }


def _summary(result: CrossValidation, label: np.ndarray, model: str, scheme: str) -> Summary:
    repeats = repeat_metrics(result, model, scheme)
    means = {name: _mean([m[name] for m in repeats.values()]) for name in AVERAGED}
    areas = result.auc(model, scheme)
    areas = areas[np.isfinite(areas)]
    pooled = [
        pooled_auc(label, column)
        for (name, kind, _repeat), column in result.probability.items()
        if (name, kind) == (model, scheme)
    ]
    return Summary(
        model, scheme, means, _deviation(areas), _deviation([m["AUC"] for m in repeats.values()]),
        _mean(pooled), len(areas), len(repeats),
    )  # fmt: skip


def repeat_metrics(result: CrossValidation, model: str, scheme: str) -> dict[int, dict[str, float]]:
    """Return the mean over its folds of each metric, by seed of the repeat."""
    of_repeat: dict[int, list[FoldScore]] = {}
    for score in result.scores:
        if (score.model, score.scheme) == (model, scheme):
            of_repeat.setdefault(score.seed, []).append(score)
    return {
        seed: {name: _mean([s.metrics[name] for s in scores]) for name in AVERAGED}
        for seed, scores in of_repeat.items()
    }


def pooled_auc(label: np.ndarray, probability: np.ndarray) -> float:
    """Return the AUC of all rows that got a probability."""
    known = np.isfinite(probability)
    return auc(label[known], probability[known])


def gap(result: CrossValidation, model: str) -> Difference:
    """Return how much higher the mean AUC is under random than under spatial folds.

    The two sets of folds hold other rows, so their variances add up.
    """
    sides = [_known(result, model, scheme) for scheme in SCHEMES]
    means = [_mean_of_means(result, model, scheme) for scheme in SCHEMES]
    ratio = _test_ratio(result, model)
    variance = sum(_corrected_variance(areas, ratio) for areas in sides)
    freedom = min(len(areas) for areas in sides) - 1
    return Difference(means[0] - means[1], _quantile(freedom) * float(np.sqrt(variance)))


def compare_models(
    result: CrossValidation, model: str, other: str, scheme: str = SPATIAL
) -> Difference:
    """Return how much higher the mean AUC of ``model`` is than that of ``other``, fold by fold.

    The corrected resampled t-test: both models had the same folds, so the spread is that of the
    differences.
    """
    pairs = result.auc(model, scheme) - result.auc(other, scheme)
    pairs = pairs[np.isfinite(pairs)]
    variance = _corrected_variance(pairs, _test_ratio(result, model))
    value = _mean_of_means(result, model, scheme) - _mean_of_means(result, other, scheme)
    return Difference(value, _quantile(len(pairs) - 1) * float(np.sqrt(variance)))


def best_of(
    summaries: Mapping[tuple[str, str], Summary], models: Sequence[str], scheme: str = SPATIAL
) -> str:
    """Return the model with the highest mean AUC under a scheme."""
    return max(models, key=lambda model: summaries[model, scheme].auc)


def _corrected_variance(areas: np.ndarray, ratio: float) -> float:
    return (1 / len(areas) + ratio) * float(np.var(areas, ddof=1))


def _test_ratio(result: CrossValidation, model: str) -> float:
    """Return test rows / training rows, the mean over folds."""
    return _mean([s.rows / s.training_rows for s in result.scores if s.model == model])


def _quantile(freedom: int) -> float:
    stats = need("scipy.stats", "to judge differences")
    return float(stats.t.ppf(0.5 + CONFIDENCE / 2, freedom))


def _known(result: CrossValidation, model: str, scheme: str) -> np.ndarray:
    areas = result.auc(model, scheme)
    return areas[np.isfinite(areas)]


def _mean_of_means(result: CrossValidation, model: str, scheme: str) -> float:
    return _mean([m["AUC"] for m in repeat_metrics(result, model, scheme).values()])


def _mean(values: Sequence[float]) -> float:
    known = [v for v in values if v == v]
    return float(np.mean(known)) if known else float("nan")


def _deviation(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


SCHEME_WORDS = {RANDOM: "random folds", SPATIAL: "spatial folds"}
