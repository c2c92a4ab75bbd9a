"""Report of ``validatemodel``: Table 1, ROC curves and errors of paper H (Figures 4 and 5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Optional

from ..validation.model_scores import Scores, find, judging_split, ranking, splits_of
from ..validation.splits import ALL, TRAIN
from .html import MISSING, Figure, Heading, Section, Table, Text, write_report
from .validation_figures import error_figure, roc_figure

#: Rows of Table 1: heading, metric, factor to the printed unit, decimals, is a larger one better.
TABLE_1 = (
    ("TP", "TP", 1, 0, None),
    ("TN", "TN", 1, 0, None),
    ("FP", "FP", 1, 0, None),
    ("FN", "FN", 1, 0, None),
    ("PPV (%)", "PPV", 100, 2, True),
    ("NPV (%)", "NPV", 100, 2, True),
    ("SST (%)", "SST", 100, 2, True),
    ("SPF (%)", "SPF", 100, 2, True),
    ("ACC (%)", "ACC", 100, 2, True),
    ("Kappa", "Kappa", 1, 3, True),
    ("AUC", "AUC", 1, 3, True),
    ("MAE, labels", "MAE_label", 1, 3, False),
    ("RMSE, labels", "RMSE_label", 1, 3, False),
    ("MAE, probabilities", "MAE_probability", 1, 3, False),
    ("RMSE, probabilities", "RMSE_probability", 1, 3, False),
)
LEGEND = (
    "TP, TN, FP, FN: rows rightly and wrongly called subsidence (positive) and stable (negative) "
    "at a probability of {threshold:g}. PPV and NPV: share of positive and negative calls that are "
    "right. SST (sensitivity) and SPF (specificity): share of subsidence and of stable rows that "
    "are found. ACC: share of all rows called rightly. Kappa: agreement beyond chance. AUC: "
    "chance that a subsidence row has a higher probability than a stable one. MAE and RMSE stand "
    "twice: on labels of 0 or 1 as in Table 1 of the susceptibility paper, and on probabilities as "
    "in its Figure 5."
)
NAMES = {TRAIN: "training", ALL: "all"}
#: Two AUCs nearer than this are called equal in the first sentence.
CLOSE = 0.0005
#: Columns that fit beside each other on a page.
SIDE_BY_SIDE = 8


def write_model_report(
    path: str,
    scores: Sequence[Scores],
    baselines: Collection[str],
    threshold: float,
    facts: Mapping[str, object],
) -> None:
    """Write the report.

    Parameters
    ----------
    path : str
    scores : sequence of Scores
        Every model on every split.
    baselines : collection of str
        Names of those models that are baselines.
    threshold : float
        Probability from which a row is called subsidence.
    facts : mapping
        Data and settings.
    """
    splits = splits_of(scores)
    models = list(dict.fromkeys(s.model for s in scores))
    judge = judging_split(scores)
    sections: list[Section] = [Heading("Metrics"), Text(LEGEND.format(threshold=threshold))]
    sections += tables(scores, models, splits)
    curves = {
        name(split): {s.model: (s.curve, s.metrics["AUC"]) for s in ranking(scores, split)}
        for split in splits
    }
    errors = {
        s.model: (s.metrics["MAE_probability"], s.metrics["STD_probability"])
        for s in sorted(ranking(scores, judge), key=lambda s: s.metrics["MAE_probability"])
    }
    sections += [
        Heading("ROC curves"),
        Figure(roc_figure(curves, models), "ROC curves; models listed by falling AUC. "
               "The dotted diagonal is a model that says nothing."),
        Heading("Errors of the probabilities"),
        Figure(error_figure(errors, name(judge)), f"Mean absolute error of the probability and its "
               f"standard deviation, {name(judge)} rows; smaller is better."),
    ]  # fmt: skip
    write_report(path, "Validation of the models", sections, lead(scores, baselines), facts)


def name(split: str) -> str:
    """Return what a split is called in text."""
    return NAMES.get(split, split)


def tables(scores: Sequence[Scores], models: Sequence[str], splits: Sequence[str]) -> list[Table]:
    """Return Table 1: splits side by side where they fit, else one table a split."""
    if len(models) * len(splits) <= SIDE_BY_SIDE:
        return [table_1(scores, models, splits)]
    judge = judging_split(scores)
    ordered = sorted(splits, key=lambda split: split != judge)
    return [table_1(scores, models, [split]) for split in ordered]


def table_1(scores: Sequence[Scores], models: Sequence[str], splits: Sequence[str]) -> Table:
    """Return Table 1: metrics down, models across, a group a split, the best of a group bold."""
    rows: list[list[str]] = [[line[0]] for line in TABLE_1]
    bold = set()
    for group, split in enumerate(splits):
        chosen = [find(scores, model, split) for model in models]
        for index, line in enumerate(TABLE_1):
            printed, best = _printed(chosen, *line[1:])
            first = 1 + group * len(models)
            if split != TRAIN:  # the best on rows seen in training is no merit
                bold |= {(index, first + i) for i, text in enumerate(printed) if text == best}
            rows[index] += printed
    captions = [_counted(find(scores, models[0], split)) for split in splits]
    if bold:
        captions.append("Bold: best of the row.")
    groups = [(f"{name(split).capitalize()} rows", len(models)) for split in splits]
    return Table(
        ["", *models * len(splits)], rows, " ".join(captions),
        groups=[("", 1), *groups], bold=bold, numeric=range(1, 1 + len(models) * len(splits)),
    )  # fmt: skip


def _printed(
    chosen: Sequence[Scores], metric: str, unit: float, digits: int, larger: Optional[bool]
) -> tuple[list[str], Optional[str]]:
    """Return one metric of each model as text, and the best of them (None: none is better)."""
    values = [unit * s.metrics[metric] for s in chosen]
    printed = [f"{value:,.{digits}f}" if value == value else MISSING for value in values]
    known = [value for value in values if value == value]
    if larger is None or len(known) < 2:
        return printed, None
    return printed, printed[values.index(max(known) if larger else min(known))]


def _counted(s: Scores) -> str:
    positive = int(s.labels.sum())
    seen = ", which the models have seen" if s.split == TRAIN else ""
    return (
        f"{name(s.split).capitalize()}: {len(s.labels):,} rows{seen} ({positive:,} subsidence, "
        f"{len(s.labels) - positive:,} stable)."
    )


def lead(scores: Sequence[Scores], baselines: Collection[str]) -> str:
    """Return the first sentences: which model is best on rows that it was not trained on.

    A baseline that beats the networks is named as such.
    """
    judge = judging_split(scores)
    ranked = ranking(scores, judge)
    best = ranked[0]
    where = f"{len(best.labels):,} {name(judge)} rows"
    text = f"AUC {best.metrics['AUC']:.3f}, accuracy {100 * best.metrics['ACC']:.1f} %"
    if len(ranked) == 1:
        text = f"{best.model} reaches {text} on {where}."
    else:
        text = f"On {where}, {_best_in_words(ranked, baselines)} ({text})"
        text += _against_the_others(ranked, baselines)
    if judge in (TRAIN, ALL):
        text += (
            " These rows may have been used in training: the figures flatter, and say little "
            "about new places."
        )
    return text


def _best_in_words(ranked: Sequence[Scores], baselines: Collection[str]) -> str:
    kind = "the baseline " if ranked[0].model in baselines else ""
    return f"{kind}{ranked[0].model} is best by AUC"


def _against_the_others(ranked: Sequence[Scores], baselines: Collection[str]) -> str:
    best = ranked[0]
    is_baseline = best.model in baselines
    others = [s for s in ranked if (s.model in baselines) != is_baseline]
    rival = others[0] if others else ranked[1]
    kind = ""
    if others:
        kind = "the best network, " if is_baseline else "the best baseline, "
    gap = best.metrics["AUC"] - rival.metrics["AUC"]
    if gap < CLOSE:
        return f"; {kind}{rival.model}, is as good (AUC {rival.metrics['AUC']:.3f})."
    return f"; {kind}{rival.model}, has AUC {rival.metrics['AUC']:.3f}."
