"""Report of a tuning: what it brought, beside the defaults and the baselines, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from ..training.scores import comparison
from ..tuning.outcome import Outcome
from ..tuning.results import importances, trial_columns
from ..tuning.samplers import STARTUP
from ..tuning.study import counts, ranking
from .html import Figure, Heading, Section, Table, Text, write_report
from .tuning_figures import importance_bars, optimisation_history, slices

#: Trials in the report's table; the trial table has all.
SHOWN = 10
#: Values closer than this are called level.
LEVEL = 0.001
METRICS = ("AUC", "ACC", "SST", "SPF", "Kappa", "RMSE_probability")
HEADS = ("AUC", "ACC", "Sensitivity", "Specificity", "Kappa", "RMSE")


def write_tuning_report(path: str, outcome: Outcome) -> None:
    """Write the report of one tuning."""
    columns = trial_columns(outcome.study, outcome.tuned.space)
    sections: list[Section] = [
        Heading("What the search brought"), _judged(outcome), *_unseen(outcome),
        Heading("The search"), Text(_course(outcome)), _history(outcome, columns),
        *_importance(outcome), _slices(outcome, columns),
        Heading("The best trials"), _best(outcome), _space(outcome),
    ]  # fmt: skip
    title = f"Tuning: {outcome.tuned.base.title}"
    write_report(path, title, sections, lead(outcome), _facts(outcome))


def lead(outcome: Outcome) -> str:
    """Return the honest result: beside defaults and baselines, and on rows never used."""
    tuned, now, best = outcome.tuned, counts(outcome.study), outcome.trial
    text = (
        f"The best of {now.finished} trials of {tuned.base.title} reaches "
        f"{_metric(tuned.metric_title)} of {best.value:.3f} by {outcome.evaluation}"
    )
    others = [
        f"{tuned.reference_title(name)} {value:.3f}" for name, value in outcome.references.items()
    ]
    rival = _best_baseline(outcome)
    if others:
        text += f" ({', '.join(others)})"
    if rival is not None:
        name, value = rival
        gain = (best.value - value) * (1 if tuned.maximise else -1)
        word = "level with" if abs(gain) < LEVEL else "ahead of" if gain > 0 else "behind"
        text += f": {word} the best baseline, {tuned.reference_title(name).lower()}"
    text += ". The best of many trials flatters itself on the rows that chose it"
    part, own = _part(outcome.best.card.metrics)
    if own is None:
        return text + "; there are no other rows to judge it."
    if not outcome.logistic or part not in outcome.logistic:
        return text + f"; on the {part} rows, which decided nothing, its AUC is {own['AUC']:.3f}."
    judged = comparison("it", own, outcome.logistic[part])
    return text + f"; on the {part} rows, which decided nothing, {judged}."


def _metric(title: str) -> str:
    return "an AUC" if title == "AUC" else f"a {title.lower()}"


def _best_baseline(outcome: Outcome) -> Optional[tuple[str, float]]:
    found = [(n, v) for n, v in outcome.references.items() if n != "defaults"]
    sign = 1 if outcome.tuned.maximise else -1
    return max(found, key=lambda pair: sign * pair[1], default=None)


def _part(metrics: Mapping[str, Any]) -> tuple[str, Optional[Mapping[str, float]]]:
    part = next((p for p in ("validation", "test") if p in metrics), "")
    return part, metrics.get(part)


def _judged(outcome: Outcome) -> Table:
    tuned = outcome.tuned
    rows = [[f"{tuned.base.title}, best trial", outcome.trial.value, None]]
    for name, value in outcome.references.items():
        gain = outcome.trial.value - value if tuned.maximise else value - outcome.trial.value
        rows.append([tuned.reference_title(name), value, gain])
    return Table(
        ("Model", tuned.metric_title, "Best trial is better by"),
        rows,
        f"{tuned.metric_title} by {outcome.evaluation}, the same for all. Of the best trial it is "
        "the highest of many and so too good by a little; the others were not chosen."
        if tuned.maximise
        else f"{tuned.metric_title} (less is better) by {outcome.evaluation}, the same for all. "
        "Of the best trial it is the lowest of many and so too good by a little.",
        digits=4,
    )


def _unseen(outcome: Outcome) -> list[Section]:
    """Return the figures of the refitted models on each part of the samples."""
    title = outcome.tuned.base.title
    models = [(f"Tuned {title}", outcome.best.card.metrics)]
    if outcome.top is not None:
        models.append((f"Ensemble of the top {outcome.top.members}", outcome.top.card.metrics))
    if outcome.logistic:
        models.append(("Logistic regression", outcome.logistic))
    parts = [p for p in ("train", "validation", "test") if p in outcome.best.card.metrics]
    rows = [
        [name, part, *(metrics[part].get(m) for m in METRICS)]
        for part in parts
        for name, metrics in models
        if part in metrics
    ]
    members = outcome.best.members
    several = f" The tuned model is the mean of {members} seeds." if members > 1 else ""
    return [
        Table(
            ("Model", "Rows", *HEADS),
            rows,
            "The best trial, trained again on all training rows, on each part of the samples; "
            "validation and test rows decided nothing. Labels are told apart at a probability of "
            f"0.5; RMSE is that of the probabilities.{several}",
        )
    ]


def _course(outcome: Outcome) -> str:
    now, plan = counts(outcome.study), outcome.plan
    how = {
        "tpe": f"TPE (tree-structured Parzen estimator; Bergstra et al., 2011): {STARTUP} random "
        "trials, then each trial drawn where the best quarter of the trials so far lie",
        "random": "random search: every trial drawn anew from the space",
        "grid": "grid search: combinations of the values below, in random order",
    }[plan.strategy]
    text = (
        f"{how[0].upper()}{how[1:]}. Of {now.finished} finished trials {now.complete} were "
        f"completed and {now.pruned} pruned"
    )
    if plan.pruning:
        text += (
            " (ended early, since they did worse than the median of the trials before them at the "
            "same point, or since they could not be computed)"
        )
    text += f"; {now.lost} broke off and were made up for. " if now.lost else ". "
    if outcome.is_parallel:
        return text + (
            "Trials ran at the same time in several processes: the order in which they ended "
            "steered the search, so the seed does not repeat it. The model of given values is "
            "repeatable by its seed."
        )
    return text + "The trials ran one after another: the same seed and data repeat the search."


def _shown_references(outcome: Outcome) -> dict[str, float]:
    return {outcome.tuned.reference_title(n): v for n, v in outcome.references.items()}


def _history(outcome: Outcome, columns: Mapping[str, Any]) -> Figure:
    tuned = outcome.tuned
    startup = STARTUP if outcome.plan.strategy == "tpe" else None
    names = ("trial", "state", "value", "last_value", "seconds")
    data = {name: columns[name] for name in names}
    data["best_so_far"] = np.full(len(columns["trial"]), np.nan)
    done = np.isfinite(columns["value"])
    from ..tuning.results import best_so_far

    data["best_so_far"][done] = best_so_far(columns["value"][done], tuned.maximise)
    return Figure(
        optimisation_history(
            columns, tuned.metric_title, tuned.maximise, _shown_references(outcome), startup
        ),
        f"Optimisation history: {tuned.metric_title} of every trial by {outcome.evaluation}, and "
        "the best so far. Trials much worse than the median lie at the edge of the axis. Black "
        "lines: models that were not tuned, judged alike.",
        data,
        "optimisation-history",
    )


def _importance(outcome: Outcome) -> list[Section]:
    shares = importances(outcome.study)
    if not shares:
        return [Text("Too few completed trials to say which hyperparameters mattered.")]
    complete = counts(outcome.study).complete
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


def _slices(outcome: Outcome, columns: Mapping[str, Any]) -> Figure:
    tuned = outcome.tuned
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


def _best(outcome: Outcome) -> Table:
    names = [dimension.name for dimension in outcome.tuned.space]
    rows = [
        [rank, trial.number, f"{trial.value:.4f}", *(f"{trial.params[n]:.4g}" for n in names)]
        for rank, trial in enumerate(ranking(outcome.study)[:SHOWN], 1)
    ]
    in_ensemble = (
        f" The first {outcome.top.members} are the members of the ensemble." if outcome.top else ""
    )
    return Table(
        ("Rank", "Trial", outcome.tuned.metric_title, *(n.replace("_", " ") for n in names)),
        rows,
        f"The best completed trials by {outcome.evaluation}.{in_ensemble}",
        numeric=range(3 + len(names)),
    )


def _space(outcome: Outcome) -> Table:
    recipe = {**outcome.tuned.base.settings, **outcome.tuned.base.hyperparameters}
    best = outcome.trial.params
    rows = [
        [d.name, str(d), f"{recipe.get(d.name, d.default):g}", f"{best[d.name]:.4g}"]
        for d in outcome.tuned.space
    ]  # fmt: skip
    return Table(
        ("Hyperparameter", "Searched", "Default", "Best trial"), rows, "The search space.",
        numeric=(2, 3),
    )  # fmt: skip


def _facts(outcome: Outcome) -> dict[str, object]:
    card, plan = outcome.best.card, outcome.plan
    fixed = {
        name: value
        for part in (outcome.tuned.task.arguments["recipe"][k] for k in
                     ("hyperparameters", "settings"))
        for name, value in part.items()
    }  # fmt: skip
    return {
        "Samples": outcome.samples.split("|")[0],
        "Rows": ", ".join(f"{part} {n.get('rows')}" for part, n in card.split.items()),
        "Trials judged by": outcome.evaluation,
        "Not searched": ", ".join(f"{n} = {v}" for n, v in fixed.items()) or "nothing",
        "Study": f"{outcome.name} in {outcome.place.shown}",
        "Workers": outcome.workers,
        "Pruning": f"median, after {plan.warm_up} steps" if plan.pruning else "none",
        "Seed": plan.seed,
        "Seeds of the final model": ", ".join(map(str, card.seeds)),
        "Model": outcome.model_id,
    }
