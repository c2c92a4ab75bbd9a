"""The rows that a model was trained on, found again in its samples and checked against its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..models.encode import encode
from ..models.model import Model
from ..models.predict_rows import check_kinds, factor_values
from ..progress import Progress
from ..training.table import known_kinds
from ..validation.splits import TRAIN, read_split

#: What to do where the samples are not those of the model.
ADVICE = "give the samples that it was trained on in SAMPLES"

#: Largest difference of a minimum or maximum, as a share of the factor's range, that is no other
#: value: samples kept as text (CSV) lose the last digits.
TOLERANCE = 1e-5
MIN_ROWS = 3


@dataclass
class TrainingRows:
    """Training rows as model inputs, (rows, inputs) float32, and the fold of each row, or None."""

    inputs: np.ndarray
    fold: Optional[np.ndarray]

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def folds(self) -> int:
        """Number of folds, 0 where each row is its own."""
        return 0 if self.fold is None else len(np.unique(self.fold[np.isfinite(self.fold)]))


def training_rows(
    model: Model,
    columns: Mapping[str, Any],
    metadata: Mapping[str, str],
    fold: Optional[np.ndarray],
    progress: Progress,
) -> TrainingRows:
    """Return the rows of ``split`` 'train' with a value in every factor of the model.

    Parameters
    ----------
    model : Model
    columns, metadata : mapping
        Of the samples; factors are found by name, whatever the case and order.
    fold : 1d-array, optional
        Fold of each row of the samples, NaN where it has none. Where there is but one, the result
        has none.
    progress : Progress

    Raises
    ------
    InputError
        A factor is missing, or these are not the rows that the model was trained on.
    """
    values = factor_values(model, columns)
    check_kinds(model, known_kinds(columns, metadata), advice=ADVICE)
    chosen = np.ones(len(values), bool)
    if "split" in columns:
        chosen = read_split(columns["split"], "split") == TRAIN
    else:
        progress.warn("The samples have no field 'split': all rows are taken as training rows.")
    chosen &= np.isfinite(values).all(axis=1)
    if chosen.sum() < MIN_ROWS:
        raise InputError(
            f"The samples have {int(chosen.sum())} complete rows of split 'train'; at least "
            f"{MIN_ROWS} are needed: give the samples that the model was trained on in SAMPLES."
        )
    _check_same_rows(model, values[chosen], progress)
    inputs, _outside, valid = encode(values[chosen], model.factors, clip=False)
    return TrainingRows(inputs[valid], _folds(fold, chosen, valid, progress))


def _check_same_rows(model: Model, values: np.ndarray, progress: Progress) -> None:
    """Compare minima, maxima, categories and the number of rows with the model's card."""
    for factor, column in zip(model.factors, values.T):
        low, high = float(column.min()), float(column.max())
        slack = TOLERANCE * (factor.maximum - factor.minimum)
        same = abs(low - factor.minimum) <= slack and abs(high - factor.maximum) <= slack
        if factor.kind == "categorical":
            same = set(np.unique(column).tolist()) == set(factor.categories)
        if not same:
            raise InputError(
                f"The samples are not those that the model was trained on: over the training rows "
                f"'{factor.name}' runs from {low:.6g} to {high:.6g}, in the model file from "
                f"{factor.minimum:.6g} to {factor.maximum:.6g}"
                + (", or has other categories" if factor.kind == "categorical" else "")
                + "; give the model's own samples in SAMPLES."
            )
    known = model.card.split.get(TRAIN, {}).get("rows")
    if known and known != len(values):
        progress.warn(
            f"The model was trained on {int(known)} rows, the samples have {len(values)} training "
            "rows of the same range; the index is that of the rows given."
        )


def _folds(
    fold: Optional[np.ndarray], chosen: np.ndarray, valid: np.ndarray, progress: Progress
) -> Optional[np.ndarray]:
    if fold is None:
        progress.info(
            "There is no field of folds: the threshold is taken from the distance of each training "
            "row to the nearest other one (each row is its own fold)."
        )
        return None
    own = fold[chosen][valid].astype(float)
    count = len(np.unique(own[np.isfinite(own)]))
    if count < 2:
        progress.warn(
            f"The training rows are in {count} fold(s): the threshold is taken from the distance "
            "of each row to the nearest other one instead."
        )
        return None
    progress.info(f"Folds for the threshold: {count}.")
    return own
