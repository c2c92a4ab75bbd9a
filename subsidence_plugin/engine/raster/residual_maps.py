"""The rasters of residuals, written tile by tile, and the map of where large ones cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import numpy as np

from ..progress import Progress
from ..residuals.hotspots import CLASSES, Discoveries, classify, getis_ord
from ..residuals.moments import Moments
from ..residuals.summary import Hotspots
from ..residuals.tiles import Tile, Totals
from ..styles import write_style
from ..uncertainty.overview import Overview
from ..uncertainty.stream import Window
from .ensemble_maps import ramp_values
from .read import Raster
from .residual_sources import Sources
from .stack_tiles import write_tile
from .write import RasterWriter

#: Share of the cells within the ends of the colours.
COLOURED = 0.98
#: Side of the tiles in which clusters are looked for; their margins are read twice.
TILE = 512
MEANING = "predicted minus observed; positive is predicted too high (too little subsidence)"


class ResidualMaps:
    """Writes the signed and the absolute residuals and adds them up; a context manager.

    ``signed`` has a band a date where there is one forecast, else a band a forecast with the mean
    over the dates; ``absolute`` a band a forecast with the root mean square over the dates.
    """

    def __init__(self, sources: Sources, signed: str, absolute: str, progress: Progress) -> None:
        grid = sources.layers.grid
        self.totals = Totals(sources.shape, grid.width, grid.height)
        self._one = sources.shape.predictions == 1
        labels = sources.match.labels
        self.band = len(labels) if self._one else 1
        names = labels if self._one else sources.names
        with ExitStack() as opened:
            self._signed = opened.enter_context(
                RasterWriter(signed, grid, names, progress=progress,
                             metadata=_metadata(sources, "residual_signed", MEANING))
            )  # fmt: skip
            what = "size" if len(labels) == 1 else "root mean square over the dates"
            self._absolute = opened.enter_context(
                RasterWriter(absolute, grid, sources.names, progress=progress,
                             metadata=_metadata(sources, "residual_absolute", what))
            )  # fmt: skip
            self._opened = opened.pop_all()
        if self._one and sources.match.dates is not None:
            for number, label in enumerate(labels, 1):
                band = self._signed.dataset.GetRasterBand(number)
                band.SetMetadataItem("SUBSIDENCE_DATE", label)

    def write(self, window: Window, tile: Tile) -> None:
        """Write a tile."""
        signed, absolute = self.totals.add(window, tile)
        write_tile(self._signed, window, tile.residuals[0] if self._one else signed)
        write_tile(self._absolute, window, absolute)

    def __enter__(self) -> ResidualMaps:
        return self

    def __exit__(self, kind, value, trace) -> None:
        self._opened.__exit__(kind, value, trace)


def _metadata(sources: Sources, kind: str, meaning: str) -> dict[str, str]:
    return {
        "SUBSIDENCE_KIND": kind,
        "SUBSIDENCE_SOURCE": "; ".join(raster.path for raster in sources.layers.rasters),
        "SUBSIDENCE_UNITS": sources.units,
        "SUBSIDENCE_MEANING": meaning,
        "SUBSIDENCE_DATES": ", ".join(sources.match.labels),
        "SUBSIDENCE_PREDICTIONS": ", ".join(sources.names),
    }


def write_residual_styles(
    signed: str, absolute: str, maps: ResidualMaps, units: str, one: bool
) -> None:
    """Write the styles; all bands share one scale, so that forecasts can be compared."""
    pictures = maps.totals.overview.pictures
    top = colour_end(pictures["signed"])
    if one:  # the band that is shown first is a date, not the mean over the dates
        marks = maps.totals.samples[0].by_date[-1].normality.marks
        top = float(np.abs(marks[[0, -1]]).max())
    ends = ramp_values(top, units, True)
    ends["text_high4"] += ": predicted too high"
    ends["text_low4"] += ": predicted too low"
    write_style("residual", signed, band=maps.band, **ends)
    top = colour_end(pictures["absolute"])
    write_style("residual_absolute", absolute, **ramp_values(top, units, True))


def colour_end(pictures: np.ndarray) -> float:
    """Return the size within which 98 % of the cells of all pictures lie, 1 where all are 0."""
    sizes = np.abs(pictures[np.isfinite(pictures)])
    top = float(np.quantile(sizes, COLOURED)) if len(sizes) else 0.0
    return top or float(sizes.max(initial=0.0)) or 1.0


def find_hotspots(
    absolute: str,
    moments: Sequence[Moments],
    radius: int,
    target: str,
    areas: np.ndarray,
    overview: Overview,
    progress: Progress,
) -> list[Hotspots]:
    """Write where large |residual| cluster, a band a forecast; return the areas of the classes.

    Parameters
    ----------
    absolute : str
        The raster of absolute residuals.
    moments : sequence of Moments
        Of its bands.
    radius : int
        Cells of the neighbourhood to either side.
    target : str
        The raster to write.
    areas : (height,) array
        km² of a cell of each row.
    overview : Overview
        Gets the picture ``hotspots``.
    progress : Progress
    """
    raster = Raster(absolute)
    about = {
        "SUBSIDENCE_KIND": "residual_hotspots",
        "SUBSIDENCE_SOURCE": raster.metadata.get("SUBSIDENCE_SOURCE", ""),
        "SUBSIDENCE_RULE": f"Getis-Ord Gi* of |residual|, {2 * radius + 1} x {2 * radius + 1} "
        "cells, Benjamini-Hochberg",
    }
    count, found = len(raster.bands), []
    kinds = ["categorical"] * count
    with RasterWriter(
        target, raster.grid, raster.names, "uint8", kinds, about, progress=progress
    ) as writer:
        for number in range(count):
            part = progress.part(number / count, (number + 1) / count)
            writer.dataset.GetRasterBand(number + 1).SetCategoryNames(["", *CLASSES])
            found.append(
                _hotspots(raster, number, moments[number], radius, writer, areas, overview, part)
            )
    write_style("residual_hotspots", target)
    return found


def _hotspots(raster, number, moments, radius, writer, areas, overview, progress) -> Hotspots:
    """Write one band in three passes: count |z|, count again where the bound lies, classify."""
    grid = raster.grid
    discoveries = Discoveries()
    for z in _each(raster, number, moments, radius, progress.part(0, 0.3)):
        discoveries.count(z[1][np.isfinite(z[1])])
    discoveries.refine()
    for z in _each(raster, number, moments, radius, progress.part(0.3, 0.6)):
        discoveries.count_again(z[1][np.isfinite(z[1])])
    bounds = discoveries.bounds()
    cells, km2 = np.zeros(len(CLASSES) + 1, np.int64), np.zeros(len(CLASSES) + 1)
    shape = len(raster.bands), -(-grid.height // overview.step), -(-grid.width // overview.step)
    picture = overview.pictures.setdefault("hotspots", np.full(shape, np.nan, np.float32))
    for window, z in _each(raster, number, moments, radius, progress.part(0.6, 1)):
        codes = classify(z, bounds)
        column, row, width, height = window
        writer.write(codes, column, row, number + 1)
        weights = np.repeat(areas[row : row + height], width)
        cells += np.bincount(codes.ravel(), minlength=len(cells))
        km2 += np.bincount(codes.ravel(), weights, minlength=len(km2))
        _draw(picture[number], codes, window, overview.step)
    return Hotspots(cells, km2, tuple(bounds))


def _each(
    raster: Raster, number: int, moments: Moments, radius: int, progress: Progress
) -> Iterator[tuple[Window, np.ndarray]]:
    """Yield the z of every tile, read with a margin of ``radius`` cells."""
    deviation = 0.0 if moments.constant else moments.deviation
    grid, windows = raster.grid, raster.grid.windows(TILE)
    for done, (column, row, width, height) in enumerate(windows):
        left, top = max(column - radius, 0), max(row - radius, 0)
        right = min(column + width + radius, grid.width)
        bottom = min(row + height + radius, grid.height)
        whole = np.full((height + 2 * radius, width + 2 * radius), np.nan)
        y, x = top - (row - radius), left - (column - radius)
        whole[y : y + bottom - top, x : x + right - left] = raster.read(
            (left, top, right - left, bottom - top), [number + 1]
        )[0]
        z = getis_ord(whole, radius, moments.n, moments.mean, deviation)
        yield (column, row, width, height), z
        progress((done + 1) / len(windows))


def _draw(picture: np.ndarray, codes: np.ndarray, window: Window, step: int) -> None:
    """Put every n-th cell of a tile into a small picture."""
    column, row, width, height = window
    rows = np.arange(-row % step, height, step)
    columns = np.arange(-column % step, width, step)
    if len(rows) and len(columns):
        top, left = (row + rows[0]) // step, (column + columns[0]) // step
        own = codes[np.ix_(rows, columns)].astype(np.float32)
        own[own == 0] = np.nan
        picture[top : top + len(rows), left : left + len(columns)] = own
