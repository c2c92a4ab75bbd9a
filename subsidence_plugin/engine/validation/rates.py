"""Success-rate and prediction-rate curves (Chung and Fabbri 2003) and the areas under them.

Share of events captured against share of area taken, going from the most to the least susceptible
cells. Events a model was trained on give the success rate, others the prediction rate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError
from .splits import ALL, TRAIN, VALIDATION

BINS = 65536


@dataclass(frozen=True)
class RateCurve:
    """Cumulative shares from (0, 0) to (1, 1), and the area under the line that joins them."""

    area: np.ndarray
    events: np.ndarray

    @property
    def under(self) -> float:
        """Area under the curve (trapezoids): 0.5 where the map says nothing."""
        return float(np.sum(np.diff(self.area) * (self.events[1:] + self.events[:-1]) / 2))

    def at(self, share: float) -> float:
        """Return the share of events in the most susceptible ``share`` of the area."""
        return float(np.interp(share, self.area, self.events))


def rate_curve(
    area: np.ndarray, events: np.ndarray, order: Optional[np.ndarray] = None
) -> Optional[RateCurve]:
    """Return the curve over classes, or None where there is no area or no event.

    Parameters
    ----------
    area, events : 1d-array
        Area (or cells of equal area) and number of events of each class.
    order : 1d-array, optional
        Classes are taken by this value descending (NaN last); default: the order given. Classes
        of equal value are one step, so that their order does not matter.
    """
    area, events = np.asarray(area, float), np.asarray(events, float)
    if not area.sum() or not events.sum():
        return None
    if order is not None:
        rank = np.where(np.isnan(order), -np.inf, np.asarray(order, float))
        levels, place = np.unique(-rank, return_inverse=True)
        area = np.bincount(place, area, len(levels))
        events = np.bincount(place, events, len(levels))
    used = (area > 0) | (events > 0)
    return RateCurve(
        np.append(0, np.cumsum(area[used]) / area.sum()),
        np.append(0, np.cumsum(events[used]) / events.sum()),
    )


def success_group(groups: Iterable[str]) -> str:
    """Return the group of events whose rate is a success rate."""
    return TRAIN if TRAIN in groups else ALL


class ProbabilityCounts:
    """Area and events by probability, in ``BINS`` equal bins of 0 to 1, added tile by tile.

    Inside a bin the curve is straight, so the area differs from the exact one by less than the
    share of area in a single bin.
    """

    def __init__(self, name: str, groups: Iterable[str]) -> None:
        self.name = name
        self._area = np.zeros(BINS)
        self._events = {group: np.zeros(BINS, np.int64) for group in groups}

    def add_cells(self, values: np.ndarray, row_area: Optional[np.ndarray] = None) -> None:
        """Add the probabilities of a tile (rows, columns), NaN = no data.

        Parameters
        ----------
        values : ndarray
        row_area : 1d-array, optional
            Area of a cell of each row; default 1.
        """
        weights = np.ones(values.shape[:1]) if row_area is None else row_area
        self._area += self._count(values, np.repeat(weights, values[0].size))

    def add_events(self, group: str, values: np.ndarray) -> None:
        """Add the probabilities found under events of a group."""
        self._events[group] += self._count(values)

    def curve(self, *groups: str) -> Optional[RateCurve]:
        """Return the curve of the events of the groups named, None where there are none."""
        events = sum(self._events[group] for group in groups)
        return rate_curve(self._area[::-1], events[::-1])

    @property
    def success(self) -> Optional[RateCurve]:
        """Curve of the training events, or of all where there are no splits."""
        return self.curve(success_group(self._events))

    @property
    def prediction(self) -> Optional[RateCurve]:
        """Curve of the validation events, None without splits or without such events."""
        return self.curve(VALIDATION) if VALIDATION in self._events else None

    def _count(self, values: np.ndarray, weights: Optional[np.ndarray] = None) -> np.ndarray:
        known = ~np.isnan(values)
        found = values[known]
        if len(found) and (found.min() < 0 or found.max() > 1):
            raise InputError(
                f"'{self.name}' holds values from {found.min():g} to {found.max():g}; "
                "give a probability raster, with values from 0 to 1."
            )
        place = np.minimum((found * np.float32(BINS)).astype(np.int32), BINS - 1)
        return np.bincount(place, None if weights is None else weights[known.ravel()], BINS)
