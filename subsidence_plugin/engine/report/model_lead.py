"""First sentences of the validation report: which model is best, by how much, and how sure."""

from __future__ import annotations

from typing import Optional

from ..models.calibration import TITLES
from ..validation.delong import Comparison
from ..validation.evaluation import Evaluation
from ..validation.model_scores import Scores
from ..validation.recalibrate import Recalibration
from ..validation.splits import ALL, TRAIN, VALIDATION

#: What splits are called in text.
NAMES = {TRAIN: "training", ALL: "all"}
#: Two AUCs nearer than this are called equal.
CLOSE = 0.0005
#: A difference with a larger adjusted p may be chance.
ALPHA = 0.05
MADE = {"blocks": "square blocks", "kmeans": "k-means clusters"}


def split_name(split: str) -> str:
    """Return what a split is called in text."""
    return NAMES.get(split, split)


def lead(found: Evaluation, recalibration: Optional[Recalibration] = None) -> str:
    """Return which model is best on rows that it was not trained on, and what that is worth.

    A baseline that beats the networks is named as such; a difference that may be chance, too.
    """
    ranked, judge = found.ranked, found.judge
    best = ranked[0]
    where = f"{len(best.labels):,} {split_name(judge)} rows"
    text = f"AUC {best.metrics['AUC']:.3f}{_interval(found, best)}, "
    text += f"accuracy {100 * best.metrics['ACC']:.1f} %"
    if len(ranked) == 1:
        sentences = [f"{best.model} reaches {text} on {where}."]
    else:
        kind = "the baseline " if best.model in found.baselines else ""
        sentences = [
            f"On {where}, {kind}{best.model} is best by AUC ({text}); {_against_rival(found)}.",
            _not_told_apart(found),
        ]
    sentences += [_cross_fitted(found), _about_split(found), _recalibrated(recalibration)]
    return " ".join(filter(None, sentences))


def p_text(p: float) -> str:
    """Return a p value as people write it."""
    if p != p:
        return "p not defined"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _interval(found: Evaluation, s: Scores) -> str:
    band = found.bands.get((s.model, s.split))
    if band is None:
        return ""
    return f" with a {100 * band.level:g} % interval of {band.auc_low:.3f} to {band.auc_high:.3f}"


def _against_rival(found: Evaluation) -> str:
    """Compare the best with the best of the other kind (network, baseline), else the next best."""
    ranked = found.ranked
    best = ranked[0]
    is_baseline = best.model in found.baselines
    others = [s for s in ranked if (s.model in found.baselines) != is_baseline]
    rival = others[0] if others else ranked[1]
    kind = ""
    if others:
        kind = "the best network, " if is_baseline else "the best baseline, "
    gap = best.metrics["AUC"] - rival.metrics["AUC"]
    name = f"{kind}{rival.model}," if kind else rival.model
    auc = f"AUC {rival.metrics['AUC']:.3f}"
    if gap < CLOSE:
        return f"{name} is as good ({auc})"
    pair = found.compared(best.model, rival.model)
    return f"{name} has {auc}, {_significance(pair, len(found.comparisons) > 1)}"


def _significance(pair: Optional[Comparison], several: bool) -> str:
    if pair is None or pair.adjusted_p != pair.adjusted_p:
        return "a difference that too few rows leave untested"
    p = f"DeLong's test, {'adjusted ' if several else ''}{p_text(pair.adjusted_p)}"
    if pair.adjusted_p <= ALPHA:
        return f"a significant difference ({p})"
    return f"a difference that may be chance ({p})"


def _not_told_apart(found: Evaluation) -> str:
    ranked = found.ranked
    if len(ranked) < 3:
        return ""
    best = ranked[0].model
    alike = []
    for s in ranked[1:]:
        pair = found.compared(best, s.model)
        if pair is None or not pair.adjusted_p <= ALPHA:
            alike.append(s.model)
    if not alike:
        return "All others are significantly worse."
    return f"Not told apart from it at {ALPHA:g}: {', '.join(alike)}."


def _cross_fitted(found: Evaluation) -> str:
    judged = [f"{s.model} ({s.cross_fitted:,})" for s in found.ranked if s.cross_fitted]
    if judged:
        return (
            f"Calibrations were fitted on some of these rows: {', '.join(judged)}; these rows are "
            "scored by cross-fitting, each by a calibration on the others, and AUC by the "
            "uncalibrated probability, whose order it keeps."
        )
    if found.judge != VALIDATION and any(
        s.cross_fitted for s in found.scores if s.split == VALIDATION
    ):
        return "Test rows judge, since a calibration was fitted on validation rows."
    return ""


def _about_split(found: Evaluation) -> str:
    if found.judge in (TRAIN, ALL):
        return (
            "These rows may have been used in training: the figures flatter, and say little about "
            "new places."
        )
    if found.split_method in MADE:
        made = MADE[found.split_method]
        return f"The split is spatial ({made}): these rows lie apart from the training rows."
    if found.split_method == "random":
        return (
            "The split is random: neighbouring samples are alike, so these figures flatter what "
            "to expect at new places; 'Cross-validate' shows by how much."
        )
    return (
        "How the samples were split is not known; if at random, the figures flatter what to expect "
        "at new places ('Cross-validate' shows by how much)."
    )


def _recalibrated(found: Optional[Recalibration]) -> str:
    if found is None:
        return ""
    before, after = found.curves
    return (
        f"Recalibration by {TITLES[found.calibration['method']]}: the expected calibration error "
        f"{_change(before.ece, after.ece)} ({after.chance:.3f} would be left by chance alone) and "
        f"the Brier score {_change(before.brier, after.brier)}, on {found.rows}."
        f"{_advice(after.ece < before.ece, after.brier < before.brier)}"
    )


def _advice(is_closer: bool, is_sharper: bool) -> str:
    """Return what to do where the recalibration did not help by both figures."""
    if is_closer and is_sharper:
        return ""
    if is_closer or is_sharper:
        return " The two disagree, so the gain may be chance."
    return " It does not help: keep the model as it was."


def _change(before: float, after: float) -> str:
    if f"{before:.3f}" == f"{after:.3f}":
        return f"stays at {after:.3f}"
    return f"{'falls' if after < before else 'rises'} from {before:.3f} to {after:.3f}"
