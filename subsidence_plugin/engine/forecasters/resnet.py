"""Spatial encoder ResNet: residual blocks over the map of each step (R, Section 3.3)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..needs import need
from .cnn import grid_convolution
from .declaration import Hyperparameter, SpatialPart


@lru_cache(maxsize=1)
def _module() -> type:
    torch = need("torch", "to use networks")
    convolution = grid_convolution()

    class ResidualBlock(torch.nn.Module):
        """Two convolutions and an identity skip, activations before them (He et al. 2016).

        The second convolution starts at zero, so that a deep stack begins as the identity.
        """

        def __init__(self, channels: int) -> None:
            super().__init__()
            self.first = convolution(channels, channels)
            self.second = convolution(channels, channels)
            torch.nn.init.zeros_(self.second.convolution.weight)
            torch.nn.init.zeros_(self.second.convolution.bias)

        def forward(self, x: Any, space: Any) -> Any:
            y = torch.relu(self.first(torch.relu(x), space)) * space.mask[:, None, None, :]
            return x + self.second(y, space)

    class ResidualEncoder(torch.nn.Module):
        """A convolution to the width of the blocks, then the blocks."""

        def __init__(self, channels: int, h: dict[str, Any]) -> None:
            super().__init__()
            self.inlet = convolution(channels, h["channels"])
            self.blocks = torch.nn.ModuleList(
                ResidualBlock(h["channels"]) for _ in range(h["blocks"])
            )

        def forward(self, x: Any, space: Any) -> Any:
            mask = space.mask[:, None, None, :]
            x = self.inlet(x, space) * mask
            for block in self.blocks:
                x = block(x, space) * mask
            return x

    return ResidualEncoder


RESNET = SpatialPart(
    name="resnet",
    title="ResNet",
    letter="R",
    hyperparameters=(
        Hyperparameter(
            "channels", 12, 1, 512, "Features of a cell at each step.", log=True, search=(8, 20),
        ),
        Hyperparameter("blocks", 1, 1, 16, "Residual blocks of two convolutions.", search=(1, 2)),
    ),
    build=lambda channels, h: _module()(channels, h),
    mixing=lambda channels, width: grid_convolution()(channels, width),
    reach=lambda h: 1 + 2 * h["blocks"],
)  # fmt: skip
