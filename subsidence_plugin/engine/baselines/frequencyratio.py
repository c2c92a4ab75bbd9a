"""Frequency ratio model: the sum of the class ratios of all factors, turned into a probability.

The ratio of a class is its share of the events divided by its share of the area (Hanoi paper,
Table 2); here the training rows stand for the area. Continuous inputs are cut into quantile
classes of the training rows. The probability comes from a logistic regression on the sum.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..models.tensors import check_tensors
from ..progress import Progress
from ..validation.frequency_ratio import frequency_ratio
from . import options
from .declaration import Arrays, Evaluator, declared, refuse, sigmoid
from .logistic import fit as fit_logistic

MAX_CLASSES = 256


def fit(
    inputs: np.ndarray,
    label: np.ndarray,
    weights: Optional[np.ndarray] = None,
    seed: int = 42,
    progress: Optional[Progress] = None,
    classes: int = 10,
    one_hot: Optional[np.ndarray] = None,
) -> dict[str, np.ndarray]:
    """Return class edges and ratios of every input, and the logistic regression on their sum.

    Parameters
    ----------
    inputs : 2d-array, (rows, inputs)
    label : 1d-array of 0 and 1
    weights : 1d-array, optional
    seed, progress
        Not needed; every baseline takes them.
    classes : int
        Quantile classes of an input with more different values than that.
    one_hot : 1d-array of bool, optional
        Inputs that stand for one category: their absence says nothing (ratio 0), as the ratio
        of the row's own category is added by that category's input.
    """
    weights = np.ones(len(label)) if weights is None else weights
    one_hot = np.zeros(inputs.shape[1], bool) if one_hot is None else one_hot
    edges, ratios = [], []
    for column, is_category in zip(np.asarray(inputs, dtype=np.float32).T, one_hot):
        edges.append(_edges(column, classes))
        ratio = _ratios(np.searchsorted(edges[-1], column), len(edges[-1]) + 1, label, weights)
        ratios.append(ratio * np.array([0.0, 1.0]) if is_category and len(ratio) == 2 else ratio)
    arrays = {
        "counts": np.array([len(e) for e in edges], dtype=np.int64),
        "edges": np.concatenate([*edges, np.empty(0)]).astype(np.float64),
        "ratios": np.concatenate(ratios).astype(np.float64),
    }
    score = _score(arrays, inputs)
    return {**arrays, **fit_logistic(score[:, None], label, weights)}


def _edges(column: np.ndarray, classes: int) -> np.ndarray:
    """Return the inner class edges; a value equal to an edge belongs to the class below."""
    values = np.unique(column).astype(np.float64)
    if len(values) <= classes:
        return (values[1:] + values[:-1]) / 2
    inner = np.quantile(column.astype(np.float64), np.arange(1, classes) / classes)
    inner = np.unique(inner)
    return inner[(inner >= values[0]) & (inner < values[-1])]


def _ratios(index: np.ndarray, count: int, label: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return share of events / share of rows a class; 1 (no information) for an empty class."""
    rows = np.bincount(index, weights, count)
    events = np.bincount(index, weights * (label == 1), count)
    return np.nan_to_num(frequency_ratio(rows, events).ratio, nan=1.0)


def _score(arrays: Arrays, inputs: np.ndarray) -> np.ndarray:
    """Return the mean over inputs of the ratio of each row's class."""
    total = np.zeros(len(inputs))
    edge = ratio = 0
    for column, count in enumerate(arrays["counts"]):
        edges = arrays["edges"][edge : edge + count]
        classes = arrays["ratios"][ratio : ratio + count + 1]
        total += classes[np.searchsorted(edges, inputs[:, column])]
        edge, ratio = edge + count, ratio + count + 1
    return total / len(arrays["counts"])


def check(arrays: Arrays, n_inputs: int) -> None:
    """Raise ``ModelFileError`` unless edges and ratios fit the inputs."""
    specification = {
        "counts": ("int64", 1), "edges": ("float64", 1), "ratios": ("float64", 1),
        "coefficients": ("float64", 1), "intercept": ("float64", 1),
    }  # fmt: skip
    check_tensors(arrays, specification)
    counts = arrays["counts"]
    if len(counts) != n_inputs or ((counts < 0) | (counts >= MAX_CLASSES)).any():
        refuse("the classes do not fit the model's inputs")
    if len(arrays["edges"]) != counts.sum() or len(arrays["ratios"]) != counts.sum() + n_inputs:
        refuse("the edges and ratios do not fit the classes")
    if len(arrays["coefficients"]) != 1 or len(arrays["intercept"]) != 1:
        refuse("the frequency ratio needs one coefficient and one intercept")


def evaluator(arrays: Arrays) -> Evaluator:
    """Return the function from inputs to probabilities."""
    slope, intercept = float(arrays["coefficients"][0]), float(arrays["intercept"][0])
    return lambda inputs: sigmoid(_score(arrays, inputs) * slope + intercept)


FREQUENCY_RATIO = declared(options.FREQUENCY_RATIO, fit, check, evaluator)
