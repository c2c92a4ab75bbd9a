"""Job ``monitoringpriority``: spread, residual and exceedance to a class of action a pixel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import wrap
from typing import Any, Optional

import numpy as np

from ..cores import cores
from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.area import row_areas_km2
from ..raster.cache import bounded_cache
from ..raster.member_tiles import Layers, check_same_grid
from ..raster.read import Raster
from ..raster.stack_tiles import tile_cache_bytes, write_tile
from ..raster.write import RasterWriter
from ..styles import write_class_style
from ..uncertainty.priority import RULES, Bounds, conditions
from ..uncertainty.sources import Limits, Sources
from ..uncertainty.stream import TileStream, Window
from ..vector.write import write_table

#: The parameters and what the log calls them.
ROLES = {
    "spread": "spread (SPREAD)",
    "residual": "|residual| (RESIDUAL)",
    "exceedance": "exceedance probability (EXCEEDANCE)",
}

#: Characters of a line of the legend.
LINE = 44

#: Kinds of rasters that hold codes and not a quantity.
CODES = ("levels", "bivariate", "priority", "susceptibility_classes", "class_stack")


def run(
    progress: Progress,
    spread: str,
    output: str,
    residual: Optional[str] = None,
    exceedance: Optional[str] = None,
    exceedance_band: int = 1,
    levels: Optional[str] = None,
    quantile: float = 85.0,
    low_quantile: float = 100 / 3,
    table: Optional[str] = None,
    threads: int = 0,
) -> dict[str, Any]:
    """Write the class raster and, on request, the table of areas.

    Parameters
    ----------
    spread : str
        Standard deviation of the ensemble; several bands are averaged.
    output : str
        Classes 1 to 7 (``RULES``), 0 is nodata.
    residual : str, optional
        Signed or absolute; several bands are averaged by their size.
    exceedance, levels : str, optional
        At least one of both.
    exceedance_band : int
        Band of ``exceedance``.
    quantile, low_quantile : float
        Percentages: from the first on a value is high, up to the second a spread is low.
    table : str, optional
    threads : int
        Compute threads; 0 takes one a core.

    Returns
    -------
    dict
        ``AREAS``: km² by class.
    """
    if not exceedance and not levels:
        raise InputError(
            "Give EXCEEDANCE or LEVELS: without one of them nothing says where deformation is high."
        )
    if low_quantile > quantile:
        raise InputError(
            f"LOW_QUANTILE is {low_quantile:g}, above QUANTILE ({quantile:g}); a spread would be "
            "low and high at once."
        )
    layers, sources = _open(spread, residual, exceedance, exceedance_band, levels)
    areas = row_areas_km2(layers.grid, f"The raster '{spread}'", progress)
    if not residual:
        progress.warn(
            "No RESIDUAL is given, so none counts as high: classes 3, 4 and 6 cannot occur."
        )
    inputs = (spread, residual, exceedance, levels)
    with Outputs(output, table, inputs=inputs) as outputs:
        with bounded_cache(tile_cache_bytes(layers.rasters[0], layers.tile, 2)):
            stream = layers.stream(threads or cores())
            limits = _limits(
                stream, sources, (quantile / 100, low_quantile / 100), progress.part(0, 0.6)
            )
            place = outputs.path(output)
            metadata = _metadata(inputs, quantile, low_quantile, limits)
            cells, km2 = _map(
                stream, layers, place, (sources, limits, areas), metadata, progress.part(0.6, 0.98)
            )
        stated = conditions(bool(exceedance), bool(levels))
        write_class_style(place, _legend(stated), "priority")
        columns = priority_columns(cells, km2, stated)
        _log(columns, progress)
        if not cells[1]:
            progress.info(
                "No cell is 'robust high': where the deformation is high the spread is not low, as "
                "where members differ in proportion to it; a higher LOW_QUANTILE asks for less."
            )
        if table:
            about = {"SUBSIDENCE_KIND": "priority_table", "SUBSIDENCE_SOURCE": spread}
            write_table(outputs.path(table), columns, about)
        progress(1.0)
    return {"AREAS": columns["area_km2"]}


def priority_columns(cells: np.ndarray, km2: np.ndarray, stated: Sequence[str]) -> dict[str, list]:
    """Return the table: class, label, condition as stated, cells, km² and share of the area."""
    codes = range(1, len(RULES) + 1)
    return {
        "class": list(codes),
        "label": [rule.label for rule in RULES],
        "condition": list(stated),
        "cells": [int(cells[code]) for code in codes],
        "area_km2": [float(km2[code]) for code in codes],
        "share": [float(km2[code] / km2.sum()) for code in codes],
    }


def _legend(stated: Sequence[str]) -> list[str]:
    """Return the actions with their conditions, in lines that fit beside a printed map."""
    return [
        "\n".join([*wrap(rule.label, LINE), *wrap(f"({words})", LINE)])
        for rule, words in zip(RULES, stated)
    ]


def _open(
    spread: str,
    residual: Optional[str],
    exceedance: Optional[str],
    exceedance_band: int,
    levels: Optional[str],
) -> tuple[Layers, Sources]:
    """Open the rasters given, and say which layers of a tile are which quantity."""
    given = {"spread": spread, "residual": residual, "exceedance": exceedance, "levels": levels}
    rasters, bands, places, first = [], [], {}, 0
    for name, path in given.items():
        if not path:
            continue
        raster = Raster(path)
        _check_kind(name, raster)
        own = [band.index for band in raster.bands]
        if name == "exceedance":
            own = [_exceedance_band(raster, exceedance_band)]
        elif name == "levels":
            own = [1]
        rasters.append(raster)
        bands.append(own)
        places[name] = slice(first, first + len(own))
        first += len(own)
    check_same_grid(rasters, [name.upper() for name in places])
    return Layers(rasters, bands), Sources(**places)


def _check_kind(name: str, raster: Raster) -> None:
    """Refuse a raster of codes that would be read as something else."""
    kind = raster.metadata.get("SUBSIDENCE_KIND", "")
    wrong = kind not in ("", "levels") if name == "levels" else kind in CODES
    if wrong:
        raise InputError(
            f"'{raster.path}' in {name.upper()} is a raster of the kind '{kind}'; give the output "
            "of that name of 'Ensemble uncertainty', or the residuals of a forecast in RESIDUAL."
        )


def _exceedance_band(raster: Raster, band: int) -> int:
    if not 1 <= band <= len(raster.bands):
        raise InputError(
            f"EXCEEDANCE_BAND is {band}, but '{raster.path}' has {len(raster.bands)} bands."
        )
    return band


def _limits(
    stream: TileStream, sources: Sources, shares: tuple[float, float], progress: Progress
) -> Limits:
    """Find from where each quantity is high, over the cells valid in all rasters."""
    names = [name for name in ROLES if getattr(sources, name) is not None]

    def measures(values: np.ndarray) -> list[np.ndarray]:
        return list(sources.measures(values[:, sources.valid(values)]).values())

    high, low = shares
    found = stream.quantiles(measures, [[high, 0.0, 1.0, low]] * len(names), progress)
    if not found[0].size:
        raise InputError(
            "No cell is valid in all of the rasters given; do they cover the same area?"
        )
    bounds, low_spread = {}, np.nan
    for name, quantiles in zip(names, found):
        quantile, smallest, largest, lowest = quantiles.values()
        bounds[name] = Bounds(quantile, smallest)
        progress.info(f"High {ROLES[name]}: from {quantile:.6g} (maximum {largest:.6g}).")
        if smallest == largest:
            progress.warn(f"The {ROLES[name]} is the same everywhere, so nowhere high.")
        if name == "spread":
            low_spread = lowest
            progress.info(f"Low {ROLES[name]}: up to {lowest:.6g}.")
    return Limits(bounds, low_spread)


def _metadata(
    inputs: tuple[Optional[str], ...], quantile: float, low_quantile: float, limits: Limits
) -> dict[str, str]:
    return {
        "SUBSIDENCE_KIND": "priority",
        "SUBSIDENCE_SOURCE": "; ".join(path for path in inputs if path),
        "SUBSIDENCE_RULE": json.dumps(
            {
                "quantile": quantile,
                "low_quantile": low_quantile,
                "high": {name: own.quantile for name, own in limits.high.items()},
                "low_spread": limits.low_spread,
            }
        ),
    }


def _map(
    stream: TileStream,
    layers: Layers,
    path: str,
    decision: tuple[Sources, Limits, np.ndarray],
    metadata: dict[str, str],
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray]:
    """Write the classes; return cells and km² by class."""
    sources, limits, areas = decision
    cells, km2 = np.zeros(len(RULES) + 1, np.int64), np.zeros(len(RULES) + 1)

    def work(values: np.ndarray) -> np.ndarray:
        valid = sources.valid(values)
        codes = np.zeros(len(valid), np.uint8)
        codes[valid] = limits.classes(sources, values[:, valid])
        return codes

    with RasterWriter(
        path, layers.grid, ["priority"], "uint8", ["categorical"], metadata, progress=progress
    ) as writer:
        writer.dataset.GetRasterBand(1).SetCategoryNames(["", *(rule.label for rule in RULES)])

        def write(window: Window, codes: np.ndarray) -> None:
            _column, row, width, height = window
            write_tile(writer, window, codes)
            weights = np.repeat(areas[row : row + height], width)
            cells[:] += np.bincount(codes, minlength=len(cells))
            km2[:] += np.bincount(codes, weights, minlength=len(km2))

        stream.run(work, write, progress)
    cells[0], km2[0] = 0, 0
    return cells, km2


def _log(columns: dict[str, list], progress: Progress) -> None:
    for code, rule, area, share in zip(
        columns["class"], RULES, columns["area_km2"], columns["share"]
    ):
        progress.info(f"{code} {rule.label}: {area:.6g} km² ({100 * share:.2f} %)")
