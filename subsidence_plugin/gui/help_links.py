"""Addresses ``subsidence-help:<algorithm>``, which QGIS's Help buttons open, led to our help."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.PyQt.QtCore import QObject, QUrl, pyqtSlot
from qgis.PyQt.QtGui import QDesktopServices

#: ``helpUrl`` of the algorithms begins with it.
SCHEME = "subsidence-help"


class HelpLinks(QObject):
    """Calls ``show(name)`` when Qt is asked to open an address of our scheme.

    Qt takes only a slot of a QObject for this; PyQt5 fails with any other callable.

    Parameters
    ----------
    show : callable
        Takes the name of an algorithm, or an empty text for the first page.
    parent : QObject, optional
    """

    def __init__(self, show: Callable[[str], None], parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.show = show
        QDesktopServices.setUrlHandler(SCHEME, self, "opened")

    @pyqtSlot(QUrl)
    def opened(self, address: QUrl) -> None:
        """Show the page of an address (called by Qt)."""
        self.show(address.path())

    def remove(self) -> None:
        """Take the addresses back."""
        QDesktopServices.unsetUrlHandler(SCHEME)
        self.deleteLater()
