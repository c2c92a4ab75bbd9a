"""Points of subsidence and stable points among InSAR points, by velocity and quality."""

from __future__ import annotations

from typing import Callable, Optional

import numpy as np

from ..errors import InputError
from ..sampling.spacing import spaced

#: The options of the enums QUALITY_SENSE and THINNING.
HIGH_IS_GOOD, LOW_IS_GOOD = range(2)
DISTANCE, CELL = range(2)


def moving(velocity: np.ndarray, threshold: float) -> np.ndarray:
    """Return which points move at least as fast as a threshold, in its direction.

    Parameters
    ----------
    velocity : 1d-array
        mm/yr.
    threshold : float
        Negative: points with a velocity of this or less; positive: of this or more.
    """
    if threshold == 0 or not np.isfinite(threshold):
        raise InputError(
            f"THRESHOLD is {threshold:g}; give a velocity below 0 where negative is subsidence, "
            "above 0 where positive is."
        )
    with np.errstate(invalid="ignore"):
        return velocity <= threshold if threshold < 0 else velocity >= threshold


def stable(velocity: np.ndarray, limit: float, threshold: float) -> np.ndarray:
    """Return which points move by less than a limit either way.

    Raises
    ------
    InputError
        The limit is not positive or reaches the threshold of moving points.
    """
    if not 0 < limit <= abs(threshold):
        raise InputError(
            f"STABLE_LIMIT is {limit:g}; it must be greater than 0 and at most {abs(threshold):g}, "
            "the size of THRESHOLD."
        )
    with np.errstate(invalid="ignore"):
        return np.abs(velocity) < limit


def say_rule(
    chosen: np.ndarray, threshold: float, still: Optional[np.ndarray], limit: float
) -> str:
    """Return how many points the velocities choose, with the rule: of quality nothing yet.

    Parameters
    ----------
    chosen : 1d-array of bool
        As ``moving`` returns it.
    threshold : float
    still : 1d-array of bool, optional
        As ``stable`` returns it; None where no stable points are wanted.
    limit : float
        Of the stable points.
    """
    count = int(chosen.sum())
    side, sign = ("below", "−") if threshold < 0 else ("above", "")
    text = f"{count:,} point{'' if count == 1 else 's'} at or {side} {sign}{abs(threshold):g} mm/yr"
    return f"{text}." if still is None else f"{text}; {int(still.sum()):,} within ±{limit:g} mm/yr."


def good(quality: Optional[np.ndarray], limit: Optional[float], sense: int) -> np.ndarray:
    """Return which points are of sufficient quality; one that is not known is not.

    Parameters
    ----------
    quality : 1d-array
    limit : float
        Included.
    sense : int
        0 high values are good, 1 low values are.
    """
    with np.errstate(invalid="ignore"):
        return quality >= limit if sense == HIGH_IS_GOOD else quality <= limit


def thin(
    x: np.ndarray,
    y: np.ndarray,
    rank: np.ndarray,
    spacing: float,
    how: int,
    check: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Return the indices of points that stay, in their order.

    Parameters
    ----------
    x, y : 1d-arrays
        Metres.
    rank : 1d-array
        Of points too near to each other, that of the highest rank stays; then the first.
    spacing : float
        0 keeps all; else the least distance, or the side of the cells.
    how : int
        0 least distance, 1 one point a cell.
    check : callable
        Called now and then; raises to stop.
    """
    if spacing <= 0 or len(x) < 2:
        return np.arange(len(x))
    order = np.argsort(-np.where(np.isfinite(rank), rank, -np.inf), kind="stable")
    if how == DISTANCE:
        return np.sort(order[spaced(x[order], y[order], spacing, check=check)])
    cells = np.floor(np.column_stack([x, y])[order] / spacing).astype(np.int64)
    _cells, first = np.unique(cells, axis=0, return_index=True)
    return np.sort(order[first])
