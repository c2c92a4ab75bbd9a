"""How a raster is cut into tiles: along its blocks, a few megabytes each."""

from __future__ import annotations

from collections.abc import Sequence

#: Bytes of factor values a tile; some six tiles are in memory at a time.
TILE_BYTES = 6 * 2**20
#: Edge of the output's blocks: tiles in multiples of it are written without rewriting blocks.
OUTPUT_BLOCK = 256


def tile_size(
    size: tuple[int, int], block: tuple[int, int], bands: int, tile_bytes: int = TILE_BYTES
) -> tuple[int, int]:
    """Return (width, height) of the tiles in which a raster is best read.

    Parameters
    ----------
    size, block : (width, height)
        Of the raster and of the blocks in which it is stored.
    bands : int
        Number of float32 bands that are read.

    Notes
    -----
    A block that is read twice is decompressed twice, so a tile is a whole number of blocks; the
    next step up is a multiple of the output's blocks while the tile stays within its bytes.
    Blocks larger than a tile (a raster stored in one piece) are cut.
    """
    pixels = max(tile_bytes // (4 * bands), 1)
    width = min(_multiple(block[0], OUTPUT_BLOCK), size[0])
    if width * min(block[1], size[1]) > pixels:
        width = min(block[0], size[0])
    if width > pixels:  # even one row of a block is too much
        return pixels, 1
    height = min(block[1], size[1])
    if width * height > pixels:
        return width, max(pixels // width, 1)
    while height < OUTPUT_BLOCK and width * height * 2 <= pixels:
        height *= 2
    while width * 2 * height <= pixels and width < size[0]:
        width *= 2
    return min(width, size[0]), min(height, size[1])


def _multiple(edge: int, of: int) -> int:
    """Return the smallest multiple of ``edge`` that is at least ``of``."""
    return edge * -(-of // edge)


def tile_windows(
    size: tuple[int, int], tile: tuple[int, int]
) -> Sequence[tuple[int, int, int, int]]:
    """Return (column, row, width, height) of the tiles that cover the raster, row by row."""
    return [
        (column, row, min(tile[0], size[0] - column), min(tile[1], size[1] - row))
        for row in range(0, size[1], tile[1])
        for column in range(0, size[0], tile[0])
    ]
