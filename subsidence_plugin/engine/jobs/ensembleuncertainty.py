"""Job ``ensembleuncertainty``: the members of an ensemble to levels, exceedance and reliability."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from ..cores import cores
from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.cache import bounded_cache
from ..raster.ensemble_maps import EnsembleMaps, Tile
from ..raster.member_tiles import Layers, forecast_text, open_members
from ..raster.stack_tiles import tile_cache_bytes
from ..uncertainty.ensemble import (
    Thresholds,
    ensemble_maps,
    median_and_spread,
    valid_members,
)
from ..uncertainty.levels import QUANTILES, check_quantiles
from ..uncertainty.overview import Overview
from ..uncertainty.quantity import Quantity, quantity_of
from ..uncertainty.stream import TileStream
from ..uncertainty.summary import Summary, log_summary
from ..vector.write import write_table

#: Quantiles of |m| and of the spread that are found besides those asked for.
MIDDLE, WIDEST = 0.5, 0.98


def run(
    progress: Progress,
    members: Sequence[str],
    quantiles: Sequence[float] = QUANTILES,
    band: Optional[int] = None,
    quantity: int = 0,
    median: Optional[str] = None,
    levels: Optional[str] = None,
    exceedance: Optional[str] = None,
    class_probability: Optional[str] = None,
    confidence: Optional[str] = None,
    spread: Optional[str] = None,
    rank_variance: Optional[str] = None,
    bivariate: Optional[str] = None,
    table: Optional[str] = None,
    report: Optional[str] = None,
    threads: int = 0,
) -> dict[str, Any]:
    """Write the maps asked for.

    Parameters
    ----------
    members : sequence of str
        Several rasters, or one with a band a member.
    quantiles : sequence of float
        Two to four percentages that part the levels.
    band : int, optional
        The band to take of each of several rasters.
    quantity : int
        Index into ``QUANTITIES``.
    median, levels, exceedance, class_probability, confidence : str, optional
    spread, rank_variance, bivariate : str, optional
        Rasters (``MAPS``); at least one output is needed.
    table, report : str, optional
        One row a level; HTML page.
    threads : int
        Compute threads; 0 takes one a core.

    Returns
    -------
    dict
        ``THRESHOLDS``: the quantiles of |m| as text; ``MEMBERS``; ``PIXELS``: valid in all.
    """
    start, shares = time.monotonic(), check_quantiles(quantiles)
    targets = dict(
        median=median, levels=levels, exceedance=exceedance, class_probability=class_probability,
        confidence=confidence, spread=spread, rank_variance=rank_variance, bivariate=bivariate,
    )  # fmt: skip
    wanted = {name: path for name, path in targets.items() if path}
    if not (wanted or table or report):
        raise InputError("No output is asked for; give at least one, such as LEVELS or BIVARIATE.")
    layers = open_members(members, band)
    kind = layers.rasters[0].metadata.get("SUBSIDENCE_KIND", "members")
    if len(members) == 1 and "members" not in kind:
        progress.warn(
            f"The raster says of itself that it is '{kind}', not 'members'; each of its bands is "
            "taken as a member."
        )
    units = [raster.metadata.get("SUBSIDENCE_UNITS", "") for raster in layers.rasters]
    measured = quantity_of(quantity, units)
    unit = f" in {measured.units}" if measured.units and not measured.probability else ""
    progress.info(
        f"Members: {layers.count}; quantity: {measured.text} {measured.symbol}{unit} "
        f"({measured.reason})."
    )
    forecast = forecast_text(layers)
    if forecast:
        progress.info(f"Members: {forecast}.")
    with Outputs(*targets.values(), table, report, inputs=members) as outputs:
        paths = {name: outputs.path(path) for name, path in wanted.items()}
        bands = sum(len(shares) if name == "exceedance" else 1 for name in wanted)
        with bounded_cache(tile_cache_bytes(layers.rasters[0], layers.tile, bands + 1)):
            stream = layers.stream(threads or cores())
            summary = _measure(stream, layers, measured, shares, progress.part(0, 0.55))
            overview = _map(stream, layers, paths, summary, progress.part(0.55, 0.97))
        log_summary(summary, progress)
        progress.info(f"Computed in {time.monotonic() - start:.1f} s.")
        if table:
            about = {"SUBSIDENCE_KIND": "level_table", "SUBSIDENCE_SOURCE": members[0]}
            write_table(outputs.path(table), summary.level_columns(), about)
        if report:
            from ..report.uncertainty_report import write_uncertainty_report

            facts = _facts(members, band, summary, forecast)
            write_uncertainty_report(outputs.path(report), summary, overview, facts)
        progress(1.0)
    named = zip(shares, summary.thresholds.magnitude)
    return {
        "THRESHOLDS": ", ".join(f"Q{share:g} = {q:.9g}" for share, q in named),
        "MEMBERS": layers.count,
        "PIXELS": summary.valid,
    }


def _measure(
    stream: TileStream,
    layers: Layers,
    quantity: Quantity,
    shares: Sequence[float],
    progress: Progress,
) -> Summary:
    """Find the thresholds over all valid pixels, by counting passes."""

    def measures(values: np.ndarray) -> list[np.ndarray]:
        members = values[:, valid_members(values)]
        if members.size:
            quantity.check(float(members.min()), float(members.max()))
        median, spread = median_and_spread(members)
        return [np.abs(median), spread]

    wanted = [[*(share / 100 for share in shares), MIDDLE, 0.0, 1.0], [1 / 3, 2 / 3, WIDEST]]
    magnitude, spread = stream.quantiles(measures, wanted, progress)
    cells = layers.grid.width * layers.grid.height
    if not magnitude.size:
        raise InputError(
            f"No cell is valid in all {layers.count} members; do they cover the same area?"
        )
    *bounds, middle, smallest, largest = magnitude.values()
    progress.info(f"Valid in all members: {magnitude.size:,} of {cells:,} cells.")
    _check_thresholds(bounds, shares, smallest, largest, quantity, progress)
    low, high, widest = spread.values()
    if high == 0:
        progress.warn("The members are the same in two thirds of the cells or more: no spread.")
    progress.info(f"Terciles of the spread: {quantity.value(low)} and {quantity.value(high)}.")
    thresholds = Thresholds(tuple(bounds), (low, high))
    return Summary(
        layers.count, cells, quantity, tuple(shares), thresholds, middle, largest, widest
    )


def _check_thresholds(
    bounds: Sequence[float],
    shares: Sequence[float],
    smallest: float,
    largest: float,
    quantity: Quantity,
    progress: Progress,
) -> None:
    """Log the thresholds; refuse a map of one value, warn where levels stay empty."""
    what = "|m|" if not quantity.probability else "the median"
    if smallest == largest:
        raise InputError(
            f"The ensemble median is {quantity.value(largest)} in size in every valid cell, so "
            "there are no levels to tell apart; are these the right rasters?"
        )
    named = ", ".join(f"Q{s:g} = {quantity.value(q)}" for s, q in zip(shares, bounds))
    progress.info(f"Quantiles of {what}: {named}.")
    if bounds[0] == smallest:
        progress.warn(
            f"Q{shares[0]:g} is the smallest value, which more than {shares[0]:g} % of the cells "
            "share: no cell is of the lowest level, since a level begins with its quantile."
        )
    elif len(set(bounds)) < len(bounds):
        progress.warn("Quantiles coincide, so a level between them has no cell.")


def _map(
    stream: TileStream, layers: Layers, paths: dict[str, str], summary: Summary, progress: Progress
) -> Overview:
    """Write all maps in one more pass; return small pictures of them."""

    def work(values: np.ndarray) -> Tile:
        valid = valid_members(values)
        return Tile(valid, ensemble_maps(values[:, valid], summary.thresholds, paths))

    with EnsembleMaps(paths, layers, summary, progress) as maps:
        stream.run(work, maps.write, progress)
    return maps.overview


def _facts(
    members: Sequence[str], band: Optional[int], summary: Summary, forecast: str
) -> dict[str, object]:
    which = "" if band is None else f", band {band} of each"
    return {
        "Members": f"{summary.members}: {'; '.join(members)}{which}",
        **({"They are": forecast} if forecast else {}),
        "Cells": f"{summary.valid:,} valid in all members, of {summary.cells:,}",
        "Quantity": f"{summary.quantity.text} ({summary.quantity.reason})",
        "Quantiles": ", ".join(f"{share:g}" for share in summary.shares),
        "Seed": "none: nothing is drawn at random",
    }
