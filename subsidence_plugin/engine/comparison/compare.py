"""All comparisons of a set of runs: tests, intervals, and the correction over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .metrics import larger_is_better
from .pairs import Pair
from .runs import Group, Runs
from .welch import Welch, benjamini_hochberg, conservative_bound, welch_test


@dataclass(frozen=True)
class Comparison:
    """One metric of two groups: ``a`` is the reference, ``b`` what is measured against it.

    ``gain``, ``low`` and ``high`` are positive where b is better (R, Figure 4: manual - TPE of
    errors, TPE - manual of R²); ``significant`` is None where neither group varies.
    """

    metric: str
    a: Group
    b: Group
    test: Welch
    larger: bool
    p_adjusted: float
    significant: Optional[bool]

    @property
    def sign(self) -> int:
        """1 where larger is better, else -1."""
        return 1 if self.larger else -1

    @property
    def gain(self) -> float:
        """By how much the mean of b is better than that of a."""
        return self.sign * self.test.difference

    @property
    def low(self) -> float:
        """Lower bound of the gain."""
        return self.test.low if self.larger else -self.test.high

    @property
    def high(self) -> float:
        """Upper bound of the gain."""
        return self.test.high if self.larger else -self.test.low

    @property
    def bound(self) -> float:
        """Conservative bound of the gain."""
        return conservative_bound(self.low, self.high)

    @property
    def better(self) -> Optional[Group]:
        """The group that is significantly better, if one is."""
        if not self.significant:
            return None
        return self.b if self.gain > 0 else self.a

    def percent(self, value: float) -> float:
        """Return a difference in percent of the mean of a; NaN where that is zero."""
        return 100 * value / abs(self.test.mean_a) if self.test.mean_a else np.nan


def compare_runs(runs: Runs, pairs: Sequence[Pair], alpha: float = 0.05) -> list[Comparison]:
    """Return the comparisons, metric by metric, corrected over all of them together.

    Parameters
    ----------
    runs : Runs
    pairs : sequence of (reference, other)
    alpha : float
        False discovery rate, and 1 - coverage of the confidence intervals.
    """
    rows = [(metric, a, b) for metric in runs.metrics for a, b in pairs]
    tests = [welch_test(runs.values[a][m], runs.values[b][m], 1 - alpha) for m, a, b in rows]
    adjusted = benjamini_hochberg([test.p for test in tests])
    return [
        Comparison(
            metric, a, b, test, larger_is_better(metric) is not False, float(p),
            None if np.isnan(p) else bool(p <= alpha),
        )
        for (metric, a, b), test, p in zip(rows, tests, adjusted)
    ]  # fmt: skip


def repeated_only(runs: Runs, progress: Progress) -> Runs:
    """Return the runs without groups of a single run, which no test can judge.

    Raises
    ------
    InputError
        Fewer than two groups are left.
    """
    single = [group for group in runs.groups if runs.repeats(group) < 2]
    left = {group: values for group, values in runs.values.items() if group not in single}
    if single and len(left) < 2:
        raise InputError(
            f"{single[0].label} has a single run on {runs.split} rows; a test needs at least two "
            "runs of each of two models or configurations, so train with REPEATS of 2 or more (10 "
            "in the forecasting paper)."
        )
    if single:
        names = ", ".join(group.label for group in single)
        progress.warn(f"Left out, since a single run cannot be tested: {names}.")
    return Runs(runs.split, runs.metrics, left)


def distinct_pairs(runs: Runs, pairs: Sequence[Pair], progress: Progress) -> list[Pair]:
    """Return the pairs without those of the same runs under two names.

    Two configurations that mean the same train to the same values; testing them would say nothing
    and make every other comparison harder to prove.

    Raises
    ------
    InputError
        No pair is left.
    """
    same = [(a, b) for a, b in pairs if _same_runs(runs, a, b)]
    for a, b in same:
        progress.warn(
            f"{a.label} and {b.label} have the same values in every run: they are the same "
            "configuration under two names and are not compared."
        )
    if same and len(same) == len(pairs):
        raise InputError(
            f"{same[0][0].label} and {same[0][1].label} have the same values in every run, and "
            "nothing else is left to compare; give runs of different models or configurations."
        )
    return [pair for pair in pairs if pair not in same]


def _same_runs(runs: Runs, a: Group, b: Group) -> bool:
    """Tell whether two groups have equal values, which vary (a model without chance may tie)."""
    return all(
        np.array_equal(np.sort(values), np.sort(runs.values[b][metric]))
        for metric, values in runs.values[a].items()
    ) and any(np.ptp(values) > 0 for values in runs.values[a].values())


def comparison_columns(comparisons: Sequence[Comparison]) -> dict[str, list]:
    """Return the table of ``comparemodels``: a row a comparison."""
    columns: dict[str, list] = {}
    for c in comparisons:
        t = c.test
        row = {
            "metric": c.metric,
            "model_a": c.a.model, "configuration_a": c.a.configuration,
            "model_b": c.b.model, "configuration_b": c.b.configuration,
            "runs_a": t.n_a, "runs_b": t.n_b, "mean_a": t.mean_a, "mean_b": t.mean_b,
            "sd_a": t.sd_a, "sd_b": t.sd_b,
            "gain": c.gain, "ci_low": c.low, "ci_high": c.high, "bound": c.bound,
            "gain_percent": c.percent(c.gain), "bound_percent": c.percent(c.bound),
            "t": c.sign * t.t, "df": t.freedom, "p": t.p, "p_adjusted": c.p_adjusted,
            "significant": {True: "yes", False: "no", None: "not tested"}[c.significant],
            "better": c.better.label if c.better else "",
        }  # fmt: skip
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns
