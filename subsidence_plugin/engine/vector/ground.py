"""Coordinates of points as distances on the ground: metres where the CRS is in degrees."""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .metric_crs import metric_crs
from .read import Features, spatial_reference, transform_points


def on_the_ground(
    features: Features, chosen: np.ndarray, what: str, progress: Progress
) -> tuple[np.ndarray, np.ndarray, str]:
    """Return x, y of the chosen points and the unit that they are in.

    Parameters
    ----------
    features : Features
        Points with a CRS.
    chosen : 1d-array
        Mask or indices.
    what : str
        Names the layer in errors.
    progress : Progress
        Hears that degrees became metres.
    """
    x, y = features.x[chosen], features.y[chosen]
    ground = metric_crs(features.crs, x, y, what)
    if ground != features.crs:
        progress.info("The points are in degrees: distances are metres on the ground.")
    x, y = transform_points(x, y, features.crs, ground, what, what)
    unit = spatial_reference(ground, what).GetLinearUnitsName()
    return x, y, "m" if unit.casefold() in ("metre", "meter", "m") else unit
