"""Pooled ridge regression on differences: one linear map from window to forecast for all nodes.

This is the NLinear model of Zeng et al. (2023, "Are transformers effective for time series
forecasting?"), fitted in closed form: the last L levels minus the last one give the change from
the last level to each target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .trend_fits import LinearForecast

#: Longest window, in dates.
LONGEST = 60
#: Penalty as a share of the mean diagonal of the Gram matrix.
PENALTY = 1e-3
#: Nodes whose products are summed at once.
BLOCK = 8192


def window_length(before: int, horizon: int, gap: int) -> int:
    """Return how many levels the regression reads: 60, or fewer so that many windows remain.

    Half of the dates that could end a window at most go into the window itself.
    """
    return max(1, min(LONGEST, (before - gap - horizon + 1) // 2))


@dataclass(frozen=True)
class PooledRidge:
    """A fitted regression: ``weights`` (L, targets) of the levels, ``constant`` (targets,) in mm.

    The weights of a target sum to 1: a constant added to a series is added to its forecast.
    """

    weights: np.ndarray
    constant: np.ndarray

    def at(self, origin: int) -> LinearForecast:
        """Return the forecast from an origin; dates before the first repeat the first level."""
        missing = max(0, len(self.weights) - origin - 1)
        weights = self.weights[missing:]
        if missing:
            weights = weights.copy()
            weights[0] += self.weights[:missing].sum(axis=0)
        return LinearForecast(origin + 1 - len(weights), weights, None, self.constant)


def fit_ridge(
    levels: np.ndarray,
    before: int,
    horizon: int,
    gap: int = 0,
    window: Optional[int] = None,
    progress: Optional[Progress] = None,
) -> PooledRidge:
    """Fit on all windows of all nodes whose targets lie before a date.

    The products of all windows are sub-blocks of one matrix of products between dates, so this
    costs one pass over the levels and memory for (dates, dates), however many windows there are.

    Parameters
    ----------
    levels : (nodes, dates) array
        mm, without gaps; filled values count like observed ones.
    before : int
        First date that must not be seen.
    horizon, gap : int
        Targets; dates between the last input and the first target.
    window : int, optional
        Levels read; default ``window_length``.
    progress : Progress, optional
        Asked between blocks whether to stop.

    Raises
    ------
    InputError
        No window has all its targets before the date.

    Notes
    -----
    Penalty of 0.001 × the mean diagonal of the Gram matrix of the centred inputs; the intercept
    is not penalised. Steps are dates, not days.
    """
    window = window_length(before, horizon, gap) if window is None else window
    size = window + gap + horizon
    windows = before - size + 1
    if windows < 1:
        raise InputError(
            f"A forecast of {horizon} dates after a gap of {gap} from {window} dates needs {size} "
            f"dates to learn from, but only {before} lie before the part that is scored; use a "
            "shorter HORIZON or GAP, or a longer series."
        )
    products, sums = _moments(levels, before, progress or Progress())
    total, mean = np.zeros((size, size)), np.zeros(size)
    for start in range(windows):
        total += products[start : start + size, start : start + size]
        mean += sums[start : start + size]
    return _solve(total, mean, len(levels) * windows, window, gap)


def _moments(levels: np.ndarray, before: int, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Return sums over nodes of products between dates, and of levels, from the first date on."""
    products, sums = np.zeros((before, before)), np.zeros(before)
    for start in range(0, len(levels), BLOCK):
        progress.check()
        block = levels[start : start + BLOCK, :before].astype(float)
        block -= block[:, :1]
        products += block.T @ block
        sums += block.sum(axis=0)
    return products, sums


def _solve(total: np.ndarray, mean: np.ndarray, rows: int, window: int, gap: int) -> PooledRidge:
    """Return the regression from products and sums over all windows (rows) of their dates."""
    steps = len(mean) - window - gap
    # Columns: inputs minus the last one, then targets minus the last input.
    difference = np.zeros((len(mean), window - 1 + steps))
    difference[: window - 1, : window - 1] = np.eye(window - 1)
    difference[window + gap :, window - 1 :] = np.eye(steps)
    difference[window - 1] = -1
    mean = mean @ difference / rows
    gram = difference.T @ total @ difference - rows * np.outer(mean, mean)
    inputs, target = gram[: window - 1, : window - 1], gram[: window - 1, window - 1 :]
    penalty = PENALTY * np.trace(inputs) / max(window - 1, 1)
    # Series without any change have nothing to learn from: no weight.
    penalty = penalty if penalty > 0 else 1.0
    slopes = np.linalg.solve(inputs + penalty * np.eye(window - 1), target)
    constant = mean[window - 1 :] - mean[: window - 1] @ slopes
    return PooledRidge(np.vstack([slopes, 1 - slopes.sum(axis=0)]), constant)
