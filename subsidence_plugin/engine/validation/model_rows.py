"""What a model says of each row of samples, honestly: never from a calibration that saw the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..models.calibration import calibrate
from ..models.encode import encode
from ..models.model import Model
from ..models.predict_rows import check_kinds, factor_values
from ..progress import Progress
from .fingerprints import Fingerprints, fingerprints, seen_rows
from .metrics import check_labels
from .recalibration import cross_fit
from .sample_rows import SampleRows


@dataclass
class ModelRows:
    """One model on the samples.

    ``raw`` is the mean of the members, not calibrated; ``probability`` what is scored: ``raw``,
    recalibrated where the model is. ``seen`` are the rows that its calibration was fitted on and
    that are scored by cross-fitting. NaN where the model cannot judge a row.
    """

    name: str
    model: Model
    raw: np.ndarray
    probability: np.ndarray
    seen: np.ndarray
    prints: Fingerprints

    @property
    def calibration(self) -> str:
        """Method of the model's calibration, empty where it has none."""
        stored = self.model.card.calibration
        return stored["method"] if stored else ""


def judge_model(model: Model, name: str, samples: SampleRows, progress: Progress) -> ModelRows:
    """Return what a model says of every row.

    Rows that its calibration was fitted on get the probability of a calibration by the same
    method on the other folds of these rows; where they are too few for that, the uncalibrated one.

    Raises
    ------
    InputError
        A factor is missing or text; it names the model.
    """
    try:
        values = factor_values(model, samples.columns)
    except InputError as error:
        raise InputError(f"Model {name}: {error}") from error
    check_kinds(model, samples.kinds, f"Model {name}")
    raw = _mean_probability(model, values)
    prints = fingerprints(values, samples.x, samples.y, samples.crs)
    stored = model.card.calibration
    seen = seen_rows(stored, prints) & np.isfinite(raw)
    probability = calibrate(stored, raw)
    if seen.any():
        probability[seen] = _unseen(stored["method"], raw, seen, samples, name, progress)
    return ModelRows(name, model, raw, probability, seen, prints)


def drop_unjudged(
    models: Sequence[ModelRows], samples: SampleRows, progress: Progress
) -> dict[str, np.ndarray]:
    """Return the parts without rows that any model cannot judge, so that all have the same rows."""
    known = np.all([np.isfinite(rows.raw) for rows in models], axis=0)
    for rows in models:
        lost = ~np.isfinite(rows.raw)
        missing = sum(int((chosen & lost).sum()) for chosen in samples.parts.values())
        if missing:
            progress.warn(
                f"{missing} rows have an empty factor, or a category not seen in training, for "
                f"{rows.name}; they are left out for every model."
            )
        if np.ptp(rows.raw[known]) == 0 if known.any() else False:
            progress.warn(
                f"{rows.name} gives every row the same probability ({rows.raw[known][0]:.4g}): it "
                "tells nothing apart."
            )
    parts = {split: chosen & known for split, chosen in samples.parts.items()}
    for split, chosen in parts.items():
        what = f"The label of the {split} rows that every model can judge"
        check_labels(samples.labels[chosen], what)
    return parts


def _mean_probability(model: Model, values: np.ndarray) -> np.ndarray:
    inputs, _clipped, valid = encode(values, model.factors)
    mean = np.full(len(values), np.nan)
    if valid.any():
        mean[valid] = model.mean_probability(inputs[valid], calibrated=False)
    return mean


def _unseen(
    method: str, raw: np.ndarray, seen: np.ndarray, samples: SampleRows, name: str,
    progress: Progress,
) -> np.ndarray:  # fmt: skip
    labels = samples.labels[seen].astype(int)
    try:
        folds = samples.folds(seen)
        found = cross_fit(method, labels, raw[seen], folds.number)
    except InputError:
        progress.warn(
            f"The calibration of {name} was fitted on {seen.sum()} of these rows, too few to fit "
            "it without them: they are scored uncalibrated."
        )
        return raw[seen]
    progress.info(
        f"The calibration of {name} was fitted on {seen.sum()} of these rows: they are scored by "
        f"cross-fitting over {folds.text}."
    )
    return found
