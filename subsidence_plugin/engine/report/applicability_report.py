"""Report of the area of applicability: how much lies outside, and what makes the difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

import numpy as np

from ..applicability.held_out import HeldOut
from ..applicability.summary import AreaSummary, factor_columns
from .applicability_figures import error_figure, factor_figure, index_figure
from .html import Figure, Heading, Section, Table, Text, write_report

MEANING = (
    "Inside does not mean right, and outside does not mean wrong: inside, the error that a "
    "cross-validation with the same folds finds can be expected on average; outside, the model "
    "answers for a combination of factors of which its training rows know nothing near, and no "
    "error measured on samples speaks for it."
)

CLASSES = (
    "This model knows its factors as classes only. A value far beyond the training range falls "
    "into the lowest or highest class and looks like a training row, so extrapolation in a single "
    "factor cannot be seen here; new combinations of classes can. A model trained on the values "
    "themselves shows both."
)


def write_applicability_report(
    path: str,
    summary: AreaSummary,
    folds: int,
    held_out: Optional[HeldOut],
    facts: Mapping[str, object],
) -> None:
    """Write the report.

    Parameters
    ----------
    path : str
    summary : AreaSummary
    folds : int
        Number of folds of the threshold, 0 where each row is its own.
    held_out : HeldOut, optional
        Errors of validation and test rows.
    facts : mapping
        Data, rows, settings and seed.
    """
    sections: list[Section] = [
        Heading("How much of the map is outside"), _areas(summary, folds), Text(MEANING),
        _index(summary, folds), Heading("Which factors make the difference"),
    ]  # fmt: skip
    if summary.tally.outside:
        sections.append(_factors(summary))
    sections.append(_table(summary))
    if all(factor.kind == "classes" for factor in summary.reference.space.factors):
        sections.append(Text(CLASSES))
    if held_out is not None:
        sections += [Heading("What it means for the error"), *_errors(held_out)]
    write_report(path, "Area of applicability", sections, lead(summary), facts)


def lead(summary: AreaSummary) -> str:
    """Return the first sentence."""
    total = summary.km2_inside + summary.km2_outside
    if not summary.tally.outside:
        return (
            f"All of the {total:,.4g} km² lie inside the area of applicability: no pixel is less "
            "like the training rows than they are like each other."
        )
    worst = summary.ranked()[0]
    return (
        f"{100 * summary.share_outside:.1f} % of the area ({summary.km2_outside:,.4g} of "
        f"{total:,.4g} km²) lies outside the area of applicability: there the model "
        "extrapolates, and its measured error does not hold. The factor that "
        f"contributes most is {summary.names[worst]} "
        f"({100 * summary.tally.shares[worst]:.0f} % of the squared distance)."
    )


def _areas(summary: AreaSummary, folds: int) -> Table:
    tally, training = summary.tally, summary.reference.training
    against = f"rows of the other {folds - 1} folds" if folds > 2 else "all other rows"
    against = "rows of the other fold" if folds == 2 else against
    rows = [
        ["Training rows", len(training.index), None],
        ["Training rows above the threshold", summary.training_outside, None],
        ["Threshold of the index", training.threshold, None],
        ["Pixels inside", tally.pixels - tally.outside, summary.km2_inside],
        ["Pixels outside", tally.outside, summary.km2_outside],
        ["Pixels of a category unknown to the model (no data)", tally.unknown, None],
    ]
    return Table(
        ("", "Number", "km²"),
        rows,
        "The index is the distance to the nearest training row in the space of standardised, "
        "weighted factors, over the mean distance of all pairs of training rows. The threshold is "
        f"the upper whisker of the index of the training rows, each against {against}, "
        "unless it was set by hand.",
        digits=(3, 4, 2),
    )


def _index(summary: AreaSummary, folds: int) -> Figure:
    figure, columns = index_figure(summary)
    beyond = int(summary.tally.counts[-1])
    against = "other folds" if folds else "all other rows"
    rest = f" {beyond:,} pixels lie beyond the axis." if beyond else ""
    return Figure(
        figure,
        "Dissimilarity index of all pixels with a value, and of the training rows, each against "
        f"{against}.{rest}",
        columns,
        "index",
    )


def _factors(summary: AreaSummary) -> Figure:
    figure, columns = factor_figure(summary)
    return Figure(
        figure,
        "Share of each factor in the squared, weighted distance between the pixels outside and "
        "their nearest training rows (bars), and its weight in the index (dots).",
        columns,
        "factors",
    )


def _table(summary: AreaSummary) -> Table:
    table = factor_columns(summary)
    percent = [[100 * v for v in table[key]] for key in list(table)[2:]]
    return Table(
        ("Factor", "Kind", "Weight (%)", "Share outside (%)", "Beyond range (%)",
         "Beyond range, outside (%)"),
        list(zip(table["factor"], table["kind"], *percent)),
        "Beyond range: pixels whose value is below the minimum or above the maximum of the "
        "training rows, of all pixels and of those outside. A pixel can be outside with every "
        "value in range: then it is their combination that is new.",
        digits=2,
    )  # fmt: skip


def _errors(held_out: HeldOut) -> list[Section]:
    figure, columns = error_figure(held_out)
    outside = held_out.outside
    parts = [
        f"{int(mask.sum()):,} lie {name}, with a mean |label − probability| of "
        f"{held_out.error[mask].mean():.3f}"
        for name, mask in (("inside", ~outside), ("outside", outside))
        if mask.any()
    ]
    few = "" if not outside.any() or outside.sum() >= 30 else " (few rows: a hint, not a proof)"
    rank = f"{round(_rank_correlation(held_out), 2) + 0.0:.2f}".replace("-", "−")
    return [
        Text(
            f"Of the {len(outside):,} validation and test rows, {' and '.join(parts)}{few}. The "
            f"rank correlation between index and error is {rank}."
        ),
        Figure(
            figure,
            "Mean error of validation and test rows, in groups of equal size by their index "
            "(horizontal bars), with 95 % confidence intervals.",
            columns,
            "error",
        ),
    ]


def _rank_correlation(held_out: HeldOut) -> float:
    """Return Spearman's rank correlation of index and error."""
    from ..needs import need

    stats = need("scipy.stats", "to correlate index and error")
    if np.ptp(held_out.index) == 0 or np.ptp(held_out.error) == 0:
        return float("nan")
    return float(stats.spearmanr(held_out.index, held_out.error)[0])
