"""Report of ``validatemodel``: Table 1 of paper H, and what follows it (Figures 4 to 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from ..validation.evaluation import Evaluation
from ..validation.model_scores import Scores, find, judging_split
from ..validation.recalibrate import Recalibration
from ..validation.splits import TRAIN
from .html import write_report
from .model_lead import lead, split_name
from .model_sections import (
    calibration_section,
    error_section,
    precision_recall_section,
    recalibration_section,
    roc_section,
    threshold_section,
)
from .sections import MISSING, Heading, Section, Table, Text

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
#: Columns that fit beside each other on a page.
SIDE_BY_SIDE = 8


def write_model_report(
    path: str,
    found: Evaluation,
    facts: Mapping[str, object],
    recalibration: Optional[Recalibration] = None,
) -> None:
    """Write the report.

    Parameters
    ----------
    path : str
    found : Evaluation
        Every model on every split.
    facts : mapping
        Data and settings.
    recalibration : Recalibration, optional
        Where a model was recalibrated in this run.
    """
    sections: list[Section] = [Heading("Metrics"), Text(LEGEND.format(threshold=found.threshold))]
    sections += tables(found.scores, found.models, found.splits)
    if recalibration:
        sections += recalibration_section(recalibration)
    sections += [
        *roc_section(found), *precision_recall_section(found), *threshold_section(found),
        *error_section(found), *calibration_section(found),
    ]  # fmt: skip
    write_report(path, "Validation of the models", sections, lead(found, recalibration), facts)


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
    if any(s.cross_fitted for s in scores if s.split in splits):
        captions.append("Rows that a calibration was fitted on are scored by cross-fitting.")
    if bold:
        captions.append("Bold: best of the row.")
    groups = [(f"{split_name(split).capitalize()} rows", len(models)) for split in splits]
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
    name = split_name(s.split).capitalize()
    return (
        f"{name}: {len(s.labels):,} rows{seen} ({positive:,} subsidence, "
        f"{len(s.labels) - positive:,} stable)."
    )
