"""Writing point layers and tables: GPKG by default, CSV with its ``.csvt``, other OGR formats."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional, Union

import numpy as np
from osgeo import gdal, ogr, osr

from ..errors import OutputError
from ..raster.gdal_calls import failures_raise
from .geopackage import LARGE_PAGES, fill_table

DRIVERS = {
    ".gpkg": "GPKG", ".csv": "CSV", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON",
    ".fgb": "FlatGeobuf", ".sqlite": "SQLite",
}  # fmt: skip
#: Values (rows × columns) from which a GPKG is filled through SQLite instead of OGR.
MANY_VALUES = 20_000
#: Columns from which rows fit badly in SQLite's 4 KiB pages.
MANY_COLUMNS = 100
Column = Union[np.ndarray, Sequence]


def write_points(
    path: str,
    x: np.ndarray,
    y: np.ndarray,
    columns: Mapping[str, Column],
    crs: str,
    metadata: Optional[Mapping[str, str]] = None,
) -> None:
    """Write a point layer; NaN and None become null, a point that is not finite no geometry.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``; its suffix chooses the format.
    x, y : 1d-array
    columns : mapping of str to array or list
        Integer, boolean, float or text columns, each as long as ``x``.
    crs : str
        WKT.
    metadata : mapping, optional
        Layer metadata; ``SUBSIDENCE_KIND`` names what the layer is.
    """
    _write(path, columns, crs, metadata, (np.asarray(x, float), np.asarray(y, float)))


def write_table(
    path: str, columns: Mapping[str, Column], metadata: Optional[Mapping[str, str]] = None
) -> None:
    """Write a table without geometry (CSV gets a ``.csvt``, or QGIS would read text only)."""
    _write(path, columns, "", metadata, None)


def refuse_shapefile(path: str, what: str) -> None:
    """Refuse a shapefile for layers whose field names it would cut to ten characters."""
    if Path(path).suffix.lower() in (".shp", ".dbf"):
        raise OutputError(
            f"{what} cannot be a shapefile, which cuts field names to 10 characters; use GPKG."
        )


def _write(path, columns, crs, metadata, points) -> None:
    path = str(path)
    driver = DRIVERS.get(Path(path).suffix.lower())
    if driver is None:
        raise OutputError(f"The format of '{path}' is not known; use .gpkg, .csv or .geojson.")
    fields = [(name, *_field(values)) for name, values in columns.items()]
    rows = len(points[0]) if points is not None else len(fields[0][2]) if fields else 0
    for name, _kind, values in fields:
        if len(values) != rows:
            raise OutputError(f"The column '{name}' has {len(values)} values for {rows} rows.")
    fast = driver == "GPKG" and rows * (len(fields) + 1) >= MANY_VALUES
    with failures_raise(f"The layer '{path}' cannot be written", OutputError):
        dataset, layer = _create(path, driver, fields, crs, metadata, points is not None, fast)
        if not fast:
            _add_rows(dataset, layer, fields, points, rows)
        dataset.FlushCache()
        layer = dataset = None
        if fast:
            _fill(path, fields, points)
        elif driver != "GPKG" and _count(path) != rows:  # text drivers do not report a full disk
            raise OutputError(f"The layer '{path}' cannot be written whole; is the disk full?")


def _count(path: str) -> int:
    """Return the number of features that can be read back, -1 where the file is broken."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        dataset = gdal.OpenEx(path, gdal.OF_VECTOR)
        layer = dataset.GetLayer(0) if dataset is not None else None
        return layer.GetFeatureCount() if layer is not None else -1
    except RuntimeError:
        return -1
    finally:
        gdal.PopErrorHandler()


def _create(path, driver, fields, crs, metadata, spatial: bool, fast: bool):
    """Return the new dataset and its layer, with all fields and no row."""
    options = []
    if driver == "CSV":
        options = ["CREATE_CSVT=YES", "STRING_QUOTING=IF_NEEDED"] + (
            ["GEOMETRY=AS_XY"] if spatial else []
        )
    elif fast:
        options = ["SPATIAL_INDEX=NO"]  # made at the end, in one go
    wide = fast and len(fields) >= MANY_COLUMNS
    before = gdal.GetThreadLocalConfigOption("OGR_SQLITE_PRAGMA")
    if wide:
        gdal.SetThreadLocalConfigOption("OGR_SQLITE_PRAGMA", LARGE_PAGES)
    try:
        dataset = gdal.GetDriverByName(driver).Create(path, 0, 0, 0, gdal.GDT_Unknown)
    finally:
        if wide:
            gdal.SetThreadLocalConfigOption("OGR_SQLITE_PRAGMA", before)
    if dataset is None:
        raise OutputError(f"The layer '{path}' cannot be written: {gdal.GetLastErrorMsg()}.")
    reference = None
    if crs:
        reference = osr.SpatialReference()
        reference.SetFromUserInput(crs)
    kind = ogr.wkbPoint if spatial else ogr.wkbNone
    layer = dataset.CreateLayer(Path(path).stem, reference, kind, options)
    if layer is None:
        raise OutputError(f"The layer '{path}' cannot be written: {gdal.GetLastErrorMsg()}.")
    if metadata:
        layer.SetMetadata({k: str(v) for k, v in metadata.items()})
    for name, field_type, _values in fields:
        layer.CreateField(ogr.FieldDefn(name, field_type))
    return dataset, layer


def _add_rows(dataset, layer, fields, points, rows: int) -> None:
    """Add the rows feature by feature, which every format can do."""
    definition = layer.GetLayerDefn()
    values = [(index, plain) for index, (_name, _kind, plain) in enumerate(fields)]
    xy = np.column_stack(points).tolist() if points is not None else None
    finite = np.isfinite(np.array(xy, float).reshape(-1, 2)).all(axis=1) if xy is not None else None
    # Text formats have none and fail to begin one where GDAL's exceptions are on (QGIS 3.40).
    at_once = dataset.TestCapability(ogr.ODsCTransactions)
    if at_once:
        dataset.StartTransaction()
    for row in range(rows):
        feature = ogr.Feature(definition)
        if xy is not None and finite[row]:
            point = ogr.Geometry(ogr.wkbPoint)
            point.SetPoint_2D(0, *xy[row])
            feature.SetGeometryDirectly(point)
        for index, plain in values:
            if plain[row] is not None:
                feature.SetField(index, plain[row])
        layer.CreateFeature(feature)
    if at_once:
        dataset.CommitTransaction()


def _fill(path: str, fields, points) -> None:
    """Fill the empty table of a GPKG through SQLite and index it."""
    table = Path(path).stem
    try:
        fill_table(path, table, [f[0] for f in fields], [f[2] for f in fields], points)
    except sqlite3.Error as error:
        raise OutputError(
            f"The layer '{path}' cannot be written ({error}); is the disk full?"
        ) from error
    if points is not None:
        dataset = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_UPDATE)
        name = table.replace("'", "''")
        dataset.ExecuteSQL(f"SELECT CreateSpatialIndex('{name}', 'geom')")
        dataset = None


def _field(values: Column) -> tuple[int, list]:
    """Return the OGR type of a column and its values as plain Python objects."""
    array = values if isinstance(values, np.ndarray) else None
    if array is None and len(values) and not any(v is None or isinstance(v, str) for v in values):
        array = np.asarray(values)
    if array is not None and array.dtype.kind in "biu":
        return (ogr.OFTInteger64 if array.dtype.itemsize > 4 else ogr.OFTInteger), [
            int(v) for v in array.tolist()
        ]
    if array is not None and array.dtype.kind == "f":
        return ogr.OFTReal, [None if v != v else v for v in array.tolist()]
    if array is not None and array.dtype.kind == "U":
        return ogr.OFTString, array.tolist()
    plain = [v.item() if isinstance(v, np.generic) else v for v in values]
    known = [v for v in plain if v is not None]
    if known and all(isinstance(v, int) for v in known):
        return ogr.OFTInteger64, [None if v is None else int(v) for v in plain]
    if known and all(isinstance(v, (int, float)) for v in known):
        return ogr.OFTReal, [None if v is None or v != v else float(v) for v in plain]
    return ogr.OFTString, [None if v is None else str(v) for v in plain]
