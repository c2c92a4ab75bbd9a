"""Which bands of forecasts and of an observation show the same date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ..errors import InputError
from ..insar.dates import date_of


@dataclass(frozen=True)
class DatedBands:
    """The bands of a raster: ``dates`` datetime64[D], or None where not every band has one.

    ``bands`` are numbers from 1; ``made_up`` those at which nothing was measured, ``between``
    others that were interpolated between acquisitions; ``origin`` is the last date that a forecast
    knew, ``seen_until`` the last target that its training knew, where its metadata say so.
    """

    path: str
    bands: tuple[int, ...]
    dates: Optional[np.ndarray]
    made_up: frozenset[int] = frozenset()
    origin: Optional[np.datetime64] = None
    between: frozenset[int] = frozenset()
    seen_until: Optional[np.datetime64] = None


@dataclass(frozen=True)
class Match:
    """Bands that are compared.

    ``labels`` has a text a date, ``dates`` the observed dates (None where unknown),
    ``predicted`` (predictions, dates) and ``observed`` (dates,) are numbers of bands; ``origins``
    the observed band of the last date before each forecast, None where there is none.
    ``notes`` and ``warnings`` are for the log.
    """

    labels: list[str]
    dates: Optional[np.ndarray]
    predicted: list[list[int]]
    observed: list[int]
    origins: list[Optional[int]]
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def match_bands(
    predicted: Sequence[DatedBands],
    observed: DatedBands,
    date: Optional[str] = None,
    tolerance: int = 0,
) -> Match:
    """Return the bands to compare.

    Where all have dates: those dates that every forecast and the observation have. A forecast of
    a single band without date is compared with one date of the observation, bands without dates
    on both sides by their order.

    Parameters
    ----------
    predicted : sequence of DatedBands
    observed : DatedBands
    date : str, optional
        The only date to compare, or ``last``; default all.
    tolerance : int
        Days by which an observation may be off the date of a forecast.

    Raises
    ------
    InputError
        There is no common date, or the numbers of bands differ where there are no dates.
    """
    wanted = _wanted(date)
    dated = [own for own in predicted if own.dates is not None]
    if len(dated) == len(predicted) and observed.dates is not None:
        return _by_date(predicted, observed, wanted, tolerance)
    counts = {len(own.bands) for own in predicted}
    if counts == {1}:
        return _single(predicted, observed, wanted)
    return _by_order(predicted, observed, wanted)


def _wanted(date: Optional[str]) -> object:
    """Return None, "last" or a day."""
    text = (date or "").strip()
    if not text or text.casefold() == "last":
        return text.casefold() or None
    day = date_of(text)
    if day is None:
        raise InputError(f"DATE is '{text}'; it must be a date such as 2024-06-30, or 'last'.")
    return day


def _by_date(predicted, observed: DatedBands, wanted, tolerance: int) -> Match:
    notes, warnings = [], []
    measured = [k for k, band in enumerate(observed.bands) if band not in observed.made_up]
    if len(measured) < len(observed.bands):
        notes.append(
            f"{len(observed.bands) - len(measured)} bands of OBSERVED lie in gaps without "
            "acquisition (SUBSIDENCE_GAP) and are not compared with."
        )
    if not measured:
        raise InputError("All bands of OBSERVED lie in gaps without acquisition; nothing to test.")
    days = observed.dates[measured]
    found = [_nearest(own.dates, days, tolerance) for own in predicted]
    common = sorted(set.intersection(*(set(own) for own in found)))
    if not common:
        raise InputError(_no_common(predicted, observed.dates[measured], found, tolerance))
    dates = days[common]
    if wanted == "last":
        common = common[-1:]
    elif wanted is not None:
        common = [place for place in common if days[place] == wanted]
        if not common:
            raise InputError(
                f"DATE is {wanted}, which is not among the dates that PREDICTED and OBSERVED have "
                f"in common: {_listed(dates)}."
            )
    off = max(own[place][1] for own in found for place in common)
    if off:
        warnings.append(
            f"Observations are up to {off} days off the date of the forecast (TOLERANCE is "
            f"{tolerance})."
        )
    rest = {len(own.bands) - len(own_found) for own, own_found in zip(predicted, found)} - {0}
    if rest:
        notes.append(
            f"Up to {max(rest)} bands of a forecast have no observation of their date and are left "
            "out."
        )
    warnings += _trained_on(predicted, days[common])
    if len({tuple(sorted(own)) for own in found}) > 1:
        warnings.append(
            f"The forecasts have different dates; the {len(dates)} that all have are compared."
        )
    return Match(
        [str(days[place]) for place in common],
        days[common],
        [[own.bands[own_found[place][0]] for place in common]
         for own, own_found in zip(predicted, found)],
        [observed.bands[measured[place]] for place in common],
        [_origin(own, observed, measured) for own in predicted],
        notes,
        warnings,
    )  # fmt: skip


def _trained_on(predicted: Sequence[DatedBands], days: np.ndarray) -> list[str]:
    """Return what to say of forecasts of dates that their forecaster was trained on."""
    found = []
    for own in predicted:
        seen = 0 if own.seen_until is None else int((days <= own.seen_until).sum())
        if seen:
            found.append(
                f"'{own.path}': {seen} of the {len(days)} dates compared are among those that its "
                f"forecaster was trained or calibrated on (until {own.seen_until}), so the errors "
                "there flatter it; forecast from a later ORIGIN."
            )
    return found


def _nearest(dates: np.ndarray, days: np.ndarray, tolerance: int) -> dict[int, tuple[int, int]]:
    """Return, by place of the observed day, the place of the forecast's date and the days off."""
    found: dict[int, tuple[int, int]] = {}
    for place, date in enumerate(dates):
        off = np.abs((days - date).astype(int))
        best = int(np.argmin(off))
        if off[best] <= tolerance and off[best] < found.get(best, (0, tolerance + 1))[1]:
            found[best] = place, int(off[best])
    return found


def _no_common(predicted, days: np.ndarray, found, tolerance: int) -> str:
    own = next((own for own, got in zip(predicted, found) if not got), None)
    if own is None:
        return "PREDICTED have no date in common; give forecasts of the same dates."
    off = int(np.abs((own.dates[:, None] - days[None]).astype(int)).min())
    return (
        f"'{own.path}' ({own.dates.min()} to {own.dates.max()}) and OBSERVED ({days.min()} to "
        f"{days.max()}) have no date in common: the nearest two are {off} days apart and TOLERANCE "
        f"is {tolerance}; give an observation of the forecast dates."
    )


def _origin(own: DatedBands, observed: DatedBands, measured: list[int]) -> Optional[int]:
    """Return the observed band of the last date that a forecast knew."""
    first = own.dates.min()
    limit = own.origin if own.origin is not None else first - np.timedelta64(1, "D")
    before = [place for place in measured if observed.dates[place] <= min(limit, first)]
    return observed.bands[max(before, key=lambda k: observed.dates[k])] if before else None


def _single(predicted, observed: DatedBands, wanted) -> Match:
    if observed.dates is not None:
        latest = int(np.argmax(observed.dates))
        place = latest
        if wanted not in (None, "last"):
            fits = np.flatnonzero(observed.dates == wanted)
            if not len(fits):
                raise InputError(
                    f"DATE is {wanted}, but OBSERVED has no band of that date; its dates are "
                    f"{_listed(observed.dates)}."
                )
            place = int(fits[0])
        band, label = observed.bands[place], str(observed.dates[place])
        dates = observed.dates[[place]]
        how = f"its band {band} ({label}{', the last' if place == latest else ''})"
    else:
        band, label, dates = observed.bands[-1], "", None
        how = "its only band" if len(observed.bands) == 1 else f"its last band, {band}"
        own = [p.dates[0] for p in predicted if p.dates is not None]
        label = str(own[0]) if own else f"band {band}"
    warning = f"Not all rasters have dates, so PREDICTED is compared with OBSERVED in {how}."
    if wanted is None and len(observed.bands) > 1:
        warning += " Give DATE for another one."
    return Match(
        [label], dates, [[own.bands[0]] for own in predicted], [band], [None] * len(predicted),
        [], [warning],
    )  # fmt: skip


def _by_order(predicted, observed: DatedBands, wanted) -> Match:
    names = [("PREDICTED", own) for own in predicted] + [("OBSERVED", observed)]
    if len({len(own.bands) for _name, own in names}) > 1:
        counts = ", ".join(f"'{own.path}' {len(own.bands)}" for _name, own in names)
        raise InputError(
            f"The rasters have different numbers of bands ({counts}) and not all bands have dates, "
            "so it is open which belong together; name the bands by their dates (2024-06-30)."
        )
    if wanted not in (None, "last"):
        raise InputError("DATE is given, but not all bands have dates; name them by their dates.")
    known = next((own.dates for _name, own in names if own.dates is not None), None)
    places = range(len(observed.bands))
    chosen = list(places)[-1:] if wanted == "last" else list(places)
    labels = [str(known[k]) if known is not None else f"band {observed.bands[k]}" for k in chosen]
    return Match(
        labels, None, [[own.bands[k] for k in chosen] for own in predicted],
        [observed.bands[k] for k in chosen], [None] * len(predicted), [],
        ["Not all bands have dates; they are compared in their order."],
    )  # fmt: skip


def _listed(dates: np.ndarray, most: int = 6) -> str:
    shown = ", ".join(map(str, dates[:most]))
    return shown + (f" … {dates[-1]} ({len(dates)} in all)" if len(dates) > most else "")
