"""Copies of layers, whole also where QGIS leaves something out."""

from __future__ import annotations

from qgis.core import QgsMapLayer, QgsSingleBandPseudoColorRenderer


def copy_of(layer: QgsMapLayer) -> QgsMapLayer:
    """Return a copy of a layer with its style.

    QGIS 3.22 forgets the ends of a colour ramp: the map is right, but the legend of a saved project
    would read 'nan'.
    """
    copy = layer.clone()
    renderer = copy.renderer() if hasattr(copy, "renderer") else None
    if isinstance(renderer, QgsSingleBandPseudoColorRenderer):
        renderer.setClassificationMin(layer.renderer().classificationMin())
        renderer.setClassificationMax(layer.renderer().classificationMax())
    return copy
