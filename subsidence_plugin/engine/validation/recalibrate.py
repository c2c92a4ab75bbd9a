"""Recalibrates a model on the validation rows and measures it on others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..models.calibration import calibrate
from ..progress import Progress
from .calibration import Reliability, reliability
from .fingerprints import seen_rows
from .model_rows import ModelRows, SampleRows
from .model_scores import Scores, score
from .recalibration import FEW_ROWS, check_rows, cross_fit, fit_calibration
from .splits import TEST, VALIDATION


@dataclass(frozen=True)
class Recalibration:
    """A calibration fitted on validation rows, and the model before and after it on other rows.

    ``calibration`` is what the card stores. ``folds`` says how the validation rows were divided
    where there are no test rows to measure on (then ``after`` is cross-fitted), else it is empty.
    """

    calibration: dict[str, Any]
    before: Scores
    after: Scores
    folds: str = ""

    @property
    def curves(self) -> tuple[Reliability, Reliability]:
        """Reliability before and after."""
        both = (self.before, self.after)
        before, after = (reliability(s.labels, s.probabilities) for s in both)
        return before, after

    @property
    def rows(self) -> str:
        """The rows it was measured on, in words."""
        count = f"{len(self.after.labels):,}"
        if self.folds:
            return f"{count} validation rows, each by a fit on the others of {self.folds}"
        return f"{count} test rows"


def recalibrate(
    method: str,
    rows: ModelRows,
    samples: SampleRows,
    parts: dict[str, np.ndarray],
    threshold: float,
    source: str,
    progress: Progress,
) -> Recalibration:
    """Return the calibration of a model, measured on rows that it was not fitted on.

    Fitted on all validation rows, on the uncalibrated probability. Measured on test rows where
    there are some; else on the validation rows fold by fold, each by a fit on the other folds.

    Parameters
    ----------
    method : {"isotonic", "platt"}
    rows : ModelRows
    samples : SampleRows
    parts : mapping of split to mask
        Rows that can be judged.
    threshold : float
    source : str
        Name of the samples, for the card.
    progress : Progress

    Raises
    ------
    InputError
        There are no validation rows, or too few of a class.
    """
    if VALIDATION not in parts:
        raise InputError(
            "CALIBRATION is fitted on validation rows, and the samples have none; extract samples "
            "with a validation share above 0, or set it to none."
        )
    labels, raw = samples.labels.astype(int), rows.raw
    fitted_on = parts[VALIDATION]
    check_rows(labels[fitted_on])
    calibration = {
        **fit_calibration(method, labels[fitted_on], raw[fitted_on]),
        "split": VALIDATION,
        "source": source,
        "calibrated_from": rows.model.model_id,
        **rows.prints.take(fitted_on).as_dict(),
    }
    _warn(calibration, rows, progress)
    test = parts.get(TEST, np.zeros(len(labels), bool)) & ~seen_rows(calibration, rows.prints)
    if len(np.unique(labels[test])) == 2:
        measured, folds, split = test, "", TEST
        after = calibrate(calibration, raw[test])
    else:
        own = samples.folds(fitted_on)
        measured, folds, split = fitted_on, own.text, VALIDATION
        after = cross_fit(method, labels[fitted_on], raw[fitted_on], own.number)
    # A model that was recalibrated before is called so already.
    name, held = rows.name.replace(" recalibrated", ""), labels[measured]
    found = Recalibration(
        calibration,
        score(f"{name} uncalibrated", split, held, raw[measured], threshold),
        score(f"{name} recalibrated", split, held, after, threshold, method,
              len(held) if folds else 0, raw[measured]),
        folds,
    )  # fmt: skip
    calibration["measured"] = _measured(found)
    return found


def _measured(found: Recalibration) -> dict[str, Any]:
    before, after = found.curves
    return {
        "rows": found.rows,
        "ECE_before": before.ece, "ECE": after.ece, "ECE_chance": after.chance,
        "Brier_before": before.brier, "Brier": after.brier,
    }  # fmt: skip


def _warn(calibration: dict[str, Any], rows: ModelRows, progress: Progress) -> None:
    stored, count = rows.model.card.calibration, calibration["rows"]
    if stored:
        progress.warn(
            f"{rows.name} is recalibrated already: its uncalibrated probabilities are fitted anew, "
            "and the old calibration is replaced."
        )
    if calibration["method"] == "isotonic" and count < FEW_ROWS:
        progress.warn(
            f"Isotonic calibration on {count} rows follows single rows, and the map gets steps; "
            f"below some {FEW_ROWS:,} rows Platt's curve is the safer choice."
        )
