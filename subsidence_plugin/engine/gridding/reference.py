"""Motion relative to a reference: what all points share at a date is taken off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError


def inside_parts(x: np.ndarray, y: np.ndarray, parts: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Tell which points lie inside polygons (even-odd rule, so that holes are outside).

    Parameters
    ----------
    x, y : (points,) arrays
    parts : sequence of polygons, each a sequence of (n, 2) rings
        The outer ring first.
    """
    inside = np.zeros(len(x), dtype=bool)
    for rings in parts:
        low, high = rings[0].min(axis=0), rings[0].max(axis=0)
        near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
        odd = np.zeros(len(near), dtype=bool)
        for ring in rings:
            odd ^= _odd_crossings(x[near], y[near], ring)
        inside[near] |= odd
    return inside


def _odd_crossings(x: np.ndarray, y: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Tell where a ray to the east crosses a ring an odd number of times."""
    odd = np.zeros(len(x), dtype=bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0)):
        if y0 == y1:
            continue
        spans = (y0 > y) != (y1 > y)
        odd ^= spans & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return odd


def mean_inside(series: np.ndarray, inside: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """Return the mean of the points inside at each date, (dates,) float64.

    Raises
    ------
    InputError
        No point lies inside, or none of those has a value at some date.
    """
    if not inside.any():
        raise InputError(
            "No InSAR point lies inside REFERENCE; choose polygons over stable ground with points."
        )
    values = series[inside].astype(float)
    count = np.isfinite(values).sum(axis=0)
    if not count.all():
        raise InputError(
            f"None of the {int(inside.sum())} points inside REFERENCE has a value on "
            f"{dates[np.argmin(count)]}; enlarge the area."
        )
    return np.nansum(values, axis=0) / count


def medians(series: np.ndarray) -> np.ndarray:
    """Return the median of all points at each date, (dates,); NaN where none has a value."""
    found = np.full(series.shape[1], np.nan)
    for number in range(series.shape[1]):
        values = series[:, number]
        values = values[np.isfinite(values)]
        if len(values):
            found[number] = np.median(values)
    return found


def remove_level(series: np.ndarray, level: np.ndarray) -> None:
    """Take a value for each date off all points, in place; NaN takes nothing off."""
    series -= np.nan_to_num(level).astype(np.float32)
