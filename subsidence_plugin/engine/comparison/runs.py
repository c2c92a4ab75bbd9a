"""Runs tables of repeated trainings, read together: one value a group, metric and run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from ..validation.splits import SPLITS, TEST, TRAIN, VALIDATION
from .metrics import choose_metrics

COLUMNS = ("model", "configuration", "seed", "split", "metric", "value")
#: Rows that decide, the most telling first: those that no fitting has seen.
JUDGING = (VALIDATION, TEST, TRAIN)


@dataclass(frozen=True)
class Group:
    """What is repeated: a model in one configuration."""

    model: str
    configuration: str

    @property
    def label(self) -> str:
        """Model and configuration in words."""
        return f"{self.model} ({self.configuration})" if self.configuration else self.model


@dataclass(frozen=True)
class Run:
    """One row of a runs table, and the number of its table (the same row wherever it stands)."""

    group: Group
    seed: str
    split: str
    metric: str
    value: float
    table: int = field(compare=False)
    #: Number of the row where there is no seed to tell runs apart.
    row: int = -1


@dataclass
class Runs:
    """Values of the repeated trainings on the rows of one split.

    ``values[group][metric]`` is a 1d-array with one value a run.
    """

    split: str
    metrics: list[str]
    values: dict[Group, dict[str, np.ndarray]]

    @property
    def groups(self) -> list[Group]:
        """The groups in the order of the tables."""
        return list(self.values)

    def repeats(self, group: Group) -> int:
        """Return the number of runs of a group (the smallest over the metrics)."""
        return min(len(values) for values in self.values[group].values())


def collect_runs(
    tables: Sequence[tuple[str, Mapping[str, Any]]],
    split: Optional[str],
    metrics: Sequence[str],
    progress: Progress,
) -> Runs:
    """Return the runs of all tables on one split.

    Parameters
    ----------
    tables : sequence of (name, columns)
        Columns as ``training.scores.runs_table`` makes them; numbers may be text.
    split : str, optional
        None: validation rows where all groups have them, else test, else training rows.
    metrics : sequence of str
        See ``choose_metrics``.
    progress : Progress

    Raises
    ------
    InputError
        A column is missing or holds other things, there are no rows, or groups have no split
        or metric in common.
    """
    runs = [run for number, table in enumerate(tables) for run in _rows(*table, number, progress)]
    if not runs:
        raise InputError("The runs tables hold no rows; train with REPEATS and ask for RUNS.")
    runs = tell_apart(runs, [name for name, _columns in tables], progress)
    groups = list(dict.fromkeys(run.group for run in runs))
    chosen = _choose_split(runs, groups, split)
    runs = [run for run in runs if run.split == chosen]
    present = list(dict.fromkeys(run.metric for run in runs))
    has = {(run.group, run.metric) for run in runs}
    common = [metric for metric in present if all((group, metric) in has for group in groups)]
    compared = choose_metrics(metrics, common, present)
    values: dict[Group, dict[str, list[float]]] = {g: {m: [] for m in compared} for g in groups}
    for run in runs:
        if run.metric in compared:
            values[run.group][run.metric].append(run.value)
    arrays = {g: {m: np.array(v, float) for m, v in by.items()} for g, by in values.items()}
    return Runs(chosen, compared, arrays)


def tell_apart(runs: Sequence[Run], names: Sequence[str], progress: Progress) -> list[Run]:
    """Return the runs with repeated rows dropped and namesakes of other tables renamed.

    Two tables that hold the same rows count once. Two that hold other values for the same model,
    configuration and seed are different experiments (other samples, other factors): their
    configurations get the names of their tables.
    """
    clashing = _clashing(runs)
    renamed = [_renamed(run, names[run.table]) if run.group in clashing else run for run in runs]
    kept = list(dict.fromkeys(renamed))
    if len(kept) < len(renamed):
        progress.warn(
            f"{len(renamed) - len(kept)} rows occur more than once in the runs tables and count "
            "once."
        )
    for group in sorted(clashing, key=lambda g: g.label):
        progress.warn(
            f"{group.label} has other values for the same seed in several tables: they are taken "
            "as different configurations, named after their tables."
        )
    return kept


def _clashing(runs: Sequence[Run]) -> set[Group]:
    """Return the groups of which two tables have other values for the same seed."""
    first: dict[tuple, Run] = {}
    clashing = set()
    for run in runs:
        before = first.setdefault((run.group, run.seed, run.split, run.metric), run)
        if run.seed and before.table != run.table and before.value != run.value:
            clashing.add(run.group)
    return clashing


def _renamed(run: Run, name: str) -> Run:
    configuration = f"{run.group.configuration} [{name}]".strip()
    return replace(run, group=replace(run.group, configuration=configuration))


def _rows(name: str, columns: Mapping[str, Any], number: int, progress: Progress) -> Iterable[Run]:
    """Return the complete rows of one table."""
    found = {column.casefold(): values for column, values in columns.items()}
    missing = [column for column in COLUMNS if column not in found]
    if missing:
        raise InputError(
            f"The table '{name}' (RUNS) has no column '{missing[0]}'; a runs table has the columns "
            f"{', '.join(COLUMNS)}."
        )
    values = _numbers(found["value"], name)
    texts = [_texts(found[column]) for column in COLUMNS[:-1]]
    rows = [
        Run(
            Group(model, configuration),
            seed,
            part.casefold(),
            metric,
            float(value),
            number,
            -1 if seed else row,
        )
        for row, (model, configuration, seed, part, metric, value) in enumerate(zip(*texts, values))
    ]
    strange = sorted({run.split for run in rows} - set(SPLITS))
    if strange:
        raise InputError(
            f"The table '{name}' (RUNS) has the split '{strange[0]}'; a split is "
            f"{', '.join(SPLITS)}."
        )
    known = [run for run in rows if np.isfinite(run.value)]
    if len(known) < len(rows):
        progress.warn(
            f"{len(rows) - len(known)} rows of '{name}' have no value (a metric may be undefined) "
            "and are left out."
        )
    return known


def _texts(values: Any) -> list[str]:
    if isinstance(values, np.ndarray):
        return ["" if v != v else f"{v:.15g}" for v in values.tolist()]
    return [str(value or "").strip() for value in values]


def _numbers(values: Any, name: str) -> np.ndarray:
    """Return numbers; a CSV without ``.csvt`` holds them as text."""
    try:
        return np.array([np.nan if v in (None, "") else float(v) for v in values], float)
    except ValueError as error:
        wrong = str(error).rpartition(":")[2].strip()
        raise InputError(
            f"The table '{name}' (RUNS) has the value {wrong}; the column 'value' holds numbers."
        ) from error


def _choose_split(runs: Sequence[Run], groups: Sequence[Group], wanted: Optional[str]) -> str:
    """Return the split that is compared: the wanted one, or the first that all groups have."""
    has = {(run.group, run.split) for run in runs}
    for split in [wanted] if wanted else JUDGING:
        lacking = [group for group in groups if (group, split) not in has]
        if not lacking:
            return split
    if wanted:
        raise InputError(
            f"{lacking[0].label} has no runs on {wanted} rows (SPLIT); choose another split, or "
            "leave its table out."
        )
    raise InputError(
        "The runs tables have no split (validation, test, train) that all models were measured "
        "on; give tables that were made from the same samples."
    )
