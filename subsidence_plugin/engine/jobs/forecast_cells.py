"""Forecasts of the cells of a stack, block by block: the first half of ``forecastdeformation``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DeviceError, InputError
from ..forecasting.area import Area
from ..forecasting.block_forecast import BlockForecast
from ..forecasting.ensemble_block import BlockMaps
from ..forecasting.future import as_dates, origin_index, target_days
from ..forecasting.tiling import Window
from ..prediction.pipeline import Pipeline
from ..prediction.tile_predictor import Stopped
from ..prediction.tiles import OUTPUT_BLOCK
from ..progress import Progress
from ..raster.forecast_stack import ForecastStack, Times
from ..raster.history_tiles import HistoryReader, open_covariates

if TYPE_CHECKING:
    from .forecastdeformation import Task

#: Bytes of all compute threads together, and most threads that feed a GPU.
MOST_BYTES, CUDA_WORKERS = 2**30, 2
#: Bytes of intermediate results of a grid that the paper's variant takes at once.
WHOLE_BYTES = 8 * 2**30


@dataclass(frozen=True)
class Forecast:
    """What was forecast: times, cells with a value, seconds a member, and compute threads."""

    times: Times
    cells: int
    seconds: np.ndarray
    workers: int
    origin: int = 0


def forecast_cells(task: Task, paths: Mapping[str, str], progress: Progress) -> Forecast:
    """Write the rasters.

    Parameters
    ----------
    task : Task
    paths : mapping of str to str
        Name of a raster (``forecast_stack.KINDS``) to a path given out by ``Outputs.path``.
    progress : Progress

    Raises
    ------
    InputError
        Too few dates, an origin that is none, covariates that do not fit, another grid than the
        paper's variant was trained on, or no cell with enough values.
    """
    card, history, grid = task.card, task.history, task.history.raster.grid
    covariates = open_covariates(task.covariates, card, history)
    origin = origin_index(history.dates, task.origin, card.window, history.what)
    targets = target_days(history.days, origin, card.gap, card.horizon)
    times = Times(history.dates[origin], as_dates(targets), card.gap, task.step)
    _check_shape(task)
    size = (grid.width, grid.height)
    block = BlockForecast(task.forecaster, targets, size, task.wanted, task.device)
    if block.whole and size[0] * size[1] * block.cell_bytes() > WHOLE_BYTES:
        raise InputError(
            f"The paper's variant forecasts the whole grid at once, and {size[0]} × {size[1]} "
            "cells are too many for that; use VARIANT lastmap, or a coarser RESOLUTION."
        )
    windows = [(0, 0, *size)] if block.whole else grid.windows(OUTPUT_BLOCK)
    workers = _workers(task, block, len(windows))
    pipeline = Pipeline(
        lambda: _reader(HistoryReader(history, origin, card, covariates), block),
        lambda: _worker(block, pipeline),
        1,
        workers,
    )
    about = dict(task.metadata)
    if task.wanted.coverage is not None:
        about["SUBSIDENCE_COVERAGE"] = f"{task.wanted.coverage:g}"
    with ForecastStack(paths, grid, times, task.forecaster.members, about, progress) as stack:
        pipeline.run(windows, stack.write, progress.part(0, 0.95))
        if not stack.cells:
            raise InputError(_nothing(task, times))
    return Forecast(times, stack.cells, block.seconds, workers, origin)


def _reader(read: HistoryReader, block: BlockForecast):
    def work(window: Window) -> tuple[Window, Area]:
        return window, read(block.window(window))

    return work


def _worker(block: BlockForecast, pipeline: Pipeline):
    def check() -> None:
        if pipeline.stopped():
            raise Stopped

    def work(item: tuple[Window, Area]) -> BlockMaps:
        try:
            return block(*item, check)
        except RuntimeError as error:
            if "out of memory" not in str(error):
                raise
            raise DeviceError(
                "The memory does not suffice to forecast a tile; choose CPU in DEVICE, or fewer "
                "THREADS."
            ) from error

    return work


def _workers(task: Task, block: BlockForecast, windows: int) -> int:
    """Return the number of compute threads; results are waiting for each as well."""
    if task.device != "cpu":
        return min(task.threads, CUDA_WORKERS)
    fitting = max(int(MOST_BYTES // block.worker_bytes()), 1)
    return max(min(task.threads, fitting, windows), 1)


def _check_shape(task: Task) -> None:
    card, grid = task.card, task.history.raster.grid
    if card.shape and list(card.shape) != [grid.height, grid.width]:
        raise InputError(
            f"The forecaster of the paper's variant was trained on {card.shape[1]} × "
            f"{card.shape[0]} cells and forecasts no other grid; the stack has {grid.width} × "
            f"{grid.height}. Train with VARIANT lastmap, which takes any."
        )


def _nothing(task: Task, times: Times) -> str:
    also = " and in all covariates" if task.card.covariates else ""
    return (
        f"{task.history.what} has no cell with values at three quarters of the {task.card.window} "
        f"dates up to {times.origin}{also}; choose another stack or ORIGIN."
    )
