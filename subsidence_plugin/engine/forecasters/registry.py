"""The forecasters: every spatial with every temporal encoder, in two variants."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Optional

from ..errors import InputError
from .cnn import CNN
from .declaration import ForecasterType
from .gcn import GCN
from .lastmap import LASTMAP
from .lstm import LSTM
from .paper import PAPER
from .resnet import RESNET
from .transformer import TRANSFORMER

#: In the order of the parameters ``SPATIAL``, ``TEMPORAL`` and ``VARIANT``.
SPATIAL = {part.name: part for part in (CNN, GCN, RESNET)}
TEMPORAL = {part.name: part for part in (LSTM, TRANSFORMER)}
VARIANTS = {part.name: part for part in (LASTMAP, PAPER)}
#: Allowed lengths of window, horizon and gap in dates.
WINDOWS, HORIZONS, GAPS = (2, 1000), (1, 365), (0, 365)
#: Cells that an edge of a graph of cells is taken to span at most.
EDGE_CELLS = 3


@cache
def forecaster_type(spatial: str, temporal: str, variant: str = "lastmap") -> ForecasterType:
    """Return a forecaster's declaration.

    Raises
    ------
    InputError
        A name is not known.
    """
    parts = ((spatial, SPATIAL), (temporal, TEMPORAL), (variant, VARIANTS))
    for name, known in parts:
        if name not in known:
            raise InputError(f"The part '{name!s:.40}' is not known; use {', '.join(known)}.")
    return ForecasterType(*(known[name] for name, known in parts))


def build(
    kind: ForecasterType,
    hyperparameters: Mapping[str, Any],
    window: int,
    horizon: int,
    statics: int = 0,
    shape: Optional[tuple[int, int]] = None,
) -> Any:
    """Return an untrained module.

    Parameters
    ----------
    kind : ForecasterType
    hyperparameters : mapping
        What is absent takes its default.
    window, horizon : int
        Dates in and out.
    statics : int
        Number of static covariates.
    shape : (rows, columns), optional
        Of the grid; the paper's variant needs it.
    """
    h = kind.checked(hyperparameters)
    return kind.decoder.build(kind, h, window, horizon, statics, shape)


def halo(kind: ForecasterType, hyperparameters: Mapping[str, Any]) -> int:
    """Return the cells that a tile needs around it, a multiple of ``align`` (lastmap)."""
    h = kind.checked(hyperparameters)
    block = h["readout_block"]
    # Edges of a graph reach over cells without data, further than a cell.
    reach = kind.spatial.reach(h) * (EDGE_CELLS if kind.spatial.on_graph else 1)
    # Encoder, its block and the neighbouring one (bilinear), two mixing layers of the decoder.
    return -(-(reach + 2 * block + 2) // block) * block


def align(kind: ForecasterType, hyperparameters: Mapping[str, Any]) -> int:
    """Return the side of the readout blocks: tiles begin at multiples of it."""
    return kind.checked(hyperparameters)["readout_block"]
