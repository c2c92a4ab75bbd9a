"""Spatial encoder CNN: a stack of convolutions over the map of each step (R, Section 3.2.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..needs import need
from .declaration import Hyperparameter, SpatialPart

#: Cells that the two mixing layers of a decoder on a grid look away.
KERNEL = 3


@lru_cache(maxsize=1)
def grid_convolution() -> type:
    """Return the class of a convolution over the cells of a grid that keeps the nodes' order."""
    torch = need("torch", "to use networks")

    class GridConvolution(torch.nn.Module):
        """(batch, tokens, channels, nodes) and a ``GridSpace`` to the same with other channels."""

        def __init__(self, channels: int, width: int, kernel: int = KERNEL) -> None:
            super().__init__()
            self.convolution = torch.nn.Conv2d(channels, width, kernel, padding=kernel // 2)

        def forward(self, x: Any, space: Any) -> Any:
            maps = self.convolution(space.as_maps(x))
            return maps.reshape(x.shape[0], x.shape[1], -1, x.shape[3])

    return GridConvolution


@lru_cache(maxsize=1)
def _module() -> type:
    torch = need("torch", "to use networks")
    convolution = grid_convolution()

    class ConvolutionalEncoder(torch.nn.Module):
        """Convolutions with ReLU, masked so that cells without data stay empty."""

        def __init__(self, channels: int, h: dict[str, Any]) -> None:
            super().__init__()
            widths = [channels] + [h["channels"]] * h["layers"]
            pairs = zip(widths, widths[1:])
            self.layers = torch.nn.ModuleList(convolution(a, b, h["kernel_size"]) for a, b in pairs)

        def forward(self, x: Any, space: Any) -> Any:
            for layer in self.layers:
                x = torch.relu(layer(x, space)) * space.mask[:, None, None, :]
            return x

    return ConvolutionalEncoder


CNN = SpatialPart(
    name="cnn",
    title="CNN",
    letter="C",
    hyperparameters=(
        Hyperparameter(
            "channels", 12, 1, 512, "Features of a cell at each step.", log=True, search=(8, 20),
        ),
        Hyperparameter("layers", 2, 1, 12, "Convolutions, one after the other.", search=(1, 3)),
        Hyperparameter(
            "kernel_size", 3, 3, 9, "Side of the filters in cells (odd).",
            choices=(3, 5, 7, 9), search=(3, 5),
        ),
    ),
    build=lambda channels, h: _module()(channels, h),
    mixing=lambda channels, width: grid_convolution()(channels, width),
    reach=lambda h: h["layers"] * (h["kernel_size"] // 2),
)  # fmt: skip
