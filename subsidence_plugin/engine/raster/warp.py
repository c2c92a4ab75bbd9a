"""One band of a raster on another grid, read by window: nothing is warped before it is read."""

from __future__ import annotations

import itertools
import math
import os
import re
from typing import Optional

import numpy as np
from osgeo import gdal

from ..errors import InputError
from .gdal_calls import failures_raise
from .grid import Grid
from .read import Band, Raster
from .target_grid import cell_size, same_crs

#: From this ratio of cell sizes a target cell is the average of the source cells in it.
AVERAGE_FROM = 2.0
#: Source cells across that one block of a warped raster may need, so that memory is bounded.
SOURCE_BLOCK = 4096
_numbers = itertools.count()


class WarpedBand:
    """A band brought to ``grid``; values are read as float32 with NaN for nodata.

    Parameters
    ----------
    raster : Raster
        The source, with a CRS.
    band : Band
    grid : Grid
        The target.

    Attributes
    ----------
    method : str
        ``as it is`` (same cells), ``near``, ``bilinear`` or ``average``.
    ratio : float
        Size of a target cell in source cells.
    """

    def __init__(self, raster: Raster, band: Band, grid: Grid) -> None:
        self.raster, self.band, self.grid = raster, band, grid
        own = cell_size(raster.grid, raster.grid.crs)
        there = cell_size(grid, raster.grid.crs)
        self.ratio = math.sqrt(there[0] * there[1] / (own[0] * own[1]))
        self.method = resampling(band.kind, self.ratio)
        self._files: list[str] = []
        self._warped: Optional[gdal.Dataset] = None
        if raster.grid.matches(grid) and same_crs(raster.grid.crs, grid.crs):
            self.method = "as it is"
        else:
            self._open()

    def read(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """Return (rows, columns) of a window of the target grid."""
        if self._warped is None:
            return self.raster.read(window, [self.band.index])[0]
        with failures_raise(f"The raster '{self.raster.path}' cannot be resampled"):
            data = self._warped.GetRasterBand(1).ReadAsArray(*window)
        if data is None:
            raise InputError(f"The raster '{self.raster.path}' cannot be read; is it damaged?")
        return data

    def close(self) -> None:
        """Free the virtual rasters."""
        self._warped = None
        for name in reversed(self._files):
            gdal.Unlink(name)
        self._files = []

    def _open(self) -> None:
        """Describe one band alone (its own nodata) and its warp as virtual rasters in memory."""
        number = next(_numbers)
        single, warped = (
            f"/vsimem/subsidence-{os.getpid()}-{number}-{part}.vrt" for part in ("band", "warp")
        )
        self._files = [single, warped]
        # GDAL spares NaN cells when it averages only where NaN is the declared nodata value
        undeclared = self.band.nodata is None and self.band.data_type.startswith("Float")
        with failures_raise(f"The raster '{self.raster.path}' cannot be resampled"):
            source = gdal.Translate(
                single, self.raster.dataset, format="VRT", bandList=[self.band.index],
                noData="nan" if undeclared else None,
            )  # fmt: skip
            source.FlushCache()
            result = gdal.Warp(
                warped, source, format="VRT",
                srcSRS=self.raster.grid.crs, dstSRS=self.grid.crs,
                outputBounds=self.grid.bounds, width=self.grid.width, height=self.grid.height,
                resampleAlg=self.method, dstNodata="nan", outputType=gdal.GDT_Float32,
                workingType=gdal.GDT_Float32, overviewLevel="NONE",
            )  # fmt: skip
            if result is not None:
                result.FlushCache()
            source = result = None
            self._limit_blocks(warped)
            self._warped = gdal.Open(warped)
        if self._warped is None:
            raise InputError(
                f"The raster '{self.raster.path}' cannot be brought to the grid; check its CRS."
            )

    def _limit_blocks(self, path: str) -> None:
        """Make blocks small where a target cell covers many source cells.

        Not below 8: where a block is a few cells wide, GDAL 3.6 takes its averages for ones
        across the antimeridian.
        """
        side = max(8, min(512, int(SOURCE_BLOCK / max(self.ratio, 1))))
        if side == 512:
            return
        text = _read_text(path)
        text = re.sub(r"<BlockXSize>\d+</BlockXSize>", f"<BlockXSize>{side}</BlockXSize>", text)
        text = re.sub(
            r"<BlockYSize>\d+</BlockYSize>", f"<BlockYSize>{min(side, 128)}</BlockYSize>", text
        )
        gdal.FileFromMemBuffer(path, text.encode("utf-8"))


def resampling(kind: str, ratio: float) -> str:
    """Return nearest for categories; for values average where cells grow, else bilinear."""
    if kind == "categorical":
        return "near"
    return "average" if ratio >= AVERAGE_FROM else "bilinear"


def _read_text(path: str) -> str:
    size = gdal.VSIStatL(path).size
    handle = gdal.VSIFOpenL(path, "rb")
    try:
        return bytes(gdal.VSIFReadL(1, size, handle)).decode("utf-8")
    finally:
        gdal.VSIFCloseL(handle)
