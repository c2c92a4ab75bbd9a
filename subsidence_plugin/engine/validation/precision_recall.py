"""Precision–recall curve and average precision: what a ROC curve hides where events are rare."""

from __future__ import annotations

import numpy as np


def precision_recall(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return recall (rising to 1) and precision, one point a distinct score from the highest on.

    Recall is the share of the subsidence rows that is found (TP / (TP + FN)), precision the share
    of the rows called subsidence that is (TP / (TP + FP)).

    Parameters
    ----------
    labels : 1d-array of 0/1
        At least one 1.
    scores : 1d-array of float
    """
    scores = np.asarray(scores, float)
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(np.asarray(labels)[order] == 1)
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    return found[last] / found[-1], found[last] / (last + 1)


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return the mean precision over the gains of recall, without interpolation between points.

    Sum of (R_n − R_(n−1)) P_n; a model that says nothing reaches the share of subsidence rows.
    """
    recall, precision = precision_recall(labels, scores)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))
