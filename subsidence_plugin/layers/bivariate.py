"""The legend of the map of levels and spread: a square with two axes, as a picture.

The picture is part of the layer (as text in the project file), so that it is there in the layer
tree, in print layouts, and where the plugin is absent.
"""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsMapLayer, QgsPalettedRasterRenderer, QgsRasterLayer
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSizeF, Qt
from qgis.PyQt.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QTextOption

from ..translate import tr

INK = QColor("#222222")
#: Rows (level) and columns (spread) of the square.
SIDE = 3
#: Side of a cell, height of a line of text and space between them, in pixels at scale 1.
CELL, LINE, GAP = 26.0, 14.0, 4.0
#: Longer than the title of an axis.
LONG = 1000.0


def set_square_legend(layer: QgsRasterLayer) -> None:
    """Replace the list of nine classes in the legend by the square."""
    colours = _colours(layer)
    if colours:
        layer.setLegendPlaceholderImage("base64:" + as_text(square(colours)))
        layer.legendChanged.emit()  # the layer tree has built its legend already


def square_of(layer: QgsMapLayer, scale: float = 4.0) -> Optional[QImage]:
    """Return the square in print quality, None for a layer whose legend is no square."""
    if not layer.legendPlaceholderImage():
        return None
    colours = _colours(layer)
    return square(colours, scale) if colours else None


def _colours(layer: QgsMapLayer) -> dict[int, QColor]:
    """Return the colours of the nine classes, empty where the user styled the layer otherwise."""
    renderer = layer.renderer() if isinstance(layer, QgsRasterLayer) else None
    if not isinstance(renderer, QgsPalettedRasterRenderer):
        return {}
    colours = {int(entry.value): entry.color for entry in renderer.classes()}
    return colours if set(colours) == set(range(1, SIDE * SIDE + 1)) else {}


def square(colours: dict[int, QColor], scale: float = 1.0) -> QImage:
    """Return the picture of the square: levels upwards, spread to the right.

    Parameters
    ----------
    colours : dict of int to QColor
        Of the classes 1 to 9: three spreads of the low level, of the medium and of the high one.
    scale : float
        1 gives a cell of 26 pixels, the size for the layer tree.
    """
    font = QFont("DejaVu Sans")
    font.setPixelSize(11)
    measure = QFontMetricsF(font)
    heavy = QFont(font)
    heavy.setBold(True)
    grades = (tr("Low"), tr("Medium"), tr("High"))
    axes = tuple(f"{text} →" for text in (tr("Level"), tr("Spread of the members")))
    left = LINE + GAP + max(measure.horizontalAdvance(text) for text in grades) + GAP
    cell = max(CELL, *(measure.horizontalAdvance(text) + GAP for text in grades))
    up, across = (QFontMetricsF(heavy).horizontalAdvance(text) + 2 * GAP for text in axes)
    width = left + max(SIDE * cell, across) + GAP
    rows = max(CELL, up / SIDE)
    height = GAP + SIDE * rows + 2 * (LINE + GAP)
    image = QImage(round(width * scale), round(height * scale), QImage.Format.Format_ARGB32)
    image.fill(QColor("#ffffff"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale, scale)
    painter.setFont(font)
    origin = QPointF(left, GAP)
    _cells(painter, colours, origin, QSizeF(cell, rows))
    _words(painter, grades, axes, origin, QSizeF(cell, rows))
    painter.end()
    return image


def _cells(painter: QPainter, colours: dict[int, QColor], origin: QPointF, cell: QSizeF) -> None:
    painter.setPen(QPen(QColor("#ffffff"), 1))
    for row in range(SIDE):
        for column in range(SIDE):
            corner = origin + QPointF(column * cell.width(), (SIDE - 1 - row) * cell.height())
            painter.setBrush(colours[SIDE * row + column + 1])
            painter.drawRect(QRectF(corner, cell))


def _words(
    painter: QPainter,
    grades: tuple[str, ...],
    axes: tuple[str, ...],
    origin: QPointF,
    cell: QSizeF,
) -> None:
    middle = QTextOption(Qt.AlignmentFlag.AlignCenter)
    right = QTextOption(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    plain = QTextOption(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for option in (middle, right, plain):
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
    painter.setPen(INK)
    bottom = origin.y() + SIDE * cell.height()
    for step, text in enumerate(grades):
        top = origin.y() + (SIDE - 1 - step) * cell.height()
        start = LINE + GAP
        painter.drawText(QRectF(start, top, origin.x() - start - GAP, cell.height()), text, right)
        place = QRectF(origin.x() + step * cell.width(), bottom + 1, cell.width(), LINE)
        painter.drawText(place, text, middle)
    heavy = QFont(painter.font())
    heavy.setBold(True)
    painter.setFont(heavy)
    painter.drawText(QRectF(origin.x(), bottom + LINE + GAP, LONG, LINE), axes[1], plain)
    painter.translate(0, bottom)
    painter.rotate(-90)
    painter.drawText(QRectF(0, 0, LONG, LINE), axes[0], plain)


def as_text(image: QImage) -> str:
    """Return a picture as PNG in base64, as QGIS takes it in the place of a path."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data.toBase64()).decode("ascii")
