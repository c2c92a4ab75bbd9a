"""The Processing provider: every algorithm of the group folders, and the shipped workflows."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .base import ICONS, SubsidenceAlgorithm
from .workflow import workflows

FOLDER = Path(__file__).resolve().parent


class SubsidenceProvider(QgsProcessingProvider):
    """Lists the algorithms under the id ``subsidence``."""

    def id(self) -> str:
        return "subsidence"

    def name(self) -> str:
        return "Land subsidence"

    def icon(self) -> QIcon:
        return QIcon(str(ICONS / "provider.svg"))

    def loadAlgorithms(self) -> None:
        for algorithm in algorithm_classes():
            self.addAlgorithm(algorithm())
        registry = QgsApplication.processingRegistry()
        if registry.providerById(self.id()) is None:
            # A workflow finds our algorithms only after this first loading, once registered.
            registry.providerAdded.connect(self._add_workflows_later)
            return
        self._add_workflows()

    def _add_workflows(self) -> None:
        for workflow in workflows():
            self.addAlgorithm(workflow)

    def _add_workflows_later(self, added: str) -> None:
        if added == self.id():
            QgsApplication.processingRegistry().providerAdded.disconnect(self._add_workflows_later)
            # Loading everything again would cost starting QGIS a tenth of a second.
            self._add_workflows()
            self.algorithmsLoaded.emit()


def algorithm_classes() -> Iterator[type[SubsidenceAlgorithm]]:
    """Yield the algorithm class of every file in the group folders, in order of name."""
    for group in sorted(p.name for p in FOLDER.iterdir() if (p / "__init__.py").exists()):
        for module in pkgutil.iter_modules([str(FOLDER / group)]):
            content = importlib.import_module(f".{group}.{module.name}", __package__)
            for _name, kind in inspect.getmembers(content, inspect.isclass):
                if kind.__module__ == content.__name__ and getattr(kind, "NAME", ""):
                    yield kind
