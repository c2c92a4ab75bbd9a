"""Repeated runs of models and configurations compared: tests, table and report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from ..comparison.compare import (
    Comparison,
    compare_runs,
    comparison_columns,
    distinct_pairs,
    repeated_only,
)
from ..comparison.metrics import larger_is_better
from ..comparison.pairs import choose_pairs
from ..comparison.runs import JUDGING, Runs, collect_runs
from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..vector.read import read_features
from ..vector.write import write_table

#: Order of the parameter SPLIT: automatic, then as in ``JUDGING``.
SPLIT_CHOICES = (None, *JUDGING)


def run(
    progress: Progress,
    runs: Sequence[str],
    output: str,
    metrics: Sequence[str] = (),
    split: int = 0,
    baseline: str = "",
    pairs: int = 0,
    alpha: float = 0.05,
    report: Optional[str] = None,
) -> dict[str, Any]:
    """Compare the groups (model and configuration) of one or several runs tables.

    Parameters
    ----------
    runs : sequence of str
        Tables with the columns model, configuration, seed, split, metric, value.
    output : str
        Table, a row a comparison.
    metrics : sequence of str
        Empty: the usual ones (``comparison.metrics.USUAL``) that all groups have.
    split : int
        0 automatic (validation, else test, else training rows), 1 validation, 2 test, 3 train.
    baseline : str
        A configuration, a model or a group's label; empty: by ``pairs``.
    pairs : int
        0 automatic, 1 configurations of the same model, 2 all pairs.
    alpha : float
        False discovery rate; the confidence intervals cover 1 - alpha.
    report : str, optional

    Returns
    -------
    dict
        ``COMPARISONS`` tested, ``SIGNIFICANT`` ones, and the ``BEST`` group by the first metric.
    """
    if not runs:
        raise InputError("No runs table was given; choose one or several in RUNS.")
    with Outputs(output, report, inputs=runs) as outputs:
        names = table_names(runs)
        tables = []
        for number, (name, path) in enumerate(zip(names, runs), 1):
            tables.append((name, read_features(path).columns))
            progress(0.5 * number / len(runs))
        kept = collect_runs(tables, SPLIT_CHOICES[split], metrics, progress)
        kept = repeated_only(kept, progress)
        chosen = choose_pairs(kept.groups, baseline or "", pairs, progress)
        chosen = distinct_pairs(kept, chosen, progress)
        _warn_of_unknown(kept, progress)
        compared = compare_runs(kept, chosen, alpha)
        progress(0.6)
        metadata = {"SUBSIDENCE_KIND": "comparisons", "split": kept.split, "alpha": alpha}
        write_table(outputs.path(output), comparison_columns(compared), metadata)
        _log(compared, kept, progress)
        if report:
            from ..report.comparison_report import write_comparison_report

            tested = sum(c.significant is not None for c in compared)
            facts = {
                "Runs tables": ", ".join(runs),
                "Rows": f"{kept.split}",
                "Groups": "; ".join(f"{g.label}: {kept.repeats(g)} runs" for g in kept.groups),
                "Seeds": _seeds(tables),
                "Baseline": baseline or "none named",
                "Level": f"{alpha:g}, two-sided, corrected over {tested} comparisons",
            }
            write_comparison_report(outputs.path(report), kept, compared, alpha, facts)
        progress(1.0)
    return _results(compared, kept)


def table_names(sources: Sequence[str]) -> list[str]:
    """Return a different name for each table: its file's stem, else with folder or number."""
    paths = [Path(str(source).split("|")[0]) for source in sources]
    names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        names = [f"{path.parent.name}/{path.stem}" for path in paths]
    return [
        name if names.count(name) == 1 else f"{name} {number}"
        for number, name in enumerate(names, 1)
    ]


def _warn_of_unknown(runs: Runs, progress: Progress) -> None:
    unknown = [metric for metric in runs.metrics if larger_is_better(metric) is None]
    if unknown:
        progress.warn(
            f"It is not known whether a larger {', '.join(unknown)} is better; it is taken to be."
        )


def _log(compared: Sequence[Comparison], runs: Runs, progress: Progress) -> None:
    from ..report.comparison_lead import lead

    least = min(runs.repeats(group) for group in runs.groups)
    if least < 5:
        progress.warn(
            f"There are only {least} repeats of some groups; the forecasting paper takes 10."
        )
    for c in compared:
        if c.better:
            progress.info(
                f"{c.metric}: {c.better.label} is better, {c.a.label} {c.test.mean_a:.4g}, "
                f"{c.b.label} {c.test.mean_b:.4g}, corrected p {c.p_adjusted:.2g}."
            )
    progress.info(lead(runs, compared))


def _seeds(tables: Sequence[tuple[str, dict]]) -> str:
    seeds = []
    for _name, columns in tables:
        own = {str(value) for value in columns.get("seed", ())}
        seeds.append(", ".join(sorted(value.removesuffix(".0") for value in own)))
    return "; ".join(seeds)


def _results(compared: Sequence[Comparison], runs: Runs) -> dict[str, Any]:
    metric = runs.metrics[0]
    sign = -1 if larger_is_better(metric) is False else 1
    best = max(runs.groups, key=lambda group: sign * runs.values[group][metric].mean())
    return {
        "COMPARISONS": sum(c.significant is not None for c in compared),
        "SIGNIFICANT": sum(bool(c.significant) for c in compared),
        "BEST": best.label,
    }
