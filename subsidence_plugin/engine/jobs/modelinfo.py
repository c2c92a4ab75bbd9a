"""Job of ``modelinfo``: what a model file says of itself, to the log and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ..baselines.registry import BASELINES
from ..forecasting.card import KIND as FORECASTER
from ..forecasting.describe import describe_forecaster
from ..forecasting.file import load_forecaster
from ..models.calibration import calibration_text
from ..models.container import file_kind
from ..models.file import load_model
from ..models.model import Model
from ..networks.registry import ARCHITECTURES
from ..outputs import Outputs
from ..progress import Progress


def run(progress: Progress, model: str, report: Optional[str] = None) -> dict[str, Any]:
    """Check a model file of either kind in full and describe it.

    Parameters
    ----------
    model : str
        Model file.
    report : str, optional
        HTML page to write.

    Returns
    -------
    dict
        ``ARCHITECTURE``, ``MEMBERS``, ``FACTORS`` (names in order, comma-separated; of a
        forecaster its covariates, absent without any) and ``MODEL_ID``.
    """
    if file_kind(model) == FORECASTER:
        return _forecaster(progress, model, report)
    loaded = load_model(model)
    for line in description(loaded, Path(model).name):
        progress.info(line)
    with Outputs(report, inputs=[model]) as outputs:
        if report:
            from ..report.training_report import write_training_report

            card = loaded.card
            title = f"{title_of(loaded)} ({Path(model).name})"
            write_training_report(outputs.path(report), title, card, None, card.metrics, None)
        progress(1.0)
    return {
        "ARCHITECTURE": loaded.card.architecture,
        "MEMBERS": loaded.members,
        "FACTORS": ", ".join(factor.name for factor in loaded.factors),
        "MODEL_ID": loaded.model_id,
    }


def _forecaster(progress: Progress, model: str, report: Optional[str]) -> dict[str, Any]:
    loaded, name = load_forecaster(model), Path(model).name
    for line in describe_forecaster(loaded, name):
        progress.info(line)
    card = loaded.card
    with Outputs(report, inputs=[model]) as outputs:
        if report:
            from ..report.forecaster_card import write_card_report

            write_card_report(outputs.path(report), loaded, name)
        progress(1.0)
    names = {"FACTORS": ", ".join(card.covariate_names)} if card.covariates else {}
    return {
        "ARCHITECTURE": card.architecture,
        "MEMBERS": loaded.members,
        **names,
        "MODEL_ID": loaded.model_id,
    }


def title_of(model: Model) -> str:
    """Return the model's architecture as people write it."""
    return {**ARCHITECTURES, **BASELINES}[model.card.architecture].title


def description(model: Model, name: str) -> list[str]:
    """Return the lines of the log."""
    card = model.card
    sizes = sorted({sum(array.size for array in member.values()) for member in model.arrays})
    tensors = " to ".join(str(size) for size in (sizes[0], sizes[-1])[: len(sizes)])
    lines = [
        f"{name}: {title_of(model)}, members: {model.members}, of {tensors} numbers, "
        f"id {model.model_id}.",
        f"Trained on {card.source or 'unknown samples'}: "
        + ", ".join(f"{part} {n.get('rows')} rows" for part, n in card.split.items()),
        f"Seeds: {', '.join(map(str, card.seeds))}; versions: "
        + ", ".join(f"{package} {version}" for package, version in card.versions.items()),
        *card.described_hyperparameters(),
    ]
    before = ", before recalibration" if card.calibration else ""
    for part, metrics in card.metrics.items():
        shown = [f"{m} {metrics[m]:.3f}" for m in ("AUC", "ACC") if metrics.get(m) is not None]
        lines.append(f"On the {part} rows{before}: {', '.join(shown)}")
    lines.append("Class rules of its class stack are in the file." if card.rules else
                 "It was trained on factor values, or the class rules were not kept.")  # fmt: skip
    lines += calibration_lines(card.calibration)
    for factor in model.factors:
        what = (
            f"categories {', '.join(f'{c:g}' for c in factor.categories)}"
            if factor.kind == "categorical"
            else f"{factor.minimum:g} to {factor.maximum:g}"
        )
        lines.append(f"Factor {factor.name} ({factor.kind}): {what}")
    return lines


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
