"""Logistic regression on the scaled factors: the classic of susceptibility mapping."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..models.tensors import check_tensors
from ..needs import need
from ..progress import Progress
from . import options
from .declaration import Arrays, Evaluator, declared, refuse, sigmoid


def fit(
    inputs: np.ndarray,
    label: np.ndarray,
    weights: Optional[np.ndarray] = None,
    seed: int = 42,
    progress: Optional[Progress] = None,
    inverse_penalty: float = options.WEAK_PENALTY,
) -> dict[str, np.ndarray]:
    """Return coefficients and intercept of the maximum likelihood.

    Parameters
    ----------
    inputs : 2d-array, (rows, inputs)
    label : 1d-array of 0 and 1
    weights : 1d-array, optional
    seed, progress
        Not needed; every baseline takes them.
    inverse_penalty : float
        Scikit-learn's ``C``; by default so large that the fit is practically unpenalised.
    """
    linear = need("sklearn.linear_model", "to fit logistic regression")
    model = linear.LogisticRegression(C=inverse_penalty, max_iter=2000, tol=1e-6)
    model.fit(np.asarray(inputs, dtype=np.float64), label, sample_weight=weights)
    return {
        "coefficients": np.array(model.coef_[0], dtype=np.float64),
        "intercept": np.array(model.intercept_, dtype=np.float64),
    }


def check(arrays: Arrays, n_inputs: int) -> None:
    """Raise ``ModelFileError`` unless there is one coefficient an input and one intercept."""
    check_tensors(arrays, {"coefficients": ("float64", 1), "intercept": ("float64", 1)})
    if len(arrays["coefficients"]) != n_inputs or len(arrays["intercept"]) != 1:
        refuse(f"{len(arrays['coefficients'])} coefficients for {n_inputs} inputs")


def evaluator(arrays: Arrays) -> Evaluator:
    """Return the function from inputs to probabilities."""
    coefficients, intercept = arrays["coefficients"], float(arrays["intercept"][0])
    return lambda inputs: sigmoid(inputs @ coefficients + intercept)


LOGISTIC = declared(options.LOGISTIC, fit, check, evaluator)
