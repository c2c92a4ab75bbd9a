"""Recalibration stored in a model file: a monotone map from probability to probability.

Fitted elsewhere (``validation.calibration``); here it is checked and applied with numpy alone, so
that a recalibrated model maps where only torch is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from ..errors import ModelFileError

METHODS = ("isotonic", "platt")
#: What the methods are called in text.
TITLES = {"isotonic": "isotonic regression", "platt": "Platt's curve"}
#: Knots of an isotonic map; no honest fit on samples has more.
MAX_KNOTS = 1_000_000
#: Log-odds are taken of probabilities this far from 0 and 1.
EPSILON = 1e-7


def calibrate(calibration: Optional[Mapping[str, Any]], probability: np.ndarray) -> np.ndarray:
    """Return recalibrated probabilities.

    Parameters
    ----------
    calibration : mapping or None
        Of a card: ``{"method": "isotonic", "x": [...], "y": [...]}``, interpolated linearly and
        constant outside; or ``{"method": "platt", "slope": a, "intercept": b}``, on log-odds.
        None returns the probabilities as they are.
    probability : ndarray
        Any shape; NaN stays NaN.

    Returns
    -------
    ndarray
        Of the same shape and float type.
    """
    if calibration is None:
        return probability
    probability = np.asarray(probability)
    if calibration["method"] == "isotonic":
        mapped = np.interp(probability, calibration["x"], calibration["y"])
    else:
        clipped = np.clip(probability.astype(np.float64), EPSILON, 1 - EPSILON)
        logit = np.log(clipped) - np.log1p(-clipped)
        mapped = 0.5 * (
            1 + np.tanh(0.5 * (calibration["slope"] * logit + calibration["intercept"]))
        )
    return mapped.astype(probability.dtype, copy=False)


def calibration_text(calibration: Mapping[str, Any]) -> str:
    """Return in words by what a model was recalibrated, and on which rows."""
    rows, split = calibration.get("rows"), calibration.get("split")
    source = calibration.get("source")
    text = TITLES[calibration["method"]]
    if isinstance(rows, int):
        text += f", fitted on {rows:,} {split if isinstance(split, str) else ''} rows"
        text = text.replace("  ", " ")
    return f"{text} of {source}" if isinstance(source, str) and source else text


def check_calibration(calibration: Mapping[str, Any]) -> None:
    """Raise ``ModelFileError`` for a calibration that is damaged or that cannot be applied."""
    method = calibration.get("method")
    if method not in METHODS:
        raise ModelFileError(
            f"The model's calibration {str(method)[:40]!r} is not known to this version of the "
            "plugin; update it."
        )
    names = ("x", "y") if method == "isotonic" else ("slope", "intercept")
    wanted = list if method == "isotonic" else (int, float)
    for name in names:
        value = calibration.get(name)
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise _damaged(f"'{name}' is missing or of the wrong kind")
        if isinstance(value, list) and not all(isinstance(v, (int, float)) for v in value):
            raise _damaged(f"'{name}' holds something that is no number")
    try:
        values = [np.asarray(calibration[name], dtype=np.float64) for name in names]
    except (ValueError, TypeError, OverflowError) as error:
        raise _damaged("it holds something that is no number") from error
    if not all(np.isfinite(value).all() for value in values):
        raise _damaged("it holds something that is no finite number")
    if method == "isotonic":
        _check_knots(*values)
    elif values[0] < 0:
        raise _damaged("its slope is negative, which would turn the map round")


def _check_knots(x: np.ndarray, y: np.ndarray) -> None:
    if x.ndim != 1 or x.shape != y.shape or not 1 <= len(x) <= MAX_KNOTS:
        raise _damaged("its knots are not two equally long lists")
    if (np.diff(x) <= 0).any() or (np.diff(y) < 0).any():
        raise _damaged("its knots are not ascending")
    if y[0] < 0 or y[-1] > 1:
        raise _damaged("it gives values outside 0 to 1")


def _damaged(why: str) -> ModelFileError:
    return ModelFileError(f"The model file is damaged: calibration: {why}.")
