"""Metadata of layers: read from any file, and given to a copy that QGIS leaves without."""

from __future__ import annotations

from pathlib import Path

from osgeo import gdal

from ..raster.gdal_calls import failures_raise
from .read import open_layer


def metadata_of(source: str) -> dict[str, str]:
    """Return the metadata of a raster, or of a vector layer and its file.

    Parameters
    ----------
    source : str
        ``path`` or ``path|layername=name``.

    Raises
    ------
    InputError
        The file cannot be opened.
    """
    path = source.partition("|")[0]
    if path == source:
        with failures_raise(f"The layer '{source}' cannot be opened"):
            dataset = gdal.OpenEx(path, gdal.OF_RASTER | gdal.OF_VECTOR | gdal.OF_READONLY)
        if dataset is not None and dataset.RasterCount:
            return dataset.GetMetadata() or {}
    dataset, layer = open_layer(source)
    return {**(dataset.GetMetadata() or {}), **(layer.GetMetadata() or {})}


def copy_metadata(source: str, copy: str) -> None:
    """Write the layer metadata of ``source`` to ``copy``, unless they are one file.

    Parameters
    ----------
    source, copy : str
        ``path`` or ``path|layername=name``; the copy is a GPKG that may be written to.
    """
    path, _, name = copy.partition("|layername=")
    original = source.partition("|")[0]
    if Path(path).resolve() == Path(original).resolve() or not path.lower().endswith(".gpkg"):
        return
    dataset, layer = open_layer(source)
    metadata = layer.GetMetadata() or {}
    layer = dataset = None
    if not metadata:
        return
    with failures_raise(f"The copy '{path}' of the selected features cannot be written"):
        dataset = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_UPDATE)
        layer = dataset.GetLayerByName(name) if name else dataset.GetLayer(0)
        layer.SetMetadata(metadata)
        layer = dataset = None
