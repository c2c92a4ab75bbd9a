"""Forecasts of a GCN whose nodes are points, and the cells gridded from these."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Optional

import numpy as np

from ..cores import cores
from ..errors import InputError
from ..forecasting.area import Area
from ..forecasting.ensemble_block import (
    BlockMaps,
    ensemble_maps,
    interval_width,
    member_median,
)
from ..forecasting.future import as_dates, as_days, origin_index, target_days
from ..forecasting.node_forecast import forecast_nodes
from ..forecasting.tiling import Window
from ..forecasting.window import fill_window
from ..gridding.product import weighted_means
from ..gridding.weights import Rule, make_tree, neighbours_of, weight_matrix
from ..prediction.tiles import OUTPUT_BLOCK
from ..progress import Progress
from ..raster.forecast_stack import ForecastStack, Times
from ..raster.point_grid import centres
from ..raster.read import Raster
from ..raster.sample import sample_cells
from ..vector.metric_crs import metric_crs
from ..vector.read import transform_points
from ..vector.series_layer import SeriesLayer
from .forecast_cells import Forecast
from .forecast_points import WHAT, read_points, save_points

if TYPE_CHECKING:
    from .forecastdeformation import Task

#: How the metadata of a stack say that it was gridded.
GRIDDING = re.compile(r"inverse distance, power ([\d.e+-]+), (\d+) neighbours within ([\d.e+-]+)")


def forecast_points_and_cells(
    task: Task, paths: Mapping[str, str], layer_path: Optional[str], progress: Progress
) -> tuple[Forecast, Optional[int]]:
    """Write the rasters and, on request, the points; return what was forecast.

    The members' forecasts of the points are gridded by inverse distance, as the stack was, and
    the median and the spread taken of these.
    """
    card = task.card
    layer = read_points(task.points, progress)
    what = f"The layer '{task.points}' (POINTS)"
    origin = origin_index(layer.dates, task.origin, card.window, what)
    targets = target_days(as_days(layer.dates), origin, card.gap, card.horizon)
    times = Times(layer.dates[origin], as_dates(targets), card.gap, task.step)
    area, kept = _area(task, layer, origin, progress)
    seconds = np.zeros(task.forecaster.members)
    ensemble = forecast_nodes(
        task.forecaster, area, targets, task.device, progress.part(0.05, 0.6), seconds
    )
    about = {
        **task.metadata, "SUBSIDENCE_POINTS": str(task.points),
        "SUBSIDENCE_REFERENCE_DATE": str(layer.dates[0]),
    }  # fmt: skip
    if task.wanted.coverage is not None:
        about["SUBSIDENCE_COVERAGE"] = f"{task.wanted.coverage:g}"
    grid = task.history.raster.grid
    widths = None
    if card.conformal is not None:
        widths = interval_width(card, task.coverage, area.levels[-card.window :])
    with ForecastStack(paths, grid, times, len(ensemble), about, progress) as stack:
        part, last = progress.part(0.6, 0.9), area.levels[-1]
        for block, maps in _gridded(task, layer, kept, ensemble, last, widths, part):
            stack.write(block, maps)
        if not stack.cells:
            raise InputError(
                f"No point of '{task.points}' (POINTS) lies near a cell of the stack; check the "
                "place and the CRS of both."
            )
    done = Forecast(times, stack.cells, seconds, 1, origin)
    count = None
    if layer_path:
        forecast, at_points = _at_all(task, layer, kept, ensemble, widths)
        past = np.arange(len(layer.dates)) <= origin
        part = progress.part(0.9, 0.97)
        count = save_points(task, done, layer, past, forecast, at_points, layer_path, part)
    return done, count


def _area(
    task: Task, layer: SeriesLayer, origin: int, progress: Progress
) -> tuple[Area, np.ndarray]:
    """Return the points with enough values as nodes, and which points these are."""
    card, first = task.card, max(origin - task.card.window, 0)
    crs = metric_crs(layer.crs, layer.x, layer.y, WHAT)
    x, y = transform_points(layer.x, layer.y, layer.crs, crs, WHAT, "The graph")
    start = origin + 1 - card.window
    values = np.ascontiguousarray(layer.series[:, first : origin + 1].T)

    def before(number: int) -> Optional[np.ndarray]:
        return layer.series[:, start - number] if start >= number else None

    _levels, observed, mask = fill_window(values[-card.window :], before)
    mask &= np.isfinite(x) & np.isfinite(y)
    static = _static(task, layer, mask, progress)
    kept = np.flatnonzero(mask)
    if not len(kept):
        raise InputError(
            f"No point of '{task.points}' (POINTS) has values at three quarters of the "
            f"{card.window} dates up to {layer.dates[origin]}; choose another layer or ORIGIN."
        )
    if len(kept) < len(layer):
        progress.info(f"{len(layer) - len(kept):,} points have too few values for a forecast.")
    if len(values) > card.window:
        seen = np.isfinite(values[:1])
        observed = np.concatenate([seen, observed])
        values[0][~seen[0]] = 0
    return Area(
        levels=np.ascontiguousarray(values[:, kept]),
        mask=np.ones(len(kept), bool),
        days=as_days(layer.dates[first : origin + 1]),
        static=static[:, kept],
        xy=np.column_stack([x, y])[kept],
        observed=np.ascontiguousarray(observed[:, kept]),
    ), kept


def _static(task: Task, layer: SeriesLayer, mask: np.ndarray, progress: Progress) -> np.ndarray:
    """Return standardised covariates at the points; those that lack one lose their mask."""
    card = task.card
    if not card.covariates:
        return np.zeros((0, len(layer)), np.float32)
    names = ", ".join(card.covariate_names)
    if not task.covariates:
        raise InputError(
            f"The forecaster was trained with covariates ({names}); give them in COVARIATES."
        )
    raster = Raster(task.covariates)
    bands = [raster.band(name).index - 1 for name in card.covariate_names]
    x, y = transform_points(
        layer.x, layer.y, layer.crs, raster.grid.crs, WHAT, "The raster (COVARIATES)"
    )
    rows, columns, inside = raster.grid.cells(x, y)
    values = np.full((len(x), len(raster.bands)), np.nan, np.float32)
    values[inside] = sample_cells(raster, rows[inside], columns[inside], progress.part(0, 0), 1)
    values = values[:, bands]
    for place, entry in enumerate(card.covariates):
        values[:, place] = (values[:, place] - entry["mean"]) / entry["std"]
    known = np.isfinite(values).all(axis=1)
    mask &= known
    values[~known] = 0
    return np.ascontiguousarray(values.T)


def _gridded(
    task: Task, layer: SeriesLayer, kept: np.ndarray, ensemble: np.ndarray, last: np.ndarray,
    widths: Optional[np.ndarray], progress: Progress,
) -> Iterator[tuple[Window, BlockMaps]]:  # fmt: skip
    """Yield blocks of the stack's grid with the members gridded from the points.

    ``last`` are the levels of the points at the origin. The change is from these, gridded alike:
    the stack may have other dates and another reference than its points.
    """
    grid, card = task.history.raster.grid, task.card
    x, y = transform_points(
        layer.x[kept], layer.y[kept], layer.crs, grid.crs, WHAT, "The stack (INPUT)"
    )
    rule = _rule(task, progress)
    tree = make_tree(x, y)
    windows = grid.windows(OUTPUT_BLOCK)
    series = np.concatenate([ensemble.reshape(-1, ensemble.shape[2]), last[None]])
    for number, block in enumerate(windows):
        progress(number / len(windows))
        shape = (block[3], block[2])
        distance, index = neighbours_of(tree, centres(grid, block), rule, cores())
        mask = np.isfinite(distance).any(axis=1).reshape(shape)
        if not mask.any():
            yield block, BlockMaps.empty(card, task.wanted, shape)
            continue
        matrix, columns = weight_matrix(distance, index, rule.power)
        maps = weighted_means(matrix, series[:, columns].T).T
        half = None
        if widths is not None and task.wanted.coverage is not None:
            half = weighted_means(matrix, widths[:, columns].T).T.reshape(-1, *shape)
        members = maps[:-1].reshape(*ensemble.shape[:2], *shape)
        origin = maps[-1].reshape(shape)
        yield block, ensemble_maps(members, mask, card, task.wanted, half, origin)


def _rule(task: Task, progress: Progress) -> Rule:
    """Return how the stack was gridded, so that the forecast is gridded alike."""
    found = GRIDDING.fullmatch(task.history.raster.metadata.get("GRIDDING", ""))
    if found:
        return Rule(int(found[2]), float(found[1]), float(found[3]))
    rule = Rule()
    progress.info(
        "The stack does not say how it was gridded: the forecast is gridded from the points with "
        f"{rule.neighbours} neighbours within {rule.max_distance:g} map units, power "
        f"{rule.power:g}."
    )
    return rule


def _at_all(
    task: Task, layer: SeriesLayer, kept: np.ndarray, ensemble: np.ndarray,
    widths: Optional[np.ndarray],
) -> tuple[np.ndarray, Optional[np.ndarray]]:  # fmt: skip
    """Return median and half widths at all points, NaN where there is no forecast."""
    found = []
    for values in (member_median(ensemble), widths):
        if values is None:
            found.append(None)
            continue
        whole = np.full((len(layer), task.card.horizon), np.nan, np.float32)
        whole[kept] = values.T
        found.append(whole)
    return found[0], found[1]
