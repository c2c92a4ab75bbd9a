"""Job ``forecastresiduals``: what forecasts of deformation are off by, where, and how."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..cores import cores
from ..errors import InputError
from ..outputs import Outputs
from ..progress import Progress
from ..raster.area import row_areas_km2
from ..raster.cache import bounded_cache
from ..raster.residual_maps import (
    ResidualMaps,
    colour_end,
    find_hotspots,
    write_residual_styles,
)
from ..raster.residual_sources import Sources, open_sources
from ..raster.stack_tiles import tile_cache_bytes
from ..residuals.summary import Residuals, log_residuals
from ..residuals.tiles import Tile, Totals, residuals_of
from ..uncertainty.stream import Window
from ..vector.residual_points import residuals_at_points, write_residual_points
from ..vector.write import write_table


def run(
    progress: Progress,
    predicted: Sequence[str],
    observed: str,
    signed: Optional[str],
    absolute: Optional[str],
    names: Optional[Sequence[str]] = None,
    points: Optional[str] = None,
    date: Optional[str] = None,
    tolerance: int = 0,
    radius: int = 3,
    hotspots: Optional[str] = None,
    point_residuals: Optional[str] = None,
    table: Optional[str] = None,
    report: Optional[str] = None,
    threads: int = 0,
) -> dict[str, Any]:
    """Write residual maps and what is told of them.

    Parameters
    ----------
    predicted : sequence of str
        Forecasts: rasters with a band a date, or of one band.
    observed : str
        Deformation stack on the same grid.
    signed, absolute : str or None
        Rasters: predicted minus observed, and its size (several dates: root mean square).
    names : sequence of str, optional
        Of the forecasts; default from their metadata and files.
    points : str, optional
        InSAR points with a field ``DYYYYMMDD`` a date.
    date : str, optional
        The only date to compare, or ``last``; default all common ones.
    tolerance : int
        Days by which an observation may be off.
    radius : int
        Cells of the neighbourhood of a hotspot to either side.
    hotspots, point_residuals, table, report : str, optional
    threads : int
        Compute threads; 0 takes one a core.

    Returns
    -------
    dict
        ``RMSE``, ``BIAS`` and ``SKILL`` (absent where unknown) of the forecast of the smallest
        RMSE, ``BEST`` its name; ``DATES`` and ``CELLS``: compared.
    """
    start = time.monotonic()
    if point_residuals and not points:
        raise InputError("POINT_RESIDUALS needs the InSAR points; give POINTS or leave it out.")
    sources = open_sources(predicted, observed, names, date, int(tolerance), progress)
    inputs = [*predicted, observed, points]
    targets = (signed, absolute, hotspots, point_residuals, table, report)
    with Outputs(*targets, inputs=inputs) as outputs, ExitStack() as stack:
        asked = {"signed": signed, "absolute": absolute, "hotspots": hotspots}
        paths = {name: outputs.path(path) for name, path in asked.items() if path}
        unasked = [name for name in asked if name not in paths]
        if unasked:
            place = next((outputs.path(path) for path in targets if path), None)
            folder = _aside(place, stack)
            paths.update({name: str(folder / f"{name}.tif") for name in unasked})
        cache = tile_cache_bytes(sources.predicted[0], sources.layers.tile, 2)
        stack.enter_context(bounded_cache(cache))
        totals = _compare(
            sources, paths["signed"], paths["absolute"], threads or cores(), progress.part(0, 0.7)
        )
        areas = row_areas_km2(sources.layers.grid, f"The raster '{observed}'", progress)
        spots = find_hotspots(
            paths["absolute"], totals.absolute, int(radius), paths["hotspots"], areas,
            totals.overview, progress.part(0.7, 0.9),
        )  # fmt: skip
        found = None
        if points:
            found = residuals_at_points(points, sources, int(tolerance), progress.part(0.9, 0.95))
        residuals = Residuals(
            sources.names, sources.match, totals.samples, totals.morans_i(), spots, int(radius),
            totals.cells, totals.overview, _extent(sources, totals), sources.units, found,
        )  # fmt: skip
        log_residuals(residuals, progress)
        if point_residuals and found:
            top = colour_end(np.array(totals.overview.pictures["signed"]))
            target = outputs.path(point_residuals)
            write_residual_points(target, found, sources, top, str(points))
        if table:
            about = {"SUBSIDENCE_KIND": "residual_table", "SUBSIDENCE_SOURCE": observed,
                     "SUBSIDENCE_UNITS": sources.units}  # fmt: skip
            write_table(outputs.path(table), residuals.columns(), about)
        if report:
            from ..report.residual_report import write_residual_report

            write_residual_report(outputs.path(report), residuals, _facts(inputs, residuals))
        progress.info(f"Compared in {time.monotonic() - start:.1f} s.")
        progress(1.0)
    return _result(residuals)


def _compare(
    sources: Sources, signed: str, absolute: str, threads: int, progress: Progress
) -> Totals:
    """Write signed and absolute residuals and add them up, in two passes."""
    stream = sources.layers.stream(threads)

    def work(values: np.ndarray) -> Tile:
        return residuals_of(values, sources.shape)

    with ResidualMaps(sources, signed, absolute, progress) as maps:
        stream.run(work, maps.write, progress.part(0, 0.6))
        totals = maps.totals
        if not totals.cells:
            raise InputError(
                "No cell has a value in all PREDICTED and in OBSERVED at a common date; do they "
                "cover the same area?"
            )
        totals.settle()

    def again(_window: Window, tile: Tile) -> None:
        totals.add_again(tile)

    stream.run(work, again, progress.part(0.6, 1))
    one = sources.shape.predictions == 1
    write_residual_styles(signed, absolute, maps, sources.units, one)
    progress.info(
        f"Cells compared: {totals.cells:,} of {sources.layers.grid.width:,} × "
        f"{sources.layers.grid.height:,}."
    )
    return totals


def _aside(path: Optional[str], stack: ExitStack) -> Path:
    """Return a folder for maps that were not asked for, gone at the end.

    That is beside an output, so that the next run removes what a killed one leaves.
    """
    if path is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="subsidence-")))
    folder = Path(path).parent / "aside"
    folder.mkdir()
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _extent(sources: Sources, totals: Totals) -> tuple[float, float, float, float]:
    """Return (left, right, bottom, top) of the small pictures, whose last cells may reach out."""
    rows, columns = totals.overview.pictures["signed"].shape[1:]
    step, grid = totals.overview.step, sources.layers.grid
    left, top = grid.xy(0, 0)
    right, bottom = grid.xy(columns * step, rows * step)
    return left, right, bottom, top


def _facts(inputs: Sequence[Optional[str]], residuals: Residuals) -> dict[str, object]:
    *predicted, observed, points = inputs
    named = "; ".join(f"{name}: {path}" for name, path in zip(residuals.names, predicted))
    return {
        "Forecasts": named,
        "Observed": observed,
        "InSAR points": points,
        "Dates": ", ".join(residuals.match.labels),
        "Rows": f"{residuals.cells:,} cells"
        + (f", {len(residuals.points.x):,} points" if residuals.points else ""),
        "Settings": f"neighbourhood of hotspots {2 * residuals.radius + 1} × "
        f"{2 * residuals.radius + 1} cells",
    }


def _result(residuals: Residuals) -> dict[str, Any]:
    best = residuals.best
    sample = residuals.samples[best].all
    found = {
        "RMSE": sample.rmse, "BIAS": sample.moments.mean, "BEST": residuals.names[best],
        "DATES": residuals.dates, "CELLS": residuals.cells,
        "HOTSPOT_KM2": residuals.hotspots[best].hot_km2,
    }  # fmt: skip
    return found if np.isnan(sample.skill) else {**found, "SKILL": sample.skill}
