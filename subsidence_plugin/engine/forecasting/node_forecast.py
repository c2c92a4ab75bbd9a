"""Forecasts of points that are the nodes of a graph, in groups that fit into memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Callable

import numpy as np

from ..forecasters import registry
from ..needs import need
from .area import Area
from .forecaster import Forecaster
from .graph import groups, part_of

#: Nodes forecast at a time, besides those around them.
MOST_NODES = 16_384
#: Nodes looked at to tell how long edges are, and the share of them that are no longer.
TRIED, SHARE = 20_000, 0.99


def forecast_nodes(
    forecaster: Forecaster,
    area: Area,
    targets: np.ndarray,
    device: str,
    progress: Callable[[float], None],
    seconds: np.ndarray,
) -> np.ndarray:
    """Return the members' forecasts of nodes, (members, horizon, nodes) in mm.

    A group is forecast with the nodes around it that its members reach: as many of the longest
    usual edges as the network has graph convolutions, and the readout blocks at its border. The
    paper's variant pools all nodes, so that they are one group.

    Parameters
    ----------
    forecaster : Forecaster
    area : Area
        Nodes with ``xy`` in metres; the last date is the origin.
    targets : (horizon,) array of int64
    device : str
    progress : callable
        Told the share that is done; raises to stop.
    seconds : (members,) array
        The time of each member is added.
    """
    card, count = forecaster.card, area.mask.size
    found = np.empty((forecaster.members, card.horizon, count), np.float32)
    parts = list(_parts(forecaster, area))
    steps = len(parts) * forecaster.members
    for number, (index, around) in enumerate(parts):
        part = part_of(area, around)
        own = np.searchsorted(around, index)
        for member in range(forecaster.members):
            progress((number * forecaster.members + member) / steps)
            start = time.perf_counter()
            values = forecaster.forecast(part, len(part.days) - 1, targets, [member], device)
            found[member][:, index] = values[0][:, own]
            seconds[member] += time.perf_counter() - start
    return found


def _parts(forecaster: Forecaster, area: Area) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the nodes of each group, and these with the nodes around them, both ascending."""
    xy, everything = area.xy, np.arange(area.mask.size)
    if forecaster.card.variant == "paper" or len(xy) <= MOST_NODES:
        yield everything, everything
        return
    reach = _reach(forecaster, xy)
    for index in groups(xy, MOST_NODES):
        low, high = xy[index].min(axis=0) - reach, xy[index].max(axis=0) + reach
        yield index, np.flatnonzero(((xy >= low) & (xy <= high)).all(axis=1))


def _reach(forecaster: Forecaster, xy: np.ndarray) -> float:
    """Return how far the farthest-reaching member looks, metres."""
    card, most = forecaster.card, 0.0
    spatial = need("scipy.spatial", "to join the nodes of a GCN")
    tree: Any = spatial.cKDTree(xy)
    tried = xy[:: -(-len(xy) // TRIED)]
    for member in range(forecaster.members):
        h = forecaster.kind.checked(card.hyperparameters_of(member))
        edge = np.quantile(tree.query(tried, k=[h["neighbours"] + 1])[0], SHARE)
        edge = min(edge, h["radius"]) if h["radius"] else edge
        block = 2 * registry.align(forecaster.kind, h) * card.cell_size
        most = max(most, forecaster.kind.spatial.reach(h) * edge + block)
    return float(most)
