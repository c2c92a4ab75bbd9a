"""Layers of several rasters on one grid, read together tile by tile: the members of an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from ..errors import InputError
from ..prediction.buffers import Buffers
from ..prediction.tiles import TILE_BYTES, tile_size, tile_windows
from ..uncertainty.stream import TileStream, Window
from .grid import Grid
from .read import Raster
from .target_grid import same_crs

#: Kinds of rasters whose bands are certainly not members.
NOT_MEMBERS = {
    "factor_stack": "factors",
    "class_stack": "classes of factors",
    "deformation_stack": "dates",
    "deformation_forecast": "dates",
    "forecast_spread": "dates",
    "forecast_lower": "dates",
    "forecast_upper": "dates",
    "forecast_change": "dates",
}


@dataclass(frozen=True)
class Layers:
    """Bands of rasters with the same cells, in the order in which they are read.

    Parameters
    ----------
    rasters : sequence of Raster
    bands : sequence of sequences of int
        The bands of each raster.
    """

    rasters: Sequence[Raster]
    bands: Sequence[Sequence[int]]

    @property
    def grid(self) -> Grid:
        """The common grid."""
        return self.rasters[0].grid

    @property
    def count(self) -> int:
        """Number of layers."""
        return sum(map(len, self.bands))

    @property
    def tile(self) -> tuple[int, int]:
        """Width and height of the tiles in which they are best read."""
        block = tuple(self.rasters[0].dataset.GetRasterBand(self.bands[0][0]).GetBlockSize())
        return tile_size((self.grid.width, self.grid.height), block, self.count, TILE_BYTES)

    def stream(self, workers: int) -> TileStream:
        """Return the tiles of all layers as (layers, pixels)."""
        size = self.grid.width, self.grid.height
        return TileStream(tile_windows(size, self.tile), self._open, workers)

    def _open(self, buffers: Buffers) -> Callable[[Window], np.ndarray]:
        """Return a function that reads a window, with GDAL handles of its own."""
        rasters = [Raster(raster.path) for raster in self.rasters]

        def read(window: Window) -> np.ndarray:
            width, height = window[2:]
            values = buffers.take(self.count * width * height).reshape(self.count, height, width)
            first = 0
            for raster, bands in zip(rasters, self.bands):
                raster.read(window, bands, out=values[first : first + len(bands)])
                first += len(bands)
            return values.reshape(self.count, -1)

        return read


def check_same_grid(rasters: Sequence[Raster], roles: Sequence[str]) -> None:
    """Refuse rasters without CRS, and rasters whose cells are not those of the first.

    ``roles`` say what each raster is, such as ``"Member 2"``.
    """
    for raster, role in zip(rasters, roles):
        if not raster.grid.crs:
            raise InputError(
                f"{role}, '{raster.path}', has no coordinate reference system; assign the right "
                "one to it (Raster > Projections > Assign projection)."
            )
    first = rasters[0].grid
    for raster, role in zip(rasters[1:], roles[1:]):
        if raster.grid.matches(first) and same_crs(raster.grid.crs, first.crs):
            continue
        raise InputError(
            f"{role}, '{raster.path}', has not the cells of '{rasters[0].path}' "
            f"({raster.grid.width} × {raster.grid.height} against {first.width} × {first.height} "
            "cells, another place or another CRS); bring all to one grid with 'Align factors', or "
            "predict them on the same stack."
        )


def open_members(paths: Sequence[str], band: Optional[int] = None) -> Layers:
    """Return the members of an ensemble: several rasters, or one with a band a member.

    Parameters
    ----------
    paths : sequence of str
    band : int, optional
        The band to take of each of several rasters (their forecast step, for example); needed
        where they have more than one.

    Raises
    ------
    InputError
        Fewer than two members, different grids or numbers of bands, or bands of another meaning.
    """
    rasters = [Raster(path) for path in paths]
    if not rasters:
        raise InputError("INPUT is empty; give several rasters, or one with a band a member.")
    if len(rasters) == 1:
        if band is not None:
            raise InputError(
                "BAND chooses one band of each of several rasters, but INPUT is one raster; leave "
                "it empty, since each of its bands is a member."
            )
        return Layers(rasters, [_all_bands(rasters[0])])
    check_same_grid(rasters, [f"Member {number}" for number in range(1, len(rasters) + 1)])
    return Layers(rasters, [[_band_of(raster, rasters[0], band)] for raster in rasters])


def forecast_text(layers: Layers) -> str:
    """Return which date the members forecast and since when; empty where they do not say so."""
    texts = {_forecast_of(raster, bands[0]) for raster, bands in zip(layers.rasters, layers.bands)}
    return texts.pop() if len(texts) == 1 else ""


def _forecast_of(raster: Raster, band: int) -> str:
    own = {**raster.metadata, **raster.dataset.GetRasterBand(band).GetMetadata()}
    date, step, origin = (own.get(f"SUBSIDENCE_{key}") for key in ("DATE", "STEP", "ORIGIN"))
    if not (date and step and origin):
        return ""
    since = own.get("SUBSIDENCE_REFERENCE_DATE")
    text = f"forecast of {date} (step {step}, origin {origin})"
    return f"{text}, displacement since {since}" if since else text


def _all_bands(raster: Raster) -> list[int]:
    meaning = NOT_MEMBERS.get(raster.metadata.get("SUBSIDENCE_KIND", ""))
    if meaning:
        raise InputError(
            f"The bands of '{raster.path}' are {meaning}, not members of an ensemble; give the "
            "MEMBERS output of a prediction or a forecast."
        )
    if len(raster.bands) < 2:
        raise InputError(
            f"'{raster.path}' has a single band, and one member has no spread; give several "
            "rasters, or the MEMBERS output of a model of several members (train with REPEATS of "
            "2 or more)."
        )
    check_same_grid([raster], ["The raster"])
    return [own.index for own in raster.bands]


def _band_of(raster: Raster, first: Raster, band: Optional[int]) -> int:
    count = len(raster.bands)
    if band is not None:
        if band > count:
            raise InputError(
                f"BAND is {band}, but '{raster.path}' has {count} bands; choose a lower one."
            )
        return band
    if count != len(first.bands):
        raise InputError(
            f"The members have different numbers of bands: '{first.path}' has "
            f"{len(first.bands)}, '{raster.path}' has {count}; give rasters of one band each, or "
            "choose the BAND to take of each."
        )
    if count > 1:
        raise InputError(
            f"Several rasters of {count} bands each are given, so it is open which bands are "
            "members; choose the BAND to take of each, or give one raster with a band a member."
        )
    return 1
