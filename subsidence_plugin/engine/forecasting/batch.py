"""Windows of areas as the tensors that a forecaster takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..forecasters.registry import forecaster_type
from ..forecasters.space import GraphSpace, GridSpace
from ..needs import need
from .area import Area
from .card import ForecasterCard
from .graph import block_ids, graph_of

YEAR = 365.25


@dataclass
class Batch:
    """Tensors of some windows; see the fields for shapes (B windows, T and F dates, N nodes).

    Parameters
    ----------
    x : (B, T, N)
        Standardised levels.
    mask : (B, N)
        1 where a node is valid.
    steps : (B, T)
        Days since the date before, in typical steps (1: regular).
    ahead : (B, F)
        How much later than usual each target is, as a share (0: regular).
    season : (B, 4)
        Cosine and sine of the year and the half year at the origin.
    static : (B, S, N)
        Standardised covariates.
    shape : (rows, columns), optional
        Of grids.
    neighbours, weights : (B, N, k), optional
        Of graphs.
    xy : list of (nodes, 2) arrays, optional
        Of graphs; divided by the cell size.
    """

    x: Any
    mask: Any
    steps: Any
    ahead: Any
    season: Any
    static: Any
    shape: Optional[tuple[int, int]] = None
    neighbours: Any = None
    weights: Any = None
    xy: Optional[list[np.ndarray]] = None

    def space(self, block: Optional[int]) -> Any:
        """Return where the nodes lie, with readout blocks of a side in cells (None: all)."""
        if self.neighbours is None:
            return GridSpace(self.mask, self.shape or (1, 1), block)
        blocks = None if block is None else self._blocks(block)
        return GraphSpace(self.mask, self.neighbours, self.weights, blocks)

    def _blocks(self, block: int) -> Any:
        torch = need("torch", "to use networks")
        ids = np.zeros(tuple(self.mask.shape), np.int64)
        for row, xy in zip(ids, self.xy or []):
            row[: len(xy)] = block_ids(xy, block)
        return torch.from_numpy(ids).to(self.mask.device)


@dataclass(frozen=True)
class Window:
    """One window: an area (crop), its origin, and the days of its targets where not in the area."""

    area: Area
    origin: int
    target_days: Optional[np.ndarray] = None


def make_batch(
    card: ForecasterCard, windows: Sequence[Window], device: str = "cpu", member: int = 0
) -> Batch:
    """Return the tensors of windows of equally large grids, or of groups of nodes.

    Parameters
    ----------
    card : ForecasterCard
        Lengths, scaling, typical step, and how a member joins its nodes.
    windows : sequence of Window
    device : str
    member : int
    """
    torch = need("torch", "to use networks")
    kind = forecaster_type(card.spatial, card.temporal, card.variant)
    most = max(w.area.mask.size for w in windows)
    parts = [_window_arrays(card, w, most) for w in windows]
    arrays = {name: np.stack([p[name] for p in parts]) for name in parts[0]}
    tensors = {n: torch.from_numpy(np.ascontiguousarray(a)).to(device) for n, a in arrays.items()}
    if not kind.spatial.on_graph:
        return Batch(**tensors, shape=windows[0].area.shape)
    h = kind.checked(card.hyperparameters_of(member))
    neighbours, weights = _graphs((h["neighbours"], h["radius"]), windows, most)
    return Batch(
        **tensors,
        neighbours=torch.from_numpy(neighbours).to(device),
        weights=torch.from_numpy(weights).to(device),
        xy=[w.area.xy / card.cell_size for w in windows],
    )


def _window_arrays(card: ForecasterCard, window: Window, most: int) -> dict[str, np.ndarray]:
    area, origin = window.area, window.origin
    first = origin - card.window + 1
    nodes = area.mask.size
    x = np.zeros((card.window, most), np.float32)
    part = (area.levels[first : origin + 1].reshape(card.window, nodes) - card.mean) / card.std
    x[:, :nodes] = np.where(area.mask.reshape(-1), part, 0)
    mask = np.zeros(most, np.float32)
    mask[:nodes] = area.mask.reshape(-1)
    static = np.zeros((len(area.static), most), np.float32)
    static[:, :nodes] = area.static.reshape(len(area.static), nodes)
    days = area.days[max(first - 1, 0) : origin + 1].astype(float)
    steps = np.diff(days) / card.step_days
    if first == 0:
        steps = np.concatenate([[1.0], steps])
    return {
        "x": x,
        "mask": mask,
        "static": static,
        "steps": steps.astype(np.float32),
        "ahead": _ahead(card, window),
        "season": season_of(float(area.days[origin])),
    }


def _ahead(card: ForecasterCard, window: Window) -> np.ndarray:
    """Return by which share each target is later than after ``gap + h`` typical steps."""
    usual = (card.gap + 1 + np.arange(card.horizon)) * card.step_days
    later = window.target_days
    if later is None:
        first = window.origin + card.gap + 1
        later = window.area.days[first : first + card.horizon]
    ahead = np.asarray(later, float) - float(window.area.days[window.origin])
    return (ahead / usual - 1).astype(np.float32)


def season_of(day: float) -> np.ndarray:
    """Return cosine and sine of the year and the half year of a day since 1970."""
    angle = 2 * np.pi * day / YEAR
    return np.array(
        [np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)], np.float32
    )


def _graphs(
    rule: tuple[int, float], windows: Sequence[Window], most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return neighbours and weights, filled up to ``most`` nodes and the largest k."""
    graphs = []
    for window in windows:
        known = window.area.graphs
        if rule not in known:
            known[rule] = graph_of(window.area.xy, *rule)
        graphs.append(known[rule])
    widest = max(g.neighbours.shape[1] for g in graphs)
    neighbours = np.zeros((len(graphs), most, widest), np.int64)
    weights = np.zeros((len(graphs), most, widest), np.float32)
    for row, graph in enumerate(graphs):
        nodes, k = graph.neighbours.shape
        neighbours[row, :nodes, :k] = graph.neighbours
        weights[row, :nodes, :k] = graph.weights
    return neighbours, weights
