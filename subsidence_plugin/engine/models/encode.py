"""From factor values to model inputs: scaled to 0..1, categories one-hot, rows masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ..errors import InputError
from .card import MAX_CATEGORIES, Factor


def encode(
    values: np.ndarray, factors: Sequence[Factor], clip: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the inputs of a model for rows of factor values.

    Continuous values and class codes become (value − minimum) / (maximum − minimum) with the
    training rows' minimum and maximum; values outside are clipped to 0..1 and counted. A
    categorical value becomes one input a category, 1 for its own; a category that was not seen
    in training, or a missing value in any factor, masks the row.

    Parameters
    ----------
    values : 2d-array of float32, (rows, factors)
        In the order of ``factors``; NaN where missing.
    factors : sequence of Factor
    clip : bool
        False leaves values outside the training range where they are (they are counted still).

    Returns
    -------
    inputs : 2d-array of float32, (rows, inputs)
        Zero in masked rows.
    clipped : 1d-array of int64, (factors,)
        Number of valid rows whose value lay outside the training range.
    valid : 1d-array of bool, (rows,)
    """
    values = np.asarray(values, dtype=np.float32)
    if values.ndim != 2 or values.shape[1] != len(factors):
        raise InputError(
            f"The model needs {len(factors)} factors a row, the values have shape {values.shape}."
        )
    valid = np.isfinite(values).all(axis=1)
    categorical = [i for i, factor in enumerate(factors) if factor.kind == "categorical"]
    for i in categorical:
        valid &= _category(values[:, i], factors[i])[1]
    low = np.array([f.minimum for f in factors], dtype=np.float32)
    high = np.array([f.maximum for f in factors], dtype=np.float32)
    span = np.where(high > low, high - low, np.float32(1))
    scaled = (values - low) * (np.float32(1) / span)
    scaled[~valid] = 0
    outside = ((values < low) | (values > high)) & valid[:, None]
    clipped = outside.sum(axis=0)
    clipped[categorical] = 0
    if clip:
        np.clip(scaled, 0, 1, out=scaled)
    if categorical:
        scaled = _with_one_hot(scaled, values, factors, valid)
    return scaled, clipped, valid


def _category(column: np.ndarray, factor: Factor) -> tuple[np.ndarray, np.ndarray]:
    """Return the index of each value's category and whether it is one of them."""
    known = np.asarray(factor.categories, dtype=np.float32)
    index = np.minimum(np.searchsorted(known, column), len(known) - 1)
    return index, known[index] == column


def _with_one_hot(
    scaled: np.ndarray, values: np.ndarray, factors: Sequence[Factor], valid: np.ndarray
) -> np.ndarray:
    inputs = np.zeros((len(scaled), sum(f.width for f in factors)), dtype=np.float32)
    rows = np.flatnonzero(valid)
    start = 0
    for i, factor in enumerate(factors):
        if factor.kind == "categorical":
            inputs[rows, start + _category(values[rows, i], factor)[0]] = 1
        else:
            inputs[:, start] = scaled[:, i]
        start += factor.width
    return inputs


def fit_factors(
    values: np.ndarray, names: Sequence[str], kinds: Optional[Sequence[str]] = None
) -> list[Factor]:
    """Return the factors with minima, maxima and categories of these (training) rows.

    Parameters
    ----------
    values : 2d-array of float32, (rows, factors)
        Training rows only, without missing values.
    names, kinds : sequence of str
        Kinds default to ``continuous``.

    Raises
    ------
    InputError
        A factor is constant, or a categorical one has too many categories.
    """
    values = np.asarray(values, dtype=np.float32)
    factors = []
    for i, name in enumerate(names):
        kind = kinds[i] if kinds else "continuous"
        column = values[:, i]
        low, high = float(column.min()), float(column.max())
        if not low < high:
            raise InputError(
                f"The factor '{name}' is constant ({low:g}) in the training rows; leave it out."
            )
        categories: tuple[float, ...] = ()
        if kind == "categorical":
            categories = tuple(float(v) for v in np.unique(column))
            if len(categories) > MAX_CATEGORIES:
                raise InputError(
                    f"The categorical factor '{name}' has {len(categories)} different values, "
                    f"at most {MAX_CATEGORIES} are allowed; is it a continuous factor?"
                )
        factors.append(Factor(name, kind, low, high, categories))
    return factors
