"""The shipped Graphical Modeler workflows as algorithms of our own provider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
)
from qgis.PyQt.QtGui import QIcon

from .base import ICONS
from .groups import Group
from .help_page import HelpPage
from .help_text import help_text
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

    def help_page(self) -> HelpPage:
        """Return the help page in the user's language."""
        return HelpPage(self, help_text(self.name()))

    def shortHelpString(self) -> str:
        return self.help_page().shown()

    def shortDescription(self) -> str:
        return self.help_page().summary()

    def flags(self) -> QgsProcessingAlgorithm.Flags:
        # QGIS 3.22 keeps every model in the main thread, where its window stands still meanwhile;
        # our steps may all leave it.
        return super().flags() & ~QgsProcessingAlgorithm.Flag.FlagNoThreading

    def helpUrl(self) -> str:
        return f"subsidence-help:{self.name()}"

    def initAlgorithm(self, configuration: Optional[dict] = None) -> None:
        """Declare the model's parameters in the user's language."""
        super().initAlgorithm(configuration or {})
        for definition in self.parameterDefinitions():
            definition.setDescription(tr(definition.description()))
            definition.setHelp(tr(definition.help()))

    def groupId(self) -> str:
        return Group.WORKFLOWS.value[0]

    def icon(self) -> QIcon:
        return QIcon(str(ICONS / f"{self.groupId()}.svg"))

    def processAlgorithm(
        self, parameters: dict, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict:
        results = super().processAlgorithm(parameters, context, feedback)
        titles = output_titles(self)
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


def output_titles(model: QgsProcessingModelAlgorithm) -> dict[str, str]:
    """Return the titles of what a model hands out, by the names that its layers would have."""
    return {
        output.name(): output.description()
        for child in model.childAlgorithms().values()
        for output in child.modelOutputs().values()
    }


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
    found, _why = workflow.canExecute()  # quicker than copies of all its algorithms
    if not found:
        return None
    workflow.setSourceFilePath(str(path))
    return workflow
