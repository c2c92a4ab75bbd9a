"""Points inside a box that is given in another coordinate reference system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from .read import spatial_reference, transform_points

#: Points along each side of the box, so that its image is not cut.
STEPS = 21


class ExtentFilter:
    """Tells which points lie inside a box.

    Parameters
    ----------
    extent : (x minimum, y minimum, x maximum, y maximum, WKT)
        Without WKT the box is in the CRS of the points.
    crs : str
        Of the points.
    """

    def __init__(self, extent: Sequence[Any], crs: str) -> None:
        *box, own = extent
        self._box = [float(value) for value in box]
        if not (self._box[2] > self._box[0] and self._box[3] > self._box[1]):
            raise InputError("EXTENT has no area; draw or choose another.")
        self._crs, self._own = crs, own or crs
        same = spatial_reference(self._own, "EXTENT").IsSame(spatial_reference(crs, "The layer"))
        self._same = bool(same)
        self._around = self._box if self._same else self._image()

    def inside(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return which points lie inside, the border included."""
        near = _within(x, y, self._around)
        if self._same or not near.any():
            return near
        there = transform_points(x[near], y[near], self._crs, self._own, "The layer", "EXTENT")
        near[near] = _within(*there, self._box)
        return near

    def _image(self) -> list[float]:
        """Return a box of the points' CRS around the extent; everything where there is none."""
        x0, y0, x1, y1 = self._box
        x, y = np.meshgrid(np.linspace(x0, x1, STEPS), np.linspace(y0, y1, STEPS))
        x, y = transform_points(x.ravel(), y.ravel(), self._own, self._crs, "EXTENT", "The layer")
        if not np.isfinite(x).all():
            return [-np.inf, -np.inf, np.inf, np.inf]
        margin = 0.01 * max(np.ptp(x), np.ptp(y))
        return [x.min() - margin, y.min() - margin, x.max() + margin, y.max() + margin]


def _within(x: np.ndarray, y: np.ndarray, box: Sequence[float]) -> np.ndarray:
    return (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])
