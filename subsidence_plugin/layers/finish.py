"""What a result layer gets when it comes into a project: style, group, legend, time."""

from __future__ import annotations

import sys
from typing import Callable, Optional

from qgis.core import QgsLayerTreeGroup, QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer

from .bivariate import set_square_legend
from .dates import follow_time, offer_series
from .kinds import DATED, SERIES, group_of, kind_of, rank_of
from .labels import add_limits, translate_legend
from .tree import first_of, move_layer
from .window import settle


def finish_layer(
    layer: QgsMapLayer,
    project: QgsProject,
    say: Callable[[str], None],
    parent: Optional[QgsLayerTreeGroup] = None,
    grouped: bool = True,
    run: str = "",
) -> None:
    """Dress a layer that Processing has just put into the project.

    Parameters
    ----------
    layer : QgsMapLayer
    project : QgsProject
    say : callable
        Takes a line for the log.
    parent : QgsLayerTreeGroup, optional
        Group of the layer tree that takes all results; default: its top.
    grouped : bool
        Whether the layer goes into the group of its kind.
    run : str
        Names the run that made the layer: the main result lies on top of the others of its run.
    """
    kind = kind_of(layer)
    layer.loadDefaultStyle()  # Processing, unlike 'Add layer', skips the file beside the data
    if grouped:
        move_layer(layer, project, group_of(layer, kind), parent, rank_of(kind), run)
    dress(layer, kind, project, say)
    layer.triggerRepaint()
    settle(first_of(project, run) or layer, project)


def results_group(project: QgsProject) -> Optional[QgsLayerTreeGroup]:
    """Return the group that the user wants all results in (a setting of Processing), if any."""
    config = sys.modules.get("processing.core.ProcessingConfig")
    if config is None:
        return None
    settings = config.ProcessingConfig
    name = settings.getSetting(settings.RESULTS_GROUP_NAME)
    return project.layerTreeRoot().findGroup(name) if name else None


def dress(layer: QgsMapLayer, kind: str, project: QgsProject, say: Callable[[str], None]) -> None:
    """Give a styled layer of a project its legend in the user's language, and its time."""
    translate_legend(layer)
    if kind == "susceptibility_classes":
        add_limits(layer)
    if kind == "bivariate":
        set_square_legend(layer)
    if kind in DATED and isinstance(layer, QgsRasterLayer):
        follow_time(layer, project, say)
    if kind in SERIES and isinstance(layer, QgsVectorLayer):
        offer_series(layer, project)
