"""Fits the map from a model's probability to one that comes true: isotonic, or Platt's.

The result is what a model's card stores and ``models.calibration.calibrate`` applies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..models.calibration import EPSILON, calibrate
from ..needs import need
from ..sampling.splits import random_folds

#: In the order of the parameter ``CALIBRATION``.
METHODS = ("none", "isotonic", "platt")
#: Rows of each class from which a recalibration can be fitted at all.
LEAST_ROWS = 10
#: Below so many rows an isotonic map follows single rows.
FEW_ROWS = 1000
#: Random folds where the samples have none that serve.
FOLDS = 5
WHY = "to recalibrate models"


@dataclass(frozen=True)
class Folds:
    """A fold number a row, and where they come from in words."""

    number: np.ndarray
    text: str

    @property
    def count(self) -> int:
        """Number of folds."""
        return len(np.unique(self.number))


def fit_calibration(method: str, labels: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """Return a calibration fitted on these rows, as a card stores it.

    Parameters
    ----------
    method : {"isotonic", "platt"}
        Isotonic regression (Zadrozny and Elkan 2002): any rising map, in steps; it stays 1/(n + 2)
        away from 0 and 1, since n rows cannot show that something never happens. Platt's (1999)
        logistic curve, here on the log-odds: two numbers, smooth, sparing with rows.
    labels : 1d-array of 0/1
    probabilities : 1d-array of float, 0 to 1
        Mean of the members, not calibrated.

    Raises
    ------
    InputError
        Too few rows of a class, or the probabilities fall where subsidence is more frequent.
    """
    labels, p = np.asarray(labels).astype(int), np.asarray(probabilities, float)
    check_rows(labels)
    fitted = _isotonic(labels, p) if method == "isotonic" else _platt(labels, p)
    return {"method": method, **fitted, "rows": len(labels), "positive": int(labels.sum())}


def check_rows(labels: np.ndarray, what: str = "the validation rows") -> None:
    """Raise ``InputError`` unless both classes have enough rows to fit a calibration."""
    for label in (1, 0):
        count = int(np.sum(labels == label))
        if count < LEAST_ROWS:
            raise InputError(
                f"CALIBRATION needs at least {LEAST_ROWS} rows of each class, and {what} have "
                f"{count} with the label {label}; extract more samples, or set it to none."
            )


def cross_fit(
    method: str, labels: np.ndarray, probabilities: np.ndarray, folds: np.ndarray
) -> np.ndarray:
    """Return recalibrated probabilities, each from a fit on the rows of the other folds.

    Parameters
    ----------
    method : {"isotonic", "platt"}
    labels, probabilities : 1d-array
    folds : 1d-array of int
        From ``calibration_folds``.
    """
    result = np.empty(len(labels))
    for fold in np.unique(folds):
        held = folds == fold
        fitted = fit_calibration(method, labels[~held], probabilities[~held])
        result[held] = calibrate(fitted, np.asarray(probabilities, float)[held])
    return result


def calibration_folds(
    labels: np.ndarray, given: Optional[np.ndarray] = None, kind: str = "", seed: int = 42
) -> Folds:
    """Return the folds for ``cross_fit``: those of the samples where they serve, else random ones.

    Parameters
    ----------
    labels : 1d-array of 0/1
    given : 1d-array of float, optional
        Field ``fold`` of the rows.
    kind : str
        How these folds were made ("random", "blocks", "kmeans"; empty: not known).
    seed : int
    """
    if given is not None and _serve(labels, given):
        made = {"random": "random", "blocks": "square-block", "kmeans": "k-means"}.get(kind, "")
        text = f"the {len(np.unique(given))} {made} folds of the field 'fold'"
        return Folds(np.asarray(given).astype(int), text.replace("  ", " "))
    return Folds(random_folds(labels, FOLDS, seed), f"{FOLDS} random, stratified folds")


def _serve(labels: np.ndarray, folds: np.ndarray) -> bool:
    if not np.isfinite(folds).all() or len(np.unique(folds)) < 2:
        return False
    enough = [
        min(np.sum(labels[folds != fold] == label) for label in (0, 1)) >= LEAST_ROWS
        for fold in np.unique(folds)
    ]
    return all(enough)


def _isotonic(labels: np.ndarray, p: np.ndarray) -> dict[str, list[float]]:
    library = need("sklearn.isotonic", WHY)
    margin = 1 / (len(p) + 2)
    fit = library.IsotonicRegression(y_min=margin, y_max=1 - margin, out_of_bounds="clip")
    fit.fit(p, labels)
    return {"x": fit.X_thresholds_.tolist(), "y": fit.y_thresholds_.tolist()}


def _platt(labels: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """Return slope and intercept on the log-odds, fitted to Platt's smoothed targets.

    A row of label 1 has the target (n₁ + 1) / (n₁ + 2), of label 0 1 / (n₀ + 2): each row enters
    the logistic regression once as 1 and once as 0, with these weights.
    """
    library = need("sklearn.linear_model", WHY)
    clipped = np.clip(p, EPSILON, 1 - EPSILON)
    logit = np.log(clipped) - np.log1p(-clipped)
    ones = labels.sum()
    target = np.where(labels == 1, (ones + 1) / (ones + 2), 1 / (len(labels) - ones + 2))
    if np.ptp(logit) == 0:  # nothing to lean on: every pixel gets the share of subsidence
        share = target.mean()
        return {"slope": 0.0, "intercept": float(np.log(share / (1 - share)))}
    # Hardly any penalty; and centred and scaled, so that it weighs alike for every model.
    middle, spread = logit.mean(), logit.std()
    fit = library.LogisticRegression(C=1e8, tol=1e-10, max_iter=1000)
    x = np.tile((logit - middle) / spread, 2)[:, None]
    fit.fit(x, np.repeat([1, 0], len(p)), np.concatenate([target, 1 - target]))
    slope = float(fit.coef_[0, 0]) / spread
    if slope < 0:
        raise InputError(
            "CALIBRATION by Platt's curve would turn the map round: the model gives stable "
            "validation rows the higher probabilities; check the labels, or the model."
        )
    return {"slope": slope, "intercept": float(fit.intercept_[0]) - slope * float(middle)}
