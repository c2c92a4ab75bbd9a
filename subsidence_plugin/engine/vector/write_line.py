"""Writing one line with its attributes, as a GPKG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from osgeo import gdal, ogr, osr

from ..errors import OutputError
from ..raster.gdal_calls import failures_raise


def write_line(
    path: str,
    corners: Sequence[tuple[float, float]],
    attributes: Mapping[str, str],
    crs: str,
    metadata: Mapping[str, str],
) -> None:
    """Write a layer of one line.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``, ending in ``.gpkg``.
    corners : sequence of (x, y)
    attributes : mapping
        Text fields.
    crs : str
        WKT.
    metadata : mapping
        Layer metadata.
    """
    reference = osr.SpatialReference()
    reference.ImportFromWkt(crs)
    with failures_raise(f"The layer '{path}' cannot be written", OutputError):
        dataset = gdal.GetDriverByName("GPKG").Create(str(path), 0, 0, 0, gdal.GDT_Unknown)
        layer = dataset.CreateLayer("line", reference, ogr.wkbLineString)
        layer.SetMetadata({key: str(value) for key, value in metadata.items()})
        for name in attributes:
            layer.CreateField(ogr.FieldDefn(name, ogr.OFTString))
        feature = ogr.Feature(layer.GetLayerDefn())
        for name, value in attributes.items():
            feature.SetField(name, value)
        line = ogr.Geometry(ogr.wkbLineString)
        for x, y in corners:
            line.AddPoint_2D(x, y)
        feature.SetGeometry(line)
        layer.CreateFeature(feature)
        feature = layer = dataset = None
