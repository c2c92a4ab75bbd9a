"""Feature ids of a layer, in the order in which ``read_features`` gives its features."""

from __future__ import annotations

from osgeo import ogr

from .read import open_layer


def feature_ids(source: str) -> list[int]:
    """Return the id of each feature; multipoints once a part, as they are read."""
    _dataset, layer = open_layer(source)
    table = layer.GetGeomType() == ogr.wkbNone
    ids = []
    layer.ResetReading()
    for feature in layer:
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty():
            ids += [feature.GetFID()] if table else []
            continue
        multi = ogr.GT_Flatten(geometry.GetGeometryType()) == ogr.wkbMultiPoint
        ids += [feature.GetFID()] * (geometry.GetGeometryCount() if multi else 1)
    return ids
