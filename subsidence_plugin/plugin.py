"""The plugin object that QGIS loads: it registers the Processing provider and the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Optional

from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtCore import QCoreApplication

from .translate import translator

if TYPE_CHECKING:
    from .gui.menu import Menu
    from .layers.watch import TimeWatch


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
        self.translator = translator()  # before the provider translates its titles
        self._make_provider = make_provider
        self.provider: Optional[QgsProcessingProvider] = None
        self.menu: Optional[Menu] = None
        self.watch: Optional[TimeWatch] = None

    def initProcessing(self) -> None:
        """Register the provider (called alone by ``qgis_process``)."""
        self.provider = self._make_provider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Register the provider and add the menu in the window."""
        self.initProcessing()
        if self.iface is not None:
            from .gui.menu import Menu
            from .layers.watch import TimeWatch

            self.menu = Menu(self.iface)
            self.menu.add()
            self.watch = TimeWatch(self.iface)

    def unload(self) -> None:
        """Remove what was added to QGIS."""
        if self.watch is not None:
            self.watch.close()
            self.watch = None
        if self.menu is not None:
            self.menu.remove()
            self.menu = None
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
        if self.translator is not None:
            QCoreApplication.removeTranslator(self.translator)
            self.translator = None
