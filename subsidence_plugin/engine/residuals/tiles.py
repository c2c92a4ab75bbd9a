"""The residuals of a tile, and what is added up of them while tiles go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..uncertainty.overview import Overview
from ..uncertainty.stream import Window
from .moments import Moments
from .moran import MoransI
from .sample import Samples


@dataclass(frozen=True)
class Shape:
    """How the layers of a tile are ordered: forecasts by date, observations, origins.

    ``origins`` has the place of each forecast's origin among the layers, None where it has none.
    """

    predictions: int
    dates: int
    origins: Sequence[Optional[int]]


@dataclass(frozen=True)
class Tile:
    """Residuals of a tile.

    ``residuals`` (predictions, dates, pixels) are NaN where one of the forecasts or the
    observation of that date has no data, so that all forecasts are compared on the same cells;
    ``baseline`` (predictions, dates, pixels) are those of persistence from each origin, None
    where no forecast has one.
    """

    residuals: np.ndarray
    observed: np.ndarray
    baseline: Optional[np.ndarray]

    @property
    def signed(self) -> np.ndarray:
        """Mean over the dates, (predictions, pixels)."""
        return _mean(self.residuals)

    @property
    def absolute(self) -> np.ndarray:
        """Root of the mean square over the dates (of one date: its size), as ``signed``."""
        if self.residuals.shape[1] == 1:
            return np.abs(self.residuals[:, 0])
        return np.sqrt(_mean(self.residuals.astype(np.float64) ** 2)).astype(np.float32)


def residuals_of(values: np.ndarray, shape: Shape) -> Tile:
    """Return predicted minus observed of a tile, (layers, pixels)."""
    count = shape.predictions * shape.dates
    predicted = values[:count].reshape(shape.predictions, shape.dates, -1)
    observed = values[count : count + shape.dates]
    residuals = predicted - observed
    residuals[:, ~np.isfinite(residuals).all(axis=0)] = np.nan
    baseline = None
    if any(place is not None for place in shape.origins):
        baseline = np.full(residuals.shape, np.nan, np.float32)
        for number, place in enumerate(shape.origins):
            if place is not None:
                baseline[number] = values[place] - observed
    return Tile(residuals, observed.copy(), baseline)


class Totals:
    """What is added up of all tiles.

    Parameters
    ----------
    shape : Shape
    width, height : int
        Cells of the maps.

    Attributes
    ----------
    samples : list of Samples
        By forecast.
    signed, absolute : list of Moments
        Of the maps, by forecast.
    overview : Overview
        Small pictures ``signed`` and ``absolute``, a band a forecast.
    cells : int
        Cells with a residual.
    """

    def __init__(self, shape: Shape, width: int, height: int) -> None:
        count = range(shape.predictions)
        self._shape = shape
        self.samples = [Samples(shape.dates) for _ in count]
        self.signed = [Moments() for _ in count]
        self.absolute = [Moments() for _ in count]
        self._moran = [MoransI(width) for _ in count]
        self.overview = Overview(width, height)
        self.cells = 0

    def add(self, window: Window, tile: Tile) -> tuple[np.ndarray, np.ndarray]:
        """Take a tile in the first pass; return its maps, signed and absolute."""
        signed, absolute = tile.signed, tile.absolute
        known = np.isfinite(signed[0])
        self.cells += int(known.sum())
        for number, samples in enumerate(self.samples):
            for date, sample in enumerate(samples.by_date):
                own = tile.residuals[number, date]
                valid = np.isfinite(own)
                baseline = tile.baseline[number, date][valid] if tile.baseline is not None else None
                sample.add(own[valid], tile.observed[date][valid], baseline)
            self.signed[number].add(signed[number][known])
            self.absolute[number].add(absolute[number][known])
            rows = signed[number].reshape(window[3], window[2])
            self._moran[number].add(window, rows)
        maps = {"signed": signed[:, known], "absolute": absolute[:, known]}
        self.overview.add(window, known, maps)
        return signed, absolute

    def settle(self) -> None:
        """End the first pass."""
        for samples, signed, absolute in zip(self.samples, self.signed, self.absolute):
            samples.settle()
            signed.noise = absolute.noise = samples.all.moments.noise

    def add_again(self, tile: Tile) -> None:
        """Take a tile in the second pass."""
        for number, samples in enumerate(self.samples):
            for date in range(self._shape.dates):
                own = tile.residuals[number, date]
                samples.add_again(date, own[np.isfinite(own)])

    def morans_i(self) -> list[float]:
        """Return Moran's I of the signed map of each forecast; NaN where it is level."""
        return [
            np.nan if m.constant else moran.value(m.n, m.mean, m.sum_of_squares)
            for moran, m in zip(self._moran, self.signed)
        ]


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over the dates that have data, NaN where none has."""
    if values.shape[1] == 1:
        return values[:, 0]
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0).sum(axis=1, dtype=np.float64)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean.astype(values.dtype)
