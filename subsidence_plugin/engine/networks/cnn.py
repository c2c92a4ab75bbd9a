"""One-dimensional convolutional network along the factor vector (Hanoi paper, Appendix B)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..needs import need
from .declaration import Architecture, Hyperparameter
from .searched import searched_settings


@lru_cache(maxsize=1)
def _module() -> type:
    torch = need("torch", "to use networks")
    nn = torch.nn

    class Convolutional(nn.Module):
        """Convolution along the factors, then two dense layers with dropout, then the logit."""

        def __init__(self, n_inputs: int, h: dict[str, Any]) -> None:
            super().__init__()
            # Padded at both ends, so that the first and last factor count as much as others and
            # stacks of fewer factors than the kernel is wide work.
            padding = h["kernel_size"] // 2
            self.convolution = nn.Conv1d(1, h["filters"], h["kernel_size"], padding=padding)
            self.dense1 = nn.Linear(h["filters"] * n_inputs, h["dense1"])
            self.dropout1 = nn.Dropout(h["dropout"])
            self.dense2 = nn.Linear(h["dense1"], h["dense2"])
            self.dropout2 = nn.Dropout(h["dropout"])
            self.output = nn.Linear(h["dense2"], 1)

        def forward(self, x: Any) -> Any:
            x = torch.relu(self.convolution(x.unsqueeze(1))).flatten(1)
            x = self.dropout1(torch.relu(self.dense1(x)))
            x = self.dropout2(torch.relu(self.dense2(x)))
            return self.output(x).squeeze(1)

    return Convolutional


def build(n_inputs: int, **hyperparameters: Any) -> Any:
    """Return the module: (rows, n_inputs) to (rows,) logits."""
    return _module()(n_inputs, hyperparameters)


CNN = Architecture(
    name="cnn",
    title="CNN",
    summary="Trains a convolutional neural network (CNN) on samples: one-dimensional filters run "
    "along the factors of a pixel, then two dense layers decide.",
    # Grid search: around the results of the paper's (Appendix B), which does not list its values.
    hyperparameters=(
        Hyperparameter(
            "filters", 64, 1, 1024, "Number of convolution filters.", log=True,
            search=(8, 128), grid=(16, 64),
        ),
        Hyperparameter(
            "kernel_size", 3, 1, 15, "Width of the filters, an odd number of factors.",
            choices=(1, 3, 5, 7, 9, 11, 13, 15), search=(1, 5), grid=(3, 5),
        ),
        Hyperparameter(
            "dense1", 128, 1, 2048, "Units of the first dense layer.", log=True,
            search=(16, 256), grid=(32, 128),
        ),
        Hyperparameter(
            "dense2", 64, 1, 2048, "Units of the second dense layer.", log=True, search=(8, 128),
        ),
        Hyperparameter(
            "dropout", 0.3, 0.0, 0.9, "Dropout after each dense layer.",
            search=(0.0, 0.6), grid=(0.3, 0.5),
        ),
    ),
    presets=(
        {"optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9},
        # Appendix B names SGD without rate or momentum and no number of filters: ours fill in.
        {
            "filters": 64, "kernel_size": 3, "dense1": 128, "dense2": 64, "dropout": 0.3,
            "optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9, "batch_size": 32,
            "epochs": 1000,
        },
    ),
    build=build,
    settings=searched_settings(0.01, (5e-4, 0.1), (0.003, 0.01, 0.03)),
)  # fmt: skip
