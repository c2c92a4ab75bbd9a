"""Outputs that QGIS loads into its window: with style, legend, group and time."""

from __future__ import annotations

from uuid import uuid4

from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProject,
)

#: QGIS does not own post-processors: each is kept here until it has done its work.
_waiting: dict[str, Finish] = {}


class Finish(QgsProcessingLayerPostProcessorInterface):
    """Dresses a layer that Processing has loaded and put into the layer tree."""

    def __init__(self, path: str, context: int, run: str) -> None:
        super().__init__()
        self.path, self.context, self.run = path, context, run

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        # Not at the top: starting QGIS needs none of it.
        from ..subsidence_plugin.layers.finish import finish_layer, results_group

        _waiting.pop(self.path, None)
        project, grouped = context.project() or QgsProject.instance(), True
        if context.willLoadLayerOnCompletion(self.path):
            details = context.layerToLoadOnCompletionDetails(self.path)
            project = details.project or project
            grouped = not getattr(details, "groupName", "")  # a model may have its own groups
        say = feedback.pushInfo if feedback else lambda line: None
        finish_layer(layer, project, say, results_group(project), grouped, self.run)


def style_when_loaded(path: str, context: QgsProcessingContext) -> None:
    """Let the output ``path`` be dressed once it is loaded, if it will be."""
    if context.willLoadLayerOnCompletion(path):
        # A run's outputs wait together, those of all steps of a workflow, too.
        others = [f.run for f in _waiting.values() if f.context == id(context)]
        _waiting[path] = Finish(path, id(context), others[0] if others else uuid4().hex)
        context.layerToLoadOnCompletionDetails(path).setPostProcessor(_waiting[path])
