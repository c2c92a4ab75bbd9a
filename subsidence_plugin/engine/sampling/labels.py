"""Labels of samples: 1 is subsidence, 0 is none, nothing else."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..errors import InputError

#: The field that holds the label where none is named.
LABEL = "label"


def binary_labels(values: object, what: str) -> np.ndarray:
    """Return a column as 0 and 1, or name what else it holds.

    Parameters
    ----------
    values : array of float, or list of str or None
        Text is taken where it is a number, since tables without types give every column as text.
    what : str
        Names the column in the error, for example "The field 'label'".

    Raises
    ------
    InputError
        A value is neither 0 nor 1, or missing; the commonest of them are named.
    """
    is_number = isinstance(values, np.ndarray) and values.dtype.kind in "biuf"
    labels = np.array(values if is_number else [_number(v) for v in values], dtype=float)
    wrong = ~((labels == 0) | (labels == 1))
    if wrong.any():
        odd = Counter(_shown(values[i]) for i in np.flatnonzero(wrong))
        named = ", ".join(f"{value} ({count}×)" for value, count in odd.most_common(5))
        more = f" and {len(odd) - 5} further values" if len(odd) > 5 else ""
        raise InputError(
            f"{what} must be 1 (subsidence) or 0 (none), but it also holds "
            f"{named}{more}; choose another field or recode it."
        )
    return labels.astype(np.int64)


def _number(value: object) -> float:
    try:
        return float(value) if value is not None else np.nan
    except ValueError:
        return np.nan


def _shown(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "null"
    return f"'{value}'" if isinstance(value, str) else f"{value:g}"
