"""Polygons in memory, burnt into a grid window by window."""

from __future__ import annotations

import math

import numpy as np
from osgeo import gdal, ogr

from ..raster.gdal_calls import failures_raise
from ..raster.grid import Grid
from .read import spatial_reference


class BurnLayer:
    """Polygons with a value each; a cell takes the last one added that holds its centre.

    Memory grows with the polygons, not with the grid.

    Parameters
    ----------
    grid : Grid
        With a CRS, in which the polygons are given.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        #: (left, right, bottom, top) of each polygon.
        self.envelopes: list[tuple[float, float, float, float]] = []
        driver = gdal.GetDriverByName("Memory") or gdal.GetDriverByName("MEM")  # one since 3.11
        self._dataset = driver.Create("", 0, 0, 0, gdal.GDT_Unknown)
        reference = spatial_reference(grid.crs, "The raster")
        self._layer = self._dataset.CreateLayer("polygons", reference, ogr.wkbUnknown)
        self._layer.CreateField(ogr.FieldDefn("value", ogr.OFTReal))

    def add(self, shape: ogr.Geometry, value: float) -> None:
        """Add a polygon; curves become lines, since GDAL burns none."""
        if shape.HasCurveGeometry():
            shape = shape.GetLinearGeometry()
        feature = ogr.Feature(self._layer.GetLayerDefn())
        feature.SetField(0, float(value))
        self.envelopes.append(shape.GetEnvelope())
        feature.SetGeometryDirectly(shape)
        self._layer.CreateFeature(feature)

    def read(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """Return (rows, columns) of a window, float32, NaN outside all polygons."""
        column, row, width, height = window
        t = self.grid.transform
        x, y = self.grid.xy(column, row)
        tile = gdal.GetDriverByName("MEM").Create("", width, height, 1, gdal.GDT_Float32)
        tile.SetGeoTransform((x, t[1], t[2], y, t[4], t[5]))
        tile.SetProjection(self.grid.crs)
        tile.GetRasterBand(1).Fill(math.nan)
        xs, ys = self.grid.xy(
            np.array([column, column + width, column, column + width]),
            np.array([row, row, row + height, row + height]),
        )
        self._layer.SetSpatialFilterRect(xs.min(), ys.min(), xs.max(), ys.max())
        with failures_raise("The polygons cannot be burnt into the grid"):
            gdal.RasterizeLayer(tile, [1], self._layer, options=["ATTRIBUTE=value"])
        return tile.GetRasterBand(1).ReadAsArray()

    def close(self) -> None:
        """Free the polygons."""
        self._layer = self._dataset = None
