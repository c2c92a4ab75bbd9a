"""The error of gridding in gaps: points predicted from others at least so far away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Optional

import numpy as np

from .left_out import METHODS, predict
from .weights import TOUCHING, Rule, neighbours_of

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

#: Least distances, in shares of the maximal one.
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8)
#: Points predicted, and points searched around each, at most.
POINTS, SEARCHED = 500, 3000


def error_in_gaps(
    tree: cKDTree,
    series: np.ndarray,
    rule: Rule,
    seed: int,
    check: Callable[[], None] = lambda: None,
) -> Optional[dict[str, list]]:
    """Return the RMSE of points of which only farther ones are used, None where there are none.

    So a gap is made around each point, as wide as those that cells without near points lie in.
    The same points are used for every width, those that have others even beyond the widest.

    Parameters
    ----------
    tree : cKDTree
        Of the points.
    series : (points, dates) array of float32
    rule : Rule
    seed : int
        At most ``POINTS`` points are drawn.
    check : callable
        Called for every width; raises to stop.

    Returns
    -------
    dict
        Columns ``least_distance`` (map units), ``points``, ``rmse METHOD`` (mm).
    """
    chosen = np.arange(len(series))
    if len(series) > POINTS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(series), POINTS, replace=False))
    wide = Rule(min(SEARCHED, tree.n), rule.power, rule.max_distance)
    distance, index = neighbours_of(tree, tree.data[chosen], wide)
    far = np.isfinite(distance) & (distance >= SHARES[-1] * rule.max_distance)
    kept = far.any(axis=1)
    if kept.sum() < 2:
        return None
    chosen, distance, index = chosen[kept], distance[kept], index[kept]
    rows: dict[str, list] = {"least_distance": [], "points": []}
    rows.update({f"rmse {method}": [] for method in METHODS})
    for share in SHARES:
        check()
        least = max(share * rule.max_distance, TOUCHING)
        near, which = beyond(distance, index, least, rule.neighbours, tree.n)
        error = predict(near, which, series, chosen, rule) - series[chosen]
        both = np.isfinite(error).all(axis=0)
        rows["least_distance"].append(share * rule.max_distance)
        rows["points"].append(int(both.any(axis=1).sum()))
        for method, values in zip(METHODS, error):
            squares = values[both].astype(float) ** 2
            rows[f"rmse {method}"].append(float(np.sqrt(squares.mean())) if len(squares) else None)
    return rows


def beyond(
    distance: np.ndarray, index: np.ndarray, least: float, count: int, none: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest ``count`` neighbours at least so far away, as ``neighbours_of`` does.

    Parameters
    ----------
    distance, index : (places, neighbours) arrays
        The nearest first.
    least : float
    count : int
    none : int
        Index that stands for no neighbour.
    """
    apart = np.where(distance >= least, distance, np.inf)
    order = np.argsort(apart, axis=1, kind="stable")[:, :count]
    apart, which = np.take_along_axis(apart, order, 1), np.take_along_axis(index, order, 1)
    return apart, np.where(np.isfinite(apart), which, none)
