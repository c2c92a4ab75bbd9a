"""Reading rasters: bands with names and kinds, windows as float32 with NaN for nodata."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np
from osgeo import gdal

from ..errors import InputError
from .gdal_calls import failures_raise
from .grid import Grid

#: Field names that vector formats keep for themselves, so no factor may be called so.
RESERVED_NAMES = ("fid", "ogc_fid", "geom", "geometry")


@dataclass(frozen=True)
class Band:
    """One band of a raster: 1-based index, name, kind (``continuous``, ``categorical``), nodata."""

    index: int
    name: str
    kind: str
    nodata: Optional[float]
    data_type: str


class Raster:
    """A raster opened for reading.

    A GDAL dataset must not be shared between threads: open one ``Raster`` a thread.

    Parameters
    ----------
    path : str
        Anything GDAL opens.
    names : sequence of str, optional
        Band names that override those of the file, for example a layer name.
    """

    def __init__(self, path: str, names: Optional[Sequence[str]] = None) -> None:
        self.path = str(path)
        dataset = None
        with failures_raise(f"The raster '{self.path}' cannot be opened"):
            dataset = gdal.OpenEx(self.path, gdal.OF_RASTER | gdal.OF_READONLY)
        if dataset is None or dataset.RasterCount == 0:
            raise InputError(
                f"The raster '{self.path}' cannot be opened or has no band; check the file."
            )
        self.dataset = dataset
        self.grid = Grid(
            dataset.RasterXSize,
            dataset.RasterYSize,
            tuple(dataset.GetGeoTransform()),
            dataset.GetProjection() or "",
        )
        self.metadata: dict[str, str] = dataset.GetMetadata() or {}
        self.bands = [self._describe(i, names) for i in range(1, dataset.RasterCount + 1)]

    def _describe(self, index: int, names: Optional[Sequence[str]]) -> Band:
        band = self.dataset.GetRasterBand(index)
        stem = Path(self.path).stem
        fallback = stem if self.dataset.RasterCount == 1 else f"{stem}_{index}"
        name = names[index - 1] if names else band.GetDescription() or fallback
        kind = band.GetMetadataItem("kind") or "continuous"
        data_type = gdal.GetDataTypeName(band.DataType)
        return Band(index, name.strip(), kind, band.GetNoDataValue(), data_type)

    @property
    def names(self) -> list[str]:
        """Names of the bands in order."""
        return [band.name for band in self.bands]

    def band(self, name: str) -> Band:
        """Return the band of this name (case-blind), or say which names there are."""
        for band in self.bands:
            if band.name.casefold() == name.casefold():
                return band
        raise InputError(
            f"The raster '{self.path}' has no band '{name}'; its bands are {', '.join(self.names)}."
        )

    def read(
        self,
        window: Optional[tuple[int, int, int, int]] = None,
        bands: Optional[Sequence[int]] = None,
        dtype: type = np.float32,
        out: Optional[np.ndarray] = None,
    ) -> np.ndarray:
        """Return (bands, rows, columns) of a window, NaN where a band has no data.

        Parameters
        ----------
        window : (column, row, width, height), optional
            Default: the whole raster.
        bands : sequence of int, optional
            1-based indices, default all.
        dtype : numpy float type
        out : 3d-array of ``dtype``, optional
            Filled and returned instead of a new array.
        """
        column, row, width, height = window or (0, 0, self.grid.width, self.grid.height)
        indices = list(bands) if bands is not None else [b.index for b in self.bands]
        with failures_raise(f"The raster '{self.path}' cannot be read"):
            data = self.dataset.ReadAsArray(
                column,
                row,
                width,
                height,
                band_list=indices,
                buf_type=gdal.GDT_Float64 if dtype is np.float64 else gdal.GDT_Float32,
                buf_obj=out,
            )
        if data is None:
            raise InputError(
                f"The raster '{self.path}' cannot be read at window {window}; is it damaged?"
            )
        data = data.reshape(len(indices), height, width)
        for layer, index in zip(data, indices):
            mask_nodata(layer, self.bands[index - 1].nodata)
        return data


def mask_nodata(values: np.ndarray, nodata: Optional[float]) -> None:
    """Set cells equal to ``nodata`` (compared in the array's own precision) to NaN, in place."""
    if nodata is not None and not np.isnan(nodata):
        with np.errstate(over="ignore"):
            values[values == values.dtype.type(nodata)] = np.nan


def check_names(names: Sequence[str], sources: Sequence[str]) -> None:
    """Refuse empty, reserved or (case-blind) repeated factor names, naming both sources."""
    seen: dict[str, str] = {}
    for name, source in zip(names, sources):
        key = name.casefold()
        if not key:
            raise InputError(f"A factor of '{source}' has no name; give its band a description.")
        if key in RESERVED_NAMES:
            raise InputError(
                f"The factor name '{name}' (from '{source}') is reserved by vector formats; "
                "rename it."
            )
        if key in seen:
            raise InputError(
                f"Two factors are called '{name}' (from '{seen[key]}' and '{source}'); rename one."
            )
        seen[key] = source


def open_stack(path: str) -> Raster:
    """Open a factor or class stack and check its CRS, band names and kinds."""
    raster = Raster(path)
    if not raster.grid.crs:
        raise InputError(
            f"The raster '{path}' has no coordinate reference system; assign the right one to it "
            "(Raster > Projections > Assign projection)."
        )
    check_names(
        raster.names, [f"{os.path.basename(raster.path)} band {b.index}" for b in raster.bands]
    )
    for band in raster.bands:
        if band.kind not in ("continuous", "categorical"):
            raise InputError(
                f"Band '{band.name}' of '{path}' has the kind '{band.kind}'; "
                "it must be 'continuous' or 'categorical'."
            )
    return raster
