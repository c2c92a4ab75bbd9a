"""Errors of forecasts by horizon, summed origin by origin so that memory stays small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

import numpy as np

#: Nodes summed at once: their errors stay in the processor's cache.
BLOCK = 2048
#: Metrics of a runs table (``comparemodels`` takes the first three unless told otherwise).
METRICS = ("RMSE", "MAE", "R2", "R2_increments", "Bias")


class Scores:
    """Errors of several forecasts of the same observations, by name and horizon.

    All are scored on the same values: those observed for which every forecast is finite. Errors
    are predicted minus observed, in mm. Pooled figures are those of all horizons together.

    Parameters
    ----------
    names : sequence of str
        Models and baselines, in the order of tables and figures.
    horizon : int
        Steps ahead.
    """

    def __init__(self, names: Sequence[str], horizon: int) -> None:
        self.names = list(names)
        self.horizon = horizon
        self.origins = 0
        #: Values scored by horizon.
        self.count = np.zeros(horizon, dtype=np.int64)
        # By name: sum of errors, of their sizes, of their squares.
        self._errors = {name: np.zeros((3, horizon)) for name in self.names}
        # Of levels and of increments: mean and sum of squares about it.
        self._levels, self._increments = Spread(horizon), Spread(horizon)
        # By origin: sum of squares of each name, then the number of values.
        self._by_origin: dict[int, np.ndarray] = {}

    def add(
        self,
        forecasts: Mapping[str, np.ndarray],
        targets: np.ndarray,
        last: np.ndarray,
        observed: np.ndarray,
    ) -> None:
        """Add the forecasts from one origin.

        Parameters
        ----------
        forecasts : mapping of str to (nodes, horizon) array
            mm, one a name.
        targets : (nodes, horizon) array
            Levels at the target dates in mm.
        last : (nodes,) array
            Levels at the origin: increments are changes since then.
        observed : (nodes, horizon) array of bool
            Targets that were measured and not filled; only these count.

        Raises
        ------
        ValueError
            A name is missing or a shape differs.
        """
        self._check(forecasts, targets)
        self.origins += 1
        number = self.origins
        for start in range(0, len(targets), BLOCK):
            rows = slice(start, start + BLOCK)
            some = {name: forecasts[name][rows] for name in self.names}
            self.add_rows(some, targets[rows], last[rows], observed[rows], number)

    def add_rows(
        self,
        forecasts: Mapping[str, np.ndarray],
        targets: np.ndarray,
        last: np.ndarray,
        observed: np.ndarray,
        origin: Optional[int] = None,
    ) -> None:
        """Add a few nodes as ``add`` does, without counting the origin.

        ``origin`` is its date, under which ``ahead`` compares; None leaves it out of that.
        """
        self._check(forecasts, targets)
        targets, last = targets.astype(float), last.astype(float)
        errors = {name: forecasts[name] - targets for name in self.names}
        known = np.array(observed, dtype=bool)
        for error in errors.values():
            known &= np.isfinite(error)
        complete = known.all()
        count = known.sum(axis=0)
        self.count += count
        own = np.zeros(len(self.names) + 1)
        own[-1] = count.sum()
        for place, (name, error) in enumerate(errors.items()):
            if not complete:
                error[~known] = 0
            sums, squares = self._errors[name], np.einsum("nf,nf->f", error, error)
            sums[0] += error.sum(axis=0)
            sums[1] += np.abs(error).sum(axis=0)
            sums[2] += squares
            own[place] = squares.sum()
        if origin is not None:
            self._by_origin[origin] = self._by_origin.get(origin, 0) + own
        self._levels.add(targets, known)
        self._increments.add(targets - last[:, None], known)

    def _check(self, forecasts: Mapping[str, np.ndarray], targets: np.ndarray) -> None:
        for name in self.names:
            if name not in forecasts:
                raise ValueError(f"There is no forecast of '{name}'.")
            if forecasts[name].shape != targets.shape:
                raise ValueError(
                    f"The forecast of '{name}' has the shape {forecasts[name].shape}, "
                    f"the targets {targets.shape}."
                )

    def ahead(self, name: str, other: str) -> tuple[int, int, bool]:
        """Return at how many origins one forecast has the smaller RMSE over all steps.

        Parameters
        ----------
        name, other : str

        Returns
        -------
        ahead, origins : int
            Origins without an observed target are left out.
        overlap : bool
            Whether origins next to each other share target dates, so that they do not count as
            independent.
        """
        mine, rival = self.names.index(name), self.names.index(other)
        known = {origin: own for origin, own in sorted(self._by_origin.items()) if own[-1] > 0}
        ahead = sum(bool(own[mine] < own[rival]) for own in known.values())
        overlap = bool((np.diff(list(known)) < self.horizon).any())
        return ahead, len(known), overlap

    def rmse(self, name: str, pooled: bool = False) -> np.ndarray:
        """Return the root mean square error in mm: (horizon,), or pooled over all horizons."""
        return np.sqrt(self._mean(self._errors[name][2], pooled))

    def mae(self, name: str, pooled: bool = False) -> np.ndarray:
        """Return the mean absolute error in mm."""
        return self._mean(self._errors[name][1], pooled)

    def bias(self, name: str, pooled: bool = False) -> np.ndarray:
        """Return the mean of predicted minus observed in mm."""
        return self._mean(self._errors[name][0], pooled)

    def r2(self, name: str, increments: bool = False, pooled: bool = False) -> np.ndarray:
        """Return 1 − squared errors / squares of the observed about their mean.

        Parameters
        ----------
        name : str
        increments : bool
            Of changes since the origin; else of cumulative levels, which flatters: most of their
            spread is known at the origin already.
        pooled : bool
            Over all horizons; the mean is then that of all values.

        Returns
        -------
        (horizon,) array or float
            NaN where the observed do not differ.
        """
        spread = self._increments if increments else self._levels
        squares = self._errors[name][2]
        total = spread.pooled() if pooled else spread.squares
        squares = squares.sum() if pooled else squares
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(total > 0, 1 - squares / total, np.nan)[()]

    def metrics(self, name: str) -> dict[str, float]:
        """Return the pooled figures as a runs table holds them (``METRICS``)."""
        values = (
            self.rmse(name, True), self.mae(name, True), self.r2(name, False, True),
            self.r2(name, True, True), self.bias(name, True),
        )  # fmt: skip
        return {key: float(value) for key, value in zip(METRICS, values)}

    def _mean(self, sums: np.ndarray, pooled: bool) -> np.ndarray:
        count = self.count.sum() if pooled else self.count
        total = sums.sum() if pooled else sums
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(count > 0, total / np.maximum(count, 1), np.nan)[()]


class Spread:
    """Mean and sum of squares about it, merged block by block (Chan et al. 1983)."""

    def __init__(self, columns: int) -> None:
        self.count = np.zeros(columns)
        self.mean, self.squares = np.zeros(columns), np.zeros(columns)

    def add(self, values: np.ndarray, known: np.ndarray) -> None:
        """Add rows of (rows, columns), where ``known``."""
        count = known.sum(axis=0)
        safe = np.maximum(count, 1)
        mean = np.where(known, values, 0).sum(axis=0) / safe
        rest = np.where(known, values - mean, 0)
        total = self.count + count
        apart = mean - self.mean
        self.squares += np.einsum("nf,nf->f", rest, rest)
        self.squares += apart**2 * self.count * count / np.maximum(total, 1)
        self.mean += apart * count / np.maximum(total, 1)
        self.count = total

    def pooled(self) -> float:
        """Return the sum of squares of all columns about their common mean."""
        total = self.count.sum()
        common = (self.count * self.mean).sum() / max(total, 1)
        return float(self.squares.sum() + (self.count * (self.mean - common) ** 2).sum())
