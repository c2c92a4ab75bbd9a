"""Groups of the layer tree, found again by a property: their titles are the user's."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsLayerTreeGroup, QgsLayerTreeLayer, QgsMapLayer, QgsProject

from .kinds import GROUPS, group_title

#: Custom property of a group: its id.
PROPERTY = "subsidence/group"
#: Custom property of a group that holds one layer a date: the id of the layer of all dates.
DATES = "subsidence/dates"
#: Custom properties of a layer's node: the run that made it, and its place among those of the run.
RUN, RANK = "subsidence/run", "subsidence/rank"
#: Groups whose layers cover those below.
MAPS = tuple(group for group in GROUPS if group not in ("points", "vectors", "tables"))


def result_group(parent: QgsLayerTreeGroup, group: str) -> QgsLayerTreeGroup:
    """Return the group of a kind of result inside ``parent``, made at its place where missing."""
    own = [n for n in parent.children() if n.customProperty(PROPERTY) in GROUPS]
    place, after = 0, GROUPS[GROUPS.index(group) + 1 :]
    for node in own:
        found = node.customProperty(PROPERTY)
        if found == group and isinstance(node, QgsLayerTreeGroup):
            return node
        if found not in after:
            place = parent.children().index(node) + 1
    if own and not place:
        place = parent.children().index(own[0])
    made = parent.insertGroup(place, group_title(group))
    made.setCustomProperty(PROPERTY, group)
    return made


def move_layer(
    layer: QgsMapLayer,
    project: QgsProject,
    group: str,
    parent: Optional[QgsLayerTreeGroup] = None,
    rank: int = 0,
    run: str = "",
) -> Optional[QgsLayerTreeLayer]:
    """Move a layer of the tree to the top of its group; return its node there.

    Layers of the same run are in the order of their ranks.

    Parameters
    ----------
    layer : QgsMapLayer
        In the project; one that is not in the tree stays out of it.
    project : QgsProject
    group : str
        One of ``GROUPS``.
    parent : QgsLayerTreeGroup, optional
        Where the group is; default: the top of the tree.
    rank : int
        Lower ranks lie above higher ones.
    run : str
        Names the run that made the layer; empty: no run.
    """
    root = project.layerTreeRoot()
    old = root.findLayer(layer.id())
    if old is None:
        return None
    target = result_group(parent or root, group)
    # The copy first: a layer that leaves the tree leaves the project.
    node = old.clone()
    node.setCustomProperty(RUN, run)
    node.setCustomProperty(RANK, rank)
    target.insertChildNode(_place(target, run, rank), node)
    old.parent().removeChildNode(old)
    if len(target.children()) == 1:
        target.setExpanded(True)  # the window folds a group that it sees empty
    if group in MAPS:
        _bring_up(target, group, run)
    return root.findLayer(layer.id())


def _place(group: QgsLayerTreeGroup, run: str, rank: int) -> int:
    """Return the place in a group: under those of the same run with lower ranks."""
    place = 0
    for index, node in enumerate(group.children()):
        if run and node.customProperty(RUN) == run and int(node.customProperty(RANK)) < rank:
            place = index + 1
    return place


def _bring_up(node: QgsLayerTreeGroup, group: str, run: str) -> None:
    """Put a group of maps above the others, so that the newest result is seen, as without groups.

    Points stay above it, and so do groups with more important results of the same run.
    """
    parent = node.parent()
    children = parent.children()
    for index, other in enumerate(children[: children.index(node)]):
        found = other.customProperty(PROPERTY)
        if found in MAPS and not (GROUPS.index(found) < GROUPS.index(group) and _has(other, run)):
            parent.insertChildNode(index, node.clone())
            parent.removeChildNode(node)
            return


def _has(group: QgsLayerTreeGroup, run: str) -> bool:
    """Tell whether a group holds a layer of a run."""
    return bool(run) and any(node.customProperty(RUN) == run for node in group.children())


def first_of(project: QgsProject, run: str) -> Optional[QgsMapLayer]:
    """Return the uppermost layer of a run, None where it has none in the tree."""
    nodes = project.layerTreeRoot().findLayers()
    return next((n.layer() for n in nodes if run and n.customProperty(RUN) == run), None)


def date_groups(project: QgsProject) -> list[QgsLayerTreeGroup]:
    """Return the groups of a project that hold one layer a date."""
    return [g for g in project.layerTreeRoot().findGroups(True) if g.customProperty(DATES)]
