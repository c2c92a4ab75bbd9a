"""Spatial encoder GCN: graph convolutions over valid cells or points (R, Section 3.2.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..needs import need
from .declaration import Hyperparameter, SpatialPart


@lru_cache(maxsize=1)
def _classes() -> tuple[type, type]:
    torch = need("torch", "to use networks")

    class NodeWise(torch.nn.Module):
        """The same dense layer at every node."""

        def __init__(self, channels: int, width: int) -> None:
            super().__init__()
            self.dense = torch.nn.Linear(channels, width)

        def forward(self, x: Any, _space: Any = None) -> Any:
            return self.dense(x.transpose(2, 3)).transpose(2, 3)

    class GraphEncoder(torch.nn.Module):
        """Layers of the normalised adjacency (Kipf and Welling 2017) with ReLU.

        After each layer the node's own features are added: repeated averaging alone would smooth
        away the steps at faults.
        """

        def __init__(self, channels: int, h: dict[str, Any]) -> None:
            super().__init__()
            widths = [channels] + [h["channels"]] * h["layers"]
            pairs = list(zip(widths, widths[1:]))
            self.among = torch.nn.ModuleList(NodeWise(a, b) for a, b in pairs)
            self.own = torch.nn.ModuleList(NodeWise(a, b) for a, b in pairs)

        def forward(self, x: Any, space: Any) -> Any:
            mask = space.mask[:, None, None, :]
            for among, own in zip(self.among, self.own):
                x = torch.relu(space.aggregate(among(x)) + own(x)) * mask
            return x

    return NodeWise, GraphEncoder


GCN = SpatialPart(
    name="gcn",
    title="GCN",
    letter="G",
    hyperparameters=(
        Hyperparameter(
            "channels", 12, 1, 512, "Features of a node at each step.", log=True, search=(8, 20),
        ),
        Hyperparameter("layers", 2, 1, 12, "Graph convolutions.", search=(1, 3)),
        Hyperparameter(
            "neighbours", 8, 1, 64, "Nearest nodes that a node has edges to.", search=(4, 12),
        ),
        Hyperparameter(
            "radius", 0.0, 0.0, 1e6, "Longest edge in metres; 0: as long as it takes.",
        ),
    ),
    build=lambda channels, h: _classes()[1](channels, h),
    mixing=lambda channels, width: _classes()[0](channels, width),
    reach=lambda h: h["layers"],
    on_graph=True,
)  # fmt: skip
