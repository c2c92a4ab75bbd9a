"""Report of ``modelinfo`` on a model of susceptibility: what its file says, as tables."""

from __future__ import annotations

from ..models.describe import calibration_lines, title_of, versions
from ..models.model import Model
from .training_report import write_training_report


def write_model_card(path: str, model: Model, name: str) -> None:
    """Write the page.

    Parameters
    ----------
    path : str
    model : Model
    name : str
        Of the file.
    """
    card = model.card
    facts = {
        "Trained with": versions(card),
        "Class rules": "in the file" if card.rules else "none, or not kept",
        "Recalibration": " ".join(calibration_lines(card.calibration)),
        "Members": model.members,
        "Id": model.model_id,
    }
    title = f"{title_of(model)} ({name})"
    write_training_report(path, title, card, None, card.metrics, card.baseline or None, facts)
