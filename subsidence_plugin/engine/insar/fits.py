"""Velocity, acceleration and season of time series by least squares, gaps left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: A span in years from which an annual wave can be told from a trend.
SEASONAL_SPAN = 1.0
#: Values that a series needs for an annual wave beside its trend.
SEASONAL_VALUES = 8
#: Names of what is fitted, in the order of ``Statistics.columns``.
STATISTICS = (
    "mean_velocity", "mean_velocity_std", "acceleration", "acceleration_std",
    "seasonality", "seasonality_std", "rmse",
)  # fmt: skip


@dataclass
class Fit:
    """Coefficients of a linear model, a row a series.

    ``covariance`` is (series, coefficients, coefficients); ``sigma`` the standard deviation of
    one value about the fit, ``residual`` its root mean square, ``count`` the values used.
    NaN where a series has too few values.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    sigma: np.ndarray
    residual: np.ndarray
    count: np.ndarray


def design_matrix(time: np.ndarray, degree: int, seasonal: bool) -> np.ndarray:
    """Return (dates, coefficients): 1, t, t²/2, then cos and sin of the year.

    Parameters
    ----------
    time : 1d-array
        Years, centred so that the velocity is that of the middle.
    degree : int
        1 for a line, 2 for a parabola, whose coefficient is the acceleration.
    seasonal : bool
    """
    columns = [np.ones_like(time), time]
    if degree == 2:
        columns.append(time**2 / 2)
    if seasonal:
        columns += [np.cos(2 * np.pi * time), np.sin(2 * np.pi * time)]
    return np.column_stack(columns)


def fit_series(series: np.ndarray, design: np.ndarray) -> Fit:
    """Fit every series by ordinary least squares on the dates it has.

    Parameters
    ----------
    series : (series, dates) array
        NaN where there is no value.
    design : (dates, coefficients) array
    """
    terms = design.shape[1]
    known = np.isfinite(series)
    values = np.where(known, series, 0.0)
    count = known.sum(axis=1)
    if known.all():  # one set of normal equations for all
        inverse = np.broadcast_to(_inverse(design.T @ design), (len(series), terms, terms))
    else:
        products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
        inverse = _inverse((known @ products).reshape(-1, terms, terms))
    right = values @ design
    coefficients = np.einsum("nij,nj->ni", inverse, right)
    rest = np.where(known, series - coefficients @ design.T, 0.0)
    squares = (rest**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(np.where(count > terms, squares / (count - terms), np.nan))
        residual = np.sqrt(np.where(count > terms, squares / count, np.nan))
    coefficients = np.where((count >= terms)[:, None], coefficients, np.nan)
    return Fit(coefficients, inverse * sigma[:, None, None] ** 2, sigma, residual, count)


def series_statistics(series: np.ndarray, time: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the European service reports of a series (``STATISTICS``), fitted here.

    ``mean_velocity`` (mm/yr) and ``seasonality`` (amplitude, mm) come from a line with an annual
    wave, ``acceleration`` (mm/yr²) from a parabola with one, ``_std`` are their standard errors
    for independent errors, ``rmse`` is what the parabola leaves. Series of less than a year or of
    fewer than eight values get a line alone.

    Parameters
    ----------
    series : (series, dates) array
        mm, NaN where there is no value.
    time : 1d-array
        Years.
    """
    centred = time - time.mean()
    line = fit_series(series, design_matrix(centred, 1, False))
    nothing = np.full(len(series), np.nan)
    found = {name: nothing.copy() for name in STATISTICS}
    found["mean_velocity"] = line.coefficients[:, 1].copy()
    found["mean_velocity_std"] = np.sqrt(line.covariance[:, 1, 1])
    found["rmse"] = line.residual
    rows = np.flatnonzero(line.count >= SEASONAL_VALUES)
    if len(rows) and is_seasonal(time):
        for name, values in _seasonal_statistics(series[rows], centred).items():
            known = np.isfinite(values)
            found[name][rows[known]] = values[known]
    return found


def is_seasonal(time: np.ndarray) -> bool:
    """Tell whether dates (years) are enough to fit an annual wave beside a trend."""
    return len(time) >= SEASONAL_VALUES and bool(np.ptp(time) >= SEASONAL_SPAN)


def _seasonal_statistics(series: np.ndarray, centred: np.ndarray) -> dict[str, np.ndarray]:
    line = fit_series(series, design_matrix(centred, 1, True))
    curve = fit_series(series, design_matrix(centred, 2, True))
    size, size_error = amplitude(line.coefficients[:, 2:4], line.covariance[:, 2:4, 2:4])
    return {
        "mean_velocity": line.coefficients[:, 1],
        "mean_velocity_std": np.sqrt(line.covariance[:, 1, 1]),
        "acceleration": curve.coefficients[:, 2],
        "acceleration_std": np.sqrt(curve.covariance[:, 2, 2]),
        "seasonality": size,
        "seasonality_std": size_error,
        "rmse": curve.residual,
    }


def amplitude(waves: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the amplitude of (cos, sin) coefficients and its standard deviation, first order.

    Parameters
    ----------
    waves : (series, 2) array
    covariance : (series, 2, 2) array
    """
    size = np.hypot(waves[:, 0], waves[:, 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = waves / size[:, None]
    variance = np.einsum("ni,nij,nj->n", slope, covariance, slope)
    return size, np.sqrt(np.maximum(variance, 0))


def _inverse(normal: np.ndarray) -> np.ndarray:
    """Return inverses, NaN where the dates cannot tell the coefficients apart."""
    normal = np.asarray(normal, float)
    terms = normal.shape[-1]
    diagonal = np.sqrt(np.einsum("...ii->...i", normal))
    scale = np.where(diagonal > 0, diagonal, 1.0)
    scaled = normal / scale[..., :, None] / scale[..., None, :]
    weak = np.linalg.eigvalsh(scaled)[..., 0] < 1e-10
    safe = np.where(weak[..., None, None], np.eye(terms), scaled)
    inverse = np.linalg.inv(safe) / scale[..., :, None] / scale[..., None, :]
    return np.where(weak[..., None, None], np.nan, inverse)
