"""The ``.qml`` beside an output, applied when QGIS loads the output into its window."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingContext, QgsProcessingLayerPostProcessorInterface

#: QGIS does not own post-processors: each is kept here until it has done its work.
_waiting: dict[str, DefaultStyle] = {}


class DefaultStyle(QgsProcessingLayerPostProcessorInterface):
    """Gives a loaded layer the style beside it, which Processing (unlike *Add layer*) skips."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def postProcessLayer(self, layer, context, feedback) -> None:
        layer.loadDefaultStyle()
        layer.triggerRepaint()
        _waiting.pop(self.path, None)


def style_when_loaded(path: str, context: QgsProcessingContext) -> None:
    """Style the output ``path`` once it is loaded, if it will be and has a style beside it."""
    if not context.willLoadLayerOnCompletion(path) or not Path(path).with_suffix(".qml").exists():
        return
    _waiting[path] = DefaultStyle(path)
    context.layerToLoadOnCompletionDetails(path).setPostProcessor(_waiting[path])
