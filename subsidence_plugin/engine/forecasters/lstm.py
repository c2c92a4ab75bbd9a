"""Temporal encoder LSTM: the last state after reading the tokens in order (R, Section 3.2.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..needs import need
from .declaration import Hyperparameter, TemporalPart


@lru_cache(maxsize=1)
def _module() -> type:
    torch = need("torch", "to use networks")
    nn = torch.nn

    class RecurrentEncoder(nn.Module):
        """(rows, tokens, inputs) to (rows, units)."""

        def __init__(self, inputs: int, h: dict[str, Any]) -> None:
            super().__init__()
            layers = h["temporal_layers"]
            self.lstm = nn.LSTM(
                inputs, h["units"], layers, batch_first=True,
                dropout=h["dropout"] if layers > 1 else 0.0,
            )  # fmt: skip
            self.dropout = nn.Dropout(h["dropout"])

        def forward(self, tokens: Any) -> Any:
            states, _last = self.lstm(tokens)
            return self.dropout(states[:, -1])

    return RecurrentEncoder


LSTM = TemporalPart(
    name="lstm",
    title="LSTM",
    letter="L",
    hyperparameters=(
        Hyperparameter("units", 32, 1, 1024, "Units of the LSTM.", log=True, search=(16, 64)),
        Hyperparameter("temporal_layers", 1, 1, 8, "LSTM layers.", search=(1, 2)),
    ),
    build=lambda inputs, _tokens, h: _module()(inputs, h),
    width=lambda h: h["units"],
)
