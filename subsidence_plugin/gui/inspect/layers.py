"""The layers of the project as sources that a background thread can open by itself."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import (
    QgsLayerTreeGroup,
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ...engine.insar.dates import date_of
from ...engine.inspection.place import GONE, NOT_A_FILE, Source

#: Dates from which points in memory are time series worth a word.
LEAST_DATES = 2


def map_layers(project: QgsProject) -> list[QgsMapLayer]:
    """Return all layers from the uppermost down, visible or not, then those not in the tree."""
    order = list(project.layerTreeRoot().layerOrder())
    known = {layer.id() for layer in order}
    return order + [one for key, one in project.mapLayers().items() if key not in known]


def sources_of(project: QgsProject) -> list[Source]:
    """Return what can be asked for a place, each file once; nothing is opened.

    Where several layers show one file, as a layer and its group with a layer a date do, they get
    the name that begins all of theirs, else that of their group.

    Parameters
    ----------
    project : QgsProject
    """
    found: dict[str, list[QgsMapLayer]] = {}
    for layer in map_layers(project):
        if _is_candidate(layer):
            found.setdefault(layer.source(), []).append(layer)
    return [_source(project, layers) for layers in found.values()]


def class_colours(project: QgsProject) -> dict[str, dict[int, str]]:
    """Return the colours (``#rrggbb``) of the codes of each file that is drawn as classes."""
    colours: dict[str, dict[int, str]] = {}
    for layer in map_layers(project):
        renderer = layer.renderer() if isinstance(layer, QgsRasterLayer) else None
        if isinstance(renderer, QgsPalettedRasterRenderer):
            own = {int(one.value): one.color.name() for one in renderer.classes()}
            colours.setdefault(layer.source(), own)
    return colours


def _source(project: QgsProject, layers: Sequence[QgsMapLayer]) -> Source:
    """Return the file that these layers show."""
    layer, crs = layers[0], layers[0].crs()
    return Source(
        _name(project, layers), layer.source(), isinstance(layer, QgsRasterLayer),
        crs.toWkt() if crs.isValid() else "", _problem(layer),
    )  # fmt: skip


def _name(project: QgsProject, layers: Sequence[QgsMapLayer]) -> str:
    names = [layer.name() for layer in layers]
    shortest = min(names, key=len)
    if all(name.startswith(shortest) for name in names):
        return shortest
    node = project.layerTreeRoot().findLayer(layers[0].id())
    parent = node.parent() if node is not None else None
    return (parent.name() if isinstance(parent, QgsLayerTreeGroup) else "") or names[0]


def _is_candidate(layer: QgsMapLayer) -> bool:
    """Tell whether a layer may be one of ours: web maps, meshes and tables are not."""
    if isinstance(layer, QgsRasterLayer):
        return layer.providerType() == "gdal"
    if not isinstance(layer, QgsVectorLayer):
        return False
    if not layer.isValid():
        return layer.providerType() == "ogr"
    if layer.providerType() == "ogr":
        return layer.geometryType() == QgsWkbTypes.GeometryType.PointGeometry
    return sum(date_of(name) is not None for name in layer.fields().names()) >= LEAST_DATES


def _problem(layer: QgsMapLayer) -> str:
    if not layer.isValid():
        return GONE
    return "" if layer.providerType() in ("gdal", "ogr") else NOT_A_FILE
