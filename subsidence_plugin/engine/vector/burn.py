"""Polygons of a layer as codes on a raster grid, burnt window by window."""

from __future__ import annotations

import math

import numpy as np
from osgeo import ogr, osr

from ..errors import InputError
from ..raster.gdal_calls import without_exceptions
from ..raster.grid import Grid
from .burn_layer import BurnLayer
from .read import NUMBERS, field_index, open_layer, spatial_reference


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
        self.skipped = 0
        shapes, values = self._read(source, field, grid.crs)
        self.legend: dict[int, str] = {}
        self.kind = "categorical"
        if values and isinstance(values[0], str):
            names = sorted(set(values))
            self.legend = dict(enumerate(names, start=1))
            codes = {name: code for code, name in self.legend.items()}
            values = [codes[value] for value in values]
        elif any(value != int(value) for value in values):
            self.kind = "continuous"
        self._layer = BurnLayer(grid)
        for shape, value in zip(shapes, values):
            self._layer.add(shape, value)

    def read(self, window: tuple[int, int, int, int]) -> np.ndarray:
        """Return (rows, columns), float32, NaN outside all polygons."""
        return self._layer.read(window)

    def close(self) -> None:
        """Free the polygons."""
        self._layer.close()

    @without_exceptions()  # a polygon without image is left out
    def _read(self, source: str, field: str, crs: str) -> tuple[list[ogr.Geometry], list]:
        """Return geometries in the CRS of the grid, and values (all numbers or all texts)."""
        dataset, layer = open_layer(source)
        index = field_index(layer, field, source)
        numeric = layer.GetLayerDefn().GetFieldDefn(index).GetType() in NUMBERS
        reference = layer.GetSpatialRef()
        own = spatial_reference(
            reference.ExportToWkt() if reference else "", f"The layer '{source}'"
        )
        target = spatial_reference(crs, "The grid")
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
                f"The layer '{source}' has no polygon with a value in the field '{field}'; "
                "choose another layer or field."
            )
        del dataset
        return shapes, values


def _polygon_of(feature: ogr.Feature, change):
    """Return a copy of the area of a feature in the grid's CRS, None where it has none."""
    geometry = feature.GetGeometryRef()
    if geometry is None or geometry.IsEmpty():
        return None
    shape = geometry.Clone()
    if shape.GetDimension() != 2:
        return None
    if change is not None and shape.Transform(change) != 0:
        return None
    return shape
