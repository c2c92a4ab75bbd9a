"""Reading a point layer of time series (fields ``DYYYYMMDD``) into arrays, block by block."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Callable, Optional

import numpy as np
from osgeo import ogr

from ..errors import InputError
from ..insar.dates import date_columns
from .column_stream import Columns, read_columns, streams_columns
from .geopackage import _plain_points, quoted
from .read import NUMBERS, field_names, open_layer

#: Rows turned into an array at a time; few, so that Python's numbers stay in the cache.
ROWS = 100


@dataclass
class SeriesLayer:
    """Points with their time series.

    ``series`` is (points, dates), float32 in mm, NaN where there is no value; ``dates`` are
    datetime64[D] in order; ``columns`` the numeric fields that are no dates, float64;
    ``rows`` the places of the points among the features that have a geometry.
    """

    crs: str
    x: np.ndarray
    y: np.ndarray
    dates: np.ndarray
    series: np.ndarray
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    rows: Optional[np.ndarray] = None

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
    fields = [names[i] for i in others], [names[i] for i in dates.indices]
    found = _by_columns(dataset, layer, source, fields, check)
    if found is None:
        wanted = [*others, *dates.indices.tolist()]
        rows = _fast(dataset, layer, source, [*fields[0], *fields[1]]) or _slow(layer, wanted)
        found = _by_rows(rows, len(others), check)
    x, y, values, series = found
    placed = np.isfinite(x) & np.isfinite(y)
    keep = placed & _any_known(series)
    rows = (np.cumsum(placed) - 1)[keep]
    if not keep.any():
        raise InputError(f"{what} holds no point with a time series; choose another layer.")
    if not keep.all():
        x, y, values, series = x[keep], y[keep], values[keep], series[keep]
    columns = {name: values[:, k] for k, name in enumerate(fields[0])}
    wkt = reference.ExportToWkt() if reference else ""
    return SeriesLayer(wkt, x, y, dates.dates, series, columns, metadata, rows)


def _by_columns(
    dataset, layer, source: str, fields: tuple[list[str], list[str]], check: Callable[[], None]
) -> Optional[Columns]:
    """Return the points of a plain GPKG table column by column, None where that cannot be."""
    path = dataset.GetDescription()
    plain = dataset.GetDriver().ShortName == "GPKG" and os.path.isfile(path)
    if not plain or "|subset=" in source or ogr.GT_Flatten(layer.GetGeomType()) != ogr.wkbPoint:
        return None
    if not streams_columns(layer, [*fields[0], *fields[1]]):
        return None
    return read_columns(path, layer.GetName(), *fields, check)


def _by_rows(blocks: Iterable, others: int, check: Callable[[], None]) -> Columns:
    """Return the points of blocks of rows, their first ``others`` columns being no dates."""
    parts = []
    for x, y, values in blocks:
        check()
        parts.append((x, y, values[:, :others], values[:, others:].astype(np.float32)))
    if not parts:
        return np.empty(0), np.empty(0), np.empty((0, others)), np.empty((0, 1), np.float32)
    x, y, values, series = (np.concatenate(part) for part in zip(*parts))
    return x, y, values, series


def _any_known(series: np.ndarray) -> np.ndarray:
    """Tell which rows have a value; most have one at the first date."""
    known = np.isfinite(series[:, 0])
    rest = np.flatnonzero(~known)
    known[rest] = np.isfinite(series[rest]).any(axis=1)
    return known


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
