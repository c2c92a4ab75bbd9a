"""Forecasts at the points that a stack was gridded from: the second half of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import numpy as np

from ..errors import InputError
from ..forecasting.ensemble_block import interval_width
from ..forecasting.future import as_days
from ..forecasting.point_forecast import point_offsets
from ..forecasting.window import fill_window
from ..progress import Progress
from ..raster.bilinear import sample_bilinear
from ..raster.read import Raster
from ..vector.point_forecast_layer import KIND, write_point_forecast
from ..vector.read import transform_points
from ..vector.series_layer import SeriesLayer, read_series

if TYPE_CHECKING:
    from .forecast_cells import Forecast
    from .forecastdeformation import Task

WHAT = "The InSAR layer (POINTS)"
#: Points computed at a time.
ROWS = 16_384


def points_on_stack(task: Task, progress: Progress) -> SeriesLayer:
    """Return the points, after refusing those of which none lies on the stack."""
    layer, grid = read_points(task.points, progress), task.history.raster.grid
    x, y = transform_points(layer.x, layer.y, layer.crs, grid.crs, WHAT, "The stack (INPUT)")
    if not grid.cells(x, y)[2].any():
        raise InputError(
            f"No point of '{task.points}' (POINTS) lies on the stack, so POINT_FORECAST would be "
            "empty; give the points that the stack was gridded from, or check the CRS of both."
        )
    return layer


def forecast_at_points(
    task: Task, done: Forecast, layer: SeriesLayer, raster: str, path: str, progress: Progress
) -> int:
    """Write the points with the forecast of the cells around them; return how many have one.

    Parameters
    ----------
    task : Task
    done : Forecast
    layer : SeriesLayer
        From ``points_on_stack``.
    raster : str
        The forecast that was just written.
    path : str
        A path given out by ``Outputs.path``.
    progress : Progress
    """
    grid = task.history.raster.grid
    x, y = transform_points(layer.x, layer.y, layer.crs, grid.crs, WHAT, "The stack (INPUT)")
    past = layer.dates <= done.times.origin
    window = slice(done.origin + 1 - task.card.window, done.origin + 1)
    surface = sample_bilinear(
        Raster(task.history.raster.path), task.history.bands[window], x, y, progress.part(0, 0.4)
    )
    offsets = np.full(len(layer), np.nan, np.float32)
    if past.any():
        offsets = point_offsets(
            layer.series[:, past], as_days(layer.dates[past]), surface, task.history.days[window]
        )
    ahead = Raster(raster)
    bands = [band.index for band in ahead.bands]
    forecast = sample_bilinear(ahead, bands, x, y, progress.part(0.4, 0.7)) + offsets[:, None]
    widths = _widths(task, surface, forecast)
    _say_points(forecast, offsets, progress)
    return save_points(task, done, layer, past, forecast, widths, path, progress.part(0.7, 1))


def read_points(points: str, progress: Progress) -> SeriesLayer:
    """Return the points; a layer that holds forecasts already is refused."""
    layer = read_series(points, WHAT, progress.check)
    if layer.metadata.get("SUBSIDENCE_KIND") == KIND:
        raise InputError(
            f"'{points}' (POINTS) holds forecasts itself, which would count as observations; give "
            "the InSAR points that it was made from."
        )
    return layer


def _widths(task: Task, surface: np.ndarray, forecast: np.ndarray) -> Optional[np.ndarray]:
    """Return half widths from the surface's noise at the points, None where not calibrated."""
    if task.card.conformal is None:
        return None
    levels, _observed, _mask = fill_window(surface.T.copy(), lambda _number: None)
    widths = interval_width(task.card, task.coverage, levels).T
    widths[~np.isfinite(forecast)] = np.nan
    return widths


def _say_points(forecast: np.ndarray, offsets: np.ndarray, progress: Progress) -> None:
    without = int((~np.isfinite(forecast).any(axis=1)).sum())
    if without == len(forecast):
        progress.warn(
            "No point of POINTS has a forecast: none lies on a cell with one and has values in the "
            "window."
        )
    elif without:
        progress.info(
            f"{without:,} of {len(forecast):,} points have no forecast: they lie on no cell with "
            "one, or have no value in the window."
        )
    known = offsets[np.isfinite(offsets)]
    if len(known):
        progress.info(
            "Points keep their mean difference from the surface over the window: "
            f"{known.mean():+.2f} mm on average, standard deviation {known.std():.2f} mm."
        )


def save_points(
    task: Task, done: Forecast, layer: SeriesLayer, past: np.ndarray, forecast: np.ndarray,
    widths: Optional[np.ndarray], path: str, progress: Progress,
) -> int:  # fmt: skip
    """Write the layer of points; return the number of those with a forecast."""
    later = int((~past).sum())
    if later:
        progress.info(f"{later} dates of POINTS after the origin are left out of POINT_FORECAST.")
    about = {
        **{key: value for key, value in layer.metadata.items() if key != "SUBSIDENCE_KIND"},
        "SUBSIDENCE_SOURCE": task.points,
        "SUBSIDENCE_MODEL": task.metadata["SUBSIDENCE_MODEL"],
        "SUBSIDENCE_MODEL_NAME": task.metadata["SUBSIDENCE_MODEL_NAME"],
        "SUBSIDENCE_ORIGIN": str(done.times.origin),
        **({"SUBSIDENCE_COVERAGE": f"{task.coverage:g}"} if widths is not None else {}),
    }
    return write_point_forecast(
        path, task.points, layer, past, done.times.targets, forecast, widths, about, progress
    )
