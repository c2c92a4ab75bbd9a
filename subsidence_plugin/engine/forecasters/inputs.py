"""What the encoders see of a window: tokens of consecutive dates with what is known of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..needs import need

#: Channels of a token besides its levels and increments: time difference, mask, season.
SEASON = 4
FURTHER = 2 + SEASON


def token_count(window: int, token_dates: int) -> int:
    """Return the number of tokens of a window; the first is filled up in front."""
    return -(-window // token_dates)


def token_channels(token_dates: int, statics: int) -> int:
    """Return the channels of a token."""
    return 2 * token_dates + FURTHER + statics


def tokens_of(batch: Any, levels: Any, token_dates: int) -> Any:
    """Return (batch, tokens, channels, nodes), zero where a node is not valid.

    A token holds the levels and the increments of ``token_dates`` dates (1: the paper's, a token a
    date; more: patches in time as in Nie et al. 2023, which costs less), the
    mean time step (in typical steps, less one), the mask, the season of the origin, and the
    static covariates.

    Parameters
    ----------
    batch : Batch
    levels : tensor (batch, dates, nodes)
        Of the window, scaled.
    token_dates : int
    """
    torch = need("torch", "to use networks")
    rows, dates, nodes = levels.shape
    count = token_count(dates, token_dates)
    fill = count * token_dates - dates
    if fill:
        levels = torch.cat([levels[:, :1].expand(-1, fill, -1), levels], 1)
    steps = torch.nn.functional.pad(batch.steps - 1, (fill, 0))
    increments = torch.diff(levels, dim=1, prepend=levels[:, :1])
    shape = (rows, count, token_dates, nodes)
    parts = [
        levels.reshape(shape),
        increments.reshape(shape),
        steps.reshape(rows, count, token_dates).mean(2)[:, :, None, None].expand(-1, -1, 1, nodes),
        batch.mask[:, None, None, :].expand(-1, count, -1, -1),
        batch.season[:, None, :, None].expand(-1, count, -1, nodes),
    ]
    if batch.static.shape[1]:
        parts.append(batch.static[:, None].expand(-1, count, -1, -1))
    return torch.cat(parts, 2) * batch.mask[:, None, None, :]


@lru_cache(maxsize=1)
def context_encoder() -> type:
    """Return the class that joins both encoders: maps to tokens to one context a block."""
    torch = need("torch", "to use networks")

    class ContextEncoder(torch.nn.Module):
        """Spatial encoder a token, readout, temporal encoder (R, Equations 2 to 4)."""

        def __init__(self, kind: Any, h: dict[str, Any], window: int, statics: int) -> None:
            super().__init__()
            self.token_dates = h["token_dates"]
            self.spatial = kind.spatial.build(token_channels(self.token_dates, statics), h)
            count = token_count(window, self.token_dates)
            self.temporal = kind.temporal.build(h["channels"], count, h)

        def forward(self, batch: Any, space: Any, levels: Any) -> tuple[Any, Any]:
            """Return the last map (batch, channels, nodes) and contexts (batch, width, blocks)."""
            maps = self.spatial(tokens_of(batch, levels, self.token_dates), space)
            pooled = space.pool(maps)
            rows, count, channels, blocks = pooled.shape
            tokens = pooled.permute(0, 3, 1, 2).reshape(rows * blocks, count, channels)
            context = self.temporal(tokens).reshape(rows, blocks, -1).transpose(1, 2)
            return maps[:, -1], context

    return ContextEncoder
