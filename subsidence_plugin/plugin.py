"""The plugin object that QGIS loads: it registers the Processing provider."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.core import QgsApplication, QgsProcessingProvider


class SubsidencePlugin:
    """Registers the provider, in the window and under ``qgis_process``.

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

    def initProcessing(self) -> None:
        """Register the provider (called alone by ``qgis_process``)."""
        self.provider = self._make_provider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Register the provider in the window."""
        self.initProcessing()

    def unload(self) -> None:
        """Remove what was added to QGIS."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
