"""Result layers as a QGIS project: named, ordered, grouped, styled, with relative paths."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsMapLayer,
    QgsPathResolver,
    QgsProject,
    QgsRasterLayer,
    QgsReadWriteContext,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from .engine.errors import InputError, OutputError, SubsidenceError
from .engine.raster.read import Raster
from .engine.vector.read import open_layer

#: (SUBSIDENCE_KIND, name in the legend, group), from the top of the map to its bottom.
KINDS = (
    ("inventory", "Subsidence inventory", "Points"),
    ("samples", "Samples", "Points"),
    ("insar", "InSAR mean velocity", "Points"),
    ("point_forecast", "Points with forecast", "Points"),
    ("residual_points", "Residuals at points", "Points"),
    ("susceptibility_classes", "Susceptibility classes", "Susceptibility"),
    ("probability", "Subsidence probability", "Susceptibility"),
    ("truth", "True probability of the example", "Susceptibility"),
    ("spread", "Ensemble spread", "Susceptibility"),
    ("members", "Ensemble members", "Susceptibility"),
    ("applicability", "Area of applicability", "Susceptibility"),
    ("dissimilarity", "Dissimilarity index", "Susceptibility"),
    ("priority", "Monitoring priority", "Uncertainty"),
    ("bivariate", "Level by spread", "Uncertainty"),
    ("levels", "Levels of the ensemble", "Uncertainty"),
    ("exceedance", "Exceedance probability", "Uncertainty"),
    ("class_probability", "Probability of each level", "Uncertainty"),
    ("confidence", "Confidence in the level", "Uncertainty"),
    ("ensemble_spread", "Spread of the members", "Uncertainty"),
    ("rank_variance", "Rank variance", "Uncertainty"),
    ("ensemble_median", "Ensemble median", "Uncertainty"),
    ("forecast_change", "Forecast change", "Deformation"),
    ("deformation_forecast", "Deformation forecast", "Deformation"),
    ("forecast_lower", "Lower end of the interval", "Deformation"),
    ("forecast_upper", "Upper end of the interval", "Deformation"),
    ("forecast_spread", "Spread of the forecast", "Deformation"),
    ("forecast_members", "Members of the forecast", "Deformation"),
    ("residual_signed", "Signed residuals", "Deformation"),
    ("residual_absolute", "Absolute residuals", "Deformation"),
    ("residual_hotspots", "Hotspots of errors", "Deformation"),
    ("deformation_stack", "Deformation", "Deformation"),
    ("class_stack", "Factor classes", "Factors"),
    ("factor_stack", "Conditioning factors", "Factors"),
    ("dem", "Elevation model", "Factors"),
)
GROUPS = (
    "Points", "Vectors", "Susceptibility", "Uncertainty", "Deformation", "Rasters", "Factors",
    "Tables",
)  # fmt: skip
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
        row = next((r for r in KINDS if r[0] == self.kind), None)
        self.group = row[2] if row else _group(layer)
        rank = KINDS.index(row) if row else len(KINDS)
        self.order = (GROUPS.index(self.group), rank)
        source = Path(layer.source().split("|")[0])
        self.name = layer.name()
        if self.name.casefold() in (source.stem.casefold(), source.name.casefold()):
            stem = source.stem.replace("_", " ")
            self.name = row[1] if row else stem[:1].upper() + stem[1:]


def arrange(layers: Sequence[QgsMapLayer], title: str, window: QgsProject) -> QgsProject:
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
        copy = item.layer.clone()
        if item.unstyled:
            copy.loadDefaultStyle()
        copy.setName(item.name)
        project.addMapLayer(copy, False)
        root = project.layerTreeRoot()
        group = root.findGroup(item.group) or root.addGroup(item.group)
        node = group.addLayer(copy)
        node.setItemVisibilityChecked(item in visible)
        node.setExpanded(item in visible)
    for group in project.layerTreeRoot().findGroups():
        group.setExpanded(any(n.itemVisibilityChecked() for n in group.findLayers()))
    box = QgsReferencedRectangle(extent(project), project.crs())
    project.viewSettings().setDefaultViewExtent(box)
    return project


def visible_items(items: Sequence[Item]) -> list[Item]:
    """Return what is drawn at first: lines and polygons, one point layer, one raster."""
    shown: list[Item] = []
    for group, most in (("Points", 1), ("Vectors", len(items)), ("Susceptibility", 1)):
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


def extent(project: QgsProject) -> QgsRectangle:
    """Return the extent of the visible layers (of all, if they have none) in the project's CRS."""
    nodes = project.layerTreeRoot().findLayers()
    for chosen in ([n for n in nodes if n.isVisible()], nodes):
        box = QgsRectangle()
        box.setMinimal()
        for node in chosen:
            box.combineExtentWith(_extent_in(node.layer(), project))
        if not box.isNull() and not box.isEmpty():
            return box
    raise InputError("No layer has an extent to draw; give at least one raster or point layer.")


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


def kind_of(layer: QgsMapLayer) -> str:
    """Return the ``SUBSIDENCE_KIND`` of a layer, empty where it has none."""
    try:
        if isinstance(layer, QgsRasterLayer):
            metadata = Raster(layer.source()).metadata
        elif layer.providerType() == "ogr":
            dataset, ogr_layer = open_layer(layer.source())
            metadata = {**(dataset.GetMetadata() or {}), **(ogr_layer.GetMetadata() or {})}
        else:
            return ""
    except SubsidenceError:
        return ""
    return metadata.get("SUBSIDENCE_KIND", "")


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
            item.name = f"{item.name} ({Path(item.layer.source().split('|')[0]).stem})"


def _group(layer: QgsMapLayer) -> str:
    if isinstance(layer, QgsRasterLayer):
        return "Rasters"
    if not layer.isSpatial():
        return "Tables"
    points = layer.geometryType() == QgsWkbTypes.GeometryType.PointGeometry
    return "Points" if points else "Vectors"


def _crs(items: Sequence[Item]) -> QgsCoordinateReferenceSystem:
    """Return the CRS of the first raster, else of the first layer that has one."""
    rasters = [item for item in items if isinstance(item.layer, QgsRasterLayer)]
    for item in [*rasters, *items]:
        if item.layer.isSpatial() and item.layer.crs().isValid():
            return item.layer.crs()
    return QgsCoordinateReferenceSystem()


def _extent_in(layer: QgsMapLayer, project: QgsProject) -> QgsRectangle:
    box = layer.extent()
    if not layer.isSpatial() or box.isNull() or not box.isFinite():
        return QgsRectangle()
    if not (layer.crs().isValid() and project.crs().isValid()):
        return box
    try:
        return QgsCoordinateTransform(layer.crs(), project.crs(), project).transformBoundingBox(box)
    except QgsCsException:
        return QgsRectangle()
