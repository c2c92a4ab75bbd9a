"""A factor stack read tile by tile for a model, and results written the same way.

What every job has in common that streams a stack through a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

import numpy as np

from ..errors import OutputError
from ..models.card import Card
from ..prediction.buffers import Buffers
from ..prediction.matching import Match, StackBand, match_bands
from ..prediction.tiles import OUTPUT_BLOCK, TILE_BYTES, tile_size
from ..progress import Progress
from .cache import CACHE_BYTES
from .gdal_calls import failures_raise
from .read import Raster
from .write import RasterWriter

#: Column, row, width and height of a tile.
Window = tuple[int, int, int, int]
ReadTile = Callable[[Window], np.ndarray]


def match_stack(raster: Raster, card: Card, progress: Progress) -> Match:
    """Return the bands of a stack in the order of the model's factors (see ``match_bands``)."""
    bands = [
        StackBand(
            b.index, b.name, b.kind, raster.dataset.GetRasterBand(b.index).GetMetadataItem("rule")
        )
        for b in raster.bands
    ]
    is_class_stack = raster.metadata.get("SUBSIDENCE_KIND") == "class_stack"
    return match_bands(card, bands, is_class_stack, raster.path, progress)


def stack_tile_size(
    raster: Raster, bands: Sequence[int], tile_bytes: int = TILE_BYTES
) -> tuple[int, int]:
    """Return (width, height) of the tiles in which these bands are best read."""
    block = tuple(raster.dataset.GetRasterBand(bands[0]).GetBlockSize())
    return tile_size((raster.grid.width, raster.grid.height), block, len(bands), tile_bytes)


def tile_cache_bytes(raster: Raster, tile: tuple[int, int], bands: int) -> int:
    """Return a cache that holds the output blocks which several tiles or overviews share."""
    row_of_blocks = 4 * OUTPUT_BLOCK * raster.grid.width
    aligned = tile[0] % OUTPUT_BLOCK == 0 and tile[1] % OUTPUT_BLOCK == 0
    shared = 2 * row_of_blocks * (1 if aligned else bands)
    return min(max(CACHE_BYTES, shared), 16 * CACHE_BYTES)


def open_tile_reader(path: str, bands: Sequence[int], buffers: Buffers) -> ReadTile:
    """Return a function that reads (bands, pixels) of a window; a GDAL handle a thread.

    Whoever has used the values gives their memory back to ``buffers``.
    """
    raster = Raster(path)

    def read(window: Window) -> np.ndarray:
        width, height = window[2:]
        values = buffers.take(len(bands) * width * height).reshape(len(bands), height, width)
        return raster.read(window, bands, out=values).reshape(len(bands), -1)

    return read


def write_tile(
    writer: RasterWriter, window: Window, values: Optional[np.ndarray], missing: float = np.nan
) -> None:
    """Write (pixels,) or (bands, pixels) of a window; None is a tile without valid pixel."""
    column, row, width, height = window
    bands = writer.dataset.RasterCount
    if values is None:
        values = np.full(
            (bands, height * width), missing, dtype=np.uint8 if writer.codes else np.float32
        )
    writer.write(values.reshape(bands, height, width), column, row)
    if width % OUTPUT_BLOCK == 0 and height % OUTPUT_BLOCK == 0:
        # Whole blocks are compressed here and now: if they waited in GDAL's cache, a reading
        # thread might write them, and a full disk would look like an unreadable input.
        with failures_raise(f"The raster '{writer.path}' cannot be written", OutputError):
            for index in range(1, bands + 1):
                writer.dataset.GetRasterBand(index).FlushCache()
