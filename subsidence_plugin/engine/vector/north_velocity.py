"""Velocity northwards of places, from the GNSS columns of a layer."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .read import read_features, transform_points

#: Field of EGMS L3 from the release 2020-2024 on, mm/yr.
NORTH_FIELD = "gnss_velocity_n"


def nearest_north(source: str, places: np.ndarray, crs: str, progress: Progress) -> np.ndarray:
    """Return the velocity of the nearest point for each place, mm/yr.

    Parameters
    ----------
    source : str
        Point layer with the field ``gnss_velocity_n``.
    places : (places, 2) array
    crs : str
        Of the places.
    progress : Progress
    """
    features = read_features(source, [NORTH_FIELD])
    values = features.number(NORTH_FIELD)
    keep = np.isfinite(values)
    if features.geometry != "point" or not keep.any():
        raise InputError(f"The layer in GNSS has no points with {NORTH_FIELD}; choose another.")
    x, y = transform_points(
        features.x, features.y, features.crs, crs, "The layer in GNSS", "The ascending layer"
    )
    from scipy.spatial import cKDTree

    distance, nearest = cKDTree(np.column_stack([x[keep], y[keep]])).query(places)
    progress.info(f"GNSS points lie at most {distance.max():.0f} map units from the cells.")
    return values[keep][nearest]
