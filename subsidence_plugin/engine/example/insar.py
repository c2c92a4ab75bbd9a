"""A vertical InSAR point layer as the European Ground Motion Service delivers it (level 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .deformation import Planted, displacement, measurement_noise, plant
from .fields import generator
from .landscape import Landscape

FIRST_DAY = np.datetime64("2020-01-03")
#: Days between dates, and metres between points, of the European service.
STEP, SPACING = 6, 100.0
#: Nodes of the point lattice: a denser or wider spacing is taken beyond these.
FEWEST_NODES, MOST_NODES = 2500, 40_000


@dataclass
class InsarPoints:
    """Points with their columns in the order of the layer, and what was planted."""

    x: np.ndarray
    y: np.ndarray
    columns: dict[str, object]
    planted: Planted


def insar_points(
    land: Landscape,
    probability: np.ndarray,
    bounds: tuple[float, float, float, float],
    dates: int,
    seed: int,
) -> InsarPoints:
    """Return points with series of ``dates`` dates, consistent with the true probability.

    Points lie on a lattice, many in towns, few in fields, none on water. Subsidence is faster
    where the probability of the truth is higher; bowls, a fault, seasons and noise come on top
    (``deformation``).

    Parameters
    ----------
    land : Landscape
    probability : (rows, columns) array
        Truth without NaN.
    bounds : (x minimum, y minimum, x maximum, y maximum)
        Metres.
    dates : int
    seed : int
    """
    from scipy import ndimage

    side = (bounds[2] - bounds[0]) / land.shape[1]
    spacing = node_spacing(bounds, side)
    x, y = _nodes(bounds, spacing)
    rows = np.clip(((bounds[3] - y) / side).astype(int), 0, land.shape[0] - 1)
    columns = np.clip(((x - bounds[0]) / side).astype(int), 0, land.shape[1] - 1)
    seen = _seen(land, rows, columns, seed)
    x, y, rows, columns = x[seen], y[seen], rows[seen], columns[seen]
    local = ndimage.gaussian_filter(probability, max(0.4 * spacing / side, 0.5))
    broad = ndimage.gaussian_filter(probability, 0.03 * min(land.shape), mode="constant")
    days = STEP * np.arange(dates)
    planted = plant(broad, bounds, days, FIRST_DAY, seed)
    slip = (np.datetime64(planted.fault.slip_date) - FIRST_DAY).astype(int) / 365.25
    truth = local[rows, columns].astype(float)
    series = displacement(planted, x, y, truth, days / 365.25, slip)
    series += measurement_noise(land.shape, rows, columns, days / 365.25, seed)
    series = np.round(series, 1)
    height = land.elevation[rows, columns].astype(float)
    return InsarPoints(x, y, _columns(x, y, height, series, days), planted)


def node_spacing(bounds: tuple[float, float, float, float], resolution: float) -> float:
    """Return the distance of the lattice nodes: 100 m, or what keeps their number in bounds.

    Small areas get a denser lattice (but one node in two by two cells), large ones a wider one.
    """
    area = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])
    spacing = min(SPACING, (area / FEWEST_NODES) ** 0.5)
    return max(spacing, (area / MOST_NODES) ** 0.5, 2 * resolution)


def _nodes(bounds: tuple[float, float, float, float], spacing: float):
    x = np.arange(bounds[0] + spacing / 2, bounds[2], spacing)
    y = np.arange(bounds[3] - spacing / 2, bounds[1], -spacing)
    across, down = np.meshgrid(x, y)
    return across.ravel(), down.ravel()


def _seen(land: Landscape, rows: np.ndarray, columns: np.ndarray, seed: int) -> np.ndarray:
    """Return which nodes have a point: radar sees walls and roofs, not paddies or water."""
    share = 0.22 + 0.7 * np.minimum(land.urban[rows, columns], 1)
    share = share * (1 - 0.6 * land.hills[rows, columns])
    share[land.water[rows, columns]] = 0
    return generator(seed, "radar targets").random(len(rows)) < share


def _columns(x, y, height, series: np.ndarray, days: np.ndarray) -> dict[str, object]:
    columns: dict[str, object] = {
        "pid": [f"EX{i:08d}" for i in range(len(x))],
        "easting": np.round(x, 2),
        "northing": np.round(y, 2),
        "height": np.round(height, 1),
    }
    columns.update(series_statistics(series, days / 365.25))
    for day, values in zip(days, series.T):
        date = str(FIRST_DAY + np.timedelta64(int(day), "D")).replace("-", "")
        columns[f"D{date}"] = values
    return columns


def series_statistics(series: np.ndarray, years: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the service reports of each series, by least squares.

    ``mean_velocity`` (mm/yr) and ``seasonality`` (amplitude, mm) of a line with an annual sine,
    ``acceleration`` (mm/yr²) of a parabola with one, their standard deviations ``_std``, and
    ``rmse`` (mm) of what the latter leaves.

    Parameters
    ----------
    series : (points, dates) array
        mm.
    years : 1d-array
    """
    t = years - years.mean()
    wave = [np.cos(2 * np.pi * years), np.sin(2 * np.pi * years)]
    line, line_std, _ = _fit(np.column_stack([np.ones_like(t), t, *wave]), series)
    curve, curve_std, rest = _fit(np.column_stack([np.ones_like(t), t, t**2 / 2, *wave]), series)
    rounded = {
        "rmse": np.sqrt((rest**2).mean(axis=1)),
        "mean_velocity": line[:, 1],
        "mean_velocity_std": line_std[:, 1],
        "acceleration": curve[:, 2],
        "acceleration_std": curve_std[:, 2],
        "seasonality": np.hypot(line[:, 2], line[:, 3]),
        "seasonality_std": np.hypot(line_std[:, 2], line_std[:, 3]) / np.sqrt(2),
    }
    return {name: np.round(values, 2) for name, values in rounded.items()}


def _fit(design: np.ndarray, series: np.ndarray):
    """Return coefficients, their standard deviations and the residuals, a row a point."""
    normal = np.linalg.inv(design.T @ design)
    coefficients = series @ design @ normal
    rest = series - coefficients @ design.T
    freedom = max(design.shape[0] - design.shape[1], 1)
    variance = (rest**2).sum(axis=1) / freedom
    return coefficients, np.sqrt(variance[:, None] * np.diag(normal)[None, :]), rest
