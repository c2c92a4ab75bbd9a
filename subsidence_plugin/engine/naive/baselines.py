"""Simple forecasts that a network must beat, in one registry and one fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .ridge import PooledRidge, fit_ridge
from .trend_fits import LinearForecast, mean_of_last, trend

#: Levels in the mean.
LAST = 5


class Baselines:
    """The baselines of one task: a window, a gap and a horizon in dates.

    Parameters
    ----------
    window : int
        Dates of the line through the last dates (the window of the network beside it).
    horizon, gap : int
        Targets of an origin ``o`` are the dates ``o + gap + 1 … o + gap + horizon``.
    names : sequence of str
        Of ``BASELINES``; always in the order of the registry.
    last : int
        Levels in the mean.
    """

    def __init__(
        self,
        window: int,
        horizon: int,
        gap: int = 0,
        names: Optional[Sequence[str]] = None,
        last: int = LAST,
    ) -> None:
        unknown = set(names or ()) - set(BASELINES)
        if unknown:
            raise InputError(
                f"There is no baseline '{sorted(unknown)[0]}'; choose from {', '.join(BASELINES)}."
            )
        self.window, self.horizon, self.gap, self.last = window, horizon, gap, last
        self.names = [name for name in BASELINES if names is None or name in names]
        self.ridge: Optional[PooledRidge] = None

    @property
    def titles(self) -> dict[str, str]:
        """What the baselines are called in text, by name."""
        filled = {"last": self.last, "window": self.window}
        return {name: BASELINES[name][0].format(**filled) for name in self.names}

    def targets(self, origin: int) -> np.ndarray:
        """Return the indices of the target dates."""
        return origin + self.gap + 1 + np.arange(self.horizon)

    def fit(
        self, levels: np.ndarray, before: int, progress: Optional[Progress] = None
    ) -> Baselines:
        """Fit what is pooled over nodes, the ridge, on windows with all targets before a date.

        The others are fitted at each origin, on what is known there.

        Parameters
        ----------
        levels : (nodes, dates) array
            mm, without gaps (``fill``).
        before : int
            First date of the part that is scored.

        Raises
        ------
        InputError
            Too few dates for one window.
        """
        if "ridge" in self.names:
            self.ridge = fit_ridge(levels, before, self.horizon, self.gap, progress=progress)
        return self

    def at(
        self, days: np.ndarray, origin: int, target_days: Optional[np.ndarray] = None
    ) -> dict[str, LinearForecast]:
        """Return the forecasts from one origin as functions of the levels.

        Parameters
        ----------
        days : 1d-array of int
            Days of the dates of the levels.
        origin : int
            Index of the last date that is known.
        target_days : 1d-array, optional
            Default those of ``targets(origin)`` among ``days``; needed beyond the last date.
        """
        if target_days is None:
            target_days = days[self.targets(origin)]
        known = np.asarray(days)[: origin + 1]
        return {name: BASELINES[name][1](self, known, target_days) for name in self.names}

    def forecast(
        self,
        levels: np.ndarray,
        days: np.ndarray,
        origin: int,
        target_days: Optional[np.ndarray] = None,
    ) -> dict[str, np.ndarray]:
        """Return the forecasts from one origin: (nodes, horizon) in mm by name.

        Parameters
        ----------
        levels : (nodes, dates) array
            mm, without gaps; dates after the origin are not read.
        days, origin, target_days
            As in ``at``.
        """
        rules = self.at(days, origin, target_days)
        return {name: rule(levels) for name, rule in rules.items()}


def _persistence(own: Baselines, days: np.ndarray, later: np.ndarray) -> LinearForecast:
    return mean_of_last(len(days) - 1, 1, len(later))


def _mean(own: Baselines, days: np.ndarray, later: np.ndarray) -> LinearForecast:
    return mean_of_last(len(days) - 1, own.last, len(later))


def _linear(own: Baselines, days: np.ndarray, later: np.ndarray) -> LinearForecast:
    return trend(days, later)


def _annual(own: Baselines, days: np.ndarray, later: np.ndarray) -> LinearForecast:
    return trend(days, later, seasonal=True)


def _recent(own: Baselines, days: np.ndarray, later: np.ndarray) -> LinearForecast:
    return trend(days, later, max(0, len(days) - own.window))


def _ridge(own: Baselines, days: np.ndarray, later: np.ndarray) -> LinearForecast:
    if own.ridge is None:
        raise RuntimeError("Baselines.fit comes before the forecast of the ridge.")
    return own.ridge.at(len(days) - 1)


Rule = Callable[[Baselines, np.ndarray, np.ndarray], LinearForecast]
#: Name: title and rule (task, days up to the origin, days of the targets). The order is fixed.
BASELINES: dict[str, tuple[str, Rule]] = {
    "persistence": ("persistence", _persistence),
    "mean": ("mean of the last {last}", _mean),
    "linear": ("linear", _linear),
    "annual": ("linear + annual", _annual),
    "recent": ("linear, last {window}", _recent),
    "ridge": ("ridge on differences", _ridge),
}
