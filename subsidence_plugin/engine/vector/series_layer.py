"""Reading a point layer of time series (fields ``DYYYYMMDD``) into arrays, block by block."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Callable, Optional

import numpy as np
from osgeo import ogr

from ..errors import InputError
from ..insar.dates import date_columns
from .geopackage import _plain_points, quoted
from .read import NUMBERS, field_names, open_layer

#: Rows turned into an array at a time; few, so that Python's numbers stay in the cache.
ROWS = 100


@dataclass
class SeriesLayer:
    """Points with their time series.

    ``series`` is (points, dates), float32 in mm, NaN where there is no value; ``dates`` are
    datetime64[D] in order; ``columns`` the numeric fields that are no dates, float64.
    """

    crs: str
    x: np.ndarray
    y: np.ndarray
    dates: np.ndarray
    series: np.ndarray
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)


def read_series(source: str, what: str, check: Callable[[], None] = lambda: None) -> SeriesLayer:
    """Read all points that have a geometry and at least one value.

    Memory is that of the arrays (4 bytes a value) and one block.

    Parameters
    ----------
    source : str
        ``path`` or ``path|layername=name``.
    what : str
        Names the layer in errors, for example "The ascending layer (ASCENDING)".
    check : callable
        Called at every block; raises to stop.

    Raises
    ------
    InputError
        There are no points, no dates, or no values.
    """
    dataset, layer = open_layer(source)
    names = field_names(layer)
    dates = date_columns(names, what)
    definition = layer.GetLayerDefn()
    numeric = [definition.GetFieldDefn(i).GetType() in NUMBERS for i in range(len(names))]
    for index in dates.indices:
        if not numeric[index]:
            raise InputError(f"{what} holds text in the field '{names[index]}'; import it again.")
    others = [i for i in range(len(names)) if numeric[i] and i not in set(dates.indices.tolist())]
    reference = layer.GetSpatialRef()
    metadata = {**(dataset.GetMetadata() or {}), **(layer.GetMetadata() or {})}
    wanted = [*others, *dates.indices.tolist()]
    blocks = _fast(dataset, layer, source, [names[i] for i in wanted]) or _slow(layer, wanted)
    parts = []
    for x, y, values in blocks:
        check()
        series = values[:, len(others) :].astype(np.float32)
        keep = np.isfinite(x) & np.isfinite(y) & np.isfinite(series).any(axis=1)
        parts.append((x[keep], y[keep], values[keep, : len(others)], series[keep]))
    if not sum(len(part[0]) for part in parts):
        raise InputError(f"{what} holds no point with a time series; choose another layer.")
    x, y, values, series = (np.concatenate(part) for part in zip(*parts))
    columns = {names[index]: values[:, k] for k, index in enumerate(others)}
    wkt = reference.ExportToWkt() if reference else ""
    return SeriesLayer(wkt, x, y, dates.dates, series, columns, metadata)


def _fast(dataset, layer, source: str, names: Sequence[str]) -> Optional[Iterator]:
    """Return blocks through SQLite where the layer is a plain GPKG table of points."""
    path = dataset.GetDescription()
    plain = dataset.GetDriver().ShortName == "GPKG" and os.path.isfile(path)
    if not plain or "|subset=" in source or ogr.GT_Flatten(layer.GetGeomType()) != ogr.wkbPoint:
        return None
    geometry, table = layer.GetGeometryColumn(), layer.GetName()
    uri = Path(path).absolute().as_uri() + "?mode=ro"
    columns = ", ".join(map(quoted, [geometry, *names]))
    query = " ".join(["SELECT", columns, "FROM", quoted(table)])
    try:
        with closing(sqlite3.connect(uri, uri=True)) as database:
            first = database.execute(query).fetchmany(ROWS)
        if _plain_points([row[0] for row in first]) is None:
            return None
        np.array([row[1:] for row in first], dtype=float)
    except (sqlite3.Error, ValueError, TypeError):
        return None
    return _rows(uri, query, layer)


def _rows(uri: str, query: str, layer: ogr.Layer) -> Iterator:
    with closing(sqlite3.connect(uri, uri=True)) as database:
        cursor = database.execute(query)
        while rows := cursor.fetchmany(ROWS):
            points = _plain_points([row[0] for row in rows])
            if points is None:
                raise InputError(
                    f"The layer '{layer.GetName()}' mixes geometries; save it as points first."
                )
            yield (*points, _numbers(rows))


def _numbers(rows: Sequence[tuple]) -> np.ndarray:
    """Return the values of rows after the geometry, NaN for null."""
    width = len(rows[0]) - 1
    flat = chain.from_iterable(row[1:] for row in rows)
    try:
        return np.fromiter(flat, float, len(rows) * width).reshape(len(rows), width)
    except TypeError:  # a null; this way is slower
        return np.array([row[1:] for row in rows], dtype=float).reshape(len(rows), width)


def _slow(layer: ogr.Layer, wanted: Sequence[int]) -> Iterator:
    """Yield blocks feature by feature, whatever the format."""
    xy, rows = [], []
    layer.ResetReading()
    for feature in layer:
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty() or geometry.GetDimension() != 0:
            continue
        if geometry.GetGeometryCount():
            geometry = geometry.GetGeometryRef(0)
        xy.append((geometry.GetX(), geometry.GetY()))
        rows.append([
            feature.GetFieldAsDouble(i) if feature.IsFieldSetAndNotNull(i) else np.nan
            for i in wanted
        ])  # fmt: skip
        if len(rows) == ROWS:
            yield (*np.array(xy, float).T, np.array(rows, float).reshape(len(rows), -1))
            xy, rows = [], []
    if rows:
        yield (*np.array(xy, float).T, np.array(rows, float).reshape(len(rows), -1))
