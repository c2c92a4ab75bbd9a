"""All bands of a raster at one place."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..insar.dates import date_of
from ..inspection.place import Band, Pixel, Source
from ..vector.read import transform_points
from .class_labels import class_meanings
from .read import Band as RasterBand
from .read import Raster

#: Kinds of rasters whose values are class codes.
CODES = (
    "class_stack", "susceptibility_classes", "applicability", "levels", "bivariate", "priority",
    "dominant_factor", "residual_hotspots",
)  # fmt: skip


def read_pixel(source: Source, raster: Raster, x: float, y: float, crs: str) -> Pixel:
    """Return the bands of the cell that holds a place.

    Parameters
    ----------
    source : Source
        The layer; its CRS, where it has one, stands for the file's.
    raster : Raster
    x, y : float
    crs : str
        WKT of ``x`` and ``y``.

    Raises
    ------
    InputError
        The raster has no coordinate reference system, or cannot be read.
    """
    kind = raster.metadata.get("SUBSIDENCE_KIND", "")
    cell = cell_at(raster, x, y, crs, source.crs)
    bands: list[Band] = []
    if cell is not None:
        values = raster.read((*cell, 1, 1))[:, 0, 0]
        bands = [_band(raster, band, float(v), kind) for band, v in zip(raster.bands, values)]
    return Pixel(source.name, raster.path, kind, raster.metadata, bands, cell is not None)


def cell_at(
    raster: Raster, x: float, y: float, crs: str, own_crs: str = ""
) -> Optional[tuple[int, int]]:
    """Return (column, row) of the cell that holds a place, None where it lies outside."""
    own = own_crs or raster.grid.crs
    place = np.array([x], float), np.array([y], float)
    xs, ys = transform_points(*place, crs or own, own, "The place", f"The raster '{raster.path}'")
    if not (np.isfinite(xs[0]) and np.isfinite(ys[0])):
        return None
    rows, columns, inside = raster.grid.cells(xs, ys)
    return (int(columns[0]), int(rows[0])) if inside[0] else None


def _band(raster: Raster, band: RasterBand, value: float, kind: str) -> Band:
    own = raster.dataset.GetRasterBand(band.index)
    label = ""
    if np.isfinite(value) and (kind in CODES or band.kind == "categorical"):
        meaning = class_meanings(raster, band).get(round(value))
        label = meaning.label if meaning else ""
    return Band(band.name, value, label, date_of(own.GetMetadataItem("SUBSIDENCE_DATE") or ""))
