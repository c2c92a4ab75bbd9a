"""Weights of training rows."""

from __future__ import annotations

import numpy as np


def balanced_weights(label: np.ndarray) -> np.ndarray:
    """Return row weights with which both classes weigh the same, with mean 1.

    Parameters
    ----------
    label : 1d-array of 0 and 1
        Both occur.
    """
    share = np.where(label == 1, label.mean(), 1 - label.mean())
    return 0.5 / share
