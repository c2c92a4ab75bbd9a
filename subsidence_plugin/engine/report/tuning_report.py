"""Report of a tuning: what it brought, beside the defaults and the baselines, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ..training.scores import comparison
from ..tuning.outcome import Outcome
from ..tuning.results import trial_columns
from ..tuning.search_base import DEFAULTS
from ..tuning.study import counts
from .html import Heading, Section, Table, Text, write_report
from .tuning_sections import (
    best_trials,
    course,
    history_figure,
    importance_sections,
    not_beaten,
    search_facts,
    slice_figure,
    space_table,
)

#: Values closer than this are called level.
LEVEL = 0.001
METRICS = ("AUC", "ACC", "SST", "SPF", "Kappa", "RMSE_probability")
HEADS = ("AUC", "ACC", "Sensitivity", "Specificity", "Kappa", "RMSE")


def write_tuning_report(path: str, outcome: Outcome) -> None:
    """Write the report of one tuning."""
    columns = trial_columns(outcome.study, outcome.tuned.space)
    sections: list[Section] = [
        Heading("What the search brought"), *_brought(outcome), _judged(outcome), *_unseen(outcome),
        Heading("The search"), Text(course(outcome)), history_figure(outcome, columns),
        *importance_sections(outcome), slice_figure(outcome, columns),
        Heading("The best trials"),
        best_trials(outcome, outcome.top.members if outcome.top else 0), space_table(outcome),
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


def _brought(outcome: Outcome) -> list[Section]:
    """Return that the search brought nothing, where that is so."""
    text = not_beaten(outcome, outcome.references.get(DEFAULTS))
    return [Text(text)] if text else []


def _metric(title: str) -> str:
    return "an AUC" if title == "AUC" else f"a {title.lower()}"


def _best_baseline(outcome: Outcome) -> Optional[tuple[str, float]]:
    found = [(n, v) for n, v in outcome.references.items() if n != DEFAULTS]
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


def _facts(outcome: Outcome) -> dict[str, object]:
    card = outcome.best.card
    return {
        "Samples": outcome.samples.split("|")[0],
        "Rows": ", ".join(f"{part} {n.get('rows')}" for part, n in card.split.items()),
        **search_facts(outcome),
        "Seeds of the final model": ", ".join(map(str, card.seeds)),
        "Model": outcome.model_id,
    }
