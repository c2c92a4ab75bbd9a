"""The legend of a print layout, and the fonts that all its items share."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import (
    QgsColorRampLegendNode,
    QgsFillSymbol,
    QgsLayerTreeLayer,
    QgsLayout,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemPicture,
    QgsLayoutItemShape,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLegendRenderer,
    QgsLegendStyle,
    QgsMapLayer,
    QgsMapLayerLegendUtils,
    QgsRasterLayer,
    QgsTextFormat,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import QSizeF, Qt
from qgis.PyQt.QtGui import QColor, QFont, QImage

from .engine.errors import SubsidenceError
from .engine.raster.read import Raster
from .layers.bivariate import as_text, square_of
from .translate import tr

INK = QColor("#222222")
FAMILY = "DejaVu Sans"
#: Right end of the page's content in mm (A4 landscape).
RIGHT = 294.0
#: Width of the square of a map with two scales, in mm.
SQUARE = 50.0
#: Cells along a side that are looked at for places without data.
MOST_CELLS = 500
#: Width and height of a colour ramp in mm.
RAMP = QSizeF(6, 32)
UNITS = QgsUnitTypes.LayoutUnit.LayoutMillimeters


def add_legend(
    map_item: QgsLayoutItemMap, layers: Sequence[QgsMapLayer], x: float, y: float, height: float,
    page: int = 0,
) -> None:  # fmt: skip
    """Add a legend of the drawn layers to the layout of ``map_item``, at (x, y) in mm of a page.

    Classes that the map lacks are left out; fonts and symbols shrink until ``height`` is enough
    and the longest text ends on the page. Below stand the square of a map with two scales, and
    what is drawn where there is no data.
    """
    squares = [image for image in map(square_of, layers) if image is not None]
    empty = any(has_gaps(layer) for layer in layers if isinstance(layer, QgsRasterLayer))
    height -= sum(SQUARE * i.height() / i.width() for i in squares) + (7 if empty else 0)
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
    item.attemptMove(QgsLayoutPoint(x, y, UNITS), page=page)
    for scale in (1, 0.85, 0.7, 0.55, 0.4):
        _size_legend(item, scale)
        # The item itself learns its size only when it is drawn.
        size = QgsLegendRenderer(item.model(), item.legendSettings()).minimumSize()
        if size.height() <= height and x + size.width() <= RIGHT:
            break
    y += size.height() + 1
    for image in squares:
        tall = SQUARE * image.height() / image.width()
        add_picture(item.layout(), image, (x + 2, y, SQUARE, tall), page)
        y += tall + 2
    if empty:
        _add_empty(item.layout(), x + 4, y, page)


def add_picture(
    layout: QgsLayout, image: QImage, place: tuple[float, float, float, float], page: int
) -> None:
    """Add a picture, as data inside the project, at (x, y, width, height) in mm of a page."""
    item = QgsLayoutItemPicture(layout)
    layout.addLayoutItem(item)
    item.setPicturePath("base64:" + as_text(image), QgsLayoutItemPicture.Format.FormatRaster)
    item.attemptMove(QgsLayoutPoint(*place[:2], UNITS), page=page)
    item.attemptResize(QgsLayoutSize(*place[2:], UNITS))


def _add_empty(layout: QgsLayout, x: float, y: float, page: int) -> None:
    """Add the entry of places without data, which the map leaves white."""
    box = QgsLayoutItemShape(layout)
    box.setShapeType(QgsLayoutItemShape.Shape.Rectangle)
    symbol = QgsFillSymbol.createSimple(
        {"color": "#ffffff", "outline_color": "#999999", "outline_width": "0.2"}
    )
    box.setSymbol(symbol)
    label = QgsLayoutItemLabel(layout)
    label.setText(tr("No data"))
    label.setFont(font(8))
    label.setFontColor(INK)
    label.setMarginX(0)
    label.setVAlign(Qt.AlignmentFlag.AlignVCenter)
    for item, left, width in ((box, x, 6), (label, x + 8, 40)):
        layout.addLayoutItem(item)
        item.attemptMove(QgsLayoutPoint(left, y, UNITS), page=page)
        item.attemptResize(QgsLayoutSize(width, 4, UNITS))


def has_gaps(layer: QgsRasterLayer) -> bool:
    """Tell whether a cell of the band that is shown has no data (of many, some are looked at)."""
    bands = layer.renderer().usesBands() if layer.renderer() else []
    try:
        dataset = Raster(layer.source()).dataset
    except SubsidenceError:
        return False
    mask = dataset.GetRasterBand(bands[0] if bands else 1).GetMaskBand()
    size = [min(length, MOST_CELLS) for length in (dataset.RasterXSize, dataset.RasterYSize)]
    return bool((mask.ReadAsArray(buf_xsize=size[0], buf_ysize=size[1]) == 0).any())


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
    if square_of(node.layer()) is not None:
        QgsMapLayerLegendUtils.setLegendNodeOrder(node, [])
        item.model().refreshLayerLegend(node)
        return
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
