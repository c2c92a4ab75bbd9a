"""How far two sets of displacement series agree: velocities and curves, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from land_subsidence.subsidence_plugin.engine.insar.fits import series_statistics
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.vector.series_layer import SeriesLayer, read_series

#: Side of the cells of EGMS L3 in metres, and days of a year in velocities.
CELL, YEAR = 100.0, 365.25


@dataclass(frozen=True)
class Pair:
    """The same places in an official product and in ours.

    ``velocity`` is (2, places) in mm/yr, ``series`` (2, places, dates) in mm, the official first;
    ``support`` the points that the poorer track has in a cell.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    velocity: np.ndarray
    series: np.ndarray
    dates: np.ndarray
    support: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        """Ours minus official velocity."""
        return self.velocity[1] - self.velocity[0]

    @property
    def series_rmse(self) -> np.ndarray:
        """RMSE of each place's curve, without a constant between the two."""
        return np.sqrt((without_offset(self.series) ** 2).mean(axis=1))

    def at(self, rows: np.ndarray) -> Pair:
        """Return some of the places."""
        return Pair(
            self.name, self.x[rows], self.y[rows], self.velocity[:, rows], self.series[:, rows],
            self.dates, self.support[rows],
        )  # fmt: skip


class Agreement(NamedTuple):
    """Velocity in mm/yr, series in mm; differences are ours minus official."""

    places: int
    bias: float
    rmse: float
    correlation: float
    fitted_rmse: float
    series_rmse: float
    series_correlation: float
    signal: float


def without_offset(series: np.ndarray) -> np.ndarray:
    """Return (places, dates): second minus first series, less the mean difference of a place."""
    difference = series[1] - series[0]
    return difference - difference.mean(axis=1, keepdims=True)


def fitted(series: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """Return velocities in mm/yr of (2, places, dates), fitted to both series in the same way."""
    years = dates.astype("datetime64[D]").astype(float) / YEAR
    return np.stack([series_statistics(own, years)["mean_velocity"] for own in series])


def agreement(velocity: np.ndarray, series: np.ndarray, dates: np.ndarray) -> Agreement:
    """Return how far two products agree.

    Parameters
    ----------
    velocity : (2, places) array
        As delivered.
    series : (2, places, dates) array
    dates : (dates,) array of datetime64

    Returns
    -------
    Agreement
        ``fitted_rmse`` is of velocities fitted to both series in the same way;
        ``series_correlation`` and ``signal`` (the standard deviation of the official series) are
        about the mean of each place.
    """
    difference = velocity[1] - velocity[0]
    alike = fitted(series, dates)
    around = series - series.mean(axis=2, keepdims=True)
    return Agreement(
        len(difference),
        float(difference.mean()),
        float(np.sqrt((difference**2).mean())),
        float(np.corrcoef(velocity)[0, 1]),
        float(np.sqrt(((alike[1] - alike[0]) ** 2).mean())),
        float(np.sqrt((without_offset(series) ** 2).mean())),
        float(np.corrcoef(around.reshape(2, -1))[0, 1]),
        float(around[0].std()),
    )


def read(path: object) -> SeriesLayer:
    """Return a layer that the importer or the decomposition wrote."""
    return read_series(str(path), f"The layer '{path}'")


def cells_of(layer: SeriesLayer) -> dict[tuple[int, int], int]:
    """Return the place of each point among the points by its cell of L3."""
    columns, rows = (np.floor(v / CELL).astype(int).tolist() for v in (layer.x, layer.y))
    return {cell: place for place, cell in enumerate(zip(columns, rows))}


def at_cells(name: str, official: SeriesLayer, own: SeriesLayer) -> Pair:
    """Pair the cells that both layers have, at the dates that both have."""
    theirs, ours = cells_of(official), cells_of(own)
    common = sorted(set(theirs) & set(ours))
    rows = [theirs[c] for c in common], [ours[c] for c in common]
    dates, *days = np.intersect1d(official.dates, own.dates, return_indices=True)
    layers = (official, own)
    velocity = np.stack([lay.columns["mean_velocity"][r] for lay, r in zip(layers, rows)])
    series = np.stack([lay.series[r][:, d] for lay, r, d in zip(layers, rows, days)])
    support = np.minimum(own.columns["points_ascending"], own.columns["points_descending"])
    x, y = official.x[rows[0]], official.y[rows[0]]
    return Pair(name, x, y, velocity, series.astype(float), dates, support[rows[1]])


def on_grid(name: str, official: object, own: object) -> Pair:
    """Pair the cells of two stacks of one grid; velocities are fitted as the importer does."""
    rasters = [Raster(str(path)) for path in (official, own)]
    grid = rasters[0].grid
    dates, *bands = np.intersect1d(*(raster.names for raster in rasters), return_indices=True)
    maps = [raster.read(bands=(b + 1).tolist()) for raster, b in zip(rasters, bands)]
    rows, columns = np.nonzero(np.isfinite(maps).all(axis=(0, 1)))
    series = np.stack([m[:, rows, columns].T for m in maps]).astype(float)
    x, y = grid.xy(columns + 0.5, rows + 0.5)
    dates = dates.astype("datetime64[D]")
    return Pair(name, x, y, fitted(series, dates), series, dates, np.zeros(len(x)))
