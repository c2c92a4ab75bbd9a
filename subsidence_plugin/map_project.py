"""Result layers as a QGIS project: named, ordered, grouped, styled, with relative paths."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from html import escape
from typing import Callable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsPathResolver,
    QgsProject,
    QgsRasterLayer,
    QgsReadWriteContext,
    QgsReferencedRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from .engine.errors import InputError, OutputError
from .layers.copies import copy_of
from .layers.finish import dress
from .layers.kinds import GROUPS, file_of, group_of, kind_of, kind_title, rank_of
from .layers.tree import result_group
from .map_extent import extent

#: More points than this hide the map under them, so the layer is there but switched off.
MOST_POINTS = 1500


class Item:
    """One layer with its place in the project.

    Parameters
    ----------
    layer : QgsMapLayer
    unstyled : bool
        Whether the layer was opened from a path, which Processing does without its style.
    """

    def __init__(self, layer: QgsMapLayer, unstyled: bool) -> None:
        self.layer, self.unstyled = layer, unstyled
        self.kind = kind_of(layer)
        self.group = group_of(layer, self.kind)
        self.order = (GROUPS.index(self.group), rank_of(self.kind))
        source = file_of(layer)
        self.name = layer.name()
        if self.name.casefold() in (source.stem.casefold(), source.name.casefold()):
            stem = source.stem.replace("_", " ")
            self.name = kind_title(self.kind) or stem[:1].upper() + stem[1:]


def arrange(
    layers: Sequence[QgsMapLayer], title: str, window: QgsProject, say: Callable[[str], None]
) -> QgsProject:
    """Return a project with copies of ``layers``: groups from points down to tables.

    Copies of layers of the window's project keep their style, others take the one beside their
    file. Visible are one point layer, unless it has too many points, and one raster; the others
    are there to be switched on.
    """
    for layer in layers:
        if not layer.isValid():
            raise InputError(f"The layer '{layer.name()}' cannot be read.")
        if layer.providerType() == "memory":
            raise InputError(
                f"The layer '{layer.name()}' is a temporary one that a project cannot keep; "
                "save it to a file first."
            )
    items = [Item(layer, not (window and window.mapLayer(layer.id()))) for layer in layers]
    items.sort(key=lambda item: item.order)
    _tell_apart(items)
    project = QgsProject()
    project.setTitle(title)
    # Outside the window a new project would write absolute paths where the user chose so.
    project.writeEntryBool("Paths", "/Absolute", False)
    project.setCrs(_crs(items))
    visible = visible_items(items)
    for item in items:
        copy = copy_of(item.layer)
        if item.unstyled:
            copy.loadDefaultStyle()
        copy.setName(item.name)
        project.addMapLayer(copy, False)
        node = result_group(project.layerTreeRoot(), item.group).addLayer(copy)
        node.setItemVisibilityChecked(item in visible)
        node.setExpanded(item in visible)
        dress(copy, item.kind, project, say)
    for group in project.layerTreeRoot().findGroups():
        group.setExpanded(any(n.isVisible() for n in group.findLayers()))
    box = QgsReferencedRectangle(extent(project), project.crs())
    project.viewSettings().setDefaultViewExtent(box)
    return project


def visible_items(items: Sequence[Item]) -> list[Item]:
    """Return what is drawn at first: lines and polygons, one point layer, one raster."""
    shown: list[Item] = []
    for group, most in (("points", 1), ("vectors", len(items)), ("susceptibility", 1)):
        fitting = [item for item in items if item.group == group and _readable(item.layer)]
        shown += fitting[:most]
    if not any(isinstance(item.layer, QgsRasterLayer) for item in shown):
        shown += [item for item in items if isinstance(item.layer, QgsRasterLayer)][:1]
    return shown or [item for item in items if item.layer.isSpatial()][:1]


def _readable(layer: QgsMapLayer) -> bool:
    """Tell whether the map under a layer can still be seen: not under thousands of points."""
    points = QgsWkbTypes.GeometryType.PointGeometry
    if isinstance(layer, QgsVectorLayer) and layer.geometryType() == points:
        return layer.featureCount() <= MOST_POINTS
    return True


def write_project(project: QgsProject, path: str, final: str) -> None:
    """Write ``project`` to ``path`` with layer paths relative to ``final``, where it will stand."""
    if not project.write(path):
        raise OutputError(f"The project '{final}' cannot be written ({project.error()}).")
    changes = {}
    for layer in project.mapLayers().values():
        there, here = (_encoded(layer, name) for name in (path, final))
        for text in filter(None, (there, layer.publicSource())):
            old, new = escape(text, quote=False), escape(here, quote=False)
            changes[old] = new
            changes[old.replace('"', "&quot;")] = new.replace('"', "&quot;")
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            if name.endswith(".qgs"):
                data = _replaced(data.decode("utf-8"), changes).encode("utf-8")
            archive.writestr(name, data)


def _replaced(text: str, changes: dict[str, str]) -> str:
    for there, here in changes.items():
        for before, after in ((">", "<"), ('"', '"')):  # as a text or as an attribute
            text = text.replace(before + there + after, before + here + after)
    return text


def _encoded(layer: QgsMapLayer, project_path: str) -> str:
    context = QgsReadWriteContext()
    context.setPathResolver(QgsPathResolver(project_path))
    return layer.encodedSource(layer.source(), context)


def _tell_apart(items: Sequence[Item]) -> None:
    """Add the file's name where two layers would be called the same."""
    names = [item.name for item in items]
    for item in items:
        if names.count(item.name) > 1:
            item.name = f"{item.name} ({file_of(item.layer).stem})"


def _crs(items: Sequence[Item]) -> QgsCoordinateReferenceSystem:
    """Return the CRS of the first raster, else of the first layer that has one."""
    rasters = [item for item in items if isinstance(item.layer, QgsRasterLayer)]
    for item in [*rasters, *items]:
        if item.layer.isSpatial() and item.layer.crs().isValid():
            return item.layer.crs()
    return QgsCoordinateReferenceSystem()
