"""Gradient boosting (scikit-learn's histogram-based one), stored as flat arrays."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from ..errors import MissingPackageError
from ..needs import need
from ..progress import Progress
from . import options
from .declaration import Arrays, Evaluator, declared, refuse, sigmoid
from .trees import check_trees, flatten, sum_of_trees


def fit(
    inputs: np.ndarray,
    label: np.ndarray,
    weights: Optional[np.ndarray] = None,
    seed: int = 42,
    progress: Optional[Progress] = None,
    iterations: int = 100,
    learning_rate: float = 0.1,
    leaves: int = 31,
    l2: float = 0.0,
) -> dict[str, np.ndarray]:
    """Return the flat arrays of the boosted trees and their starting logit.

    Parameters
    ----------
    inputs : 2d-array, (rows, inputs)
    label : 1d-array of 0 and 1
    weights : 1d-array, optional
    seed, progress
    iterations, learning_rate, leaves, l2
        As declared below.
    """
    ensemble = need("sklearn.ensemble", "to fit gradient boosting")
    inputs = np.ascontiguousarray(inputs, dtype=np.float32)
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=iterations, learning_rate=learning_rate, max_leaf_nodes=leaves,
        l2_regularization=l2, random_state=seed, early_stopping=False,
    )  # fmt: skip
    model.fit(inputs, label, sample_weight=weights)
    arrays = flatten([_arrays(trees[0].nodes) for trees in model._predictors])
    arrays["baseline"] = np.array(model._baseline_prediction, dtype=np.float64).reshape(1)
    _verify(model, arrays, inputs[:200])
    return arrays


def _arrays(nodes: np.ndarray) -> dict[str, np.ndarray]:
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "left": np.where(leaf, -1, nodes["left"].astype(np.int64)),
        "right": np.where(leaf, -1, nodes["right"].astype(np.int64)),
        "feature": nodes["feature_idx"],
        "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
        "value": nodes["value"],
    }


def _verify(model: Any, arrays: Arrays, inputs: np.ndarray) -> None:
    """Compare with scikit-learn itself: the attributes read above may change with a version."""
    difference = np.abs(evaluator(arrays)(inputs) - model.predict_proba(inputs)[:, 1]).max()
    if difference > 1e-6:
        raise MissingPackageError(
            "This version of scikit-learn stores boosted trees in a form that is not known here; "
            "install a version from 1.6 to 1.9."
        )


def check(arrays: Arrays, n_inputs: int) -> None:
    """Raise ``ModelFileError`` unless all walks are bounded."""
    check_trees(arrays, n_inputs, {"baseline": ("float64", 1)})
    if len(arrays["baseline"]) != 1:
        refuse("the boosting has no single starting value")


def evaluator(arrays: Arrays) -> Evaluator:
    """Return the function from inputs to probabilities."""
    total, baseline = sum_of_trees(arrays), float(arrays["baseline"][0])
    return lambda inputs: sigmoid(total(inputs) + baseline)


BOOSTING = declared(options.BOOSTING, fit, check, evaluator)
