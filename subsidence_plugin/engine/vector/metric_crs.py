"""A coordinate reference system in which distances and areas are those on the ground."""

from __future__ import annotations

import numpy as np
from osgeo import osr

from .read import spatial_reference, transform_points

WGS84 = "EPSG:4326"


def is_geographic(wkt: str, what: str) -> bool:
    """Tell whether a CRS has degrees for map units; ``what`` names its layer in an error."""
    return bool(spatial_reference(wkt, what).IsGeographic())


def metric_crs(wkt: str, x: np.ndarray, y: np.ndarray, what: str) -> str:
    """Return the CRS itself, or where it is in degrees an equal-area one in metres around points.

    Parameters
    ----------
    wkt : str
    x, y : 1d-array
        Points in that CRS, in the middle of which the new one is centred.
    what : str
        Names the layer in an error.
    """
    if not is_geographic(wkt, what):
        return wkt
    lon, lat = transform_points(
        np.array([(np.min(x) + np.max(x)) / 2]), np.array([(np.min(y) + np.max(y)) / 2]), wkt,
        WGS84, what,
    )  # fmt: skip
    local = osr.SpatialReference()
    local.SetFromUserInput(
        f"+proj=laea +lat_0={lat[0]:.6f} +lon_0={lon[0]:.6f} +datum=WGS84 +units=m +no_defs"
    )
    return local.ExportToWkt()
