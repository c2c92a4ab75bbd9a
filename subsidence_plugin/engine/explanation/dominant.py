"""Which factor dominates a prediction: classes for a map."""

from __future__ import annotations

import numpy as np

from ..errors import InputError

#: What the dominant factor is, in the order of the enum ``DOMINANT_BY``.
RULES = ("largest |SHAP|", "largest positive SHAP")
#: Values below this are zero: the rounding of float32 probabilities.
ZERO = 1e-6
#: Classes of a uint8 raster without 0 (no data), one of them for "none".
MAX_FACTORS = 254


def check_dominant(rule: int, factors: int) -> None:
    """Raise ``InputError`` for a rule that does not exist or more factors than classes."""
    if not 0 <= rule < len(RULES):
        raise InputError(f"DOMINANT_BY is {rule}; allowed is 0 to {len(RULES) - 1}.")
    if factors > MAX_FACTORS:
        raise InputError(
            f"The model has {factors} factors, a map of the dominant factor holds at most "
            f"{MAX_FACTORS}; leave DOMINANT empty."
        )


def dominant_factor(shap: np.ndarray, rule: int = 0) -> np.ndarray:
    """Return the class of each pixel: 0 no data, 1.. the factors in order, then "none".

    Parameters
    ----------
    shap : 2d-array, (factors, pixels)
        NaN where there is no prediction.
    rule : int
        Index into ``RULES``. "None" dominates where no value is larger than ``ZERO``: where all
        factors leave the prediction at the base value, or (positive rule) none raises it.

    Returns
    -------
    1d-array of uint8, (pixels,)
    """
    strength = np.abs(shap) if rule == 0 else np.asarray(shap)
    missing = np.isnan(strength[0])
    strength = np.where(missing, 0, strength)
    classes = (strength.argmax(axis=0) + 1).astype(np.uint8)
    classes[strength.max(axis=0) <= ZERO] = len(shap) + 1
    classes[missing] = 0
    return classes
