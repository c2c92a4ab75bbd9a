"""Writing point layers and tables: GPKG by default, CSV with its ``.csvt``, other OGR formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional, Union

import numpy as np
from osgeo import gdal, ogr, osr

from ..errors import OutputError
from ..raster.gdal_calls import failures_raise

DRIVERS = {
    ".gpkg": "GPKG", ".csv": "CSV", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON",
    ".fgb": "FlatGeobuf", ".sqlite": "SQLite",
}  # fmt: skip
Column = Union[np.ndarray, Sequence]


def write_points(
    path: str,
    x: np.ndarray,
    y: np.ndarray,
    columns: Mapping[str, Column],
    crs: str,
    metadata: Optional[Mapping[str, str]] = None,
) -> None:
    """Write a point layer; NaN and None become null.

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
    _write(path, columns, crs, metadata, np.column_stack([x, y]).astype(float).tolist())


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


def _write(path, columns, crs, metadata, coordinates) -> None:
    path = str(path)
    driver_name = DRIVERS.get(Path(path).suffix.lower())
    if driver_name is None:
        raise OutputError(f"The format of '{path}' is not known; use .gpkg, .csv or .geojson.")
    options, layer_options = [], []
    if driver_name == "CSV":
        layer_options = ["CREATE_CSVT=YES"] + (["GEOMETRY=AS_XY"] if coordinates else [])
    with failures_raise(f"The layer '{path}' cannot be written", OutputError):
        dataset = gdal.GetDriverByName(driver_name).Create(path, 0, 0, 0, gdal.GDT_Unknown, options)
        if dataset is None:
            raise OutputError(f"The layer '{path}' cannot be created.")
        reference = None
        if crs:
            reference = osr.SpatialReference()
            reference.SetFromUserInput(crs)
        kind = ogr.wkbPoint if coordinates is not None else ogr.wkbNone
        layer = dataset.CreateLayer(Path(path).stem, reference, kind, layer_options)
        if metadata:
            layer.SetMetadata({k: str(v) for k, v in metadata.items()})
        _add_rows(dataset, layer, columns, coordinates)
        dataset.FlushCache()
        layer = dataset = None


def _add_rows(dataset, layer, columns: Mapping[str, Column], coordinates) -> None:
    setters = []
    for index, (name, values) in enumerate(columns.items()):
        field_type, plain = _field(values)
        layer.CreateField(ogr.FieldDefn(name, field_type))
        setters.append((index, plain))
    definition = layer.GetLayerDefn()
    count = len(coordinates) if coordinates is not None else len(next(iter(columns.values()), ()))
    dataset.StartTransaction()
    for row in range(count):
        feature = ogr.Feature(definition)
        if coordinates is not None:
            point = ogr.Geometry(ogr.wkbPoint)
            point.SetPoint_2D(0, *coordinates[row])
            feature.SetGeometryDirectly(point)
        for index, plain in setters:
            if plain[row] is not None:
                feature.SetField(index, plain[row])
        layer.CreateFeature(feature)
    dataset.CommitTransaction()


def _field(values: Column) -> tuple[int, list]:
    """Return the OGR type of a column and its values as plain Python objects."""
    array = np.asarray(values) if not isinstance(values, np.ndarray) else values
    if array.dtype.kind in "biu":
        return (ogr.OFTInteger64 if array.dtype.itemsize > 4 else ogr.OFTInteger), [
            int(v) for v in array.tolist()
        ]
    if array.dtype.kind == "f":
        return ogr.OFTReal, [None if v != v else v for v in array.tolist()]
    plain = list(values)
    if all(v is None or isinstance(v, (int, float)) for v in plain) and any(
        v is not None for v in plain
    ):
        return ogr.OFTReal, [None if v is None or v != v else float(v) for v in plain]
    return ogr.OFTString, [None if v is None else str(v) for v in plain]
