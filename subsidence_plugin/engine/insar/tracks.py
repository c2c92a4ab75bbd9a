"""Two tracks on common cells, decomposed block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from .components import component_statistics, fit_tracks
from .dates import years
from .los import decompose
from .timeline import at_dates


@dataclass
class Track:
    """One track on cells.

    ``series`` is (cells, dates) in mm, ``vectors`` (cells, 3) the unit vectors, ``count`` the
    points of each cell, ``north`` the velocity northwards where its layer has one, ``cells``
    (cells, 2) the column and row.
    """

    series: np.ndarray
    dates: np.ndarray
    vectors: np.ndarray
    count: np.ndarray
    north: Optional[np.ndarray]
    cells: np.ndarray

    def at(self, places: np.ndarray) -> Track:
        """Return the track at some of its cells."""
        north = None if self.north is None else self.north[places]
        return Track(
            self.series[places], self.dates, self.vectors[places], self.count[places], north,
            self.cells[places],
        )  # fmt: skip


@dataclass(frozen=True)
class Times:
    """Dates ``wanted``, the time that both tracks cover, and the longest gap bridged (days)."""

    wanted: np.ndarray
    start: np.datetime64
    end: np.datetime64
    max_gap: float


def decomposed(
    first: Track, second: Track, north: Optional[np.ndarray], times: Times
) -> list[tuple[dict[str, np.ndarray], np.ndarray]]:
    """Return the statistics and the series (cells, dates) of vertical and of east.

    Parameters
    ----------
    first, second : Track
        On the same cells; their series are changed where north is given.
    north : (cells,) array, optional
        Velocity northwards, mm/yr; None takes it as zero.
    times : Times
    """
    decomposition = decompose(first.vectors, second.vectors)
    if north is not None:
        for track in (first, second):
            path = north[:, None] * years(track.dates, times.start)
            track.series = track.series - track.vectors[:, 1:2] * path
    fits = fit_tracks([(t.series, t.dates) for t in (first, second)], times.start, times.end)
    statistics = component_statistics(decomposition, *fits)
    series = [at_dates(t.series, t.dates, times.wanted, times.max_gap) for t in (first, second)]
    return list(zip(statistics, decomposition.components(*series)))
