"""Polygons of a layer as codes on a raster grid, burnt window by window."""

from __future__ import annotations

import math

import numpy as np
from osgeo import gdal, ogr, osr

from ..errors import InputError
from ..raster.gdal_calls import failures_raise
from ..raster.grid import Grid
from .read import open_layer, spatial_reference


class BurntField:
    """The values of one field on ``grid``; a cell takes the polygon that holds its centre.

    Numbers are burnt as they are. Texts get the codes 1, 2, ... in alphabetical order, which
    ``legend`` keeps. Polygons are held in memory, so memory grows with them, not with the grid.

    Parameters
    ----------
    source : str
        ``path`` or ``path|layername=name``; polygons with a CRS.
    field : str
    grid : Grid

    Attributes
    ----------
    legend : dict of int to str
        Empty for a numeric field.
    kind : str
        ``categorical``, but ``continuous`` where the numbers have fractions.
    skipped : int
        Polygons left out, because their field is empty or they have no area.
    """

    def __init__(self, source: str, field: str, grid: Grid) -> None:
        self.grid, self.skipped = grid, 0
        shapes, values = self._read(source, field)
        self.legend: dict[int, str] = {}
        self.kind = "categorical"
        if values and isinstance(values[0], str):
            names = sorted(set(values))
            self.legend = dict(enumerate(names, start=1))
            codes = {name: code for code, name in self.legend.items()}
            values = [codes[value] for value in values]
        elif any(value != int(value) for value in values):
            self.kind = "continuous"
        self._keep(shapes, values)

    def read(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """Return (rows, columns), float32, NaN outside all polygons."""
        column, row, width, height = window
        t = self.grid.transform
        x, y = self.grid.xy(column, row)
        tile = gdal.GetDriverByName("MEM").Create("", width, height, 1, gdal.GDT_Float32)
        tile.SetGeoTransform((x, t[1], t[2], y, t[4], t[5]))
        if self.grid.crs:
            tile.SetProjection(self.grid.crs)
        tile.GetRasterBand(1).Fill(math.nan)
        x2, y2 = self.grid.xy(column + width, row + height)
        self._layer.SetSpatialFilterRect(min(x, x2), min(y, y2), max(x, x2), max(y, y2))
        with failures_raise("The polygons cannot be burnt into the grid"):
            gdal.RasterizeLayer(tile, [1], self._layer, options=["ATTRIBUTE=value"])
        return tile.GetRasterBand(1).ReadAsArray()

    def close(self) -> None:
        """Free the polygons."""
        self._layer = self._dataset = None

    def _read(self, source: str, field: str) -> tuple[list[ogr.Geometry], list]:
        """Return geometries in the CRS of the grid, and values (all numbers or all texts)."""
        dataset, layer = open_layer(source)
        definition = layer.GetLayerDefn()
        index = definition.GetFieldIndex(field)
        if index < 0:
            names = [
                definition.GetFieldDefn(i).GetName() for i in range(definition.GetFieldCount())
            ]
            raise InputError(
                f"The layer '{source}' has no field '{field}'; its fields are {', '.join(names)}."
            )
        numeric = definition.GetFieldDefn(index).GetType() in (
            ogr.OFTInteger, ogr.OFTInteger64, ogr.OFTReal,
        )  # fmt: skip
        reference = layer.GetSpatialRef()
        own = spatial_reference(
            reference.ExportToWkt() if reference else "", f"The layer '{source}'"
        )
        target = spatial_reference(self.grid.crs, "The grid")
        change = None if own.IsSame(target) else osr.CoordinateTransformation(own, target)
        shapes, values = [], []
        layer.ResetReading()
        for feature in layer:
            shape = _polygon_of(feature, change)
            if shape is None or not feature.IsFieldSetAndNotNull(index):
                self.skipped += 1
                continue
            value = feature.GetFieldAsDouble(index) if numeric else feature.GetFieldAsString(index)
            if numeric and not math.isfinite(value):
                self.skipped += 1
                continue
            shapes.append(shape)
            values.append(value)
        if not shapes:
            raise InputError(
                f"The layer '{source}' has no polygon with a value in the field '{field}'."
            )
        del dataset
        return shapes, values

    def _keep(self, shapes: list[ogr.Geometry], values: list) -> None:
        self._dataset = ogr.GetDriverByName("Memory").CreateDataSource("polygons")
        reference = spatial_reference(self.grid.crs, "The grid")
        self._layer = self._dataset.CreateLayer("polygons", reference, ogr.wkbUnknown)
        self._layer.CreateField(ogr.FieldDefn("value", ogr.OFTReal))
        for shape, value in zip(shapes, values):
            feature = ogr.Feature(self._layer.GetLayerDefn())
            feature.SetGeometryDirectly(shape)
            feature.SetField(0, float(value))
            self._layer.CreateFeature(feature)


def _polygon_of(feature: ogr.Feature, change):
    """Return a copy of the area of a feature in the grid's CRS, None where it has none."""
    geometry = feature.GetGeometryRef()
    if geometry is None or geometry.IsEmpty():
        return None
    shape = geometry.Clone()
    if shape.GetDimension() != 2:
        return None
    if ogr.GT_IsNonLinear(shape.GetGeometryType()):
        shape = shape.GetLinearGeometry()
    if change is not None and shape.Transform(change) != 0:
        return None
    return shape
