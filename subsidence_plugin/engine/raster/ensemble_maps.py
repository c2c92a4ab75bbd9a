"""The rasters of an ensemble's uncertainty, written tile by tile, with their styles."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from ..styles import write_class_style, write_style
from ..uncertainty.bivariate import bivariate_labels
from ..uncertainty.levels import level_names
from ..uncertainty.overview import Overview
from ..uncertainty.stream import Window
from ..uncertainty.summary import Summary
from .area import row_areas_km2
from .member_tiles import Layers
from .stack_tiles import write_tile
from .write import RasterWriter

#: The maps, and the value of ``SUBSIDENCE_KIND`` of each.
MAPS = {
    "median": "ensemble_median",
    "levels": "levels",
    "exceedance": "exceedance",
    "class_probability": "class_probability",
    "confidence": "confidence",
    "spread": "ensemble_spread",
    "rank_variance": "rank_variance",
    "bivariate": "bivariate",
}
CODES = ("levels", "bivariate")


@dataclass(frozen=True)
class Tile:
    """Where a tile is valid, (pixels,), and its maps there, (bands, valid pixels) by name."""

    valid: np.ndarray
    maps: Mapping[str, np.ndarray]


class EnsembleMaps:
    """Writes the maps asked for and adds up the summary; use it as a context manager.

    Parameters
    ----------
    paths : mapping of str to str
        Name of a map (``MAPS``) to a path given out by ``Outputs.path``.
    layers : Layers
        The members; grid and metadata are those of the first.
    summary : Summary
    progress : Progress

    Attributes
    ----------
    overview : Overview
        Small pictures of all maps, for the report.
    """

    def __init__(
        self, paths: Mapping[str, str], layers: Layers, summary: Summary, progress: Progress
    ) -> None:
        source = layers.rasters[0]
        self._sources = "; ".join(raster.path for raster in layers.rasters)
        self.overview = Overview(source.grid.width, source.grid.height)
        self._paths, self._source, self._summary = paths, source, summary
        self._areas = row_areas_km2(source.grid, f"The raster '{source.path}'", progress)
        with ExitStack() as opened:  # closes what is open if a later one cannot be created
            self._writers = {
                name: opened.enter_context(self._writer(name, path, progress))
                for name, path in paths.items()
            }
            self._opened = opened.pop_all()

    def _writer(self, name: str, path: str, progress: Progress) -> RasterWriter:
        codes = name in CODES
        names = band_names(name, self._summary.shares)
        writer = RasterWriter(
            path,
            self._source.grid,
            names,
            "uint8" if codes else "float32",
            ["categorical"] if codes else None,
            self._metadata(name),
            progress=progress,
        )
        if codes:
            labels = level_names(len(self._summary.shares))
            labels = labels if name == "levels" else bivariate_labels()
            writer.dataset.GetRasterBand(1).SetCategoryNames(["", *labels])
        return writer

    def _metadata(self, name: str) -> dict[str, str]:
        summary = self._summary
        kept = {k: v for k, v in self._source.metadata.items() if k.startswith("SUBSIDENCE_")}
        units = summary.quantity.units if name in ("median", "spread") else ""
        if name in ("exceedance", "class_probability", "confidence"):
            units = "probability"
        return {
            **kept,
            "SUBSIDENCE_KIND": MAPS[name],
            "SUBSIDENCE_SOURCE": self._sources,
            "SUBSIDENCE_MEMBERS": str(summary.members),
            "SUBSIDENCE_UNITS": units,
            "SUBSIDENCE_QUANTILES": ", ".join(f"{share:g}" for share in summary.shares),
            "SUBSIDENCE_THRESHOLDS": ", ".join(f"{q:.9g}" for q in summary.thresholds.magnitude),
            "SUBSIDENCE_SPREAD_TERCILES": ", ".join(f"{q:.9g}" for q in summary.thresholds.spread),
        }

    def write(self, window: Window, tile: Tile) -> None:
        """Write a tile to all rasters and add it to the summary."""
        _column, row, width, height = window
        km2 = np.repeat(self._areas[row : row + height], width)[tile.valid]
        self._summary.add(tile.maps, km2)
        self.overview.add(window, tile.valid, tile.maps)
        for name, writer in self._writers.items():
            values = tile.maps[name]
            whole = np.full(
                (len(values), len(tile.valid)),
                0 if writer.codes else np.nan,
                np.uint8 if writer.codes else np.float32,
            )
            whole[:, tile.valid] = values
            write_tile(writer, window, whole)

    def __enter__(self) -> EnsembleMaps:
        return self

    def __exit__(self, kind, value, trace) -> None:
        self._opened.__exit__(kind, value, trace)
        if kind is None:
            for name, path in self._paths.items():
                write_map_style(name, path, self._summary)


def band_names(name: str, shares: tuple[float, ...]) -> list[str]:
    """Return the band descriptions of a map."""
    if name == "exceedance":
        return [f"P{share:g}" for share in shares]
    if name == "class_probability":
        return [label.casefold().replace(" ", "_") for label in level_names(len(shares))]
    return [name]


def write_map_style(name: str, path: str, summary: Summary) -> None:
    """Write the style of a map beside it, its legend in the units of the members."""
    if name == "levels":
        write_class_style(path, summary.labels, "levels")
    elif name in ("exceedance", "confidence", "bivariate"):
        write_style(name, path)
    elif name == "class_probability":
        write_style("exceedance", path)
    elif name == "rank_variance":
        write_style(name, path, **ramp_values(summary.largest_rank_variance, ""))
    elif name == "median" and summary.quantity.probability:
        write_style("probability", path)
    elif name == "median":
        top = summary.thresholds.magnitude[-1]
        write_style("ensemble_median", path, **ramp_values(top, summary.quantity.units, True))
    else:
        write_style("ensemble_spread", path, **ramp_values(summary.widest, summary.unit, True))


def ramp_values(top: float, unit: str, open_ended: bool = False, since: str = "") -> dict[str, str]:
    """Return what fills in the style of a ramp that ends at ``top`` (and at −``top``).

    Four steps: ``high1`` to ``high4`` and ``low1`` to ``low4``, with their legend texts ``text…``;
    those of the ends name the date ``since`` when displacement is counted.
    """
    top = top if top > 0 else 1.0
    values, counted = {}, f" since {since}" if since else ""
    for step in range(1, 5):
        number = top * step / 4
        last = step == 4
        shown = f"{number:.3g}{' ' + unit if unit and last else ''}"
        values[f"high{step}"], values[f"low{step}"] = f"{number:.6g}", f"{-number:.6g}"
        more, less = (" and more", " and less") if last and open_ended else ("", "")
        end = counted if last else ""
        values[f"text_high{step}"] = f"{shown}{more}{end}"
        values[f"text_low{step}"] = f"−{shown}{less}{end}"
    return values
