"""Long short-term memory that reads the factor vector as a sequence (Hanoi paper, Appendix B)."""

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

    class Recurrent(nn.Module):
        """LSTM over the factors one after another; the logit from its last state."""

        def __init__(self, n_inputs: int, h: dict[str, Any]) -> None:
            super().__init__()
            self.lstm = nn.LSTM(1, h["lstm_units"], batch_first=True)
            self.dropout = nn.Dropout(h["dropout"])
            self.output = nn.Linear(h["lstm_units"], 1)

        def forward(self, x: Any) -> Any:
            states, _last = self.lstm(x.unsqueeze(2))
            return self.output(self.dropout(states[:, -1])).squeeze(1)

    return Recurrent


def build(n_inputs: int, **hyperparameters: Any) -> Any:
    """Return the module: (rows, n_inputs) to (rows,) logits."""
    return _module()(n_inputs, hyperparameters)


LSTM = Architecture(
    name="lstm",
    title="LSTM",
    summary="Trains a long short-term memory network (LSTM) on samples: it reads the factors of a "
    "pixel one after another as a sequence and decides from its last state.",
    # Grid search: around the results of the paper's (Appendix B), which does not list its values.
    hyperparameters=(
        Hyperparameter(
            "lstm_units", 32, 1, 1024, "Units of the LSTM layer.", log=True,
            search=(8, 128), grid=(16, 32, 64),
        ),
        Hyperparameter(
            "dropout", 0.0, 0.0, 0.9, "Dropout after the LSTM layer.",
            search=(0.0, 0.6), grid=(0.0, 0.3),
        ),
    ),
    presets=(
        {"optimizer": "adam", "learning_rate": 1e-3},
        # Appendix B gives no learning rate for it: ours fills in.
        {
            "lstm_units": 32, "dropout": 0.0, "optimizer": "adam", "learning_rate": 1e-3,
            "batch_size": 32, "epochs": 1000,
        },
    ),
    build=build,
    settings=searched_settings(1e-3, (5e-4, 0.03), (1e-3, 3e-3, 0.01)),
)  # fmt: skip
