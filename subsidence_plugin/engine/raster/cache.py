"""GDAL's block cache, kept small while a job streams through a raster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from osgeo import gdal

#: Enough for the blocks of a few tiles; GDAL's own default is 5 % of the memory.
CACHE_BYTES = 16 * 2**20


@contextmanager
def bounded_cache(size: int = CACHE_BYTES) -> Iterator[None]:
    """Let GDAL cache at most ``size`` bytes of blocks inside the block, and as before after it."""
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(min(before, size))
    try:
        yield
    finally:
        gdal.SetCacheMax(before)
