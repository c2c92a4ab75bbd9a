"""What is told of a comparison of forecasts with observations: rows of the table, lines of log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..progress import Progress
from ..uncertainty.overview import Overview
from .band_dates import Match
from .points import PointResiduals
from .sample import Sample, Samples

#: The row of all dates together.
ALL = "all"
CELLS, RAW, CHANGE = "cells", "points (surface minus point)", "points (change since the origin)"


@dataclass(frozen=True)
class Hotspots:
    """Clusters of large |residual| of one forecast.

    ``cells`` and ``km2`` by code of ``hotspots.CLASSES`` (0 is no data), ``bounds`` the |z| from
    which on a cell is a discovery.
    """

    cells: np.ndarray
    km2: np.ndarray
    bounds: Sequence[float]

    @property
    def hot_cells(self) -> int:
        """Cells in clusters of large errors (5 % false discoveries)."""
        return int(self.cells[3:].sum())

    @property
    def hot_km2(self) -> float:
        """Their area."""
        return float(self.km2[3:].sum())

    @property
    def share(self) -> float:
        """Their share of the area with data."""
        whole = float(self.km2[1:].sum())
        return self.hot_km2 / whole if whole else math.nan


@dataclass(frozen=True)
class Residuals:
    """Everything that is known of the residuals of one or several forecasts.

    ``overview`` has the pictures ``signed``, ``absolute`` and ``hotspots``, a band a forecast.
    """

    names: Sequence[str]
    match: Match
    samples: Sequence[Samples]
    morans_i: Sequence[float]
    hotspots: Sequence[Hotspots]
    radius: int
    cells: int
    overview: Overview
    extent: tuple[float, float, float, float]
    units: str
    points: Optional[PointResiduals] = None

    @property
    def best(self) -> int:
        """The forecast of the smallest RMSE."""
        return int(np.argmin([samples.all.rmse for samples in self.samples]))

    @property
    def dates(self) -> int:
        """Number of dates compared."""
        return len(self.match.labels)

    def level(self, number: int) -> bool:
        """Whether all residuals of a forecast are equal."""
        return self.samples[number].all.moments.constant

    def columns(self) -> dict[str, list]:
        """Return the table: a row a forecast and date, one for all dates, the same at points."""
        rows = []
        for number, (name, samples) in enumerate(zip(self.names, self.samples)):
            spots = self.hotspots[number]
            extra = {
                "moran_i": self.morans_i[number], "hotspot_cells": spots.hot_cells,
                "hotspot_km2": spots.hot_km2, "hotspot_share": spots.share,
            }  # fmt: skip
            rows += _rows(name, CELLS, self.match.labels, samples, extra)
        points = self.points
        for kind, own in ((RAW, points and points.raw_samples),
                          (CHANGE, points and points.change_samples)):  # fmt: skip
            for name, samples in zip(self.names, own or ()):
                rows += _rows(name, kind, self.match.labels, samples, {})
        names = list(rows[0])
        return {key: [_plain(row.get(key)) for row in rows] for key in names}


def _rows(
    name: str, kind: str, labels: Sequence[str], samples: Samples, extra: Mapping[str, object]
) -> list[dict]:
    first = {"prediction": name, "at": kind}
    whole = {**first, "date": labels[0] if len(labels) == 1 else ALL, **samples.all.row(), **extra}
    if len(labels) == 1:
        return [whole]
    return [whole, *({**first, "date": label, **sample.row()}
                     for label, sample in zip(labels, samples.by_date))]  # fmt: skip


def _plain(value: object) -> object:
    """Return None for what cannot be told."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def log_residuals(residuals: Residuals, progress: Progress) -> None:
    """Write a line a forecast, and what does not make sense of it."""
    for number, (name, samples) in enumerate(zip(residuals.names, residuals.samples)):
        sample, spots = samples.all, residuals.hotspots[number]
        if residuals.level(number):
            progress.warn(
                f"{name}: all residuals are {sample.moments.mean:.6g} {residuals.units}; there is "
                "no spread, no Q–Q line and no hotspot."
            )
            continue
        progress.info(f"{name}: {describe(sample, residuals.units)}.")
        progress.info(
            f"{name}: Moran's I {residuals.morans_i[number]:.3f}; large errors cluster on "
            f"{spots.hot_km2:.6g} km² ({spots.share:.1%})."
        )
        if sample.skill < -1e-9:  # persistence itself is no worse than it
            progress.warn(
                f"{name} is no better than persistence, the last map before it "
                f"(RMSE {sample.baseline_rmse:.4g} {residuals.units})."
            )
    points = residuals.points
    for name, samples in zip(residuals.names, points.samples if points else ()):
        progress.info(
            f"{name} at the points ({points.kind}): {describe(samples.all, residuals.units)}."
        )


def describe(sample: Sample, units: str) -> str:
    """Return bias, MAE and RMSE, beside that of persistence where it is known."""
    text = (
        f"bias {sample.moments.mean:+.4g}, MAE {sample.mae:.4g}, RMSE {sample.rmse:.4g} {units} "
        f"of {sample.moments.n:,} residuals"
    )
    if math.isfinite(sample.baseline_rmse):
        text += f"; persistence {sample.baseline_rmse:.4g}, skill {sample.skill:+.3f}"
    return text
