"""Residuals at the points that the maps were made of, with and without the offset of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from .sample import Samples


@dataclass(frozen=True)
class PointResiduals:
    """Residuals at points.

    A gridded surface has another level than a point in it, at every date much the same: the
    points around share the cell. ``raw`` compares the forecast surface with the point's own
    value, and so contains that offset; ``change`` compares the change since the forecast's origin
    on both sides, (forecast − observed surface at the origin) − (point − point at the origin),
    and so tells the error of the forecast alone. None where no origin is known.

    Parameters
    ----------
    x, y : (points,) arrays
    raw : (predictions, points, dates) float32
    change : (predictions, points, dates) float32, optional
    labels : sequence of str
        One a date.
    matched : int
        Points with a residual.
    """

    x: np.ndarray
    y: np.ndarray
    raw: np.ndarray
    change: Optional[np.ndarray]
    raw_samples: list[Samples]
    change_samples: Optional[list[Samples]]
    labels: Sequence[str]

    @property
    def best(self) -> np.ndarray:
        """The change residuals where there are, else the raw ones."""
        return self.raw if self.change is None else self.change

    @property
    def samples(self) -> list[Samples]:
        """Those of ``best``, by forecast."""
        return self.raw_samples if self.change_samples is None else self.change_samples

    @property
    def kind(self) -> str:
        """What ``best`` is, for captions."""
        return "surface minus point" if self.change is None else "change since the origin"


def point_residuals(
    x: np.ndarray,
    y: np.ndarray,
    predicted: np.ndarray,
    series: np.ndarray,
    labels: Sequence[str],
    origin_surface: Optional[np.ndarray] = None,
    origin_points: Optional[np.ndarray] = None,
) -> PointResiduals:
    """Compare forecasts sampled at points with the points' own values.

    Parameters
    ----------
    x, y : (points,) arrays
    predicted : (predictions, points, dates) float32
        NaN outside the maps.
    series : (points, dates) float32
        The points' own values.
    labels : sequence of str
    origin_surface : (predictions, points) float32, optional
        The observed maps at the origin of each forecast.
    origin_points : (predictions, points) float32, optional
        The points' own values at that date.
    """
    raw = _common(predicted - series[None])
    level = series
    change = change_samples = None
    if origin_surface is not None and origin_points is not None:
        offset = (origin_surface - origin_points)[:, :, None]
        change = _common(raw - offset)
        level = series[None] - origin_points[:, :, None]
        change_samples = _samples(change, level, -level)
    raw_samples = _samples(raw, np.broadcast_to(series[None], raw.shape), None)
    return PointResiduals(x, y, raw, change, raw_samples, change_samples, labels)


def _common(residuals: np.ndarray) -> np.ndarray:
    """Leave those that all forecasts have."""
    residuals = residuals.astype(np.float32)
    residuals[:, ~np.isfinite(residuals).all(axis=0)] = np.nan
    return residuals


def _samples(
    residuals: np.ndarray, observed: np.ndarray, baseline: Optional[np.ndarray]
) -> list[Samples]:
    """Return both passes over the residuals; ``baseline``: no change since the origin."""
    found = []
    for number in range(len(residuals)):
        samples = Samples(residuals.shape[2])
        for date, sample in enumerate(samples.by_date):
            own = residuals[number, :, date]
            valid = np.isfinite(own)
            other = None
            if baseline is not None:
                other = np.ascontiguousarray(baseline[number, valid, date])
            sample.add(own[valid], observed[number, valid, date], other)
        samples.settle()
        for date in range(residuals.shape[2]):
            own = residuals[number, :, date]
            samples.add_again(date, own[np.isfinite(own)])
        found.append(samples)
    return found
