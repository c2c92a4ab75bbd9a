"""Job ``griddeformation``: InSAR points to a deformation stack by inverse distance weighting."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

import numpy as np

from ..cores import cores
from ..errors import InputError
from ..gridding.gap_error import error_in_gaps
from ..gridding.left_out import METHODS, LeftOut, leave_one_out
from ..gridding.occupied import occupied_cells
from ..gridding.product import weighted_means
from ..gridding.steps import Steps, equal_steps, own_dates, resample
from ..gridding.summary import Coverage, Gridding
from ..gridding.weights import Rule, leave_empty, make_tree, neighbours_of, weight_matrix
from ..outputs import Outputs
from ..progress import Progress
from ..raster.cache import bounded_cache
from ..raster.deformation_stack import (
    BandStatistics,
    change_map,
    finish_stack,
    product_of,
    stack_writer,
)
from ..raster.grid import Grid
from ..raster.point_grid import centres
from ..raster.target_grid import crs_name
from ..raster.write import RasterWriter
from ..vector.gridding_points import points_and_grid, take_reference_off, unit_of, within_reach
from ..vector.series_layer import SeriesLayer

#: Side of a block of cells, and dates of it that are computed and written at a time: less than
#: 32 MiB of values, which the C library keeps for the next block instead of asking for it anew.
BLOCK, DATES = 512, 30


def run(
    progress: Progress,
    points: str,
    output: str,
    resolution: float = 100.0,
    neighbours: int = 12,
    power: float = 2.0,
    max_distance: float = 500.0,
    extent: Optional[Sequence[Any]] = None,
    crs: Optional[str] = None,
    step: Optional[int] = None,
    max_gap: float = 60.0,
    reference: Optional[str] = None,
    remove_median: bool = False,
    left_out: int = 10_000,
    seed: int = 42,
    report: Optional[str] = None,
    fill_distance: Optional[float] = None,
) -> dict[str, Any]:
    """Write one map of displacement a date.

    Parameters
    ----------
    progress : Progress
    points : str
        Point layer with a field ``DYYYYMMDD`` a date.
    output : str
        GeoTIFF, a band a date.
    resolution : float
        Side of a cell in map units.
    neighbours, power, max_distance
        As in ``gridding.weights.Rule``.
    extent : (x minimum, y minimum, x maximum, y maximum, WKT), optional
        Default: all points.
    crs : str, optional
        WKT of a projected CRS.
    step : int, optional
        Days between the bands; default: the dates of the layer.
    max_gap : float
        Days without a value that are bridged when ``step`` is given.
    reference : str, optional
        Polygons; the mean of the points inside is taken off at each date.
    remove_median : bool
        Take off the median of all points at each date.
    left_out : int
        Points predicted without themselves at most; 0 for none.
    seed : int
        Of the sample of these.
    report : str, optional
        HTML page.
    fill_distance : float, optional
        Cells whose nearest point is farther are nodata; default: as far as ``max_distance``.

    Returns
    -------
    dict
        ``BANDS``, ``CELLS`` (with a value), ``RMSE`` (mm, of left-out points; absent where none).
    """
    start = time.monotonic()
    rule = Rule(int(neighbours), float(power), float(max_distance), fill_distance)
    if reference and remove_median:
        raise InputError("Give either REFERENCE or REMOVE_MEDIAN, not both.")
    with Outputs(output, report, inputs=[points, reference]) as outputs:
        progress.stage("Reading")
        layer, grid = points_and_grid(points, resolution, extent, crs, progress.part(0, 0.3))
        removed = take_reference_off(layer, reference, remove_median, progress)
        layer = within_reach(layer, grid, rule.max_distance, progress)
        tree = make_tree(layer.x, layer.y)
        _say_points(layer, rule, progress)
        errors = _left_out(tree, layer, rule, left_out, seed, progress)
        gaps = None
        if report and errors is not None:
            gaps = error_in_gaps(tree, layer.series, rule, seed, progress.check)
        progress(0.4)
        steps = _steps(layer.dates, step, max_gap, progress)
        series = resample(layer.series, layer.dates, steps, max_gap, progress.check)
        path = outputs.path(output)
        about = {
            **product_of(layer.metadata, points), **_settings(rule, resolution, removed, errors),
            **({"MAX_GAP_DAYS": f"{max_gap:g}"} if steps.step else {}),
            **({"FILL_DISTANCE": f"{fill_distance:g}"} if fill_distance is not None else {}),
        }  # fmt: skip
        progress.stage("Gridding")
        with bounded_cache(), stack_writer(path, grid, steps, about, progress) as writer:
            coverage = _fill(writer, tree, series, grid, rule, progress.part(0.45, 0.95))
        _say_coverage(coverage, rule, progress)
        finish_stack(path, progress)
        if report:
            unit = unit_of(grid.crs)
            gridding = Gridding(rule, resolution, crs_name(grid.crs), unit, len(layer), layer.dates,
                                steps, coverage, errors, gaps, removed, max_gap)  # fmt: skip
            facts = {"InSAR points": points, "Deformation stack": output, "Seed": seed}
            _report(outputs.path(report), path, gridding, facts)
        progress.info(f"Gridded in {time.monotonic() - start:.1f} s.")
        progress(1)
    result = {"BANDS": len(steps), "CELLS": coverage.supported}
    return result if errors is None else {**result, "RMSE": float(errors.rmse()[0])}


def _left_out(tree, layer: SeriesLayer, rule: Rule, most, seed, progress) -> Optional[LeftOut]:
    """Return the errors of left-out points, and log them beside the baselines."""
    if not most:
        return None
    errors = leave_one_out(tree, layer.series, layer.dates, rule, int(most), seed, progress.check)
    if errors is None:
        progress.warn("No point has another one within MAX_DISTANCE: no error can be told.")
        return None
    named = [f"{m} {r:.2f}" for m, r in zip(METHODS, errors.rmse())]
    progress.info(
        f"{errors.tested:,} of {errors.points:,} points predicted without themselves: RMSE in mm "
        f"{', '.join(named)}; MAE of IDW {errors.mae()[0]:.2f}, bias {errors.bias()[0]:+.2f}."
    )
    if errors.isolated:
        progress.info(f"{errors.isolated:,} more have no other point within MAX_DISTANCE.")
    if errors.skill <= 0:
        progress.warn("IDW is no better than the better of the two baselines on these points.")
    return errors


def _steps(dates: np.ndarray, step: Optional[int], max_gap: float, progress) -> Steps:
    """Return the dates of the bands, and log which are interpolated."""
    if step is None:
        return own_dates(dates)
    if not np.isfinite(max_gap) or max_gap <= 0:
        raise InputError(f"MAX_GAP is {max_gap:g}; it must be greater than 0 (days).")
    steps = equal_steps(dates, int(step))
    between = int((~np.isin(steps.dates, dates)).sum())
    progress.info(
        f"{len(steps)} bands, one every {step} days; {between} of them lie between acquisitions "
        "and are interpolated linearly, so that neighbouring bands share information; "
        f"{int(steps.gap.sum()) or 'none'} have no acquisition within half a step and are marked."
    )
    return steps


def _say_points(layer: SeriesLayer, rule: Rule, progress: Progress) -> None:
    places = len(np.unique(layer.x + 1j * layer.y))
    if places < len(layer):
        progress.warn(
            f"{len(layer) - places:,} points share their position with another; each counts."
        )
    if len(layer) < rule.neighbours:
        progress.warn(f"There are {len(layer)} points, fewer than NEIGHBOURS: all are used.")
    missing = 1 - np.isfinite(layer.series).mean()
    if missing > 0:
        progress.info(
            f"{missing:.2%} of the values are missing; the other neighbours of a cell share their "
            "weight at that date."
        )


def _settings(rule: Rule, resolution: float, removed: str, errors) -> dict[str, str]:
    """Return the settings as metadata of the stack."""
    about = {
        "GRIDDING": f"inverse distance, power {rule.power:g}, {rule.neighbours} neighbours "
        f"within {rule.max_distance:g}",
        "RESOLUTION": f"{resolution:g}",
        "REFERENCE": removed or "as delivered",
    }
    if errors is not None:
        about["GRIDDING_RMSE"] = f"{errors.rmse()[0]:.4g}"
    return about


def _fill(
    writer: RasterWriter, tree, series: np.ndarray, grid: Grid, rule: Rule, progress: Progress
) -> Coverage:
    """Compute all blocks, each while the one before it is compressed and written."""
    coverage = Coverage(grid.width * grid.height, rule.max_distance)
    statistics = BandStatistics(series.shape[1])

    def write(block: np.ndarray, column: int, row: int, first: int) -> None:
        for band, one in enumerate(block, first + 1):
            writer.write(one, column, row, band)
            statistics.add(band, one)
        writer.flush()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(int)
        for block in _blocks(tree, series, grid, rule, coverage, progress):
            waiting.result()
            waiting = pool.submit(write, *block)
        waiting.result()
    if not coverage.supported:
        raise InputError(
            f"No cell has a point within {rule.limit} ({rule.filled_within:g} map units) of its "
            f"centre; enlarge {rule.limit} or RESOLUTION."
        )
    statistics.write(writer.dataset)
    return coverage


def _blocks(
    tree, series: np.ndarray, grid: Grid, rule: Rule, coverage: Coverage, progress: Progress
) -> Iterator[tuple[np.ndarray, int, int, int]]:
    """Yield (dates, rows, columns) and its column, row and first date: weights once, all dates."""
    windows, dates = grid.windows(BLOCK), series.shape[1]
    rows, columns, inside = grid.cells(*tree.data.T)
    occupied = occupied_cells(rows[inside], columns[inside])
    for number, (column, row, width, height) in enumerate(windows):
        progress(number / len(windows))
        places = centres(grid, (column, row, width, height))
        distance, index = neighbours_of(tree, places, rule, cores())
        leave_empty(distance, index, rule, tree.n)
        coverage.add(distance, occupied.within((column, row, width, height)))
        if not np.isfinite(distance).any():  # left as nodata
            continue
        matrix, columns = weight_matrix(distance, index, rule.power)
        own = series if len(columns) == len(series) else series[columns]
        del places, distance, index
        for first in range(0, dates, DATES):
            maps = weighted_means(matrix, own[:, first : first + DATES]).T
            yield maps.reshape(-1, height, width), column, row, first
            progress((number + min(first + DATES, dates) / dates) / len(windows))


def _say_coverage(coverage: Coverage, rule: Rule, progress: Progress) -> None:
    share = coverage.supported / coverage.cells
    rest = "" if share == 1 else (
        f"; the others have no point within {rule.filled_within:g} map units"
    )  # fmt: skip
    progress.info(
        f"{coverage.supported:,} of {coverage.cells:,} cells ({share:.1%}) have a value{rest}."
    )
    progress.info(coverage.say_interpolated())
    if share < 0.05:
        progress.warn(f"Few cells have a value; enlarge {rule.limit} or choose a smaller EXTENT.")


def _report(path: str, stack: str, gridding: Gridding, facts: dict[str, Any]) -> None:
    from ..report.gridding_report import write_gridding_report

    write_gridding_report(path, gridding, change_map(stack), facts)
