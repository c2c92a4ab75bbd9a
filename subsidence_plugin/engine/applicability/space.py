"""The space in which dissimilarity is measured: inputs standardised and weighted by importance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from ..models.card import Factor

#: Inputs beyond so many ranges of the training rows are taken as lying there: far outside either
#: way, and squares stay within what a float can hold.
FARTHEST = 1e6


class PredictorSpace:
    """Turns encoded rows into coordinates: (input − mean) / standard deviation · weight.

    Mean and standard deviation (ddof 1) are those of the training rows. A categorical factor
    counts by its one-hot columns, each standardised and each with the weight of the factor, as in
    the R package CAST. Inputs must come from ``encode`` with ``clip=False``: clipped values would
    hide what lies outside the training range. (That they are scaled to 0..1 before makes no
    difference: standardising undoes it.)

    Parameters
    ----------
    factors : sequence of Factor
    inputs : 2d-array, (rows, inputs)
        Of the training rows.
    weights : 1d-array, (factors,)
        Importance of each factor, 0 or more; only their ratios matter.

    Raises
    ------
    InputError
        No factor has both a weight and different values.
    """

    def __init__(self, factors: Sequence[Factor], inputs: np.ndarray, weights: np.ndarray) -> None:
        self.factors = list(factors)
        self.weights = np.asarray(weights, float)
        widths = [factor.width for factor in factors]
        self._starts = np.cumsum([0, *widths[:-1]])
        inputs = np.asarray(inputs, float)
        self._mean = inputs.mean(axis=0)
        deviation = inputs.std(axis=0, ddof=1)
        varies = deviation > 0
        self._scale = np.repeat(self.weights, widths) / np.where(varies, deviation, 1.0)
        if not (self._scale * varies).any():
            raise InputError(
                "No factor that the model uses differs between the training rows, so there is no "
                "distance to measure; set WEIGHTS to 'none', or train the model again."
            )

    def coordinates(self, inputs: np.ndarray) -> np.ndarray:
        """Return (rows, inputs) float64 coordinates of encoded, unclipped rows."""
        inputs = np.clip(np.asarray(inputs, float), -FARTHEST, FARTHEST)
        return (inputs - self._mean) * self._scale

    def by_factor(self, columns: np.ndarray) -> np.ndarray:
        """Return sums over the columns of each factor, (..., inputs) to (..., factors)."""
        return np.add.reduceat(columns, self._starts, axis=-1)
