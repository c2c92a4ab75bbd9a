"""Streams of the valid values of one band, as the class breaks are found from them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..progress import Progress
from .read import Raster


def valid_values(raster: Raster, band: int, progress: Progress) -> Iterator[np.ndarray]:
    """Yield 1d-arrays (float32) of a band's finite values, tile by tile.

    ``progress`` goes from 0 to 1 at each pass and raises ``Cancelled`` within a tile.
    """
    windows = raster.grid.windows(1024)
    for number, window in enumerate(windows):
        tile = raster.read(window, [band]).ravel()
        finite = np.isfinite(tile)
        yield tile if finite.all() else tile[finite]
        progress((number + 1) / len(windows))
