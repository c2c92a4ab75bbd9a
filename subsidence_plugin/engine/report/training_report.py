"""Report of the trainers: figures beside a logistic regression, loss curves, what was set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Optional

import numpy as np

from ..models.card import Card
from ..models.describe import rows, training, tuning_lines
from ..training.scores import comparison
from .figures import training_history
from .html import Figure, Heading, Section, Table, write_report

if TYPE_CHECKING:
    from ..training.loop import Trained

Metrics = Mapping[str, Mapping[str, float]]
COLUMNS = ("AUC", "ACC", "SST", "SPF", "Kappa", "RMSE_probability")
HEADS = ("AUC", "ACC", "Sensitivity", "Specificity", "Kappa", "RMSE")


def write_training_report(
    path: str,
    title: str,
    card: Card,
    trained: Optional[Trained],
    metrics: Metrics,
    logistic: Optional[Metrics],
    further: Optional[Mapping[str, object]] = None,
) -> None:
    """Write the report of one training.

    Parameters
    ----------
    path : str
    title : str
        Of the model.
    card : Card
    trained : Trained or None
        None for baselines, which have no history.
    metrics, logistic : mapping
        Metrics by part, of the model and of a logistic regression on the same rows.
    further : mapping, optional
        Facts to be told beside those of the card.
    """
    sections: list[Section] = [Heading("How well it separates"), _figures(title, metrics, logistic)]
    if trained is not None:
        sections += [Heading("How it was trained"), _history(trained), _members(trained)]
    sections += [Heading("Factors"), _factors(card)]
    facts = {
        "Samples": card.source,
        "Rows": rows(card),
        **dict(line.split(": ", 1) for line in card.described_hyperparameters()),
        "Training": training(card.training),
        **dict(line.split(": ", 1) for line in tuning_lines(card.training)),
        "Seeds": ", ".join(map(str, card.seeds)),
        **(further or {}),
    }
    write_report(path, f"Training: {title}", sections, _lead(title, metrics, logistic), facts)


def _judged(metrics: Metrics) -> str:
    """Return the part that a result is judged by: rows that were not trained on, if any."""
    return next((p for p in ("validation", "test", "train") if _auc(metrics, p) is not None), "")


def _auc(metrics: Metrics, part: str) -> Optional[float]:
    return metrics.get(part, {}).get("AUC")


def _lead(title: str, metrics: Metrics, logistic: Optional[Metrics]) -> str:
    part = _judged(metrics)
    if not part:
        return f"{title} was trained; no part of the samples has rows of both classes to judge it."
    rows = "training rows (no others were given)" if part == "train" else f"{part} rows"
    counted = "TP" in metrics[part]  # files of other tools may have fewer figures
    if logistic is None or _auc(logistic, part) is None or not counted:
        return f"{title} reaches an AUC of {_auc(metrics, part):.3f} on the {rows}."
    return f"On the {rows} {comparison(title, metrics[part], logistic[part])}."


def _figures(title: str, metrics: Metrics, logistic: Optional[Metrics]) -> Table:
    rows = []
    for part, values in metrics.items():
        rows.append([title, part, *(values.get(name) for name in COLUMNS)])
        if logistic and part in logistic:
            other = (logistic[part].get(name) for name in COLUMNS)
            rows.append(["Logistic regression", part, *other])
    return Table(
        ("Model", "Rows", *HEADS),
        rows,
        "Labels are told apart at a probability of 0.5; RMSE is that of the probabilities. Of "
        "several members their mean probability is taken.",
    )


def _history(trained: Trained) -> Figure:
    rows = np.array(trained.history, dtype=float)
    columns = ("training_loss", "validation_loss", "validation_auc")
    runs = [
        {"epoch": own[:, 1], **{name: own[:, 2 + i] for i, name in enumerate(columns)}}
        for own in (rows[rows[:, 0] == number] for number in np.unique(rows[:, 0]))
    ]
    best = [summary["best_epoch"] for summary in trained.summaries]
    data = {
        "network": rows[:, 0].astype(int), "epoch": rows[:, 1].astype(int),
        **{name.replace("validation", "holdout"): rows[:, 2 + i] for i, name in enumerate(columns)},
    }  # fmt: skip
    return Figure(
        training_history(runs, best),
        "Loss on the training rows (with dropout) and on the training rows held out to find the "
        "best epoch; validation and test rows took no part in that choice.",
        data, "training-history",
    )  # fmt: skip


def _members(trained: Trained) -> Table:
    rows = [
        [number, s["seed"], s["epochs"], s["best_epoch"], s["holdout_rows"], s["holdout_auc"]]
        for number, s in enumerate(trained.summaries, 1)
    ]
    heads = ("Network", "Seed", "Epochs", "Epoch kept", "Rows held out", "AUC on them")
    return Table(
        heads, rows,
        "The networks of the model, each from its own seed. The epoch kept has the lowest loss on "
        "training rows held out; the AUC is that on these rows.",
    )  # fmt: skip


def _factors(card: Card) -> Table:
    rows = [
        [f.name, f.kind, _whole(f.minimum), _whole(f.maximum), len(f.categories) or None]
        for f in card.factors
    ]
    return Table(
        ("Factor", "Kind", "Minimum", "Maximum", "Categories"),
        rows,
        "Minima and maxima of the training rows, which scale the inputs to 0..1; values outside "
        "are clipped.",
    )


def _whole(value: Optional[float]) -> Optional[float]:
    """Return a code of a class as a whole number, which is written without decimals."""
    return int(value) if value is not None and float(value).is_integer() else value
