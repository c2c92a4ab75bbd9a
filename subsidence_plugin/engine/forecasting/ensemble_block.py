"""What the members' forecasts of a block of cells, or of nodes, say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError
from .card import ForecasterCard
from .conformal import half_width, noise_scale

#: Nodes sorted at a time: keeps copies in the processor's cache.
NODES = 4096


@dataclass(frozen=True)
class Wanted:
    """Which results are asked for: ``step`` is the horizon of the members, from 0."""

    spread: bool = False
    coverage: Optional[float] = None
    step: Optional[int] = None
    change: bool = False


@dataclass
class BlockMaps:
    """Results of a block, (horizon, ...) each, NaN where there is none; None where not wanted.

    ``median`` and ``spread`` (standard deviation, ddof 0) are over the members, ``lower`` and
    ``upper`` the ends of the interval, ``members`` (members, ...) their forecasts at one step, and
    ``change`` is the median minus the level at the origin.
    """

    median: np.ndarray
    spread: Optional[np.ndarray] = None
    lower: Optional[np.ndarray] = None
    upper: Optional[np.ndarray] = None
    members: Optional[np.ndarray] = None
    change: Optional[np.ndarray] = None

    @classmethod
    def empty(cls, card: ForecasterCard, wanted: Wanted, shape: tuple[int, ...]) -> BlockMaps:
        """Return results without any value."""

        def maps(count: int, asked: bool = True) -> Optional[np.ndarray]:
            return np.full((count, *shape), np.nan, np.float32) if asked else None

        interval = wanted.coverage is not None
        return cls(
            maps(card.horizon),
            maps(card.horizon, wanted.spread),
            maps(card.horizon, interval),
            maps(card.horizon, interval),
            maps(card.members, wanted.step is not None),
            maps(card.horizon, wanted.change),
        )

    def put(self, place: tuple, other: BlockMaps) -> None:
        """Copy the results of a part to where it lies."""
        for own, part in zip(self.all, other.all):
            if own is not None:
                own[(slice(None), *place)] = part

    @property
    def all(self) -> tuple[Optional[np.ndarray], ...]:
        """Median, spread, lower, upper, members and change."""
        return self.median, self.spread, self.lower, self.upper, self.members, self.change


def ensemble_maps(
    ensemble: np.ndarray,
    mask: np.ndarray,
    card: ForecasterCard,
    wanted: Wanted,
    widths: Optional[np.ndarray] = None,
    origin: Optional[np.ndarray] = None,
) -> BlockMaps:
    """Return the results for an ensemble.

    Parameters
    ----------
    ensemble : (members, horizon, ...) array of float32
        NaN where there is no forecast.
    mask : (...) array of bool
        Where there is a forecast.
    card : ForecasterCard
    wanted : Wanted
    widths : (horizon, ...) array, optional
        Half widths of the intervals (``interval_width``), where these are wanted.
    origin : (...) array, optional
        Levels at the origin, gaps filled, mm; needed where the change is wanted.
    """
    maps = BlockMaps.empty(card, wanted, mask.shape)
    if not mask.any():
        return maps
    known = ensemble[:, :, mask]
    median = member_median(known)
    maps.median[:, mask] = median
    if maps.spread is not None:
        maps.spread[:, mask] = known.std(axis=0)
    if widths is not None and maps.lower is not None and maps.upper is not None:
        half = widths[:, mask]
        maps.lower[:, mask], maps.upper[:, mask] = median - half, median + half
    if maps.members is not None:
        maps.members[:, mask] = known[:, wanted.step]
    if maps.change is not None and origin is not None:
        maps.change[:, mask] = median - origin[mask]
    return maps


def member_median(ensemble: np.ndarray) -> np.ndarray:
    """Return the median over the first axis of (members, horizon, nodes)."""
    members = len(ensemble)
    if members == 1:
        return ensemble[0]
    median = np.empty(ensemble.shape[1:], np.float32)
    for first in range(0, ensemble.shape[2], NODES):
        part = np.ascontiguousarray(np.moveaxis(ensemble[:, :, first : first + NODES], 0, -1))
        part.sort(axis=-1)
        low, high = part[..., (members - 1) // 2], part[..., members // 2]
        median[:, first : first + NODES] = low + (high - low) / 2
    return median


def interval_width(card: ForecasterCard, coverage: float, levels: np.ndarray) -> np.ndarray:
    """Return half widths of the intervals, (horizon, ...), from the window (dates, ...)."""
    if card.conformal is None:
        raise InputError(
            "The forecaster's intervals were not calibrated, because its training had no "
            "validation windows; leave LOWER and UPPER empty, or train it on a longer series."
        )
    return half_width(card.conformal, coverage, noise_scale(levels))
