"""Velocity, acceleration and season of vertical and east from the fits of two tracks.

The fits are linear in the series, so their coefficients decompose as the series do, and their
covariances, independent between tracks, add with the squared weights. Dates that were interpolated
add no information and take no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .dates import DAYS_A_YEAR
from .fits import STATISTICS, Fit, amplitude, design_matrix, fit_series, is_seasonal
from .los import Decomposition


@dataclass
class TrackFits:
    """A line, and a parabola where the time is long enough, fitted to each cell of a track."""

    line: Fit
    curve: Fit
    seasonal: bool


def fit_tracks(
    tracks: Sequence[tuple[np.ndarray, np.ndarray]], start: np.datetime64, end: np.datetime64
) -> list[TrackFits]:
    """Fit the series of each track on its own dates within the time that all cover.

    Parameters
    ----------
    tracks : sequence of (series, dates)
        (cells, dates) array in mm with NaN where there is no value, and datetime64[D].
    start, end : datetime64[D]
    """
    times, parts = [], []
    for series, dates in tracks:
        within = (dates >= start) & (dates <= end)
        days = (dates[within] - start).astype(float) - (end - start).astype(float) / 2
        times.append(days / DAYS_A_YEAR)  # the same middle for all tracks
        parts.append(series[:, within])
    seasonal = all(is_seasonal(time) for time in times)
    fits = []
    for series, time in zip(parts, times):
        line = fit_series(series, design_matrix(time, 1, seasonal))
        curve = fit_series(series, design_matrix(time, 2, True)) if seasonal else line
        fits.append(TrackFits(line, curve, seasonal))
    return fits


def component_statistics(
    decomposition: Decomposition, first: TrackFits, second: TrackFits
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the statistics of vertical and of east, as ``fits.STATISTICS`` names them.

    ``rmse`` is the propagated standard deviation of one date (mm) at which both tracks have a
    value.
    """
    found = []
    for component in (0, 1):
        weights = decomposition.weights[:, component]
        stats = dict.fromkeys(STATISTICS, np.full(len(weights), np.nan))
        line, line_covariance = _combined(weights, first.line, second.line)
        stats["mean_velocity"] = line[:, 1]
        stats["mean_velocity_std"] = np.sqrt(line_covariance[:, 1, 1])
        sigma = np.column_stack([first.curve.sigma, second.curve.sigma])
        stats["rmse"] = np.sqrt(((weights * sigma) ** 2).sum(axis=1))
        if first.seasonal:
            stats["seasonality"], stats["seasonality_std"] = amplitude(
                line[:, 2:4], line_covariance[:, 2:4, 2:4]
            )
            curve, covariance = _combined(weights, first.curve, second.curve)
            stats["acceleration"] = curve[:, 2]
            stats["acceleration_std"] = np.sqrt(covariance[:, 2, 2])
        found.append(stats)
    return found[0], found[1]


def _combined(weights: np.ndarray, first: Fit, second: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and covariance of a weighted sum of two independent fits."""
    a, b = weights[:, :1], weights[:, 1:]
    coefficients = a * first.coefficients + b * second.coefficients
    covariance = a[:, :, None] ** 2 * first.covariance + b[:, :, None] ** 2 * second.covariance
    return coefficients, covariance
