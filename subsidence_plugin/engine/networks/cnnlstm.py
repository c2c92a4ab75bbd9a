"""CNN-LSTM: filters along the factor vector, read as a sequence (Hanoi paper, Appendix B)."""

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

    class ConvolutionalRecurrent(nn.Module):
        """Convolution along the factors, LSTM over its outputs, a dense layer, the logit."""

        def __init__(self, n_inputs: int, h: dict[str, Any]) -> None:
            super().__init__()
            padding = h["kernel_size"] // 2
            self.convolution = nn.Conv1d(1, h["filters"], h["kernel_size"], padding=padding)
            self.lstm = nn.LSTM(h["filters"], h["lstm_units"], batch_first=True)
            self.dense = nn.Linear(h["lstm_units"], h["dense"])
            self.dropout = nn.Dropout(h["dropout"])
            self.output = nn.Linear(h["dense"], 1)

        def forward(self, x: Any) -> Any:
            x = torch.relu(self.convolution(x.unsqueeze(1))).transpose(1, 2)
            states, _last = self.lstm(x)
            x = self.dropout(torch.relu(self.dense(states[:, -1])))
            return self.output(x).squeeze(1)

    return ConvolutionalRecurrent


def build(n_inputs: int, **hyperparameters: Any) -> Any:
    """Return the module: (rows, n_inputs) to (rows,) logits."""
    return _module()(n_inputs, hyperparameters)


CNNLSTM = Architecture(
    name="cnnlstm",
    title="CNN-LSTM",
    summary="Trains a hybrid of convolution and long short-term memory (CNN-LSTM) on samples: "
    "filters run along the factors of a pixel, an LSTM reads their outputs as a sequence, then a "
    "dense layer decides.",
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
            "lstm_units", 128, 1, 1024, "Units of the LSTM layer.", log=True,
            search=(8, 192), grid=(32, 128),
        ),
        Hyperparameter(
            "dense", 64, 1, 2048, "Units of the dense layer.", log=True, search=(8, 128),
        ),
        Hyperparameter(
            "dropout", 0.2, 0.0, 0.9, "Dropout after the dense layer.",
            search=(0.0, 0.6), grid=(0.2, 0.4),
        ),
    ),
    presets=(
        {"optimizer": "adam", "learning_rate": 1e-3},
        # The paper's rate of 0.05 may not learn at all (AUC 0.500 in a trial); kept as reported.
        {
            "filters": 64, "kernel_size": 3, "lstm_units": 128, "dense": 64, "dropout": 0.2,
            "optimizer": "adam", "learning_rate": 0.05, "batch_size": 32, "epochs": 1000,
        },
    ),
    build=build,
    settings=searched_settings(1e-3, (3e-4, 0.02), (1e-3, 3e-3, 0.01)),
)  # fmt: skip
