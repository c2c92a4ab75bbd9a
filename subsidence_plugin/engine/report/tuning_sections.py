"""Sections on a hyperparameter search that the reports of all tunings share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..tuning.outcome import Searched
from ..tuning.results import best_so_far, importances
from ..tuning.samplers import STARTUP
from ..tuning.search_base import DEFAULTS
from ..tuning.study import counts, ranking
from .html import Figure, Section, Table, Text
from .tuning_figures import importance_bars, optimisation_history, slices

#: Trials in the report's table; the trial table has all.
SHOWN = 10
#: Columns of the table of the best trials that the page has room for.
MOST_COLUMNS = 11


def course(searched: Searched) -> str:
    """Return in words how the search went, and whether a seed repeats it."""
    now, plan = counts(searched.study), searched.plan
    how = {
        "tpe": f"TPE (tree-structured Parzen estimator; Bergstra et al., 2011): {STARTUP} random "
        "trials, then each trial drawn where the best quarter of the trials so far lie",
        "random": "random search: every trial drawn anew from the space",
        "grid": "grid search: combinations of the values below, in random order",
    }[plan.strategy]
    text = (
        f"{all_random(searched) or how[0].upper() + how[1:]}. Of {now.finished} finished trials "
        f"{now.complete} were completed and {now.pruned} pruned"
    )
    if plan.pruning:
        text += (
            " (ended early, since they did worse than the median of the trials before them at the "
            "same point, or since they could not be computed)"
        )
    text += f"; {now.lost} broke off and were made up for. " if now.lost else ". "
    if searched.is_parallel:
        return text + (
            "Trials ran at the same time in several processes: the order in which they ended "
            "steered the search, so the seed does not repeat it. The model of given values is "
            "repeatable by its seed."
        )
    return text + "The trials ran one after another: the same seed and data repeat the search."


def all_random(searched: Searched) -> str:
    """Return that TPE never began, without a full stop; empty where it did or was not asked for."""
    finished = counts(searched.study).finished
    if searched.plan.strategy != "tpe" or finished > STARTUP:
        return ""
    which = f"All {finished} trials were" if finished != 1 else "The only trial was"
    return (
        f"{which} drawn at random; TPE (tree-structured Parzen estimator; Bergstra et al., 2011) "
        f"begins after {STARTUP}"
    )


def not_beaten(searched: Searched, defaults: Optional[float]) -> str:
    """Return in a sentence that no trial is better than the defaults; empty where one is.

    Parameters
    ----------
    searched : Searched
        The search with the best trial.
    defaults : float, optional
        What the defaults reach as trials are judged.
    """
    best = searched.trial.value
    if defaults is None or (best > defaults if searched.tuned.maximise else best < defaults):
        return ""
    title = searched.tuned.metric_title
    title = title if title.isupper() else title.lower()
    return f"No trial beats the defaults ({title} {defaults:.4f}; best trial {best:.4f})."


def _shown_references(searched: Searched) -> dict[str, float]:
    return {searched.tuned.reference_title(n): v for n, v in searched.references.items()}


def history_figure(searched: Searched, columns: Mapping[str, Any]) -> Figure:
    """Return value of every trial and best so far (``columns`` from ``trial_columns``)."""
    tuned = searched.tuned
    startup = STARTUP if searched.plan.strategy == "tpe" else None
    names = ("trial", "state", "value", "last_value", "seconds")
    data = {name: columns[name] for name in names}
    data["best_so_far"] = np.full(len(columns["trial"]), np.nan)
    done = np.isfinite(columns["value"])
    data["best_so_far"][done] = best_so_far(columns["value"][done], tuned.maximise)
    return Figure(
        optimisation_history(
            columns, tuned.metric_title, tuned.maximise, _shown_references(searched), startup
        ),
        f"Optimisation history: {tuned.metric_title} of every trial by {searched.evaluation}, and "
        "the best so far. Trials much worse than the median lie at the edge of the axis. Black "
        "lines: models that were not tuned, judged alike.",
        data,
        "optimisation-history",
    )


def importance_sections(searched: Searched) -> list[Section]:
    """Return the importance of the hyperparameters, or that too little is known."""
    shares = importances(searched.study)
    if not shares:
        return [Text("Too few completed trials to say which hyperparameters mattered.")]
    complete = counts(searched.study).complete
    return [
        Figure(
            importance_bars(shares),
            "Importance of the hyperparameters: share of the variance of the trials' values that "
            f"each explains (fANOVA, Hutter et al. 2014, on {complete} completed trials). It holds "
            "for the ranges searched; with few trials take it as a hint.",
            {"hyperparameter": list(shares), "importance": list(shares.values())},
            "importance",
        )
    ]


def slice_figure(searched: Searched, columns: Mapping[str, Any]) -> Figure:
    """Return each hyperparameter's values of the completed trials (``trial_columns``)."""
    tuned = searched.tuned
    done = np.isfinite(columns["value"])
    data = {"trial": columns["trial"][done], "value": columns["value"][done]}
    data.update({d.name: columns[d.name][done] for d in tuned.space})
    return Figure(
        slices(columns, tuned.space, tuned.metric_title, tuned.maximise),
        f"Slices: {tuned.metric_title} of the completed trials against each hyperparameter. "
        "Later trials are lighter; the star is the best; triangles at the edge lie beyond it. A "
        "best value at the edge of its range says that the range should be widened (SPACE).",
        data,
        "slices",
    )


def best_trials(
    searched: Searched, members: int = 0, found: Optional[Sequence[tuple[str, Any]]] = None
) -> Table:
    """Return the best trials as a table.

    Parameters
    ----------
    searched : Searched
    members : int
        So many of them are members of an ensemble.
    found : sequence of (str, trial), optional
        What each is called, and the trial; default the best of the study by their numbers.
    """
    names = [dimension.name for dimension in searched.tuned.space]
    if found is None:
        found = [(str(trial.number), trial) for trial in ranking(searched.study)[:SHOWN]]
    in_ensemble = f" The first {members} are the members of the ensemble." if members else ""
    too = ", the defaults among them" if any(label == DEFAULTS for label, _one in found) else ""
    caption = f"The best completed trials by {searched.evaluation}{too}.{in_ensemble}"
    heads = ("Rank", "Trial", searched.tuned.metric_title, *(n.replace("_", " ") for n in names))
    rows = [
        [str(rank), label, f"{trial.value:.4f}", *(f"{trial.params[n]:.4g}" for n in names)]
        for rank, (label, trial) in enumerate(found, 1)
    ]
    if len(heads) > MOST_COLUMNS:  # a column a trial instead
        first, *rest = zip(heads, *rows)
        return Table(first, [list(row) for row in rest], caption, numeric=range(1, len(first)))
    return Table(heads, rows, caption, numeric=range(len(heads)))


def space_table(searched: Searched) -> Table:
    """Return what was searched, beside defaults and the best trial."""
    recipe = {**searched.tuned.base.settings, **searched.tuned.base.hyperparameters}
    best = searched.trial.params
    rows = [
        [d.name, str(d), f"{recipe.get(d.name, d.default):g}", f"{best[d.name]:.4g}"]
        for d in searched.tuned.space
    ]  # fmt: skip
    return Table(
        ("Hyperparameter", "Searched", "Default", "Best trial"), rows, "The search space.",
        numeric=(2, 3),
    )  # fmt: skip


def search_facts(searched: Searched) -> dict[str, object]:
    """Return what one needs to repeat the search."""
    plan = searched.plan
    fixed = {
        name: value
        for part in (searched.tuned.task.arguments["recipe"][k] for k in
                     ("hyperparameters", "settings"))
        for name, value in part.items()
    }  # fmt: skip
    return {
        "Trials judged by": searched.evaluation,
        "Not searched": ", ".join(f"{n} = {v}" for n, v in fixed.items()) or "nothing",
        "Study": f"{searched.name} in {searched.place.shown}",
        "Workers": searched.workers,
        "Pruning": f"median, after {plan.warm_up} steps" if plan.pruning else "none",
        "Seed": plan.seed,
    }
