"""How a forecaster does on a part of the dates, beside simple forecasts: at nodes and points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Protocol

import numpy as np

from ..errors import InputError
from ..naive.baselines import Baselines
from ..naive.increments import IncrementHistogram
from ..naive.scores import Scores
from ..naive.skill import Skill, skill
from ..progress import Progress
from .area import Area
from .conformal import half_width, window_noise
from .ensemble_block import member_median
from .forecaster import Forecaster
from .point_sampling import PointSampling
from .sampling import spaced
from .scaling import pooled_series
from .training import ForecastData

#: Name of the forecaster among the scores, and origins that are scored at most.
MODEL, MOST_ORIGINS = "network", 200
#: Nodes scored at once.
BLOCK = 2048
#: Prediction intervals whose coverage is counted.
COVERAGES = (0.5, 0.8, 0.9, 0.95)


class Points(Protocol):
    """Series of points on a grid: places in cells, levels and what of them was observed."""

    row: np.ndarray
    column: np.ndarray
    levels: np.ndarray
    observed: np.ndarray


@dataclass
class Assessment:
    """Scores of one part.

    Parameters
    ----------
    part : str
    scores : Scores
        Of the median of the members (``MODEL``) and the baselines, at the nodes.
    members : Scores
        Of each member, by its number as text from ``"0"``.
    baselines : Baselines
        Fitted on the dates before the part.
    found : Skill
    histogram : IncrementHistogram
    coverage : (coverages, horizon) array, optional
        Share of the observed targets inside the intervals of ``COVERAGES``; None where they are
        not calibrated, NaN where no target was observed.
    points, points_found : Scores, Skill, optional
        Scores at the original points.
    """

    part: str
    scores: Scores
    members: Scores
    baselines: Baselines
    found: Skill
    histogram: IncrementHistogram
    coverage: Optional[np.ndarray] = None
    points: Optional[Scores] = None
    points_found: Optional[Skill] = None

    def metrics(self) -> dict[str, dict[str, Any]]:
        """Return figures for a card: the forecaster's by part, baselines' by part and name."""
        own: dict[str, Any] = {
            **self.scores.metrics(MODEL), "Skill": self.found.overall,
            "origins_ahead": self.found.origins_ahead, "origins": self.found.origins,
            "RMSE_by_step": _numbers(self.scores.rmse(MODEL)),
            "Skill_by_step": _numbers(self.found.by_horizon),
        }  # fmt: skip
        found = {self.part: own}
        for name in self.baselines.names:
            rmse = self.scores.rmse(name)
            found[f"{self.part}: {name}"] = {
                **self.scores.metrics(name), "RMSE_by_step": _numbers(rmse)
            }  # fmt: skip
        if self.points is not None and self.points_found is not None:
            found[f"{self.part} at points"] = {
                **self.points.metrics(MODEL), "Skill": self.points_found.overall
            }  # fmt: skip
        return found

    def member_metrics(self) -> list[dict[str, float]]:
        """Return the pooled figures of each member."""
        return [self.members.metrics(name) for name in self.members.names]


def assess(
    forecaster: Forecaster,
    data: ForecastData,
    part: str = "test",
    points: Optional[Points] = None,
    device: str = "cpu",
    progress: Optional[Progress] = None,
) -> Optional[Assessment]:
    """Score a forecaster and all baselines on the same values.

    The ridge among the baselines is fitted on the dates before the part, so that of the test part
    on training and validation dates, which the network's weights have not all seen.

    Parameters
    ----------
    forecaster : Forecaster
    data : ForecastData
    part : str
        One of ``time_split.PARTS``.
    points : optional
        Points to score at besides; areas must be tiles of a grid.
    device : str
    progress : Progress, optional
        Cancels between two windows.

    Returns
    -------
    Assessment or None
        None where the part has no dates.

    Raises
    ------
    InputError
        No target of the part was observed.
    """
    card, progress = forecaster.card, progress or Progress()
    first = data.split.bounds(part)[0]
    origins = data.split.origins(part, card.window, card.horizon, card.gap)
    if not len(origins):
        return None
    origins = spaced(origins, MOST_ORIGINS)
    levels = pooled_series(data.areas)
    baselines = Baselines(card.window, card.horizon, card.gap).fit(levels, first, progress)
    found = _Scoring(forecaster, baselines, origins, device)
    found.histogram = IncrementHistogram.of(levels, first, card.gap + card.horizon)
    del levels
    if points is not None:
        found.score_points(points, first, progress)
    areas = [area for area in data.areas if area.mask.any()]
    for number, area in enumerate(areas):
        found.add(area, progress.part(number / len(areas), (number + 1) / len(areas)))
    return found.result(part)


class _Scoring:
    """Adds up the errors area by area and origin by origin."""

    def __init__(
        self, forecaster: Forecaster, baselines: Baselines, origins: np.ndarray, device: str
    ) -> None:
        self.forecaster, self.baselines, self.origins = forecaster, baselines, origins
        self.device, horizon = device, baselines.horizon
        self.scores = Scores([MODEL, *baselines.names], horizon)
        self.members = Scores([str(m) for m in range(forecaster.members)], horizon)
        self.histogram = IncrementHistogram(1.0)
        self.scores.origins = self.members.origins = len(origins)
        self.inside = np.zeros((len(COVERAGES), horizon))
        self.points: Optional[Points] = None
        self.at_points = Scores([MODEL, *baselines.names], horizon)
        self.at_points.origins = len(origins)

    def score_points(self, points: Points, before: int, progress: Progress) -> None:
        """Score at these points as well; their baselines know their own series."""
        self.points, own = points, self.baselines
        self.point_baselines = Baselines(own.window, own.horizon, own.gap)
        self.point_baselines.fit(points.levels, before, progress)

    def add(self, area: Area, progress: Progress) -> None:
        """Score all origins on one area."""
        series, known = area.series(), area.known()
        sampling = None
        if self.points is not None and area.is_grid:
            sampling = PointSampling.of(area, self.points.row, self.points.column)
        for number, origin in enumerate(map(int, self.origins)):
            progress(number / len(self.origins))
            ensemble = self.forecaster.forecast(area, origin, device=self.device)
            nodes = ensemble[:, :, area.mask]
            median = member_median(nodes)
            self._add_nodes(nodes, median, area.days, series, known, origin)
            self._add_inside(median, area, series, known, origin)
            if sampling is not None and len(sampling.index):
                maps = np.zeros(ensemble.shape[1:], np.float32)
                maps[:, area.mask] = median
                self._add_points(sampling, maps, area, origin)

    def _add_nodes(self, nodes, median, days, series, known, origin: int) -> None:
        rules, targets = self.baselines.at(days, origin), self._targets(origin)
        for start in range(0, len(series), BLOCK):
            rows = slice(start, start + BLOCK)
            seen = (series[rows, targets], series[rows, origin], known[rows, targets])
            forecasts = {MODEL: median[:, rows].T}
            forecasts.update({name: rule(series[rows]) for name, rule in rules.items()})
            self.scores.add_rows(forecasts, *seen, origin=origin)
            self.histogram.add(forecasts[MODEL], *seen)
            own = {name: nodes[m][:, rows].T for m, name in enumerate(self.members.names)}
            self.members.add_rows(own, *seen)

    def _add_inside(self, median, area: Area, series, known, origin: int) -> None:
        """Count the observed targets inside the intervals."""
        conformal = self.forecaster.card.conformal
        if conformal is None:
            return
        targets = self._targets(origin)
        error = np.abs(median - series[:, targets].T)
        noise = window_noise(self.baselines.window, area, origin)[area.mask]
        for row, coverage in zip(self.inside, COVERAGES):
            width = half_width(conformal, coverage, noise)
            row += ((error <= width) & known[:, targets].T).sum(axis=1)

    def _add_points(self, sampling: PointSampling, maps, area: Area, origin: int) -> None:
        points, targets = self.points, self._targets(origin)
        levels, observed = points.levels[sampling.index], points.observed[sampling.index]
        window = slice(origin - self.baselines.window + 1, origin + 1)
        own = sampling.forecast(maps, area.levels[window], levels[:, window])
        rules = self.point_baselines.at(area.days, origin)
        forecasts = {MODEL: own, **{name: rule(levels) for name, rule in rules.items()}}
        self.at_points.add_rows(
            forecasts, levels[:, targets], levels[:, origin], observed[:, targets], origin
        )

    def _targets(self, origin: int) -> slice:
        first = origin + self.baselines.gap + 1
        return slice(first, first + self.baselines.horizon)

    def result(self, part: str) -> Assessment:
        """Return what was added up."""
        names = self.baselines.names
        if not self.scores.count.any():
            raise InputError(
                f"No target date of the {part} part was observed at any node; use data with fewer "
                "gaps at the end, or a larger share for this part."
            )
        found = Assessment(
            part, self.scores, self.members, self.baselines, skill(self.scores, MODEL, names),
            self.histogram,
        )  # fmt: skip
        if self.forecaster.card.conformal is not None:
            count = self.scores.count
            found.coverage = np.where(count > 0, self.inside / np.maximum(count, 1), np.nan)
        if self.at_points.count.any():
            found.points = self.at_points
            found.points_found = skill(self.at_points, MODEL, names)
        return found


def _numbers(values: np.ndarray) -> list[float]:
    return [float(value) for value in values]
