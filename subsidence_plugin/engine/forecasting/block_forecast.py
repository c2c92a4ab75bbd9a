"""Forecasts of blocks of a grid, cut into tiles that fit the processor's cache."""

from __future__ import annotations

import threading
import time
from typing import Callable, Optional

import numpy as np

from ..forecasters import registry
from .area import Area
from .ensemble_block import BlockMaps, Wanted, ensemble_maps, interval_width
from .forecaster import Forecaster
from .tiling import Reach, Window, inner, parts, union

#: Cells of the side of a tile: the larger, the less is computed twice around it.
SIDES = (256, 128, 64, 32)
#: Bytes of a tile's intermediate results, by device; measured to be fastest at about this.
TILE_BYTES = {"cpu": 192 * 2**20, "cuda": 2**31}


class BlockForecast:
    """Forecasts blocks from one origin; one object serves all threads.

    Parameters
    ----------
    forecaster : Forecaster
    targets : (horizon,) array of int64
        Days since 1970.
    size : (width, height)
        Of the raster.
    wanted : Wanted
    device : str

    Attributes
    ----------
    seconds : (members,) array
        Spent on each member, over all threads.
    whole : bool
        The network sees the whole grid at once (the paper's variant), which is then one block.
    side : int
        Of the tiles.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        targets: np.ndarray,
        size: tuple[int, int],
        wanted: Wanted,
        device: str = "cpu",
    ) -> None:
        self.forecaster, self.card, self.wanted = forecaster, forecaster.card, wanted
        self.targets, self.size, self.device = targets, size, device
        self.seconds = np.zeros(forecaster.members)
        self.whole = self.card.variant == "paper"
        self.reaches = self._reaches()
        self.side = max(size) if self.whole else self._side()
        self._lock = threading.Lock()
        for member in range(forecaster.members):  # built here, not by several threads at once
            forecaster.module(member, device)

    def _reaches(self) -> list[Reach]:
        if self.whole:
            return [Reach(max(self.size))] * self.forecaster.members
        kind, sets = self.forecaster.kind, map(self.card.hyperparameters_of, self._members)
        return [Reach(registry.halo(kind, h), registry.align(kind, h)) for h in sets]

    @property
    def _members(self) -> range:
        return range(self.forecaster.members)

    def _side(self) -> int:
        halo = max(reach.halo for reach in self.reaches)
        least = max(reach.align for reach in self.reaches)
        most = TILE_BYTES["cuda" if self.device.startswith("cuda") else "cpu"]
        sides = [side for side in SIDES if side >= least]
        fitting = [s for s in sides if (s + 2 * halo) ** 2 * self.cell_bytes() <= most]
        return fitting[0] if fitting else sides[-1]

    def cell_bytes(self) -> int:
        """Return an estimate of the bytes that a cell takes while a member is computed."""
        most = 0
        for member in self._members:
            h = self.forecaster.kind.checked(self.card.hyperparameters_of(member))
            tokens = -(-self.card.window // h["token_dates"])
            channels = 2 * h["token_dates"] + 6 + len(self.card.covariates) + 4 * h["channels"]
            decoder = 4 * h["decoder_width"] + 3 * self.card.horizon + 64
            most = max(most, 4 * (tokens * channels + 4 * self.card.window + decoder))
        return most

    def worker_bytes(self) -> int:
        """Return an estimate of the memory of a thread: a tile, and a block with its results."""
        halo = 0 if self.whole else max(reach.halo for reach in self.reaches)
        side = min(self.side, max(self.size))
        layers = self.card.window + self.card.horizon * (2 + self.forecaster.members)
        results = int(self.wanted.spread) + 2 * int(self.wanted.coverage is not None)
        results += int(self.wanted.change)
        block = 4 * 256**2 * (2 * self.card.window + 3 * self.card.horizon * (1 + results))
        return (side + 2 * halo) ** 2 * self.cell_bytes() + 4 * side**2 * layers + block

    def window(self, block: Window) -> Window:
        """Return the window whose history the forecast of a block needs."""
        return union([reach.around(block, self.size) for reach in self.reaches])

    def __call__(
        self, block: Window, area: Area, stopped: Optional[Callable[[], None]] = None
    ) -> BlockMaps:
        """Return the results of a block.

        Parameters
        ----------
        block : Window
        area : Area
            The history of ``window(block)``, ``area.corner`` being its corner in the raster; the
            last date is the origin.
        stopped : callable, optional
            Called before each member of each tile; raises to stop.
        """
        maps = BlockMaps.empty(self.card, self.wanted, (block[3], block[2]))
        window = (area.corner[1], area.corner[0], area.shape[1], area.shape[0])
        for part in parts(block, self.side):
            place = inner(window, part)
            mask = area.mask[place]
            if not mask.any():
                continue
            ensemble = self._ensemble(part, area, window, stopped)
            widths = None
            if self.wanted.coverage is not None:
                levels = area.levels[(slice(-self.card.window, None), *place)]
                widths = interval_width(self.card, self.wanted.coverage, levels)
            origin = area.levels[(-1, *place)]
            own = ensemble_maps(ensemble, mask, self.card, self.wanted, widths, origin)
            maps.put(inner(block, part), own)
        return maps

    def _ensemble(self, part: Window, area: Area, window: Window, stopped) -> np.ndarray:
        shape = (self.forecaster.members, self.card.horizon, part[3], part[2])
        ensemble = np.empty(shape, np.float32)
        seconds = np.zeros(self.forecaster.members)
        for member, reach in enumerate(self.reaches):
            if stopped:
                stopped()
            start = time.perf_counter()
            tile = reach.around(part, self.size)
            rows, columns = inner(window, tile)
            own = area.cut(rows.start, columns.start, tile[3], tile[2])
            found = self.forecaster.forecast(
                own, len(own.days) - 1, self.targets, [member], self.device
            )
            ensemble[member] = found[(0, slice(None), *inner(tile, part))]
            seconds[member] = time.perf_counter() - start
        with self._lock:
            self.seconds += seconds
        return ensemble
