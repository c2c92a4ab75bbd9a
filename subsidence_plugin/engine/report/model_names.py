"""What models are called in logs, tables and reports, and how a report describes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..models.calibration import calibration_text
from ..models.model import Model

#: What a recalibrated model's name ends in.
RECALIBRATED = " recalibrated"


def model_names(models: Sequence[Model], paths: Sequence[str]) -> list[str]:
    """Return what each model is called: its architecture, with the file's name where it repeats."""
    from ..baselines.registry import BASELINES
    from ..networks.registry import ARCHITECTURES

    declared = {**BASELINES, **ARCHITECTURES}
    titles = [
        declared[model.card.architecture].title + (RECALIBRATED if model.card.calibration else "")
        for model in models
    ]
    names = [
        title if titles.count(title) == 1 else f"{title} ({Path(path).stem})"
        for title, path in zip(titles, paths)
    ]
    return [
        name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}"
        for i, name in enumerate(names)
    ]


def described(model: Model, path: str) -> str:
    """Return where a model comes from and what it is, in one line."""
    members = f", {model.members} members (mean)" if model.members > 1 else ""
    seeds = f", seed {', '.join(map(str, model.card.seeds))}" if model.card.seeds else ""
    stored = model.card.calibration
    calibrated = f"; recalibrated by {calibration_text(stored)}" if stored else ""
    return f"{path} (id {model.model_id}, {len(model.factors)} factors{members}{seeds}{calibrated})"
