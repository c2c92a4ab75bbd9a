"""The history of a deformation stack up to an origin, read window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from ..errors import InputError
from ..forecasting.area import Area
from ..forecasting.card import ForecasterCard
from ..forecasting.future import as_days
from ..forecasting.tiling import Window
from ..forecasting.window import fill_window
from ..progress import Progress
from ..vector.read import spatial_reference
from .area import row_areas_km2
from .read import Raster
from .residual_sources import dated_bands
from .target_grid import crs_name, same_crs

#: Cells may differ so much in size from those trained on before it is said.
CELL_TOLERANCE = 0.1


@dataclass(frozen=True)
class History:
    """A deformation stack with its bands in the order of time.

    ``bands`` are numbers from 1, ``dates`` datetime64[D], ``cell_size`` metres. ``gaps`` tells at
    which dates nothing was measured, ``between`` which others lie between acquisitions and were
    interpolated.
    """

    raster: Raster
    bands: tuple[int, ...]
    dates: np.ndarray
    cell_size: float
    what: str
    gaps: np.ndarray
    between: np.ndarray

    @property
    def days(self) -> np.ndarray:
        """Days since 1970."""
        return as_days(self.dates)

    @property
    def units(self) -> str:
        """As the stack says; mm where it does not."""
        return self.raster.metadata.get("SUBSIDENCE_UNITS", "") or "mm"


def open_history(path: str, parameter: str = "INPUT") -> History:
    """Open a deformation stack.

    Raises
    ------
    InputError
        Bands have no dates, or the stack no CRS.
    """
    raster, what = Raster(path), f"The stack '{path}' ({parameter})"
    spatial_reference(raster.grid.crs, what)
    dated = dated_bands(raster)
    if dated.dates is None:
        raise InputError(
            f"{what} has bands without a date; use a stack of 'Grid InSAR deformation', or name "
            "each band by its date (2024-06-30)."
        )
    order = np.argsort(dated.dates, kind="stable")
    middle = row_areas_km2(raster.grid, what)[raster.grid.height // 2]
    cell_size = float(np.sqrt(middle * 1e6))
    bands = tuple(dated.bands[place] for place in order)
    gaps, between = (np.isin(bands, list(own)) for own in (dated.made_up, dated.between))
    return History(raster, bands, dated.dates[order], cell_size, what, gaps, between)


def check_against_card(history: History, card: ForecasterCard, progress: Progress) -> None:
    """Refuse a stack in other units than the forecaster's; warn where else it is unlike.

    Raises
    ------
    InputError
        The units differ.
    """
    if card.units and history.units.casefold() != card.units.casefold():
        raise InputError(
            f"{history.what} is in {history.units}, and the forecaster was trained on "
            f"{card.units}; bring the stack to {card.units}."
        )
    ratio = history.cell_size / card.cell_size
    if card.nodes == "cells" and abs(ratio - 1) > CELL_TOLERANCE:
        progress.warn(
            f"The cells are {history.cell_size:.4g} m wide, those that the forecaster was trained "
            f"on {card.cell_size:.4g} m: what it learnt of neighbouring cells may not hold."
        )
    if card.crs and not _same_crs(card.crs, history.raster.grid.crs, history.what):
        progress.warn(
            f"The stack is in '{crs_name(history.raster.grid.crs)}', the forecaster was trained in "
            f"'{crs_name(card.crs)}'."
        )
    component = history.raster.metadata.get("COMPONENT", "")
    if card.component and component and component != card.component:
        progress.warn(
            f"The stack holds the component {component}, the forecaster was trained on "
            f"{card.component}."
        )
    step = float(np.median(np.diff(history.days))) if len(history.dates) > 1 else card.step_days
    if abs(step / card.step_days - 1) > CELL_TOLERANCE:
        progress.warn(
            f"The dates are typically {step:g} days apart, those that the forecaster was trained "
            f"on {card.step_days:g}: it has not seen such steps."
        )


def _same_crs(one: str, other: str, what: str) -> bool:
    try:
        return same_crs(one, other)
    except InputError:  # the card's may be anything
        return False


@dataclass(frozen=True)
class Covariates:
    """Bands of a raster on the stack's grid, in the order of a card's covariates."""

    path: str
    bands: tuple[int, ...]


def open_covariates(
    path: Optional[str], card: ForecasterCard, history: History
) -> Optional[Covariates]:
    """Return the bands that a card's covariates are, None where it has none.

    Raises
    ------
    InputError
        The forecaster has covariates and there is no raster, it lacks one, or lies elsewhere.
    """
    if not card.covariates:
        return None
    names = ", ".join(card.covariate_names)
    if not path:
        raise InputError(
            f"The forecaster was trained with covariates ({names}); give them in COVARIATES."
        )
    raster = Raster(path)
    if not raster.grid.matches(history.raster.grid):
        raise InputError(
            f"The raster '{path}' (COVARIATES) has other cells than the stack; align it to the "
            "stack with 'Align factors', which takes the stack as REFERENCE."
        )
    own = {band.name.casefold(): band.index for band in reversed(raster.bands)}
    missing = [name for name in card.covariate_names if name.casefold() not in own]
    if missing:
        raise InputError(
            f"The raster '{path}' (COVARIATES) has no band '{missing[0]}'; the forecaster needs "
            f"{names}, and the bands are {', '.join(raster.names)}."
        )
    return Covariates(path, tuple(own[name.casefold()] for name in card.covariate_names))


class HistoryReader:
    """Reads the window of dates before an origin; one a thread, as it has its own file handles.

    Parameters
    ----------
    history : History
    origin : int
        Place of the last date.
    card : ForecasterCard
    covariates : Covariates, optional
    """

    def __init__(
        self,
        history: History,
        origin: int,
        card: ForecasterCard,
        covariates: Optional[Covariates] = None,
    ) -> None:
        self.raster = Raster(history.raster.path)
        self.history, self.origin, self.card = history, origin, card
        # The date before the window tells how long after it the first one of the window is.
        self.first = max(origin - card.window, 0)
        self.covariates = covariates
        self.static = Raster(covariates.path) if covariates else None

    def __call__(self, window: Window) -> Area:
        """Return the dates up to the origin; the mask is where there are enough values.

        ``levels`` has the dates of the window, and where the stack has it the date before.
        """
        values = self._read(range(self.first, self.origin + 1), window)
        inside = values[-self.card.window :]
        _levels, observed, mask = fill_window(inside, self._before(values, window))
        if len(values) > len(inside):
            seen = np.isfinite(values[:1])
            observed = np.concatenate([seen, observed])
            values[0][~seen[0]] = 0
        static = self._static(window, mask)
        return Area(
            levels=values,
            mask=mask,
            days=self.history.days[self.first : self.origin + 1],
            static=static,
            observed=observed,
            corner=(window[1], window[0]),
        )

    def _before(self, values: np.ndarray, window: Window) -> Callable:
        start = self.origin + 1 - self.card.window

        def before(number: int) -> Optional[np.ndarray]:
            if start - number < 0:
                return None
            if start - number == self.first:
                return values[0]
            return self._read([start - number], window)[0]

        return before

    def _read(self, places: Sequence[int], window: Window) -> np.ndarray:
        return self.raster.read(window, [self.history.bands[place] for place in places])

    def _static(self, window: Window, mask: np.ndarray) -> np.ndarray:
        """Return the standardised covariates; cells that lack one lose their mask."""
        if self.static is None or self.covariates is None:
            return np.zeros((0, *mask.shape), np.float32)
        values = self.static.read(window, self.covariates.bands)
        for layer, entry in zip(values, self.card.covariates):
            layer -= np.float32(entry["mean"])
            layer /= np.float32(entry["std"])
        known = np.isfinite(values).all(axis=0)
        mask &= known
        values[:, ~known] = 0
        return values
