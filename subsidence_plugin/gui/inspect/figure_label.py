"""A picture that is as wide as the panel."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QPixmap, QResizeEvent
from qgis.PyQt.QtWidgets import QLabel, QSizePolicy, QWidget


class FigureLabel(QLabel):
    """Shows a PNG picture, scaled down to the width there is; it never asks for more.

    Parameters
    ----------
    name : str
        Object name.
    text : str
        What the picture shows, for screen readers.
    parent : QWidget, optional
    """

    def __init__(self, name: str, text: str, parent: QWidget = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(text)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._picture = QPixmap()

    def show_png(self, content: bytes) -> None:
        """Show a picture; empty content shows none."""
        self._picture = QPixmap()
        self._picture.loadFromData(content, "PNG")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scale the picture to the new width (called by Qt)."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def sizeHint(self) -> QSize:
        """Return a small width: the panel decides."""
        return QSize(200, self.height())

    def _fit(self) -> None:
        if self._picture.isNull():
            self.clear()
            self.setFixedHeight(0)
            return
        ratio = self.devicePixelRatioF()
        width = min(round(self.width() * ratio), self._picture.width())
        shown = self._picture.scaledToWidth(
            max(width, 1), Qt.TransformationMode.SmoothTransformation
        )
        shown.setDevicePixelRatio(ratio)
        self.setPixmap(shown)
        self.setFixedHeight(round(shown.height() / ratio))
