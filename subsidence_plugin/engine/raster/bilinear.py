"""Values of a raster between its cell centres, at many points, tile by tile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..progress import Progress
from .read import Raster
from .sample import tile_shape, tiles_of


def sample_bilinear(
    raster: Raster, bands: Sequence[int], x: np.ndarray, y: np.ndarray, progress: Progress
) -> np.ndarray:
    """Return bilinear values, (points, bands) float32; NaN outside and where a cell has no data.

    The four cells around a point share it; one without data leaves its weight to the others, but
    a point in a cell without data has no value.

    Parameters
    ----------
    raster : Raster
    bands : sequence of int
        Numbers from 1.
    x, y : (points,) arrays
        In the CRS of the raster.
    progress : Progress
    """
    grid, values = raster.grid, np.full((len(x), len(bands)), np.nan, np.float32)
    rows, columns, inside = grid.cells(x, y)
    known = np.flatnonzero(inside)
    u, v = (np.asarray(part)[known] - 0.5 for part in grid.fractional_cells(x, y))
    own_rows, own_columns = rows[known], columns[known]
    tiles = list(tiles_of(own_rows, own_columns, *tile_shape(raster)))
    for done, tile in enumerate(tiles, 1):
        r, c = own_rows[tile], own_columns[tile]
        top, left = max(int(r.min()) - 1, 0), max(int(c.min()) - 1, 0)
        bottom = min(int(r.max()) + 2, grid.height)
        right = min(int(c.max()) + 2, grid.width)
        block = raster.read((left, top, right - left, bottom - top), bands)
        own = _between(block, v[tile] - top, u[tile] - left)
        own[np.isnan(block[:, r - top, c - left])] = np.nan
        values[known[tile]] = own.T
        progress(done / len(tiles))
    return values


def _between(block: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return (bands, points) at fractional places of centres, those at the edge held."""
    rows = np.clip(rows, 0, block.shape[1] - 1)
    columns = np.clip(columns, 0, block.shape[2] - 1)
    r0, c0 = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, across = rows - r0, columns - c0
    r1, c1 = np.minimum(r0 + 1, block.shape[1] - 1), np.minimum(c0 + 1, block.shape[2] - 1)
    total = np.zeros((len(block), len(rows)))
    weights = np.zeros_like(total)
    for r, c, weight in (
        (r0, c0, (1 - down) * (1 - across)), (r0, c1, (1 - down) * across),
        (r1, c0, down * (1 - across)), (r1, c1, down * across),
    ):  # fmt: skip
        corner = block[:, r, c]
        known = np.isfinite(corner)
        total += np.where(known, corner, 0) * weight
        weights += known * weight
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weights > 0, total / weights, np.nan).astype(np.float32)
