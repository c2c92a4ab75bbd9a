"""Deep residual dense network (DRDN): residual blocks whose outputs are all fused.

Hanoi paper, section 5 and Appendix B; the dense fusion of all blocks follows residual dense
networks (Zhang et al., 2018), see the design decisions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..needs import need
from .declaration import Architecture, Hyperparameter
from .drdn_gradient import drdn_gradient
from .searched import searched_settings


@lru_cache(maxsize=1)
def _module() -> type:
    torch = need("torch", "to use networks")
    nn = torch.nn

    class Block(nn.Module):
        """Two fully connected layers, each with ReLU, and an identity skip."""

        def __init__(self, units: int) -> None:
            super().__init__()
            self.first = nn.Linear(units, units)
            self.second = nn.Linear(units, units)

        def forward(self, x: Any) -> Any:
            return x + torch.relu(self.second(torch.relu(self.first(x))))

    class DeepResidualDense(nn.Module):
        """Input layer, residual blocks, fusion of all block outputs, two dense layers, logit."""

        def __init__(self, n_inputs: int, h: dict[str, Any]) -> None:
            super().__init__()
            units = h["block_units"]
            self.input = nn.Linear(n_inputs, units)
            self.blocks = nn.ModuleList(Block(units) for _ in range(h["blocks"]))
            self.fuse = nn.Linear(units * h["blocks"], units)
            self.dense1 = nn.Linear(units, h["dense1"])
            self.dropout1 = nn.Dropout(h["dropout1"])
            self.dense2 = nn.Linear(h["dense1"], h["dense2"])
            self.dropout2 = nn.Dropout(h["dropout2"])
            self.output = nn.Linear(h["dense2"], 1)

        def forward(self, x: Any) -> Any:
            x = torch.relu(self.input(x))
            outputs = []
            for block in self.blocks:
                x = block(x)
                outputs.append(x)
            x = torch.relu(self.fuse(torch.cat(outputs, dim=1)))
            x = self.dropout1(torch.relu(self.dense1(x)))
            x = self.dropout2(torch.relu(self.dense2(x)))
            return self.output(x).squeeze(1)

    return DeepResidualDense


def build(n_inputs: int, **hyperparameters: Any) -> Any:
    """Return the module: (rows, n_inputs) to (rows,) logits."""
    return _module()(n_inputs, hyperparameters)


DRDN = Architecture(
    name="drdn",
    title="DRDN",
    summary="Trains a deep residual dense network (DRDN) on samples: an input layer, residual "
    "blocks of two fully connected layers with identity skips, a layer that fuses the outputs of "
    "all blocks, and two dense layers.",
    # Grid search: around the results of the paper's (Appendix B), which does not list its values.
    hyperparameters=(
        Hyperparameter(
            "blocks", 8, 1, 64, "Number of residual blocks.", search=(1, 10), grid=(2, 4, 8),
        ),
        Hyperparameter(
            "block_units", 128, 1, 2048, "Units of every residual block.", log=True,
            search=(8, 192), grid=(32, 64, 128),
        ),
        Hyperparameter(
            "dense1", 64, 1, 2048, "Units of the first dense layer.", log=True, search=(8, 128),
        ),
        Hyperparameter(
            "dense2", 32, 1, 2048, "Units of the second dense layer.", log=True, search=(8, 64),
        ),
        Hyperparameter(
            "dropout1", 0.2, 0.0, 0.9, "Dropout after the first dense layer.", search=(0.0, 0.6),
        ),
        Hyperparameter(
            "dropout2", 0.3, 0.0, 0.9, "Dropout after the second dense layer.", search=(0.0, 0.6),
        ),
    ),
    presets=(
        {"optimizer": "adam", "learning_rate": 1e-3},
        {
            "blocks": 8, "block_units": 128, "dense1": 64, "dense2": 32,
            "dropout1": 0.2, "dropout2": 0.3,
            "optimizer": "adam", "learning_rate": 1e-3, "batch_size": 32, "epochs": 1000,
        },
    ),
    build=build,
    settings=searched_settings(1e-3, (1e-4, 1e-2), (3e-4, 1e-3, 3e-3)),
    gradient=drdn_gradient,
)  # fmt: skip
