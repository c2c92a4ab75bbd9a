"""Report of ``comparemodels``: means, tests, forest plot and violin plots (R, section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..comparison.compare import Comparison
from ..comparison.metrics import larger_is_better
from ..comparison.runs import Runs
from .comparison_figures import (
    forest_columns,
    forest_figure,
    relative_figure,
    violin_columns,
    violin_figure,
)
from .comparison_lead import is_paired, lead
from .comparison_names import (
    EACH,
    decimals,
    group_names,
    pair_names,
    short_configurations,
    shortened,
    signed,
)
from .html import MISSING, Figure, Heading, Section, Table, Text, write_report

#: Comparisons that fit into one forest plot on a page; more are drawn metric by metric.
ONE_FIGURE = 36
MEANING = (
    "Every comparison is a two-sided Welch t-test between the repeated runs of two groups. Its "
    "p-value is corrected by Benjamini and Hochberg over all comparisons of this report, so that "
    "at most {share:.0f} % of the differences called significant are expected to be chance. A "
    "gain is positive where the first is better than the second: it is the difference of the "
    "means, turned round for errors. The conservative bound is the end of the {level:.0f} % "
    "confidence interval that is nearer to zero: the gain that repeated training can be relied "
    "on; 0 where the interval holds zero. Intervals are not widened for the number of "
    "comparisons.\n\n"
    "Runs differ by their random seed alone: the initial weights and held-out rows of a training, "
    "or the partition of a cross-validation. A significant difference is no accident of the seed; "
    "it may still be one of the {split} rows, or of this area."
)


def write_comparison_report(
    path: str,
    runs: Runs,
    comparisons: Sequence[Comparison],
    alpha: float,
    facts: Mapping[str, object],
) -> None:
    """Write the report; ``facts`` hold data and settings."""
    level = 100 * (1 - alpha)
    text = MEANING.format(share=100 * alpha, level=level, split=runs.split)
    paired = is_paired(comparisons)
    sections: list[Section] = [
        Heading("Means"),
        _means(runs),
        Heading("Gains"),
        Text(text),
        *_forests(comparisons, runs, level),
        _tests(comparisons, level),
        Heading("Distributions"),
        Figure(
            violin_figure(runs, paired),
            f"Values of the single runs on {runs.split} rows: a dot a run, the median white, the "
            "bar between the quartiles; the violin is a kernel density and says little of fewer "
            "than about ten runs.",
            violin_columns(runs),
            "runs",
        ),
    ]
    write_report(path, "Comparison of repeated runs", sections, lead(runs, comparisons), facts)


def _forests(comparisons: Sequence[Comparison], runs: Runs, level: float) -> list[Figure]:
    _names, (first, second) = pair_names(comparisons)
    if len(comparisons) <= ONE_FIGURE:
        parts = [list(comparisons)]
    else:
        parts = [[c for c in comparisons if c.metric == metric] for metric in runs.metrics]
    caption = (
        f"Gain of {first} over {second} on {runs.split} rows and its {level:.0f} % confidence "
        "interval; right of the dotted line is better. Filled, with a red dot: significant after "
        "correction. p is the corrected one, the bound is the conservative one."
    )
    figures = [
        Figure(forest_figure(part), caption, forest_columns(part), "gains") for part in parts
    ]
    if is_paired(comparisons) and len({(c.a, c.b) for c in comparisons}) == len(
        {c.a.model for c in comparisons}
    ):
        caption = (
            f"Gain of {first} over {second} in percent of the mean of {second}, with its "
            f"{level:.0f} % confidence interval; {runs.split} rows."
        )
        figure = relative_figure(comparisons)
        figures.append(Figure(figure, caption, forest_columns(comparisons), "relative-gains"))
    return figures


def _means(runs: Runs) -> Table:
    """Return the table of means (R, Table 1), the best of a metric bold."""
    names = group_names(runs.groups)
    rows: list[list[object]] = [[names[g], runs.repeats(g)] for g in runs.groups]
    bold = set()
    for column, metric in enumerate(runs.metrics, 2):
        means = np.array([runs.values[g][metric].mean() for g in runs.groups])
        digits = decimals(means, 4)
        for row, group in zip(rows, runs.groups):
            row.append(_mean(runs.values[group][metric], digits))
        best = means.max() if larger_is_better(metric) is not False else means.min()
        bold |= {(i, column) for i, mean in enumerate(means) if mean == best}
    about = _shared_settings(runs)
    return Table(
        ["Group", "Runs", *runs.metrics], rows,
        f"Mean ± standard deviation over the runs, {runs.split} rows. Bold: best mean.{about}",
        bold=bold, numeric=range(1, 2 + len(runs.metrics)),
    )  # fmt: skip


def _shared_settings(runs: Runs) -> str:
    """Say which configuration, or which of its settings, all groups have in common."""
    configurations = {group.configuration for group in runs.groups}
    if len(configurations) == 1:
        only = next(iter(configurations))
        return f" All runs have the configuration: {only}." if only else ""
    if any(short == own for own, short in short_configurations(configurations).items()):
        return ""
    shared = set.intersection(*(set(text.split()[1:]) for text in configurations))
    return f" All runs share the settings {', '.join(sorted(shared))}."


def _mean(values: np.ndarray, digits: int) -> str:
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"


def _tests(comparisons: Sequence[Comparison], level: float) -> Table:
    names, (first, second) = pair_names(comparisons)
    rows = [
        [
            c.metric, names[(c.a, c.b)], f"{c.test.n_b}, {c.test.n_a}", *_gains(c),
            _p(c.p_adjusted), _verdict(c, names[(c.a, c.b)], first, second),
        ]
        for c in comparisons
    ]  # fmt: skip
    heads = (
        "Metric", "Comparison", "Runs", "Gain", f"{level:.0f} % interval", "Bound (share)",
        "t (df)", "p", "Better",
    )  # fmt: skip
    return Table(
        heads, rows,
        f"Gain of {first} over {second}, with the runs of both. In brackets behind the "
        f"conservative bound its share of the mean of {second}. p is corrected for all "
        "comparisons. Better: which is significantly better.",
        numeric=range(2, 8),
    )  # fmt: skip


def _gains(c: Comparison) -> list[str]:
    digits = decimals([c.gain, c.low, c.high])
    gain = signed(c.gain, digits)
    if c.significant is None:
        return [gain, MISSING, MISSING, MISSING]
    share = c.percent(c.bound)
    bound = "0"
    if c.bound:
        bound = f"{c.bound:+.{digits}f}" + (f" ({share:+.1f} %)" if np.isfinite(share) else "")
    interval = f"{signed(c.low, digits)} to {signed(c.high, digits)}"
    return [gain, interval, bound, f"{c.sign * c.test.t:.2f} ({c.test.freedom:.1f})"]


def _p(value: float) -> str:
    if np.isnan(value):
        return MISSING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _verdict(c: Comparison, name: str, first: str, second: str) -> str:
    if c.significant is None:
        return "not tested"
    if not c.significant:
        return "neither"
    winner = second if c.gain < 0 else name if first == EACH else first
    return shortened(winner.replace("the ", ""), 24)
