"""What a susceptibility model's file says of itself, in words and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ..baselines.registry import BASELINES
from ..networks.registry import ARCHITECTURES
from .calibration import calibration_text
from .card import Card
from .members import short_number
from .model import Model

#: Figures shown in the log, and as people call them.
SHOWN = {
    "AUC": "AUC", "ACC": "ACC", "SST": "sensitivity", "SPF": "specificity", "Kappa": "Kappa",
    "RMSE_probability": "RMSE",
}  # fmt: skip
#: The model that all others are set beside.
REFERENCE = "Logistic regression"
#: Entries of ``training`` that lines of their own tell, or nobody reads.
UNSAID = ("members", "tuning")


def title_of(model: Model) -> str:
    """Return the model's architecture as people write it."""
    return {**ARCHITECTURES, **BASELINES}[model.card.architecture].title


def description(model: Model, name: str) -> list[str]:
    """Return the lines of the log for the model in the file called ``name``."""
    card = model.card
    lines = [
        f"{name}: {title_of(model)}, members: {model.members}, of {sizes(model)} numbers, "
        f"id {model.model_id}.",
        f"Trained on {card.source or 'unknown samples'}: {rows(card) or 'rows unknown'}",
        f"Seeds: {', '.join(map(str, card.seeds))}; versions: {versions(card)}",
        *card.described_hyperparameters(),
        f"Training: {training(card.training)}",
        *tuning_lines(card.training),
        *figures(card),
        "Class rules of its class stack are in the file." if card.rules else
        "It was trained on factor values, or the class rules were not kept.",
        *calibration_lines(card.calibration),
    ]  # fmt: skip
    for factor in model.factors:
        what = (
            f"categories {', '.join(f'{c:g}' for c in factor.categories)}"
            if factor.kind == "categorical"
            else f"{factor.minimum:g} to {factor.maximum:g}"
        )
        lines.append(f"Factor {factor.name} ({factor.kind}): {what}")
    return lines


def sizes(model: Any) -> str:
    """Return how many numbers a member of a model (or forecaster) has, as "10" or "10 to 20"."""
    found = sorted({sum(array.size for array in member.values()) for member in model.arrays})
    return " to ".join(str(size) for size in (found[0], found[-1])[: len(found)])


def rows(card: Card) -> str:
    """Return how many rows the parts of the samples have, and how many subside."""
    texts = []
    for part, counted in card.split.items():
        text = f"{part} {counted.get('rows')} rows"
        if counted.get("positive") is not None:
            text += f" ({counted['positive']} with label 1)"
        texts.append(text)
    return ", ".join(texts)


def versions(card: Any) -> str:
    """Return with which software a model (or forecaster) was trained."""
    return ", ".join(f"{name} {version}" for name, version in card.versions.items()) or "unknown"


def training(settings: Mapping[str, Any]) -> str:
    """Return the settings of a training (of a model or forecaster) as text."""
    told = {
        n: v for n, v in settings.items() if n not in UNSAID and not isinstance(v, (dict, list))
    }
    return ", ".join(f"{n} {short_number(v)}" for n, v in told.items()) or "no settings"


def tuning_lines(settings: Mapping[str, Any]) -> list[str]:
    """Return a line on the search that found the model (or forecaster), if there was one."""
    tuning = settings.get("tuning")
    return [f"Tuned: {training(tuning)}"] if isinstance(tuning, dict) else []


def figures(card: Card) -> list[str]:
    """Return a line a part of the samples: the model's figures, and the baseline's beside them."""
    before = ", before recalibration" if card.calibration else ""
    lines = []
    for part, metrics in card.metrics.items():
        line = f"On the {part} rows{before}: {_shown(metrics)}"
        if part in card.baseline:
            line += f"; logistic regression: {_shown(card.baseline[part])}"
        lines.append(line)
    return lines


def figure_columns(model: Model) -> dict[str, list[Any]]:
    """Return all figures as a table: model, split, metric and value."""
    columns: dict[str, list[Any]] = {name: [] for name in ("model", "split", "metric", "value")}
    for title, metrics in ((title_of(model), model.card.metrics), (REFERENCE, model.card.baseline)):
        for part, values in metrics.items():
            for metric, value in values.items():
                if value is not None:
                    for name, entry in zip(columns, (title, part, metric, float(value))):
                        columns[name].append(entry)
    return columns


def calibration_lines(calibration: Optional[dict[str, Any]]) -> list[str]:
    """Return how a model was recalibrated and what that was worth, or that it was not."""
    if not calibration:
        return ["Not recalibrated."]
    lines = [f"Recalibrated by {calibration_text(calibration)}."]
    measured = calibration.get("measured")
    if isinstance(measured, dict):
        numbers = [measured.get(name) for name in ("ECE_before", "ECE", "Brier_before", "Brier")]
        if all(isinstance(number, (int, float)) for number in numbers):
            lines.append(
                "Expected calibration error {:.3f} before and {:.3f} after, Brier score {:.3f} and "
                "{:.3f}, on ".format(*numbers)
                + f"{measured.get('rows')}."
            )
    return lines


def _shown(metrics: Mapping[str, Any]) -> str:
    known = {title: metrics.get(name) for name, title in SHOWN.items()}
    return ", ".join(f"{title} {value:.3f}" for title, value in known.items() if value is not None)
