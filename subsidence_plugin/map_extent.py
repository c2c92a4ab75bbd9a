"""The extent of a project's layers in its own CRS."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsMapLayer,
    QgsProject,
    QgsRectangle,
)

from .engine.errors import InputError


def extent(project: QgsProject) -> QgsRectangle:
    """Return the extent of the visible layers (of all, if they have none) in the project's CRS."""
    nodes = project.layerTreeRoot().findLayers()
    for chosen in ([n for n in nodes if n.isVisible()], nodes):
        box = QgsRectangle()
        box.setMinimal()
        for node in chosen:
            box.combineExtentWith(extent_in(node.layer(), project))
        if not box.isNull() and not box.isEmpty():
            return box
    raise InputError("No layer has an extent to draw; give at least one raster or point layer.")


def extent_in(layer: QgsMapLayer, project: QgsProject) -> QgsRectangle:
    """Return the extent of a layer in the project's CRS, an empty one where it has none."""
    box = layer.extent()
    if not layer.isSpatial() or box.isNull() or not box.isFinite():
        return QgsRectangle()
    if not (layer.crs().isValid() and project.crs().isValid()):
        return box
    try:
        return QgsCoordinateTransform(layer.crs(), project.crs(), project).transformBoundingBox(box)
    except QgsCsException:
        return QgsRectangle()
