"""The rows of samples that models are judged on: labels, splits, folds, places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .metrics import check_labels
from .recalibration import Folds, calibration_folds
from .splits import ALL, SPLITS, TEST, VALIDATION, read_split


@dataclass
class SampleRows:
    """Rows of a samples layer, all of them.

    ``columns`` hold the factors, ``labels`` are 0 and 1, ``parts`` the mask of each split.
    ``fold`` is the samples' own field, ``split_method`` how split and folds were made ("random",
    "blocks", "kmeans"; empty: not known). ``x``, ``y``, ``crs`` are empty for a table; ``kinds``
    of the columns where the layer knows them.
    """

    columns: Mapping[str, Any]
    labels: np.ndarray
    parts: dict[str, np.ndarray]
    fold: Optional[np.ndarray] = None
    split_method: str = ""
    x: Optional[np.ndarray] = None
    y: Optional[np.ndarray] = None
    crs: str = ""
    seed: int = 42
    kinds: Mapping[str, str] = field(default_factory=dict)

    def folds(self, chosen: np.ndarray) -> Folds:
        """Return folds of the chosen rows, for cross-fitting a calibration."""
        own = None if self.fold is None else self.fold[chosen]
        return calibration_folds(self.labels[chosen], own, self.split_method, self.seed)


def split_rows(
    labels: np.ndarray,
    split: Optional[Any],
    split_field: str,
    source: str,
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Return which rows each split has; all rows where there is no field "split".

    Parameters
    ----------
    labels : 1d-array
    split : list of str or None, optional
        Column of the split; None: there is none.
    split_field, source : str
        Names of the column and of the samples, for errors.
    progress : Progress

    Raises
    ------
    InputError
        Labels are not 0 and 1, a split has one of them only, or no row is left to validate on.
    """
    check_labels(labels, f"The label of the samples '{source}'")
    if split is None:
        progress.warn(
            "There is no split field: all rows are scored together, those of training included."
        )
        return {ALL: np.ones(len(labels), bool)}
    split = read_split(split, split_field)
    parts = {name: split == name for name in SPLITS if (split == name).any()}
    if not (VALIDATION in parts or TEST in parts):
        raise InputError(
            f"No row of the samples has the split 'validation' or 'test' in '{split_field}'; "
            "extract samples with a validation share above 0, or leave SPLIT_FIELD empty to score "
            "all rows together."
        )
    for name, chosen in parts.items():
        check_labels(labels[chosen], f"The label of the {name} rows")
    if (split == "").any():
        progress.warn(f"{int((split == '').sum())} rows have no split and are left out.")
    return parts


def split_method(metadata: Mapping[str, str]) -> str:
    """Return how 'Extract samples' divided the rows, empty where the layer does not say."""
    try:
        settings = json.loads(metadata.get("split", ""))
    except ValueError:
        return ""
    return str(settings.get("method", "")) if isinstance(settings, dict) else ""
