"""What a forecaster's file says of itself, in words."""

from __future__ import annotations

from ..models.describe import sizes, training, tuning_lines, versions
from ..naive.baselines import Baselines
from .card import ForecasterCard
from .forecaster import Forecaster

#: Figures shown of each part, with their units.
SHOWN = {"RMSE": "mm", "MAE": "mm", "Skill": ""}


def describe_forecaster(forecaster: Forecaster, name: str) -> list[str]:
    """Return lines for the log."""
    card = forecaster.card
    lines = [
        f"{name}: forecaster {forecaster.kind.title} ({card.variant}), members: "
        f"{forecaster.members}, of {sizes(forecaster)} numbers, id {forecaster.model_id}.",
        lengths(card),
        f"Trained on {source(card)}.",
        f"Seeds: {', '.join(map(str, card.seeds))}; versions: {versions(card)}",
        *card.described_hyperparameters(),
        f"Training: {training(card.training)}",
        *tuning_lines(card.training),
    ]
    for part, metrics in card.metrics.items():
        shown = [
            f"{metric} {metrics[metric]:.3f} {unit}".strip()
            for metric, unit in SHOWN.items()
            if isinstance(metrics.get(metric), (int, float))
        ]
        if shown:
            where, baseline = part_and_baseline(part, card)
            words = where.replace(" at points", " part, at the points")
            words += "" if words != where else " part"
            name = f" ({baseline})" if baseline else ""
            lines.append(f"On the {words}{name}: {', '.join(shown)}")
    lines.append(intervals(card))
    for entry in card.covariates:
        lines.append(f"Covariate {entry['name']}: mean {entry['mean']:g}, std {entry['std']:g}")
    return lines


def figure_columns(forecaster: Forecaster) -> dict[str, list]:
    """Return all figures as a table: model, split, metric and value, pooled over the horizon."""
    columns: dict[str, list] = {name: [] for name in ("model", "split", "metric", "value")}
    for part, metrics in forecaster.card.metrics.items():
        where, baseline = part_and_baseline(part, forecaster.card)
        for metric, value in metrics.items():
            if isinstance(value, (int, float)):
                row = (baseline or forecaster.kind.title, where, metric, float(value))
                for name, entry in zip(columns, row):
                    columns[name].append(entry)
    return columns


def part_and_baseline(part: str, card: ForecasterCard) -> tuple[str, str]:
    """Return the part that a key of the metrics names, and the title of the baseline, if any."""
    where, _sign, name = part.partition(": ")
    title = Baselines(card.window, card.horizon, card.gap).titles.get(name, name)
    return where, title[:1].upper() + title[1:]


def lengths(card: ForecasterCard) -> str:
    """Return window, horizon and gap, and what the nodes are."""
    nodes = "points" if card.nodes == "points" else "cells"
    apart = "typically {} m apart" if nodes == "points" else "of {} m"
    text = (
        f"Window {card.window}, horizon {card.horizon}, gap {card.gap} dates, typically "
        f"{card.step_days:g} days apart; nodes are {nodes} {apart.format(f'{card.cell_size:.4g}')}"
    )
    if card.shape:
        text += f" on a grid of {card.shape[1]} × {card.shape[0]}"
    return text + "."


def source(card: ForecasterCard) -> str:
    """Return what it was trained on."""
    text = card.source or "an unknown stack"
    if card.first_date and card.last_date:
        text += f", {card.first_date} to {card.last_date}"
    extra = ", ".join(part for part in (card.component, card.units) if part)
    text += f" ({extra})" if extra else ""
    parts = [
        f"{part} {counts['windows']} windows" for part, counts in card.split.items()
        if isinstance(counts.get("windows"), int)
    ]  # fmt: skip
    return text + (f"; {', '.join(parts)}" if parts else "")


def intervals(card: ForecasterCard) -> str:
    """Return for which coverages there are intervals, and how wide they are."""
    if card.conformal is None:
        return "Prediction intervals were not calibrated."
    coverages = card.conformal["coverages"]
    return f"Prediction intervals are calibrated for {coverages[0]:.0%} to {coverages[-1]:.0%}."
