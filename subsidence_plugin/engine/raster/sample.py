"""Values of a raster at many cells: only the tiles that hold one of them are read, once each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Optional

import numpy as np

from ..cores import cores
from ..errors import InputError
from ..progress import Progress
from .gdal_calls import failures_raise
from .read import Raster, mask_nodata

#: Cells of a tile, unless a single block of the file is larger still.
TILE_CELLS = 2**17
#: Data types whose blocks are taken as they stand.
BLOCK_TYPES = {"Float32": np.float32, "Byte": np.uint8, "Int16": np.int16}
#: Tiles below which more threads would cost more than they save.
FEW_TILES = 4


def sample_cells(
    raster: Raster,
    rows: np.ndarray,
    columns: np.ndarray,
    progress: Optional[Progress] = None,
    threads: Optional[int] = None,
) -> np.ndarray:
    """Return the values of all bands at cells, float32 with NaN for nodata.

    Parameters
    ----------
    raster : Raster
    rows, columns : 1d-array of int
        Cells of the raster's grid, any order, repeated ones allowed.
    progress : Progress, optional
        Asked for Cancel at every tile.
    threads : int, optional
        Tiles read at the same time; default one a processor core.

    Returns
    -------
    2d-array of shape (cells, bands)
    """
    progress = progress or Progress()
    values = np.full((len(rows), len(raster.bands)), np.nan, dtype=np.float32)
    read, shape = (_read_blocks, block_shape(raster)) if has_plain_blocks(raster) else (
        _read_tile, tile_shape(raster)
    )  # fmt: skip
    tiles = list(tiles_of(rows, columns, *shape))
    threads = threads or cores()
    if threads == 1 or len(tiles) < FEW_TILES:
        for number, tile in enumerate(tiles):
            read(raster, rows, columns, tile, values)
            progress((number + 1) / len(tiles))
        return values
    local = threading.local()

    def work(tile: np.ndarray) -> None:
        if not hasattr(local, "raster"):  # a GDAL dataset belongs to one thread
            local.raster = Raster(raster.path)
        read(local.raster, rows, columns, tile, values)

    with ThreadPoolExecutor(threads) as pool:
        waiting = {pool.submit(work, tile) for tile in tiles}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                progress(1 - len(waiting) / len(tiles))
        except BaseException:
            for future in waiting:
                future.cancel()
            raise
    return values


def has_plain_blocks(raster: Raster) -> bool:
    """Tell whether blocks of one band can be read by themselves, past GDAL's block cache.

    That takes a fifth of the time off, most of all in threads, which share the cache.
    """
    dataset = raster.dataset
    width, height = block_shape(raster)[::-1]
    return (
        dataset.GetDriver().ShortName == "GTiff"
        and (
            dataset.RasterCount == 1
            or dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE") == "BAND"
        )
        and all(band.data_type in BLOCK_TYPES for band in raster.bands)
        and 2**12 <= width * height <= TILE_CELLS
    )


def block_shape(raster: Raster) -> tuple[int, int]:
    """Return (rows, columns) of the file's own blocks."""
    width, height = raster.dataset.GetRasterBand(1).GetBlockSize()
    return height, width


def tile_shape(raster: Raster) -> tuple[int, int]:
    """Return (rows, columns) of reading tiles: whole blocks of the file where that is possible."""
    width, height = raster.dataset.GetRasterBand(1).GetBlockSize()
    width, height = min(width, raster.grid.width), min(height, raster.grid.height)
    if width * height > TILE_CELLS:  # a file of one block, say
        return max(1, TILE_CELLS // width), width
    if width < raster.grid.width:
        across = max(1, min(int((TILE_CELLS / (width * height)) ** 0.5), 512 // width))
        width = min(width * across, raster.grid.width)
    return height * max(1, min(TILE_CELLS // (width * height), -(-512 // height))), width


def tiles_of(
    rows: np.ndarray, columns: np.ndarray, height: int, width: int
) -> Iterator[np.ndarray]:
    """Yield, a tile at a time, the indices of the cells that lie in it."""
    if len(rows) == 0:
        return
    across = int(columns.max()) // width + 1
    tile = rows // height * across + columns // width
    order = np.argsort(tile, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(tile[order])) + 1)


def _read_tile(
    raster: Raster, rows: np.ndarray, columns: np.ndarray, tile: np.ndarray, values: np.ndarray
) -> None:
    """Read the smallest window that holds the tile's cells and put their values in place."""
    r, c = rows[tile], columns[tile]
    top, left = int(r.min()), int(c.min())
    window = (left, top, int(c.max()) - left + 1, int(r.max()) - top + 1)
    values[tile] = raster.read(window)[:, r - top, c - left].T


def _read_blocks(
    raster: Raster, rows: np.ndarray, columns: np.ndarray, tile: np.ndarray, values: np.ndarray
) -> None:
    """Read the block that holds the tile's cells, band by band."""
    height, width = block_shape(raster)
    r, c = rows[tile], columns[tile]
    across, down = int(c[0]) // width, int(r[0]) // height
    inside = (r - down * height) * width + (c - across * width)
    for position, band in enumerate(raster.bands):
        with failures_raise(f"The raster '{raster.path}' cannot be read"):
            block = raster.dataset.GetRasterBand(band.index).ReadBlock(across, down)
        if block is None:
            raise InputError(f"The raster '{raster.path}' cannot be read; is it damaged?")
        found = np.frombuffer(block, BLOCK_TYPES[band.data_type])[inside].astype(np.float32)
        mask_nodata(found, band.nodata)
        values[tile, position] = found
