"""The point of a time series layer that is nearest to a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np
from osgeo import ogr

from ..insar.dates import date_columns, date_of
from ..inspection.place import Forecast, Series, Source
from .metric_crs import metric_crs
from .point_forecast_layer import half_width_field
from .read import NUMBERS, field_names, transform_points

#: Dates from which a point layer is taken for one of time series.
LEAST_DATES = 2


def has_series(layer: ogr.Layer) -> bool:
    """Tell whether a layer has points and fields of dates (``DYYYYMMDD``)."""
    kind = ogr.GT_Flatten(layer.GetGeomType())
    if kind not in (ogr.wkbPoint, ogr.wkbMultiPoint, ogr.wkbUnknown):
        return False
    return sum(date_of(name) is not None for name in field_names(layer)) >= LEAST_DATES


def nearest_series(
    source: Source, layer: ogr.Layer, metadata: dict, x: float, y: float, crs: str, within: float
) -> Optional[Series]:
    """Return the series of the nearest point, None where none lies within the distance.

    Only the features of a box around the place are read, which takes milliseconds in formats
    with a spatial index.

    Parameters
    ----------
    source : Source
    layer : ogr.Layer
        A layer of ``has_series``.
    metadata : dict
        Of the layer; a layer of forecasts names its fields there.
    x, y : float
    crs : str
        WKT of ``x`` and ``y``.
    within : float
        Metres on the ground.

    Raises
    ------
    InputError
        The layer has no coordinate reference system, or a date twice.
    """
    reference = layer.GetSpatialRef()
    own = source.crs or (reference.ExportToWkt() if reference else "")
    what = f"The layer '{source.name}'"
    xs, ys = transform_points(np.array([x]), np.array([y]), crs or own, own, "The place", what)
    if not (np.isfinite(xs[0]) and np.isfinite(ys[0])):
        return None
    ground = metric_crs(own, xs, ys, what)
    centre = np.array(transform_points(xs, ys, own, ground, what))[:, 0]
    layer.SetSpatialFilterRect(*_box(centre, within, ground, own, what))
    try:
        found = _nearest(layer, centre, within, own, ground, what)
        return found and _series(source, layer, metadata, *found)
    finally:
        layer.SetSpatialFilter(None)


def _box(
    centre: np.ndarray, within: float, ground: str, own: str, what: str
) -> tuple[float, float, float, float]:
    """Return the box of the layer's CRS that holds a circle on the ground."""
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    reach = 1.02 * within  # the polygon through 32 points lies inside the circle
    ring = transform_points(
        centre[0] + reach * np.cos(angle), centre[1] + reach * np.sin(angle), ground, own, what
    )
    return ring[0].min(), ring[1].min(), ring[0].max(), ring[1].max()


def _nearest(
    layer: ogr.Layer, centre: np.ndarray, within: float, own: str, ground: str, what: str
) -> Optional[tuple[ogr.Feature, float]]:
    """Return the nearest feature and its distance in metres."""
    ids, xy = [], []
    layer.ResetReading()
    for feature in layer:
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty():
            continue
        point = geometry.GetGeometryRef(0) if geometry.GetGeometryCount() else geometry
        ids.append(feature.GetFID())
        xy.append((point.GetX(), point.GetY()))
    if not ids:
        return None
    places = np.array(xy, float)
    gx, gy = transform_points(places[:, 0], places[:, 1], own, ground, what)
    distance = np.hypot(gx - centre[0], gy - centre[1])
    at = int(np.argmin(distance))
    if not distance[at] <= within:
        return None
    return layer.GetFeature(ids[at]), float(distance[at])


def _series(
    source: Source, layer: ogr.Layer, metadata: dict, feature: ogr.Feature, distance: float
) -> Series:
    names = field_names(layer)
    definition = layer.GetLayerDefn()
    columns = date_columns(names, f"The layer '{source.name}'")
    fields = [names[i] for i in columns.indices]
    numeric = [definition.GetFieldDefn(int(i)).GetType() in NUMBERS for i in columns.indices]
    values = _numbers(feature, [name if is_one else "" for name, is_one in zip(fields, numeric)])
    later = {name.strip() for name in metadata.get("FORECAST_FIELDS", "").split(",")}
    ahead = np.array([name in later for name in fields], dtype=bool)
    unit = metadata.get("SUBSIDENCE_UNITS", "mm").partition(";")[0].partition(",")[0].strip()
    series = Series(
        source.name, columns.dates[~ahead], values[~ahead], unit or "mm", distance,
        metadata.get("COMPONENT", ""),
    )  # fmt: skip
    if np.isfinite(values[ahead]).any():
        dates = columns.dates[ahead]
        half = _numbers(feature, [half_width_field(date) for date in dates])
        known = np.isfinite(half).any()
        series.forecasts.append(Forecast(
            source.name, date_of(metadata.get("SUBSIDENCE_ORIGIN", "")), dates, values[ahead],
            values[ahead] - half if known else None, values[ahead] + half if known else None,
            metadata.get("SUBSIDENCE_COVERAGE", ""),
        ))  # fmt: skip
    return series


def _numbers(feature: ogr.Feature, names: Sequence[str]) -> np.ndarray:
    """Return fields as numbers, NaN where a field is absent or empty."""
    found = [feature.GetFieldIndex(name) if name else -1 for name in names]
    return np.array([
        feature.GetFieldAsDouble(index) if index >= 0 and feature.IsFieldSetAndNotNull(index)
        else np.nan
        for index in found
    ], dtype=float)  # fmt: skip
