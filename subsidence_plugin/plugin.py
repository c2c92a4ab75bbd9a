"""The plugin object that QGIS loads: it registers the Processing provider and the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Optional

from qgis.core import QgsApplication, QgsProcessingProvider

if TYPE_CHECKING:
    from .gui.menu import Menu


class SubsidencePlugin:
    """Registers the provider, in the window and under ``qgis_process``, and the menu in the window.

    Parameters
    ----------
    iface : QgisInterface or None
        None under ``qgis_process``.
    make_provider : callable
        Returns a new provider (handed in, since this package does not import the algorithms).
    """

    def __init__(self, iface, make_provider: Callable[[], QgsProcessingProvider]) -> None:
        self.iface = iface
        self._make_provider = make_provider
        self.provider: Optional[QgsProcessingProvider] = None
        self.menu: Optional[Menu] = None

    def initProcessing(self) -> None:
        """Register the provider (called alone by ``qgis_process``)."""
        self.provider = self._make_provider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Register the provider and add the menu in the window."""
        self.initProcessing()
        if self.iface is not None:
            from .gui.menu import Menu

            self.menu = Menu(self.iface)
            self.menu.add()

    def unload(self) -> None:
        """Remove what was added to QGIS."""
        if self.menu is not None:
            self.menu.remove()
            self.menu = None
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
