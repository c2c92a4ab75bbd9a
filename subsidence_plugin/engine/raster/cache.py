"""GDAL's block cache, kept small while a job streams through a raster."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from osgeo import gdal

#: Enough for the blocks of a few tiles; GDAL's own default is 5 % of the memory.
CACHE_BYTES = 16 * 2**20
#: Enough for a row of 512 lines of a raster of strips, 65,000 cells wide.
STRIPS_BYTES = 128 * 2**20

_lock = threading.Lock()
#: Sizes asked for by the jobs that run now, and what GDAL had before the first of them.
_asked: list[int] = []
_before = 0


@contextmanager
def bounded_cache(size: int = CACHE_BYTES) -> Iterator[None]:
    """Let GDAL cache at most ``size`` bytes of blocks inside the block, and as before after it.

    The cache is one for the whole of QGIS: where jobs in several threads ask, the largest size
    holds, and the last job to end restores what was before the first.
    """
    global _before
    with _lock:
        _before = _before if _asked else gdal.GetCacheMax()
        _asked.append(size)
        gdal.SetCacheMax(min(_before, max(_asked)))
    try:
        yield
    finally:
        with _lock:
            _asked.remove(size)
            gdal.SetCacheMax(min(_before, max(_asked)) if _asked else _before)
