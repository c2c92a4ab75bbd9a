"""The map's side of the panel: a tool that takes clicks, and a ring at the place."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsPointXY,
    QgsProject,
)
from qgis.gui import QgsMapCanvas, QgsMapTool, QgsMapToolEmitPoint, QgsVertexMarker
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt


class MapPlace:
    """Map tool and marker on a canvas.

    Parameters
    ----------
    canvas : QgsMapCanvas
    clicked : callable
        Called with the place of a left click, in the map's CRS.
    active : callable
        Called with True when the tool begins to take clicks, with False when another one does.
    """

    def __init__(
        self,
        canvas: QgsMapCanvas,
        clicked: Callable[[QgsPointXY], None],
        active: Callable[[bool], None],
    ) -> None:
        self._canvas, self._clicked, self._active = canvas, clicked, active
        self._before: Optional[QgsMapTool] = None
        self.tool = QgsMapToolEmitPoint(canvas)
        self.tool.canvasClicked.connect(self._take)
        self.tool.deactivated.connect(self._deactivated)
        self.marker = QgsVertexMarker(canvas)
        self.marker.setIconType(QgsVertexMarker.IconType.ICON_CIRCLE)
        self.marker.setPenWidth(3)
        self.marker.setVisible(False)

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """That of the map."""
        return self._canvas.mapSettings().destinationCrs()

    def take_clicks(self, take: bool) -> None:
        """Let the map's clicks come here, or give them back to the tool that had them."""
        current = self._canvas.mapTool()
        if take and current is not self.tool:
            self._before = current
            self._canvas.setMapTool(self.tool)
        elif not take and current is self.tool:
            self._canvas.unsetMapTool(self.tool)
            if self._before is not None and not sip.isdeleted(self._before):
                self._canvas.setMapTool(self._before)
        self._active(take)

    def mark(self, point: QgsPointXY, crs: QgsCoordinateReferenceSystem) -> None:
        """Put the ring at a place, unless the map's CRS does not know it."""
        try:
            turned = QgsCoordinateTransform(crs, self.crs, QgsProject.instance()).transform(point)
        except QgsCsException:
            self.unmark()
            return
        self.marker.setCenter(turned)
        self.marker.setVisible(True)

    def unmark(self) -> None:
        """Hide the ring."""
        self.marker.setVisible(False)

    def remove(self) -> None:
        """Take tool and ring away."""
        self.take_clicks(False)
        self._canvas.scene().removeItem(self.marker)
        self.tool.deleteLater()
        self._before = None

    def _take(self, point: QgsPointXY, button: Qt.MouseButton) -> None:
        if button == Qt.MouseButton.LeftButton:
            self._clicked(point)

    def _deactivated(self) -> None:
        self._active(False)
