"""Variant ``paper``: every map is pooled to one vector and decoded from it (R, Sections 3.2, 5)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..errors import InputError
from ..needs import need
from .declaration import Decoder, Hyperparameter
from .inputs import context_encoder

#: Cells of the largest grid: the dense layer of the decoder and the memory of a step grow with it.
MOST_CELLS = 128 * 128
#: Both transposed convolutions of the decoder double the side.
DOUBLED = 4


@lru_cache(maxsize=1)
def _classes() -> tuple[type, type]:
    torch = need("torch", "to use networks")
    nn = torch.nn
    encoder = context_encoder()

    class PaperGrid(nn.Module):
        """The context alone to F maps: a dense layer and two transposed convolutions."""

        def __init__(
            self, kind: Any, h: dict[str, Any], window: int, horizon: int, statics: int,
            shape: tuple[int, int],
        ) -> None:  # fmt: skip
            super().__init__()
            self.shape = tuple(shape)
            self.small = tuple(-(-side // DOUBLED) for side in self.shape)
            width = h["decoder_width"]
            self.encoder = encoder(kind, h, window, statics)
            self.dropout = nn.Dropout(h["dropout"])
            self.dense = nn.Linear(kind.temporal.width(h), width * self.small[0] * self.small[1])
            self.first = nn.ConvTranspose2d(width, width, 4, stride=2, padding=1)
            self.second = nn.ConvTranspose2d(width, horizon, 4, stride=2, padding=1)

        def forward(self, batch: Any) -> Any:
            _last, context = self.encoder(batch, batch.space(None), batch.x)
            y = torch.relu(self.dense(self.dropout(context[:, :, 0])))
            y = y.reshape(len(y), -1, *self.small)
            y = self.second(torch.relu(self.first(y)))[:, :, : self.shape[0], : self.shape[1]]
            return y.reshape(len(y), y.shape[1], -1)

    class PaperGraph(nn.Module):
        """A small perceptron at each node, from its last embedding and the context."""

        def __init__(
            self, kind: Any, h: dict[str, Any], window: int, horizon: int, statics: int,
            _shape: Any = None,
        ) -> None:  # fmt: skip
            super().__init__()
            self.encoder = encoder(kind, h, window, statics)
            self.dropout = nn.Dropout(h["dropout"])
            seen = h["channels"] + kind.temporal.width(h)
            self.first = nn.Linear(seen, h["decoder_width"])
            self.second = nn.Linear(h["decoder_width"], horizon)

        def forward(self, batch: Any) -> Any:
            space = batch.space(None)
            last, context = self.encoder(batch, space, batch.x)
            y = torch.cat([last, space.spread(context)], 1).transpose(1, 2)
            return self.second(self.dropout(torch.relu(self.first(y)))).transpose(1, 2)

    return PaperGrid, PaperGraph


def _build(
    kind: Any, h: dict[str, Any], window: int, horizon: int, statics: int, shape: Any
) -> Any:
    if kind.spatial.on_graph:
        return _classes()[1](kind, h, window, horizon, statics)
    if not shape:
        raise InputError("The paper's variant needs the size of the grid.")
    rows, columns = shape
    if rows * columns > MOST_CELLS:
        raise InputError(
            f"The paper's variant pools the whole map to one vector and takes grids of at most "
            f"{MOST_CELLS} cells; this one has {columns} × {rows}. Use VARIANT lastmap, a smaller "
            "EXTENT or a coarser RESOLUTION when gridding."
        )
    return _classes()[0](kind, h, window, horizon, statics, (rows, columns))


PAPER = Decoder(
    name="paper",
    title="Paper (whole map pooled)",
    hyperparameters=(
        Hyperparameter(
            "token_dates", 1, 1, 120, "Dates that make one token of the temporal encoder.",
        ),
        Hyperparameter(
            "decoder_width", 16, 2, 512, "Features of a cell in the decoder.", log=True,
            search=(8, 48),
        ),
        Hyperparameter(
            "dropout", 0.1, 0.0, 0.9, "Dropout of the temporal encoder and the decoder.",
            search=(0.0, 0.4),
        ),
    ),
    build=_build,
)  # fmt: skip
