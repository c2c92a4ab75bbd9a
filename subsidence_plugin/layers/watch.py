"""Follows the window's temporal controller: groups of dates are drawn while it is on.

Without it, QGIS would draw every date of a group, one over the other.
"""

from __future__ import annotations

from qgis.core import QgsProject


class TimeWatch:
    """Switches the groups that hold one layer a date on and off with the controller.

    Parameters
    ----------
    iface : QgisInterface
    """

    def __init__(self, iface) -> None:
        self._canvas = iface.mapCanvas()
        self._on = False
        # The controller's own signal of its mode cannot be connected from Python in QGIS 3.22.
        self._canvas.temporalRangeChanged.connect(self._changed)

    def close(self) -> None:
        """Stop following."""
        self._canvas.temporalRangeChanged.disconnect(self._changed)

    def _changed(self) -> None:
        on = self._canvas.mapSettings().isTemporal()
        if on == self._on:
            return  # another frame
        from .tree import date_groups  # not at QGIS's start

        self._on = on
        for group in date_groups(QgsProject.instance()):
            group.setItemVisibilityChecked(on)
