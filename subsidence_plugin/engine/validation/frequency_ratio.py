"""Frequency ratio: how much denser events are in a class than in the whole area.

Paper H, section 6.2.2 and Table 2: ratio = share of events in the class / share of area in the
class; 1 is the density of the whole area, and a class without area has no ratio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError

#: A raster with more distinct values than this holds no classes.
MOST_CLASSES = 1000
SMALL = 65536


@dataclass(frozen=True)
class Ratios:
    """Per class, in the order given: area share, event share and frequency ratio (NaN: none)."""

    area_share: np.ndarray
    event_share: np.ndarray
    ratio: np.ndarray


def frequency_ratio(area: np.ndarray, events: np.ndarray) -> Ratios:
    """Return the shares and the frequency ratio of each class.

    Parameters
    ----------
    area : 1d-array
        Area (or number of cells of equal area) of each class.
    events : 1d-array
        Events in each class.

    Returns
    -------
    Ratios
        Fractions of 1; ratio NaN where the class has no area or where there are no events at all.
    """
    area, events = np.asarray(area, float), np.asarray(events, float)
    area_share = area / area.sum() if area.sum() else np.full(len(area), np.nan)
    event_share = events / events.sum() if events.sum() else np.full(len(events), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(area > 0, event_share / area_share, np.nan)
    return Ratios(area_share, event_share, ratio)


class ClassCounts:
    """Cells, area and events a class of one factor, added up tile by tile.

    Parameters
    ----------
    name : str
        Name of the factor, for errors.
    groups : iterable of str
        Names of the groups of events that are counted apart (splits).
    declared : iterable of int
        Classes that are listed even where no cell has them.
    """

    def __init__(self, name: str, groups: Iterable[str], declared: Iterable[int] = ()) -> None:
        self.name = name
        self._cells: dict[int, float] = {int(code): 0 for code in declared}
        self._area: dict[int, float] = {}
        self._events: dict[str, dict[int, int]] = {group: {} for group in groups}

    def add_cells(self, values: np.ndarray, row_area: Optional[np.ndarray] = None) -> None:
        """Add the class codes of a tile (rows, columns), NaN = no data.

        Parameters
        ----------
        values : ndarray
        row_area : 1d-array, optional
            Area of a cell of each row; default 1.
        """
        codes, numbers = count_codes(values, self.name)
        self._add(self._cells, codes, numbers)
        self._add(self._area, codes, _areas(values, codes, numbers, row_area))

    def add_events(self, group: str, values: np.ndarray) -> None:
        """Add the class codes found under events of a group (NaN = no data)."""
        self._add(self._events[group], *count_codes(values, self.name))

    @property
    def groups(self) -> list[str]:
        """Names of the groups of events."""
        return list(self._events)

    @property
    def classes(self) -> np.ndarray:
        """Class codes that occur or were declared, ascending."""
        return np.array(sorted(self._cells), dtype=np.int64)

    @property
    def cells(self) -> np.ndarray:
        """Cells of each class of ``classes``."""
        return self._in_order(self._cells).astype(np.int64)

    @property
    def area(self) -> np.ndarray:
        """Area of each class of ``classes``, in the unit of ``row_area``."""
        return self._in_order(self._area)

    def events(self, *groups: str) -> np.ndarray:
        """Events of each class of ``classes``, summed over the groups named."""
        return sum(self._in_order(self._events[g]).astype(np.int64) for g in groups)

    def _in_order(self, counts: Mapping[int, float]) -> np.ndarray:
        return np.array([counts.get(int(c), 0) for c in self.classes], dtype=float)

    def _add(self, counts: dict[int, float], codes: np.ndarray, numbers: np.ndarray) -> None:
        for code, number in zip(codes.tolist(), numbers.tolist()):
            counts[code] = counts.get(code, 0) + number
        if len(counts) > MOST_CLASSES:
            raise _no_classes(self.name)


def count_codes(values: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct whole numbers among ``values`` (NaN left out) and how often each occurs.

    Raises
    ------
    InputError
        A value is not a whole number, so the raster named ``name`` holds no classes.
    """
    known = values[~np.isnan(values)].ravel()
    if not len(known):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    low, high = known.min(), known.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise _no_classes(name)
    if low < 0 or high >= SMALL:
        codes, numbers = np.unique(known, return_counts=True)
        whole = codes.astype(np.int64)
        if not np.array_equal(whole, codes):
            raise _no_classes(name)
        return whole, numbers
    whole = known.astype(np.int32)
    if not np.array_equal(whole, known):
        raise _no_classes(name)
    numbers = np.bincount(whole)
    codes = np.flatnonzero(numbers)
    return codes, numbers[codes]


def _areas(
    values: np.ndarray, codes: np.ndarray, numbers: np.ndarray, row_area: Optional[np.ndarray]
) -> np.ndarray:
    """Return the area of each code, of which there are ``numbers`` cells."""
    if row_area is None:
        return numbers
    if np.all(row_area == row_area[0]):
        return numbers * row_area[0]
    known = ~np.isnan(values)
    weights = np.broadcast_to(row_area[:, np.newaxis], values.shape)[known]
    return np.bincount(np.searchsorted(codes, values[known]), weights, len(codes))


def _no_classes(name: str) -> InputError:
    return InputError(
        f"'{name}' does not hold classes (whole numbers, at most {MOST_CLASSES} of them); "
        "classify it first, a probability raster with 'Classify susceptibility' and factors with "
        "'Reclassify factors'."
    )
