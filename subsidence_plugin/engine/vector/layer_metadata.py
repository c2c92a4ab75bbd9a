"""Layer metadata of a copy: what QGIS leaves behind when it exports a selection."""

from __future__ import annotations

from pathlib import Path

from osgeo import gdal

from ..raster.gdal_calls import failures_raise
from .read import open_layer


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
