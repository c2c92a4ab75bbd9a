"""Temporal encoder Transformer: self-attention over the tokens (R, Section 3.2.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..needs import need
from .declaration import Hyperparameter, TemporalPart


@lru_cache(maxsize=1)
def _module() -> type:
    torch = need("torch", "to use networks")
    nn = torch.nn

    class AttentionEncoder(nn.Module):
        """(rows, tokens, inputs) to (rows, width): the last token after all layers.

        Positions are learned; normalisation comes first in a layer (Xiong et al. 2020), which
        trains without a long warm-up.
        """

        def __init__(self, inputs: int, tokens: int, h: dict[str, Any]) -> None:
            super().__init__()
            width = h["width"]
            self.inlet = nn.Linear(inputs, width)
            self.position = nn.Parameter(0.02 * torch.randn(tokens, width))
            layer = nn.TransformerEncoderLayer(
                width, h["heads"], 2 * width, h["dropout"], batch_first=True, norm_first=True
            )
            self.layers = nn.TransformerEncoder(
                layer, h["encoder_layers"], nn.LayerNorm(width), enable_nested_tensor=False
            )

        def forward(self, tokens: Any) -> Any:
            return self.layers(self.inlet(tokens) + self.position)[:, -1]

    return AttentionEncoder


TRANSFORMER = TemporalPart(
    name="transformer",
    title="Transformer",
    letter="T",
    hyperparameters=(
        Hyperparameter(
            "width", 32, 8, 512, "Length of a token in the Transformer.",
            choices=(8, 16, 32, 64, 128, 256, 512), search=(16, 64),
        ),
        Hyperparameter("heads", 4, 1, 8, "Attention heads.", choices=(1, 2, 4, 8), search=(2, 8)),
        Hyperparameter("encoder_layers", 1, 1, 12, "Transformer layers.", search=(1, 2)),
    ),
    build=lambda inputs, tokens, h: _module()(inputs, tokens, h),
    width=lambda h: h["width"],
)  # fmt: skip
