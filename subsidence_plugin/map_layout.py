"""A print layout of the visible layers: map with coordinates, legend, scale bar, north arrow."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Optional

from qgis.core import (
    Qgis,
    QgsDistanceArea,
    QgsLayerTreeLayer,
    QgsLayoutExporter,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsLayoutItemMap,
    QgsLayoutItemMapGrid,
    QgsLayoutItemPage,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutMeasurement,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsMapLayer,
    QgsPointXY,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import Qt

from .engine.errors import OutputError
from .layers.dates import shown_date
from .layers.tree import PROPERTY
from .map_extent import extent_in
from .map_legend import INK, UNITS, add_legend, font, text_format
from .translate import tr

NORTH = Path(__file__).resolve().parents[1] / "resources" / "icons" / "north.svg"
#: A4 landscape in mm: the map on the left, everything that explains it in a column on the right.
MAP = (14.0, 24.0, 200.0, 168.0)
COLUMN = (222.0, 66.0)
#: Groups whose maps have pages of their own, and how many pages at most.
PAGED = ("uncertainty", "forecast", "residuals", "deformation")
MOST_PAGES = 20


def add_layout(project: QgsProject, title: str, box: QgsRectangle) -> QgsPrintLayout:
    """Add the layout ``Map`` to the project.

    Its first page has the visible layers inside ``box``; every other map of a forecast, its
    residuals or an uncertainty has a page of its own.
    """
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName("Map")
    layout.pageCollection().page(0).setPageSize("A4", QgsLayoutItemPage.Orientation.Landscape)
    nodes = project.layerTreeRoot().findLayers()
    _add_page(layout, title, [n.layer() for n in nodes if n.isVisible()], box, 0)
    for number, layer in enumerate(_pages(nodes), 1):
        page = QgsLayoutItemPage(layout)
        page.setPageSize("A4", QgsLayoutItemPage.Orientation.Landscape)
        layout.pageCollection().addPage(page)
        name = f"{layer.name()} {shown_date(layer)}".strip()
        heading = f"{title}: {name}" if title else name
        _add_page(layout, heading, [layer], _box_of(layer, project) or box, number)
    project.layoutManager().addLayout(layout)
    return layout


def _pages(nodes: Sequence[QgsLayerTreeLayer]) -> list[QgsMapLayer]:
    """Return the maps that get a page of their own, from the top of the layer tree."""
    chosen = [
        node.layer() for node in nodes
        if node.parent().customProperty(PROPERTY) in PAGED and not node.isVisible()
        and isinstance(node.layer(), QgsRasterLayer)
    ]  # fmt: skip
    return chosen[:MOST_PAGES]


def _box_of(layer: QgsMapLayer, project: QgsProject) -> Optional[QgsRectangle]:
    box = extent_in(layer, project)
    return None if box.isNull() or box.isEmpty() else box


def _add_page(
    layout: QgsPrintLayout, title: str, layers: Sequence[QgsMapLayer], box: QgsRectangle, page: int
) -> None:
    map_item = _add_map(layout, layers, box, page)
    _add_label(layout, title, 15, (MAP[0], 8, 268, 11), page, bold=True)
    add_legend(map_item, layers, COLUMN[0] - 2, MAP[1] - 2, MAP[3] - 26, page)
    _add_scale_bar(layout, map_item, page)
    _add_north_arrow(layout, map_item, page)
    _add_credits(layout, layout.project(), page)


def export_pdf(layout: QgsPrintLayout, path: str) -> None:
    """Write the layout as a PDF of 200 dots an inch, its text as text."""
    settings = QgsLayoutExporter.PdfExportSettings()
    settings.dpi = 200
    settings.textRenderFormat = Qgis.TextRenderFormat.AlwaysText
    outcome = QgsLayoutExporter(layout).exportToPdf(path, settings)
    whole = Path(path).exists() and b"%%EOF" in Path(path).read_bytes()[-1024:]  # or a full disk
    if outcome != QgsLayoutExporter.ExportResult.Success or not whole:
        raise OutputError(f"The PDF of the map cannot be written to '{Path(path).parent}'.")


def nice_step(length: float, parts: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at most ``length / parts``."""
    target = length / parts
    power = 10.0 ** math.floor(math.log10(target))
    return max(m * power for m in (1, 2, 5) if m * power <= target * (1 + 1e-9))


def _place(
    item: QgsLayoutItem, page: int, x: float, y: float, width: float = 0, height: float = 0
) -> None:
    item.attemptMove(QgsLayoutPoint(x, y, UNITS), page=page)
    if width:
        item.attemptResize(QgsLayoutSize(width, height, UNITS))


def _add_map(
    layout: QgsPrintLayout, layers: Sequence[QgsMapLayer], box: QgsRectangle, page: int
) -> QgsLayoutItemMap:
    item = QgsLayoutItemMap(layout)
    layout.addLayoutItem(item)
    _place(item, page, *MAP)
    item.setLayers(list(layers))
    item.setKeepLayerSet(True)
    item.setExtent(_framed(box))
    item.setFrameEnabled(True)
    item.setFrameStrokeWidth(QgsLayoutMeasurement(0.3, UNITS))
    item.setFrameStrokeColor(INK)
    _add_coordinates(item)
    return item


def _framed(box: QgsRectangle) -> QgsRectangle:
    """Return ``box`` with a margin, widened or heightened to the shape of the map item."""
    width = max(box.width(), box.height() * MAP[2] / MAP[3]) * 1.04
    return QgsRectangle.fromCenterAndSize(box.center(), width, width * MAP[3] / MAP[2])


def _add_coordinates(item: QgsLayoutItemMap) -> None:
    """Mark coordinates along the frame, about four on the longer side."""
    grid, box = item.grid(), item.extent()
    step = nice_step(max(box.width(), box.height()), 3)
    grid.setEnabled(True)
    grid.setStyle(QgsLayoutItemMapGrid.GridStyle.FrameAnnotationsOnly)
    grid.setIntervalX(step)
    grid.setIntervalY(step)
    grid.setFrameStyle(QgsLayoutItemMapGrid.FrameStyle.ExteriorTicks)
    grid.setFrameWidth(1.2)
    grid.setFramePenSize(0.2)
    grid.setFramePenColor(INK)
    grid.setAnnotationEnabled(True)
    grid.setAnnotationPrecision(max(0, -math.floor(math.log10(step))))
    grid.setAnnotationTextFormat(text_format(6.5))
    grid.setAnnotationFrameDistance(0.8)
    vertical = QgsLayoutItemMapGrid.AnnotationDirection.Vertical
    hidden = QgsLayoutItemMapGrid.DisplayMode.HideAll
    sides = QgsLayoutItemMapGrid.BorderSide
    grid.setAnnotationDirection(vertical, sides.Left)
    for side in (sides.Right, sides.Top):
        grid.setAnnotationDisplay(hidden, side)
    grid.setFrameSideFlag(QgsLayoutItemMapGrid.FrameSideFlag.FrameRight, False)
    grid.setFrameSideFlag(QgsLayoutItemMapGrid.FrameSideFlag.FrameTop, False)


def _add_label(
    layout: QgsPrintLayout, text: str, size: float, place: Sequence[float], page: int,
    bold: bool = False,
) -> QgsLayoutItemLabel:  # fmt: skip
    item = QgsLayoutItemLabel(layout)
    layout.addLayoutItem(item)
    item.setText(text)
    item.setFont(font(size, bold))
    item.setFontColor(INK)
    item.setVAlign(Qt.AlignmentFlag.AlignVCenter)
    item.setMarginX(0)
    _place(item, page, *place)
    return item


def _add_scale_bar(layout: QgsPrintLayout, map_item: QgsLayoutItemMap, page: int) -> None:
    """Add a scale bar of two segments, together at most the width of the column."""
    item = QgsLayoutItemScaleBar(layout)
    layout.addLayoutItem(item)
    item.setLinkedMap(map_item)
    item.setStyle("Single Box")
    metres = _width_in_metres(map_item, layout.project()) * (COLUMN[1] - 26) / MAP[2]
    kilometres = metres >= 2000
    unit = QgsUnitTypes.DistanceUnit
    item.setUnits(unit.DistanceKilometers if kilometres else unit.DistanceMeters)
    item.setUnitLabel("km" if kilometres else "m")
    item.setMapUnitsPerScaleBarUnit(1)
    item.setNumberOfSegments(2)
    item.setNumberOfSegmentsLeft(0)
    item.setUnitsPerSegment(nice_step(metres / (1000 if kilometres else 1), 2))
    item.setHeight(2)
    item.setTextFormat(text_format(8))
    for symbol, setter in (
        (item.fillSymbol(), item.setFillSymbol),
        (item.lineSymbol(), item.setLineSymbol),
    ):
        symbol = symbol.clone()
        symbol.setColor(INK)
        setter(symbol)
    item.setBoxContentSpace(0)
    item.update()
    _place(item, page, COLUMN[0], MAP[1] + MAP[3] - 12)


def _add_north_arrow(layout: QgsPrintLayout, map_item: QgsLayoutItemMap, page: int) -> None:
    """Add the arrow as data inside the project, so that it shows where the plugin is absent."""
    item = QgsLayoutItemPicture(layout)
    layout.addLayoutItem(item)
    data = "base64:" + base64.b64encode(NORTH.read_bytes()).decode("ascii")
    item.setPicturePath(data, QgsLayoutItemPicture.Format.FormatSVG)
    item.setLinkedMap(map_item)
    item.setNorthMode(QgsLayoutItemPicture.NorthMode.GridNorth)
    _place(item, page, COLUMN[0] + COLUMN[1] - 14, MAP[1] + MAP[3] - 20, 13, 19)


def _add_credits(layout: QgsPrintLayout, project: QgsProject, page: int) -> None:
    crs = project.crs()
    system = crs.userFriendlyIdentifier() if crs.isValid() else "unknown"
    place = tr("Coordinates: {system}").format(system=system)
    parts = (place, date.today().isoformat(), "Land Subsidence for QGIS")
    _add_label(layout, "  ·  ".join(parts), 7, (MAP[0], 199, 268, 6), page)


def _width_in_metres(item: QgsLayoutItemMap, project: QgsProject) -> float:
    """Return the length of the map's middle line on the ground."""
    box = item.extent()
    if not project.crs().isValid():
        return box.width()
    area = QgsDistanceArea()
    area.setSourceCrs(project.crs(), project.transformContext())
    area.setEllipsoid(project.ellipsoid())
    middle = box.center().y()
    ends = QgsPointXY(box.xMinimum(), middle), QgsPointXY(box.xMaximum(), middle)
    unit = QgsUnitTypes.DistanceUnit.DistanceMeters
    return area.convertLengthMeasurement(area.measureLine(*ends), unit)
