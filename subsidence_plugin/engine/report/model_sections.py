"""Sections of the validation report after Table 1, each with what was computed on which rows."""

from __future__ import annotations

from ..models.calibration import TITLES
from ..validation.bootstrap import LEVEL
from ..validation.calibration import BINS, Reliability
from ..validation.evaluation import Evaluation, judged_reliability
from ..validation.metrics import confusion
from ..validation.model_scores import Scores, find
from ..validation.recalibrate import Recalibration
from ..validation.splits import TRAIN
from .model_figures import (
    MOST_BANDS,
    MOST_HISTOGRAMS,
    error_figure,
    error_histogram_figure,
    precision_recall_figure,
    reliability_figure,
    roc_figure,
)
from .model_lead import p_text, split_name
from .sections import MISSING, Figure, Heading, Section, Table, Text


def roc_section(found: Evaluation) -> list[Section]:
    """Return ROC curves with bands, and DeLong's tests."""
    figure, data = roc_figure(found)
    caption = (
        "ROC curves (Figure 4 of the paper); models listed by falling AUC. The dotted diagonal is "
        "a model that says nothing."
    )
    if found.bands:
        band = next(iter(found.bands.values()))
        which = "Bands" if len(found.models) <= MOST_BANDS else "The band (of the best model)"
        caption += (
            f" {which} and intervals: {100 * LEVEL:g} %, pointwise, from {band.replicates:,} "
            "bootstrap resamples of the rows within each class."
        )
    sections: list[Section] = [Heading("ROC curves"), Figure(figure, caption, data, "roc")]
    if found.comparisons:
        sections.append(delong_table(found))
    return sections


def delong_table(found: Evaluation) -> Table:
    """Return DeLong's test of every pair of models, the better first, by rising p."""
    rows = []
    for pair in sorted(
        found.comparisons, key=lambda pair: (pair.adjusted_p, -abs(pair.difference))
    ):
        swap = pair.difference < 0
        names = (pair.second, pair.first) if swap else (pair.first, pair.second)
        low, high = (-pair.high, -pair.low) if swap else (pair.low, pair.high)
        rows.append([
            *names, f"{abs(pair.difference):.3f}", f"{low:.3f} to {high:.3f}",
            p_text(pair.p).replace("p = ", "").replace("p ", ""),
            p_text(pair.adjusted_p).replace("p = ", "").replace("p ", ""),
        ])  # fmt: skip
    return Table(
        ("Better", "than", "AUC difference", "95 % interval", "p", "p adjusted"),
        rows,
        f"DeLong's test on the {split_name(found.judge)} rows, two-sided; p adjusted for all pairs "
        "(Benjamini–Hochberg): 0.05 or less is a difference beyond chance. Rows count as "
        "independent; neighbouring samples are not quite, so true p are larger.",
        numeric=(2, 3, 4, 5),
    )


def precision_recall_section(found: Evaluation) -> list[Section]:
    """Return precision–recall curves."""
    figure, data = precision_recall_figure(found)
    caption = (
        "Precision (share of the rows called subsidence that are) against recall (share of the "
        "subsidence rows that are found); models listed by falling average precision. The dotted "
        "line is a model that says nothing: the share of subsidence among these rows, which in an "
        "area is far smaller than among samples, and precision with it."
    )
    return [Heading("Precision and recall"), Figure(figure, caption, data, "precision-recall")]


def threshold_section(found: Evaluation) -> list[Section]:
    """Return what the threshold of the largest Youden index does, beside the one given."""
    judge = split_name(found.judge)
    rows = []
    for t in found.thresholds:
        s = find(found.scores, t.model, found.judge)
        optimistic = "" if t.found_on != found.judge else ", optimistic"
        rows.append([t.model, "given", f"{t.threshold:.2f}", *_at(s, t.threshold)])
        rows.append(["", f"{split_name(t.found_on)} rows{optimistic}", *_from(s, t.best)])
        if not optimistic:
            rows.append(["", f"{judge} rows, optimistic", *_from(s, t.own)])
    caption = (
        f"All figures on the {judge} rows. Thresholds: the one given, and that with the largest "
        "Youden index (SST + SPF − 1), found on the training rows and applied unchanged; the best "
        f"threshold of the {judge} rows themselves is fitted to the rows that it is measured on, "
        "and will do worse on others."
    )
    heads = ("Model", "Threshold from", "Threshold", "SST (%)", "SPF (%)", "ACC (%)", "Kappa",
             "Youden")  # fmt: skip
    return [Heading("Threshold"), Table(heads, rows, caption, numeric=range(2, 8))]


def error_section(found: Evaluation) -> list[Section]:
    """Return MAE ± STD and the distribution of the errors."""
    ordered = sorted(found.ranked, key=lambda s: s.metrics["MAE_probability"])
    judge = split_name(found.judge)
    figure, data = error_figure(ordered)
    splits = list(dict.fromkeys([TRAIN if TRAIN in found.splits else found.judge, found.judge]))
    histograms, columns = error_histogram_figure(found, splits)
    shown = f", the {MOST_HISTOGRAMS} best models" if len(found.models) > MOST_HISTOGRAMS else ""
    of_errors = (
        f"Mean absolute error of the probability ± its standard deviation, {judge} rows (Figure 5 "
        "of the paper); smaller is better. It favours probabilities near 0 and 1: an overconfident "
        "model looks better by it than a calibrated one, unlike by the Brier score."
    )
    of_histograms = (
        "Distribution of the absolute errors with its cumulative curve (Figure 6 of the paper)"
        f"{shown}. Errors above 0.5 are rows called wrongly at 0.5."
    )
    return [
        Heading("Errors of the probabilities"),
        Figure(figure, of_errors, data, "errors"),
        Figure(histograms, of_histograms, columns, "error-histogram"),
    ]


def calibration_section(found: Evaluation) -> list[Section]:
    """Return reliability curves, Brier score and expected calibration error of every model."""
    curves = judged_reliability(found)
    figure, data = reliability_figure(curves)
    text = (
        "A probability is calibrated if of all rows with 0.7 seven in ten subside. Samples hold a "
        "larger share of subsidence than an area: a calibrated map tells how frequent it is among "
        "such samples, and 'Predict susceptibility' with PREVALENCE how frequent in the area."
    )
    caption = (
        f"Reliability on the {split_name(found.judge)} rows: observed share of subsidence against "
        f"mean predicted probability in {BINS} bins of equal width, with 95 % intervals; grey: "
        "share of the rows in the bin. On the dotted line, probabilities come true."
    )
    crossed = [s.model for s in found.ranked if s.cross_fitted]
    if crossed:
        caption += (
            f" The calibration of {', '.join(crossed)} was fitted on these rows: they are scored "
            "by calibrations fitted on the other folds."
        )
    return [
        Heading("Calibration"), Text(text), Figure(figure, caption, data, "reliability"),
        _calibration_table(curves, split_name(found.judge)),
    ]  # fmt: skip


def recalibration_section(found: Recalibration) -> list[Section]:
    """Return the model before and after recalibration, on rows that it was not fitted on."""
    before, after = found.curves
    names = {found.before.model: before, found.after.model: after}
    figure, data = reliability_figure(names)
    stored = found.calibration
    text = (
        f"Recalibrated by {TITLES[stored['method']]}, fitted on all {stored['rows']:,} validation "
        "rows: this is what the recalibrated model file holds, and what it maps. "
    )
    if found.folds:
        text += (
            "There are no test rows, so that it is measured by cross-fitting: the validation rows "
            f"are divided into {found.folds}, and each fold is recalibrated by the same method "
            "fitted on the others. No row is measured by a fit that saw it."
        )
    else:
        text += "It is measured on the test rows, which took no part in it."
    rows = [_before_after(s, curve) for s, curve in
            ((found.before, before), (found.after, after))]  # fmt: skip
    heads = ("Model", "ECE", "ECE by chance", "Brier score", "AUC", "ACC (%)", "Mean probability",
             "Share of subsidence")  # fmt: skip
    return [
        Heading("Recalibration"), Text(text),
        Figure(figure, f"Reliability before and after recalibration, on {found.rows}.", data,
               "recalibration"),
        Table(heads, rows, f"Before and after recalibration, on {found.rows}. {_CHANCE}",
              digits=(0, 3, 3, 3, 3, 1, 3, 3)),
    ]  # fmt: skip


_CHANCE = (
    "ECE: expected calibration error, mean distance of observed share and predicted probability "
    f"over {BINS} bins of equal width, weighted by rows; ECE by chance: what a perfectly "
    "calibrated model would show on so many rows. Brier score: mean squared error of the "
    "probability. Smaller is better."
)


def _calibration_table(curves: dict[str, Reliability], judge: str) -> Table:
    rows = [[name, c.ece, c.chance, c.brier] for name, c in curves.items()]
    return Table(
        ("Model", "ECE", "ECE by chance", "Brier score"),
        rows,
        f"{judge.capitalize()} rows. {_CHANCE}",
    )


def _before_after(s: Scores, curve: Reliability) -> list:
    return [
        s.model, curve.ece, curve.chance, curve.brier, s.metrics["AUC"], 100 * s.metrics["ACC"],
        float(s.probabilities.mean()), float(s.labels.mean()),
    ]  # fmt: skip


def _from(s: Scores, threshold: float) -> list[str]:
    if threshold != threshold:  # no threshold tells anything apart
        return [MISSING] * 6
    return [f"{threshold:.3f}", *_at(s, threshold)]


def _at(s: Scores, threshold: float) -> list[str]:
    c = confusion(s.labels, s.probabilities, threshold)
    shares = [f"{100 * value:.2f}" for value in (c.sst, c.spf, c.acc)]
    return [*shares, f"{c.kappa:.3f}", f"{c.sst + c.spf - 1:.3f}"]
