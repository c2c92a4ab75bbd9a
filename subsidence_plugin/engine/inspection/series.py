"""Time series of a place, put together from the rasters of a deformation and its forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Optional

import numpy as np

from ..insar.dates import date_of
from .place import Forecast, Pixel, Series

STACK, FORECAST = "deformation_stack", "deformation_forecast"
ENDS = ("forecast_lower", "forecast_upper")


def grid_series(pixels: Sequence[Pixel]) -> list[Series]:
    """Return a series a deformation stack, with the forecasts that were made from it.

    A forecast belongs to the stack that its metadata name, else to the uppermost one; without
    any stack it is a series of its own. The ends of its interval are those of the same model and
    origin.

    Parameters
    ----------
    pixels : sequence of Pixel
        From the uppermost layer down.
    """
    known = [pixel for pixel in pixels if pixel.known]
    stacks = {pixel.path: _stack(pixel) for pixel in known if pixel.kind == STACK}
    series = list(stacks.values())
    for pixel in (p for p in known if p.kind == FORECAST):
        forecast = _forecast(pixel, known)
        own = _stack_of(pixel, stacks)
        if own is None:
            own = Series(pixel.layer, forecast.dates[:0], np.empty(0), _unit(pixel))
            series.append(own)
        own.forecasts.append(forecast)
    for own in series:
        own.forecasts.sort(key=lambda forecast: str(forecast.dates[0]))
    return series


def without_repeats(series: Sequence[Series]) -> list[Series]:
    """Return the series of points without those that another one shows together with a forecast."""
    return [
        own for own in series
        if not any(other is not own and _repeats(own, other) for other in series)
    ]  # fmt: skip


def _repeats(own: Series, other: Series) -> bool:
    same = (
        own.distance is not None and other.distance is not None
        and np.array_equal(own.dates, other.dates)
        and np.allclose(own.values, other.values, atol=1e-3, equal_nan=True)
    )  # fmt: skip
    return same and not own.forecasts and bool(other.forecasts)


def _stack(pixel: Pixel) -> Series:
    dates, values = _dated(pixel)
    component = pixel.metadata.get("COMPONENT", "")
    return Series(pixel.layer, dates, values, _unit(pixel), component=component)


def _stack_of(pixel: Pixel, stacks: dict[str, Series]) -> Optional[Series]:
    named = pixel.metadata.get("SUBSIDENCE_SOURCE", "")
    if named in stacks:
        return stacks[named]
    file = PurePath(named.replace("\\", "/")).name  # the folder may have been moved
    for path, own in stacks.items():
        if PurePath(path.replace("\\", "/")).name == file:
            return own
    return next(iter(stacks.values()), None)


def _forecast(pixel: Pixel, pixels: Sequence[Pixel]) -> Forecast:
    dates, values = _dated(pixel)
    lower, upper = (_end(pixel, kind, dates, pixels) for kind in ENDS)
    whole = lower is not None and upper is not None
    return Forecast(
        pixel.layer, date_of(pixel.metadata.get("SUBSIDENCE_ORIGIN", "")), dates, values,
        lower if whole else None, upper if whole else None,
        pixel.metadata.get("SUBSIDENCE_COVERAGE", ""),
    )  # fmt: skip


def _end(
    forecast: Pixel, kind: str, dates: np.ndarray, pixels: Sequence[Pixel]
) -> Optional[np.ndarray]:
    keys = ("SUBSIDENCE_MODEL", "SUBSIDENCE_ORIGIN")
    for pixel in pixels:
        same = all(pixel.metadata.get(key) == forecast.metadata.get(key) for key in keys)
        if pixel.kind == kind and same:
            own, values = _dated(pixel)
            if np.array_equal(own, dates):
                return values
    return None


def _dated(pixel: Pixel) -> tuple[np.ndarray, np.ndarray]:
    """Return dates and values of the dated bands, in the order of time."""
    bands = [band for band in pixel.bands if band.date is not None]
    dates = np.array([band.date for band in bands], dtype="datetime64[D]")
    values = np.array([band.value for band in bands], dtype=float)
    order = np.argsort(dates, kind="stable")
    return dates[order], values[order]


def _unit(pixel: Pixel) -> str:
    return pixel.metadata.get("SUBSIDENCE_UNITS", "mm").partition(";")[0].strip() or "mm"
