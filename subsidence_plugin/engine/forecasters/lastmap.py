"""Variant ``lastmap``: the decoder also receives the last map, so it works on any grid.

The paper pools the last map away and pays in spatial detail (R, Section 5). Here the decoder sees,
at every node, the last feature map, the context of the node's block, and the node's own window;
it corrects a linear forecast that all nodes share (NLinear, Zeng et al. 2023), because EGMS series
are hard to beat with less. Everything is local, so it trains on crops and forecasts by tiles.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..needs import need
from .declaration import Decoder, Hyperparameter
from .inputs import SEASON, context_encoder


@lru_cache(maxsize=1)
def _module() -> type:
    torch = need("torch", "to use networks")
    nn = torch.nn

    class LastMap(nn.Module):
        """A batch of standardised levels to those of the horizon, (batch, horizon, nodes)."""

        def __init__(
            self, kind: Any, h: dict[str, Any], window: int, horizon: int, statics: int,
            _shape: Any = None,
        ) -> None:  # fmt: skip
            super().__init__()
            self.block = h["readout_block"]
            width = h["decoder_width"]
            self.encoder = context_encoder()(kind, h, window, statics)
            self.history = nn.Linear(window, width)
            seen = h["channels"] + kind.temporal.width(h) + width + SEASON + horizon + statics
            self.first = kind.spatial.mixing(seen, width)
            self.second = kind.spatial.mixing(width, width)
            self.dropout = nn.Dropout(h["dropout"])
            self.output = nn.Linear(width, horizon)
            self.linear = nn.Linear(window, horizon)
            # Sizes of levels around the window's mean, and of the horizon's changes.
            self.register_buffer("input_scale", torch.ones(()))
            self.register_buffer("output_scale", torch.ones(horizon))
            # The network begins as the linear forecast, and that as persistence.
            for layer in (self.output, self.linear):
                nn.init.zeros_(layer.weight)
                nn.init.zeros_(layer.bias)

        def forward(self, batch: Any) -> Any:
            mask = batch.mask[:, None, None, :]
            space = batch.space(self.block)
            last = batch.x[:, -1:]
            around = (batch.x - batch.x.mean(1, keepdim=True)) / self.input_scale
            final, context = self.encoder(batch, space, around)
            nodes = last.shape[2]
            seen = [
                final,
                space.spread(context),
                self.history(around.transpose(1, 2)).transpose(1, 2),
                batch.season[:, :, None].expand(-1, -1, nodes),
                batch.ahead[:, :, None].expand(-1, -1, nodes),
                batch.static,
            ]
            y = torch.cat(seen, 1)[:, None] * mask
            y = torch.relu(self.first(y, space)) * mask
            y = y + torch.relu(self.second(y, space)) * mask
            y = self.output(self.dropout(y[:, 0].transpose(1, 2)))
            linear = self.linear((batch.x - last).transpose(1, 2))
            return last + (linear + y * self.output_scale).transpose(1, 2)

    return LastMap


LASTMAP = Decoder(
    name="lastmap",
    title="Last map (any grid)",
    hyperparameters=(
        Hyperparameter(
            "token_dates", 5, 1, 120, "Dates that make one token of the temporal encoder.",
            search=(5, 12),
        ),
        Hyperparameter(
            "readout_block", 8, 2, 64,
            "Side of the blocks, in cells, over which the temporal encoder pools.",
            choices=(2, 4, 8, 16, 32, 64), search=(4, 16),
        ),
        Hyperparameter(
            "decoder_width", 24, 2, 512, "Features of a cell in the decoder.", log=True,
            search=(12, 32),
        ),
        Hyperparameter(
            "dropout", 0.1, 0.0, 0.9, "Dropout of the temporal encoder and the decoder.",
            search=(0.0, 0.4),
        ),
    ),
    build=lambda *arguments: _module()(*arguments),
)  # fmt: skip
