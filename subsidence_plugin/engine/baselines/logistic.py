"""Logistic regression on the scaled factors: the classic of susceptibility mapping."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..models.tensors import check_tensors
from ..needs import need
from ..progress import Progress
from .declaration import Arrays, Baseline, Evaluator, refuse, sigmoid

#: Inverse penalty: so weak that only separable data or redundant one-hot inputs feel it.
WEAK_PENALTY = 1e4


def fit(
    inputs: np.ndarray,
    label: np.ndarray,
    weights: Optional[np.ndarray] = None,
    seed: int = 42,
    progress: Optional[Progress] = None,
) -> dict[str, np.ndarray]:
    """Return coefficients and intercept of the (practically) unpenalised maximum likelihood."""
    linear = need("sklearn.linear_model", "to fit logistic regression")
    model = linear.LogisticRegression(C=WEAK_PENALTY, max_iter=2000, tol=1e-6)
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


LOGISTIC = Baseline("logistic", "Logistic regression", fit, check, evaluator, {})
