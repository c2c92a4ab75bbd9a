"""Which rows belong to training, validation and test, and which are subsidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ..errors import InputError
from ..sampling.labels import binary_labels

TRAIN, VALIDATION, TEST, ALL = "train", "validation", "test", "all"
SPLITS = (TRAIN, VALIDATION, TEST)
#: What users' own tables call the parts.
ALIASES = {"training": TRAIN, "calibration": TRAIN, "valid": VALIDATION, "testing": TEST}


def read_split(values: Sequence[Optional[str]], name: str) -> np.ndarray:
    """Return the split of each row as ``train``, ``validation``, ``test``, empty where null.

    Parameters
    ----------
    values : sequence of str or None
        A text column.
    name : str
        Name of its field, for errors.

    Raises
    ------
    InputError
        The column holds numbers or another word.
    """
    if isinstance(values, np.ndarray):
        raise InputError(
            f"The field '{name}' holds numbers; the split is a text field with the values "
            f"{', '.join(SPLITS)}."
        )
    plain = [(value or "").strip().casefold() for value in values]
    parts = np.array([ALIASES.get(value, value) for value in plain], dtype="U16")
    strange = sorted(set(parts.tolist()) - {*SPLITS, ""})
    if strange:
        raise InputError(
            f"The field '{name}' holds '{strange[0]}'; a split is {', '.join(SPLITS)}."
        )
    return parts


def presences(labels: np.ndarray, name: str) -> np.ndarray:
    """Return which rows are subsidence (label 1); empty labels are not.

    Raises
    ------
    InputError
        A label is neither 0, 1 nor empty, or none is 1.
    """
    binary_labels(labels[~np.isnan(labels)], f"The field '{name}'")
    found = labels == 1
    if not found.any():
        raise InputError(
            f"No row has the label 1 (subsidence) in the field '{name}'; choose another field."
        )
    return found
