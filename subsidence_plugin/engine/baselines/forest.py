"""Random forest (scikit-learn's), stored as flat arrays."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from ..needs import need
from ..progress import Progress
from . import options
from .declaration import Arrays, Evaluator, declared, refuse
from .trees import check_trees, flatten, sum_of_trees

#: Trees grown between two looks at the Cancel button.
STEP = 5


def fit(
    inputs: np.ndarray,
    label: np.ndarray,
    weights: Optional[np.ndarray] = None,
    seed: int = 42,
    progress: Optional[Progress] = None,
    trees: int = 200,
    min_samples_leaf: int = 5,
    max_features: float = 0.0,
) -> dict[str, np.ndarray]:
    """Return the flat arrays of a random forest; leaf values are shares of class 1.

    Parameters
    ----------
    inputs : 2d-array, (rows, inputs)
    label : 1d-array of 0 and 1
    weights : 1d-array, optional
    seed, progress
    trees, min_samples_leaf, max_features
        As declared below.
    """
    ensemble = need("sklearn.ensemble", "to fit a random forest")
    # One job: forests of this size take seconds, and QGIS on Windows allows no processes.
    forest = ensemble.RandomForestClassifier(
        n_estimators=0,
        min_samples_leaf=min_samples_leaf,
        max_features=max_features or "sqrt",
        random_state=seed,
        n_jobs=1,
        warm_start=True,
    )
    progress = progress or Progress()
    for count in [*range(STEP, trees, STEP), trees]:
        forest.set_params(n_estimators=count).fit(inputs, label, sample_weight=weights)
        progress(count / trees)
    return flatten([_arrays(estimator.tree_) for estimator in forest.estimators_])


def _arrays(tree: Any) -> dict[str, np.ndarray]:
    counts = tree.value[:, 0, :]
    return {
        "left": tree.children_left,
        "right": tree.children_right,
        "feature": tree.feature,
        "threshold": tree.threshold,
        # Counts before scikit-learn 1.3, fractions since: always stored as fractions.
        "value": counts[:, 1] / counts.sum(axis=1),
    }


def check(arrays: Arrays, n_inputs: int) -> None:
    """Raise ``ModelFileError`` unless all walks are bounded and leaves are fractions."""
    check_trees(arrays, n_inputs, {})
    if ((arrays["value"] < 0) | (arrays["value"] > 1)).any():
        refuse("a leaf of the forest is no fraction")


def evaluator(arrays: Arrays) -> Evaluator:
    """Return the function from inputs to probabilities (mean of the trees' fractions).

    The arrays become scikit-learn trees again, which is the fastest way (measured); without
    scikit-learn the trees are walked by our own loop, with equal results.
    """
    trees = len(arrays["offsets"]) - 1
    try:
        rebuilt = [_rebuild(arrays, index) for index in range(trees)]
    except ImportError:
        total = sum_of_trees(arrays)
        return lambda inputs: total(inputs) / trees

    def probability(inputs: np.ndarray) -> np.ndarray:
        inputs = np.ascontiguousarray(inputs, dtype=np.float32)
        total = np.zeros(len(inputs))
        for tree in rebuilt:
            total += tree.predict(inputs)[:, 1]
        return total / trees

    return probability


def _rebuild(arrays: Arrays, index: int) -> Any:
    """Return one tree as scikit-learn's ``Tree``, its node array filled by field name."""
    from sklearn.tree._tree import Tree

    nodes = slice(int(arrays["offsets"][index]), int(arrays["offsets"][index + 1]))
    left, value = arrays["left"][nodes], arrays["value"][nodes]
    n_inputs = int(arrays["feature"].max()) + 1
    tree = Tree(n_inputs, np.array([2], dtype=np.intp), 1)
    state = tree.__getstate__()
    table = np.zeros(len(left), dtype=state["nodes"].dtype)
    leaf = left == -1
    table["left_child"], table["right_child"] = left, arrays["right"][nodes]
    table["feature"] = np.where(leaf, -2, arrays["feature"][nodes])
    table["threshold"] = np.where(leaf, -2, arrays["threshold"][nodes])
    values = np.ascontiguousarray(np.stack([1 - value, value], axis=1)[:, None, :])
    state.update(max_depth=0, node_count=len(left), nodes=table, values=values)
    tree.__setstate__(state)
    return tree


FOREST = declared(options.FOREST, fit, check, evaluator)
