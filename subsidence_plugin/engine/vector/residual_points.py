"""InSAR points beside forecasts: read in the CRS of the maps, compared, written with residuals."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..errors import InputError
from ..insar.dates import date_field, describe_dates
from ..progress import Progress
from ..raster.bilinear import sample_bilinear
from ..raster.residual_sources import Sources, dated_bands
from ..residuals.points import PointResiduals, point_residuals
from ..styles import write_style
from .read import transform_points
from .series_layer import SeriesLayer, read_series
from .write import refuse_shapefile, write_points

WHAT = "The InSAR layer (POINTS)"


def residuals_at_points(
    points: str, sources: Sources, tolerance: int, progress: Progress
) -> PointResiduals:
    """Return the residuals at the points on the maps.

    Raises
    ------
    InputError
        The layer has none of the dates compared, or no point lies where the maps have data.
    """
    layer = read_series(points, WHAT, progress.check)
    grid = sources.layers.grid
    x, y = transform_points(layer.x, layer.y, layer.crs, grid.crs, WHAT, "The forecast")
    inside = grid.cells(x, y)[2] & np.isfinite(x) & np.isfinite(y)
    if not inside.any():
        raise InputError("No point of POINTS lies on the forecast; check the CRS of the layer.")
    x, y, series = x[inside], y[inside], layer.series[inside]
    if sources.match.dates is None:
        raise InputError(
            "POINTS cannot be compared: the dates of the maps are not known; name the bands of "
            "OBSERVED by their dates (2024-06-30)."
        )
    own = _at_dates(layer, series, sources.match.dates, tolerance)
    if not np.isfinite(own).any():
        raise InputError(
            f"POINTS has no value at the dates compared ({sources.match.labels[0]} to "
            f"{sources.match.labels[-1]}); it has {describe_dates(layer.dates)}."
        )
    parts = len(sources.predicted) + 1
    predicted = np.stack([
        sample_bilinear(raster, bands, x, y, progress.part(number / parts, (number + 1) / parts))
        for number, (raster, bands) in enumerate(zip(sources.predicted, sources.match.predicted))
    ])  # fmt: skip
    surface, level = _origins(sources, layer, series, x, y, tolerance, progress)
    found = point_residuals(x, y, predicted, own, sources.match.labels, surface, level)
    if not found.samples[0].all.moments.n:
        raise InputError(
            "At no point of POINTS do the forecasts and the points' own series both have a value; "
            "do they cover the same place and time?"
        )
    _say(found, layer, inside, progress)
    return found


def _at_dates(
    layer: SeriesLayer, series: np.ndarray, dates: np.ndarray, tolerance: int
) -> np.ndarray:
    """Return the values at dates, (points, dates); NaN where the layer has no such date."""
    values = np.full((len(series), len(dates)), np.nan, np.float32)
    for number, date in enumerate(dates):
        off = np.abs((layer.dates - date).astype(int))
        nearest = int(np.argmin(off))
        if off[nearest] <= tolerance:
            values[:, number] = series[:, nearest]
    return values


def _origins(
    sources: Sources, layer, series, x, y, tolerance: int, progress: Progress
) -> tuple[Optional[np.ndarray], Optional[np.ndarray]]:
    """Return surface and own value of the points at each forecast's origin, or None and None."""
    bands = sources.match.origins
    days = dated_bands(sources.observed).dates
    if days is None or any(band is None for band in bands):
        progress.warn(
            "OBSERVED has no date before the forecast, so the offset between surface and points "
            "cannot be taken off; residuals at points contain it."
        )
        return None, None
    level = _at_dates(layer, series, days[[band - 1 for band in bands]], tolerance)
    if not np.isfinite(level).any(axis=0).all():
        progress.warn(
            "POINTS has no value at the date before the forecast, so the offset between surface "
            "and points cannot be taken off; residuals at points contain it."
        )
        return None, None
    different = sorted(set(bands))
    sampled = sample_bilinear(sources.observed, different, x, y, progress.part(0.95, 1))
    surface = sampled[:, [different.index(band) for band in bands]]
    return surface.T, level.T


def _say(found: PointResiduals, layer: SeriesLayer, inside: np.ndarray, progress: Progress) -> None:
    known = int(np.isfinite(found.best).any(axis=(0, 2)).sum())
    progress.info(f"Residuals at {known:,} of {len(layer):,} points ({found.kind}).")
    if not inside.all():
        progress.info(f"{int((~inside).sum()):,} points lie outside the maps.")


def write_residual_points(
    path: str, found: PointResiduals, sources: Sources, top: float, source: str
) -> None:
    """Write the points that have a residual, styled as the map.

    Fields a forecast (``_2``, ``_3`` … for the second and third): ``signed`` (mean over the
    dates), ``absolute`` (root mean square), and ``surface``, the mean without the offset taken
    off. Of a single forecast also the residual of each date, ``DYYYYMMDD``.
    """
    refuse_shapefile(path, "Residuals at points")
    keep = np.isfinite(found.best).any(axis=(0, 2))
    columns: dict[str, np.ndarray] = {}
    for number in range(len(found.best)):
        end = f"_{number + 1}" if len(found.best) > 1 else ""
        own = found.best[number, keep]
        columns[f"signed{end}"] = _over_dates(own)
        columns[f"absolute{end}"] = np.sqrt(_over_dates(own.astype(float) ** 2))
        columns[f"surface{end}"] = _over_dates(found.raw[number, keep])
    if len(found.best) == 1:
        for number, date in enumerate(sources.match.dates):
            columns[date_field(date)] = found.best[0, keep, number].astype(float)
    about = {
        "SUBSIDENCE_KIND": "residual_points",
        "SUBSIDENCE_SOURCE": source,
        "SUBSIDENCE_UNITS": sources.units,
        "SUBSIDENCE_MEANING": f"predicted minus observed; {found.kind}",
        "SUBSIDENCE_PREDICTIONS": ", ".join(sources.names),
    }
    crs = sources.layers.grid.crs
    write_points(path, found.x[keep], found.y[keep], columns, crs, about)
    ends = {f"{word}{step}": f"{sign * top * step / 3:.3g}"
            for word, sign in (("low", -1), ("high", 1)) for step in (1, 2, 3)}  # fmt: skip
    write_style("residual_points", path, field=next(iter(columns)), **ends)


def _over_dates(values: np.ndarray) -> np.ndarray:
    """Return the mean over the dates that have a value, float64."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=1, dtype=float)
    with np.errstate(invalid="ignore"):
        return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)
