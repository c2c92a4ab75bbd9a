"""Decision trees as flat arrays: checked on load, evaluated without trusting the file.

All trees of a model lie one after another: ``offsets[t]`` to ``offsets[t + 1]`` are the nodes of
tree ``t``, the first one its root; ``left`` and ``right`` count from the tree's first node and
are −1 in leaves. A row goes left where input ``feature`` is at most ``threshold``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable

import numpy as np

from ..models.tensors import check_tensors
from .declaration import Arrays, refuse

TREES = {
    "offsets": ("int64", 1), "left": ("int32", 1), "right": ("int32", 1),
    "feature": ("int32", 1), "threshold": ("float64", 1), "value": ("float64", 1),
}  # fmt: skip
NUMPY_ROWS = 20_000


def check_trees(arrays: Arrays, n_inputs: int, further: dict) -> None:
    """Raise ``ModelFileError`` unless every walk ends and stays inside the arrays.

    Children must come after their parent within the tree (so no walk can be endless), and
    features must be inputs.
    """
    check_tensors(arrays, {**TREES, **further})
    offsets, left, right = arrays["offsets"], arrays["left"], arrays["right"]
    count = len(left)
    if any(len(arrays[name]) != count for name in TREES if name != "offsets"):
        refuse("the arrays of the trees differ in length")
    if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != count or (np.diff(offsets) < 1).any():
        refuse("the trees do not fill their arrays")
    sizes = np.diff(offsets)
    position = np.arange(count) - np.repeat(offsets[:-1], sizes)
    size = np.repeat(sizes, sizes)
    inner = (left != -1) | (right != -1)
    for child in (left, right):
        if ((child <= position) | (child >= size))[inner].any():
            refuse("a tree has a child node out of bounds")
    feature = arrays["feature"]
    if ((feature < 0) | (feature >= n_inputs))[inner].any():
        refuse("a tree splits by an input that does not exist")


def flatten(trees: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the flat arrays of trees given as dicts of the arrays of ``TREES``."""
    sizes = [len(tree["left"]) for tree in trees]
    flat = {"offsets": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)}
    for name, (dtype, _dimensions) in TREES.items():
        if name != "offsets":
            flat[name] = np.concatenate([tree[name] for tree in trees]).astype(dtype)
    # Leaves carry no split; zeros keep them inside every bound.
    leaf = flat["left"] == -1
    flat["feature"][leaf] = 0
    flat["threshold"][leaf] = 0
    return flat


def sum_of_trees(arrays: Arrays) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from inputs to the sum of the leaf values over all trees.

    Compiled by numba where it is installed, else plain numpy (some five times slower).
    """
    try:
        kernel = _kernel()
    except ImportError:
        return lambda inputs: _sum_numpy(arrays, inputs)
    plain = [np.ascontiguousarray(arrays[name]) for name in TREES]
    return lambda inputs: kernel(np.ascontiguousarray(inputs, dtype=np.float32), *plain)


@lru_cache(maxsize=1)
def _kernel() -> Any:
    import numba

    @numba.njit(nogil=True)
    def walk(inputs, offsets, left, right, feature, threshold, value):
        total = np.zeros(inputs.shape[0])
        for tree in range(offsets.shape[0] - 1):
            start = offsets[tree]
            for row in range(inputs.shape[0]):
                node = start
                while left[node] >= 0:
                    if inputs[row, feature[node]] <= threshold[node]:
                        node = start + left[node]
                    else:
                        node = start + right[node]
                total[row] += value[node]
        return total

    return walk


def _sum_numpy(arrays: Arrays, inputs: np.ndarray) -> np.ndarray:
    total = np.zeros(len(inputs))
    for begin in range(0, len(inputs), NUMPY_ROWS):
        rows = inputs[begin : begin + NUMPY_ROWS]
        for start in arrays["offsets"][:-1]:
            total[begin : begin + NUMPY_ROWS] += _leaf_values(arrays, rows, start)
    return total


def _leaf_values(arrays: Arrays, rows: np.ndarray, start: int) -> np.ndarray:
    left, right = arrays["left"], arrays["right"]
    node = np.full(len(rows), start, dtype=np.int64)
    going = np.arange(len(rows))
    while len(going):
        going = going[left[node[going]] >= 0]
        at = node[going]
        is_left = rows[going, arrays["feature"][at]] <= arrays["threshold"][at]
        node[going] = start + np.where(is_left, left[at], right[at])
    return arrays["value"][node]
