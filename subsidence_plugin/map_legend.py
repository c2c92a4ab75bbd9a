"""The legend of a print layout, and the fonts that all its items share."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import (
    QgsColorRampLegendNode,
    QgsLayerTreeLayer,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutPoint,
    QgsLegendStyle,
    QgsMapLayer,
    QgsMapLayerLegendUtils,
    QgsRasterLayer,
    QgsTextFormat,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import QSizeF
from qgis.PyQt.QtGui import QColor, QFont

INK = QColor("#222222")
FAMILY = "DejaVu Sans"
#: Right end of the page's content in mm (A4 landscape).
RIGHT = 294.0
#: Width and height of a colour ramp in mm.
RAMP = QSizeF(6, 32)
UNITS = QgsUnitTypes.LayoutUnit.LayoutMillimeters


def add_legend(
    map_item: QgsLayoutItemMap, layers: Sequence[QgsMapLayer], x: float, y: float, height: float
) -> None:
    """Add a legend of the drawn layers to the layout of ``map_item``, at (x, y) in mm.

    Classes that the map lacks are left out; fonts and symbols shrink until ``height`` is enough
    and the longest text ends on the page.
    """
    item = QgsLayoutItemLegend(map_item.layout())
    map_item.layout().addLayoutItem(item)
    item.setLinkedMap(map_item)
    item.setAutoUpdateModel(False)
    root = item.model().rootGroup()
    root.removeAllChildren()
    for layer in layers:
        _add_legend_layer(item, root.addLayer(layer))
    item.setLegendFilterByMapEnabled(True)
    item.setFontColor(INK)
    item.setResizeToContents(True)
    item.attemptMove(QgsLayoutPoint(x, y, UNITS))
    for scale in (1, 0.85, 0.7, 0.55, 0.4):
        _size_legend(item, scale)
        if item.rect().height() <= height and x + item.rect().width() <= RIGHT:
            break


def _size_legend(item: QgsLayoutItemLegend, scale: float) -> None:
    """Set fonts and symbols to ``scale`` of their usual size, and the box to what they take."""
    space = QgsLegendStyle.Side.Top
    for style, size, bold in (
        (QgsLegendStyle.Style.Subgroup, 9, True),
        (QgsLegendStyle.Style.SymbolLabel, 8, False),
    ):
        item.setStyleFont(style, font(size * scale, bold))
    item.rstyle(QgsLegendStyle.Style.Subgroup).setMargin(space, 4 * scale)
    item.rstyle(QgsLegendStyle.Style.Symbol).setMargin(space, 1.6 * scale)
    item.setSymbolWidth(6 * scale)
    item.setSymbolHeight(4 * scale)
    item.adjustBoxSize()


def _add_legend_layer(item: QgsLayoutItemLegend, node: QgsLayerTreeLayer) -> None:
    """Leave out the line "Band 1 (Gray)", and give a colour ramp a height to read it by."""
    entries = node.layer().legend().createLayerTreeModelLegendNodes(node)
    if isinstance(node.layer(), QgsRasterLayer) and len(entries) > 1:
        QgsMapLayerLegendUtils.setLegendNodeOrder(node, list(range(1, len(entries))))
        for index, entry in enumerate(entries):
            if isinstance(entry, QgsColorRampLegendNode):
                QgsMapLayerLegendUtils.setLegendNodeSymbolSize(node, index, RAMP)
        item.model().refreshLayerLegend(node)


def text_format(size: float) -> QgsTextFormat:
    """Return the text format of ``size`` points."""
    style = QgsTextFormat()
    style.setFont(font(size))
    style.setSize(size)
    style.setSizeUnit(QgsUnitTypes.RenderUnit.RenderPoints)
    style.setColor(INK)
    return style


def font(size: float, bold: bool = False) -> QFont:
    """Return the font of ``size`` points."""
    face = QFont(FAMILY)
    face.setPointSizeF(size)
    face.setBold(bold)
    return face
