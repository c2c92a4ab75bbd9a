"""Reading points, polygons and tables; a source is ``path`` or ``path|layername=name``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np
from osgeo import gdal, ogr, osr

from ..errors import InputError
from ..raster.gdal_calls import failures_raise


@dataclass
class Features:
    """Features of a layer: geometry as coordinates or WKB, columns as arrays or lists.

    Numeric columns are float64 arrays with NaN for null; text columns are lists of str or None.
    ``x`` and ``y`` are set for points (one a feature; multipoints are split), ``wkb`` otherwise.
    """

    crs: str
    x: np.ndarray = field(default_factory=lambda: np.empty(0))
    y: np.ndarray = field(default_factory=lambda: np.empty(0))
    wkb: list[bytes] = field(default_factory=list)
    columns: dict[str, object] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    def number(self, name: str) -> np.ndarray:
        """Return a numeric column, or say that it is missing or holds text."""
        if name not in self.columns:
            raise InputError(
                f"There is no field '{name}'; the fields are {', '.join(self.columns)}."
            )
        values = self.columns[name]
        if not isinstance(values, np.ndarray):
            raise InputError(f"The field '{name}' holds text; choose a numeric field.")
        return values

    def __len__(self) -> int:
        return len(self.wkb) or len(self.x) or len(next(iter(self.columns.values()), ()))


def open_layer(source: str) -> tuple[gdal.Dataset, ogr.Layer]:
    """Open a vector source; the dataset must be kept as long as the layer is used."""
    path, _, rest = str(source).partition("|")
    options = dict(part.split("=", 1) for part in rest.split("|") if "=" in part)
    dataset = layer = None
    with failures_raise(f"The layer '{source}' cannot be opened"):
        dataset = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_READONLY)
        if dataset is not None:
            name = options.get("layername")
            layer = dataset.GetLayerByName(name) if name else dataset.GetLayer(0)
    if dataset is None or layer is None:
        raise InputError(f"The layer '{source}' cannot be opened.")
    return dataset, layer


def read_features(source: str, fields: Optional[Sequence[str]] = None) -> Features:
    """Read all features of a layer.

    Parameters
    ----------
    source : str
        ``path`` or ``path|layername=name``.
    fields : sequence of str, optional
        Attributes wanted, default all; an absent one raises ``InputError``.
    """
    dataset, layer = open_layer(source)
    definition = layer.GetLayerDefn()
    available = [definition.GetFieldDefn(i).GetName() for i in range(definition.GetFieldCount())]
    wanted = list(fields) if fields is not None else available
    for name in wanted:
        if name not in available:
            raise InputError(
                f"The layer '{source}' has no field '{name}'; "
                f"its fields are {', '.join(available)}."
            )
    reference = layer.GetSpatialRef()
    indices = [definition.GetFieldIndex(name) for name in wanted]
    numeric = [_is_numeric(definition.GetFieldDefn(i)) for i in indices]
    rows, wkb, xy = _read_rows(layer, indices, numeric)
    columns: dict[str, object] = {}
    for position, name in enumerate(wanted):
        values = [row[position] for row in rows]
        if numeric[position]:
            columns[name] = np.array([np.nan if v is None else v for v in values], dtype=float)
        else:
            columns[name] = values
    points = np.array(xy, dtype=float).reshape(-1, 2)
    metadata = {**(dataset.GetMetadata() or {}), **(layer.GetMetadata() or {})}
    return Features(
        reference.ExportToWkt() if reference else "",
        points[:, 0], points[:, 1], wkb, columns, metadata,
    )  # fmt: skip


def _is_numeric(definition: ogr.FieldDefn) -> bool:
    return definition.GetType() in (ogr.OFTInteger, ogr.OFTInteger64, ogr.OFTReal)


def _read_rows(layer: ogr.Layer, indices: list[int], numeric: list[bool]):
    """Return attribute rows, WKB of areas and lines, and coordinates of points."""
    rows: list[list] = []
    wkb: list[bytes] = []
    xy: list[tuple[float, float]] = []
    layer.ResetReading()
    for feature in layer:
        row = [
            None
            if not feature.IsFieldSetAndNotNull(i)
            else (feature.GetFieldAsDouble(i) if is_number else feature.GetFieldAsString(i))
            for i, is_number in zip(indices, numeric)
        ]
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty():
            if layer.GetGeomType() == ogr.wkbNone:
                rows.append(row)
            continue
        flat = ogr.GT_Flatten(geometry.GetGeometryType())
        if flat == ogr.wkbPoint:
            xy.append((geometry.GetX(), geometry.GetY()))
            rows.append(row)
        elif flat == ogr.wkbMultiPoint:
            for part in range(geometry.GetGeometryCount()):
                point = geometry.GetGeometryRef(part)
                xy.append((point.GetX(), point.GetY()))
                rows.append(row)
        else:
            wkb.append(bytes(geometry.ExportToWkb()))
            rows.append(row)
    return rows, wkb, xy


def spatial_reference(wkt: str, what: str) -> osr.SpatialReference:
    """Return the CRS with axes in x, y order; ``what`` names the layer in the error."""
    if not wkt:
        raise InputError(f"{what} has no coordinate reference system; assign one first.")
    reference = osr.SpatialReference()
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    if reference.SetFromUserInput(wkt) != 0:
        raise InputError(f"{what} has a coordinate reference system that cannot be read.")
    return reference


def transform_points(
    x: np.ndarray, y: np.ndarray, source_crs: str, target_crs: str, what: str = "The layer"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of points in another CRS (infinite where it is not defined)."""
    source, target = (
        spatial_reference(source_crs, what),
        spatial_reference(target_crs, "The raster"),
    )
    if source.IsSame(target) or len(x) == 0:
        return np.asarray(x, float), np.asarray(y, float)
    transformation = osr.CoordinateTransformation(source, target)
    result = np.array(transformation.TransformPoints(np.column_stack([x, y])), dtype=float)
    return result[:, 0], result[:, 1]
