"""Reading points, polygons and tables; a source is ``path`` or ``path|layername=name``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np
from osgeo import gdal, ogr, osr

from ..errors import InputError
from ..raster.gdal_calls import failures_raise, without_exceptions
from .geopackage import read_table

NUMBERS = (ogr.OFTInteger, ogr.OFTInteger64, ogr.OFTReal)
TIMES = (ogr.OFTDate, ogr.OFTDateTime)
KINDS = {
    ogr.wkbPoint: "point", ogr.wkbMultiPoint: "point",
    ogr.wkbLineString: "line", ogr.wkbMultiLineString: "line",
    ogr.wkbPolygon: "polygon", ogr.wkbMultiPolygon: "polygon",
}  # fmt: skip


@dataclass
class Features:
    """Features of a layer: geometry as coordinates or WKB, columns as arrays or lists.

    Numeric and boolean columns are float64 arrays with NaN for null; text columns are lists of
    str or None, dates in ISO 8601 (``2021-03-05``, ``2021-03-05T12:00:00``).
    ``x`` and ``y`` are set for points (one a feature; multipoints are split), ``wkb`` otherwise.
    ``geometry`` is ``point``, ``line``, ``polygon``, or ``none`` for a table; ``multipoints`` is
    the number of features that were split, ``empty`` of those left out for want of a geometry.
    """

    crs: str
    x: np.ndarray = field(default_factory=lambda: np.empty(0))
    y: np.ndarray = field(default_factory=lambda: np.empty(0))
    wkb: list[bytes] = field(default_factory=list)
    columns: dict[str, object] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    geometry: str = "none"
    multipoints: int = 0
    empty: int = 0

    def column(self, name: str) -> object:
        """Return a column, or say that it is missing."""
        if name not in self.columns:
            raise InputError(
                f"There is no field '{name}'; the fields are {', '.join(self.columns) or 'none'}."
            )
        return self.columns[name]

    def number(self, name: str) -> np.ndarray:
        """Return a numeric column, or say that it is missing or holds text."""
        values = self.column(name)
        if not isinstance(values, np.ndarray):
            raise InputError(f"The field '{name}' holds text; choose a numeric field.")
        return values

    def places(self, chosen: np.ndarray) -> Features:
        """Return the chosen features (mask, or indices) without their columns."""
        if not self.wkb:
            return Features(self.crs, self.x[chosen], self.y[chosen], geometry=self.geometry)
        wkb = [self.wkb[i] for i in np.arange(len(self.wkb))[chosen]]
        return Features(self.crs, wkb=wkb, geometry=self.geometry)

    def __len__(self) -> int:
        return len(self.wkb) or len(self.x) or len(next(iter(self.columns.values()), ()))


def open_layer(source: str) -> tuple[gdal.Dataset, ogr.Layer]:
    """Open a vector source; the dataset must be kept as long as the layer is used.

    A source may end in ``|subset=…``, the filter that QGIS keeps in a layer's source.
    """
    main, _, subset = str(source).partition("|subset=")
    path, *parts = main.split("|")
    options = dict(part.split("=", 1) for part in parts if "=" in part)
    dataset = layer = None
    with failures_raise(f"The layer '{source}' cannot be opened"):
        dataset = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_READONLY)
        if dataset is not None:
            name = options.get("layername")
            layer = dataset.GetLayerByName(name) if name else dataset.GetLayer(0)
        if layer is not None and subset:
            if subset.lstrip()[:7].casefold() == "select ":
                layer = dataset.ExecuteSQL(subset)
            else:
                layer.SetAttributeFilter(subset)
    if dataset is None or layer is None:
        raise InputError(f"The layer '{source}' cannot be opened; check the file.")
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
    wanted = list(fields) if fields is not None else field_names(layer)
    for name in wanted:
        field_index(layer, name, source)
    reference = layer.GetSpatialRef()
    features = Features(
        reference.ExportToWkt() if reference else "",
        metadata={**(dataset.GetMetadata() or {}), **(layer.GetMetadata() or {})},
    )
    if "|subset=" in str(source) or not _read_fast(dataset, layer, wanted, features):
        _read_any(layer, wanted, features, str(source))
    return features


def field_names(layer: ogr.Layer) -> list[str]:
    """Return the names of all fields."""
    definition = layer.GetLayerDefn()
    return [definition.GetFieldDefn(i).GetName() for i in range(definition.GetFieldCount())]


def field_index(layer: ogr.Layer, name: str, source: str) -> int:
    """Return the number of a field, or say which fields there are."""
    index = layer.GetLayerDefn().GetFieldIndex(name)
    if index < 0:
        raise InputError(
            f"The layer '{source}' has no field '{name}'; "
            f"its fields are {', '.join(field_names(layer)) or 'none'}."
        )
    return index


def _types(layer: ogr.Layer, names: Sequence[str]) -> list[tuple[int, int]]:
    definition = layer.GetLayerDefn()
    indices = [definition.GetFieldIndex(name) for name in names]
    return [(i, definition.GetFieldDefn(i).GetType()) for i in indices]


def _read_fast(dataset, layer, names: Sequence[str], features: Features) -> bool:
    """Fill ``features`` through SQLite where the layer is a plain GPKG table of points."""
    types = [kind for _index, kind in _types(layer, names)]
    flat = ogr.GT_Flatten(layer.GetGeomType())
    simple = all(kind in (*NUMBERS, *TIMES, ogr.OFTString) for kind in types)
    if dataset.GetDriver().ShortName != "GPKG" or not simple:
        return False
    if flat not in (ogr.wkbPoint, ogr.wkbNone):
        return False
    geometry = layer.GetGeometryColumn() if flat == ogr.wkbPoint else None
    table = read_table(dataset.GetDescription(), layer.GetName(), names, geometry)
    if table is None:
        return False
    try:
        for name, kind, values in zip(names, types, table.columns):
            features.columns[name] = _column(kind, values)
    except (TypeError, ValueError):  # SQLite keeps text in a number's column; OGR reads it as 0
        features.columns.clear()
        return False
    features.geometry = "point" if geometry else "none"
    features.x, features.y, features.empty = table.x, table.y, table.empty
    return True


def _column(kind: int, values: Sequence) -> object:
    if kind in NUMBERS:
        return np.array(values, dtype=float)  # None becomes NaN
    if kind in TIMES:
        return [None if v is None else str(v)[:19] for v in values]
    return [None if v is None else str(v) for v in values]


def _read_any(layer: ogr.Layer, names: Sequence[str], features: Features, source: str) -> None:
    """Fill ``features`` feature by feature, whatever the format."""
    types = _types(layer, names)
    rows: list[list] = []
    xy: list[tuple[float, float]] = []
    kinds = set()
    table = layer.GetGeomType() == ogr.wkbNone
    layer.ResetReading()
    for feature in layer:
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty():
            features.empty += not table
            if table:
                rows.append(_row(feature, types))
            continue
        row = _row(feature, types)
        flat = ogr.GT_Flatten(geometry.GetGeometryType())
        kinds.add(KINDS.get(flat) or _kind_of_curve(geometry))
        if flat == ogr.wkbPoint:
            xy.append((geometry.GetX(), geometry.GetY()))
            rows.append(row)
        elif flat == ogr.wkbMultiPoint:
            count = geometry.GetGeometryCount()
            features.multipoints += count > 1
            for part in range(count):
                point = geometry.GetGeometryRef(part)
                xy.append((point.GetX(), point.GetY()))
                rows.append(row)
        else:
            features.wkb.append(bytes(geometry.ExportToIsoWkb()))
            rows.append(row)
    if len(kinds) > 1:
        raise InputError(
            f"The layer '{source}' mixes {' and '.join(sorted(kinds))} features; "
            "split it by geometry type first."
        )
    columns = list(zip(*rows)) or [() for _name in names]
    features.columns.update(
        (name, np.array(values, dtype=float) if kind in NUMBERS else list(values))
        for name, (_index, kind), values in zip(names, types, columns)
    )
    declared = "none" if table else KINDS.get(ogr.GT_Flatten(layer.GetGeomType()), "none")
    features.geometry = kinds.pop() if kinds else declared
    points = np.array(xy, dtype=float).reshape(-1, 2)
    features.x, features.y = points[:, 0], points[:, 1]


def _row(feature: ogr.Feature, types: Sequence[tuple[int, int]]) -> list:
    row = []
    for index, kind in types:
        if not feature.IsFieldSetAndNotNull(index):
            row.append(None)
        elif kind in NUMBERS:
            row.append(feature.GetFieldAsDouble(index))
        else:
            text = feature.GetFieldAsString(index)
            if kind in TIMES:  # OGR writes 2021/03/05 12:00:00+00
                text = text.replace("/", "-").replace(" ", "T")[:19]
            row.append(text)
    return row


def _kind_of_curve(geometry: ogr.Geometry) -> str:
    return {1: "line", 2: "polygon"}.get(geometry.GetDimension(), "collection")


def spatial_reference(wkt: str, what: str) -> osr.SpatialReference:
    """Return the CRS with axes in x, y order; ``what`` names the layer in the error."""
    if not wkt:
        raise InputError(f"{what} has no coordinate reference system; assign one first.")
    reference = osr.SpatialReference()
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    with without_exceptions():
        failed = reference.SetFromUserInput(wkt) != 0
    if failed:
        raise InputError(
            f"{what} has a coordinate reference system that cannot be read; assign one."
        )
    if (reference.GetName() or "").startswith("Undefined"):  # how a GPKG says that it has none
        raise InputError(f"{what} has no coordinate reference system; assign one first.")
    return reference


def transform_points(
    x: np.ndarray,
    y: np.ndarray,
    source_crs: str,
    target_crs: str,
    what: str = "The layer",
    target: str = "The raster",
) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of points in another CRS (infinite where it is not defined).

    ``what`` and ``target`` name the two layers in the error about a missing CRS.
    """
    from_crs = spatial_reference(source_crs, what)
    to_crs = spatial_reference(target_crs, target)
    if from_crs.IsSame(to_crs) or len(x) == 0:
        return np.asarray(x, float), np.asarray(y, float)
    gdal.PushErrorHandler("CPLQuietErrorHandler")  # a point that has no image is not a failure
    try:
        with without_exceptions():
            transformation = osr.CoordinateTransformation(from_crs, to_crs)
            points = np.column_stack([x, y]).astype(float).tolist()
            result = np.array(transformation.TransformPoints(points), dtype=float)
    except (RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{what} cannot be transformed to the coordinate reference system of "
            f"{target[0].lower() + target[1:]}; reproject it first."
        ) from error
    finally:
        gdal.PopErrorHandler()
    result[~np.isfinite(result).all(axis=1)] = np.inf
    return result[:, 0], result[:, 1]
