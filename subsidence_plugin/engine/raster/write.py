"""Writing GeoTIFFs: tiled, compressed, with band names, metadata, overviews and statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

import numpy as np
from osgeo import gdal

from ..cores import cores
from ..errors import OutputError
from ..progress import Progress
from .gdal_calls import failures_raise, without_exceptions
from .grid import Grid

DATA_TYPES = {"float32": gdal.GDT_Float32, "uint8": gdal.GDT_Byte, "int16": gdal.GDT_Int16}


class RasterWriter:
    """A GeoTIFF being written window by window; use it as a context manager.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    grid : Grid
    names : sequence of str
        Band descriptions, one a band.
    dtype : {"float32", "uint8", "int16"}
    kinds : sequence of str, optional
        Band metadata ``kind``: ``continuous`` or ``categorical``.
    metadata : mapping, optional
        Dataset metadata; ``SUBSIDENCE_KIND`` names what the raster is.
    nodata : float, optional
        Default NaN for float32 and 0 for integers.
    finish : bool
        Build overviews and statistics on leaving.
    progress : Progress, optional
        Asked whether to stop while overviews and statistics are made (seconds on large rasters).
    fast : bool
        Compress lightly and in all threads: for noisy values in many bands, which do not become
        smaller by more effort.
    """

    def __init__(
        self,
        path: str,
        grid: Grid,
        names: Sequence[str],
        dtype: str = "float32",
        kinds: Optional[Sequence[str]] = None,
        metadata: Optional[Mapping[str, str]] = None,
        nodata: Optional[float] = None,
        finish: bool = True,
        progress: Optional[Progress] = None,
        fast: bool = False,
    ) -> None:
        self.progress = progress or Progress()
        self.path, self.grid, self.finish = str(path), grid, finish
        self.codes = dtype != "float32"
        self.categorical = self.codes or "categorical" in (kinds or ())
        options = [
            "TILED=YES",
            "BIGTIFF=IF_SAFER",
            "INTERLEAVE=BAND",
            "COMPRESS=DEFLATE",
            *(["ZLEVEL=1", f"NUM_THREADS={cores()}"] if fast else ["ZLEVEL=4"]),
        ]
        options.append("PREDICTOR=3" if dtype == "float32" else "PREDICTOR=1")
        with failures_raise(f"The raster '{self.path}' cannot be created", OutputError):
            self.dataset = gdal.GetDriverByName("GTiff").Create(
                self.path, grid.width, grid.height, len(names), DATA_TYPES[dtype], options
            )
        if self.dataset is None:
            raise OutputError(f"The raster '{self.path}' cannot be created.")
        if grid.crs:
            self.dataset.SetProjection(grid.crs)
        self.dataset.SetGeoTransform(grid.transform)
        self.dataset.SetMetadata({k: str(v) for k, v in (metadata or {}).items()})
        missing = nodata if nodata is not None else (0 if self.codes else float("nan"))
        for index, name in enumerate(names, start=1):
            band = self.dataset.GetRasterBand(index)
            band.SetDescription(name)
            band.SetNoDataValue(missing)
            if kinds:
                band.SetMetadataItem("kind", kinds[index - 1])

    def write(self, data: np.ndarray, column: int = 0, row: int = 0, band: int = 0) -> None:
        """Write (bands, rows, columns), or one band's (rows, columns), at a place of the grid."""
        target = self.dataset.GetRasterBand(band) if band else self.dataset
        with failures_raise(f"The raster '{self.path}' cannot be written", OutputError):
            target.WriteArray(data, column, row)

    def flush(self) -> None:
        """Write out what GDAL holds in its cache (5 % of the memory), and free it.

        Worth a call after each row of tiles of a large raster: else all is compressed at the
        end at once, when nobody looks at Cancel.
        """
        with failures_raise(f"The raster '{self.path}' cannot be written", OutputError):
            self.dataset.FlushCache()

    def __enter__(self) -> RasterWriter:
        return self

    def __exit__(self, kind, value, trace) -> None:
        if kind is not None:
            gdal.PushErrorHandler("CPLQuietErrorHandler")  # the file is thrown away
            self.dataset = None
            gdal.PopErrorHandler()
            return
        with failures_raise(f"The raster '{self.path}' cannot be written", OutputError):
            self.dataset.FlushCache()
            self.dataset = None
        if self.finish:
            with failures_raise(f"The raster '{self.path}' cannot be written", OutputError):
                finish_raster(self.path, self.categorical, self.progress)
        if not _is_whole(self.path):
            raise OutputError(
                f"The raster '{self.path}' cannot be written whole; is the disk full?"
            )


def _is_whole(path: str) -> bool:
    """Return whether all blocks lie within the file: GDAL 3.10 does not report a full disk."""
    with without_exceptions():
        size, dataset = Path(path).stat().st_size, gdal.OpenEx(path, gdal.OF_RASTER)
    if dataset is None:
        return False
    bands = [dataset.GetRasterBand(index + 1) for index in range(dataset.RasterCount)]
    bands += [band.GetOverview(index) for band in bands for index in range(band.GetOverviewCount())]
    for band in bands:
        width, height = band.GetBlockSize()
        for row in range(-(-band.YSize // height)):
            for column in range(-(-band.XSize // width)):
                place = f"{column}_{row}"
                start = int(band.GetMetadataItem(f"BLOCK_OFFSET_{place}", "TIFF") or 0)
                length = int(band.GetMetadataItem(f"BLOCK_SIZE_{place}", "TIFF") or 0)
                if start + length > size:
                    return False
    return True


def finish_raster(
    path: str, categorical: bool, progress: Optional[Progress] = None, statistics: bool = True
) -> None:
    """Add overviews and, unless the writer knew them, band statistics to a GeoTIFF.

    Overviews hold averages, but where a band holds codes the nearest cell of all bands: the mean
    of two codes is no code, and GDAL makes the overviews of all bands alike.
    """
    progress = progress or Progress()

    def go_on(_fraction: float, _message: str, _data: object) -> int:
        return 0 if progress.cancelled() else 1

    dataset = gdal.OpenEx(path, gdal.OF_RASTER | gdal.OF_UPDATE)
    size, levels = max(dataset.RasterXSize, dataset.RasterYSize), []
    while size / (2 ** (len(levels) + 1)) >= 256:
        levels.append(2 ** (len(levels) + 1))
    for index in range(1, dataset.RasterCount + 1) if statistics else ():
        band = dataset.GetRasterBand(index)
        gdal.PushErrorHandler("CPLQuietErrorHandler")  # an empty band has no statistics: no failure
        try:
            band.ComputeStatistics(False, go_on)
        except RuntimeError:
            pass
        finally:
            gdal.PopErrorHandler()
        band.FlushCache()  # frees its blocks: GDAL would keep up to 5 % of the memory full
        progress.check()
    if levels:
        dataset.BuildOverviews("NEAREST" if categorical else "AVERAGE", levels, go_on)
    progress.check()
    dataset.FlushCache()
