"""The terrain factors of one window of a DEM, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from .cells import CellSizes
from .flow import wetness
from .surface import HALO, aspect, curvature, gradient, slope

#: In the order of the enum ``FACTORS``, which saved models keep as integers: append only.
FACTORS = ("elevation", "slope", "aspect", "curvature", "twi")


def factor_tile(
    names: Sequence[str],
    z: np.ndarray,
    cells: CellSizes,
    area: Optional[np.ndarray] = None,
    min_slope: float = 0.05,
) -> np.ndarray:
    """Return (factors, rows, columns) float32 of a DEM window with a margin of ``HALO`` cells.

    Parameters
    ----------
    names : sequence of str
        Of ``FACTORS``.
    z : (rows + 4, columns + 4) float32 array
        Elevation in m, NaN for nodata.
    cells : CellSizes
        Of the inner rows.
    area : (rows, columns) array, optional
        Contributing area in m², for the TWI.
    min_slope : float
        Degrees; the TWI takes flatter cells as this steep.
    """
    east, north = gradient(z, cells)
    steepness = slope(east, north)
    makers = {
        "elevation": lambda: z[HALO:-HALO, HALO:-HALO],
        "slope": lambda: steepness,
        "aspect": lambda: aspect(east, north),
        "curvature": lambda: curvature(z, cells),
        "twi": lambda: wetness(area, steepness, cells, min_slope),
    }
    return np.stack([makers[name]() for name in names]).astype(np.float32, copy=False)
