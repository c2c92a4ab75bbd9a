"""The shipped Graphical Modeler workflows as algorithms of our own provider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
)
from qgis.PyQt.QtGui import QIcon

from .base import ICONS
from .groups import Group
from .translate import tr

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "workflows"
#: What the Toolbox shows; a model itself has only one name, which is its id.
TITLES = {
    "susceptibilityworkflow": "Susceptibility workflow",
    "forecastworkflow": "Forecasting workflow",
}


class Workflow(QgsProcessingModelAlgorithm):
    """A model with the title, group and icon of our provider; otherwise as the Modeler has it."""

    def displayName(self) -> str:
        return tr(TITLES.get(self.name(), self.name()))

    def group(self) -> str:
        return tr(Group.WORKFLOWS.value[1])

    def groupId(self) -> str:
        return Group.WORKFLOWS.value[0]

    def icon(self) -> QIcon:
        return QIcon(str(ICONS / "provider.svg"))

    def processAlgorithm(
        self, parameters: dict, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict:
        results = super().processAlgorithm(parameters, context, feedback)
        titles = {
            output.name(): output.description()
            for child in self.childAlgorithms().values()
            for output in child.modelOutputs().values()
        }
        for path, details in context.layersToLoadOnCompletion().items():
            if details.name in titles:  # a model's outputs are called by name, not by title
                context.layerToLoadOnCompletionDetails(path).name = tr(titles[details.name])
        return results

    def createInstance(self) -> Workflow:
        copy = type(self)()
        copy.loadVariant(self.toVariant())
        copy.setProvider(self.provider())
        copy.setSourceFilePath(self.sourceFilePath())
        return copy


def workflows() -> Iterator[Workflow]:
    """Yield the workflows whose algorithms are all there.

    A model looks its algorithms up in the registry, so that ours are found only once our provider
    is registered.
    """
    for path in sorted(FOLDER.glob("*.model3")):
        workflow = opened(path)
        if workflow is not None:
            yield workflow


def opened(path: Path) -> Optional[Workflow]:
    """Return the workflow of a file, None where one of its algorithms is not registered."""
    workflow = Workflow()
    if not workflow.fromFile(str(path)):
        return None
    if any(child.algorithm() is None for child in workflow.childAlgorithms().values()):
        return None
    workflow.setSourceFilePath(str(path))
    return workflow
