"""Probabilities for rows of a table (samples), factors matched by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import InputError
from .encode import encode
from .model import Model


def factor_values(model: Model, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the model's factors as (rows, factors) float32, found by name whatever the case.

    Raises
    ------
    InputError
        A factor of the model is missing, or holds text.
    """
    found = {name.lower(): name for name in columns}
    missing = [f.name for f in model.factors if f.name.lower() not in found]
    if missing:
        raise InputError(
            f"The samples lack {len(missing)} of the model's {len(model.factors)} factors: "
            f"{', '.join(missing)}; they have {', '.join(columns)}."
        )
    values = []
    for factor in model.factors:
        column = columns[found[factor.name.lower()]]
        if not isinstance(column, np.ndarray) or column.dtype.kind not in "biuf":
            raise InputError(f"The field '{factor.name}' holds text; a factor must be numeric.")
        values.append(column.astype(np.float32))
    return np.stack(values, axis=1)


def check_kinds(
    model: Model,
    kinds: Mapping[str, str],
    name: str = "The model",
    advice: str = "extract samples from the stack that it was trained on",
) -> None:
    """Refuse class codes for a model of values, and values for a model of classes.

    Parameters
    ----------
    model : Model
    kinds : mapping of str to str
        Kind of each field of the samples, whatever the case; empty where it is not known.
    name, advice : str
        Begin and end the sentence.

    Raises
    ------
    InputError
    """
    known = {column.casefold(): kind for column, kind in kinds.items()}
    for factor in model.factors if known else ():
        if (factor.kind == "classes") != (known[factor.name.casefold()] == "classes"):
            was, now = ("classes", "values") if factor.kind == "classes" else ("values", "classes")
            raise InputError(
                f"{name} was trained on {was} of '{factor.name}' and the samples hold {now}; "
                f"{advice}."
            )


def predict_samples(model: Model, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return probabilities for rows of a table.

    Parameters
    ----------
    model : Model
    columns : mapping of str to 1d-array
        Factor values by name, in the factors' own units; further columns do no harm.

    Returns
    -------
    2d-array of float32, (members, rows)
        NaN where a factor is missing or its category was not seen in training.
    """
    inputs, _clipped, valid = encode(factor_values(model, columns), model.factors)
    result = np.full((model.members, len(inputs)), np.nan, dtype=np.float32)
    if valid.any():
        result[:, valid] = model.probability(inputs[valid])
    return result
