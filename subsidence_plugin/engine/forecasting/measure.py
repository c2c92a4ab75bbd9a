"""What is found out about a trained forecaster: intervals calibrated, scores, honest coverage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from ..errors import InputError
from ..naive.skill import lead, score_columns
from ..progress import Progress
from .assess import COVERAGES, MODEL, Assessment, Points, assess
from .conformal import calibrate
from .forecaster import Forecaster
from .training import ForecastData

#: Nodes that are scored, at most about so many.
MOST_NODES = 40_000
#: The parts as they stand in sentences.
PARTS = {"test": "the test part", "validation": "the validation part"}


@dataclass
class Measured:
    """Figures of a forecaster.

    Parameters
    ----------
    title : str
        What the forecaster is called in text.
    assessments : dict of str to Assessment
        By part: ``validation`` and ``test``, of those that have dates.
    """

    title: str
    assessments: dict[str, Assessment]

    @property
    def judged(self) -> Assessment:
        """The part that the forecaster is judged by: test, else validation."""
        return self.assessments.get("test") or self.assessments["validation"]

    @property
    def titles(self) -> dict[str, str]:
        """What forecaster and baselines are called, by name."""
        return {MODEL: self.title, **self.judged.baselines.titles}

    @property
    def coverage(self) -> Optional[np.ndarray]:
        """Share of the test values inside the intervals, (coverages, horizon); None without."""
        return self.assessments["test"].coverage if "test" in self.assessments else None

    def lead(self) -> str:
        """Return the honest result in one sentence."""
        judged = self.judged
        where = PARTS[judged.part]
        if judged.part == "validation":
            where += ", which also chose the pass that is kept"
        return lead(judged.found, self.titles, where)

    def columns(self) -> dict[str, list]:
        """Return the table of scores: a row a forecast, part and step."""
        table: dict[str, list] = {}
        for part in ("test", "validation"):
            if part not in self.assessments:
                continue
            found = self.assessments[part]
            rows = [score_columns(found.scores, self.titles, found.baselines.names, part)]
            if found.points is not None:
                names = found.baselines.names
                rows.append(score_columns(found.points, self.titles, names, f"{part} at points"))
            for own in rows:
                for name, column in own.items():
                    table.setdefault(name, []).extend(column)
        return table

    def member_metrics(self) -> list[dict[str, dict[str, float]]]:
        """Return the pooled figures of each member by part, as ``runs_table`` takes them."""
        parts = {part: a.member_metrics() for part, a in self.assessments.items()}
        count = len(next(iter(parts.values())))
        return [{part: rows[member] for part, rows in parts.items()} for member in range(count)]

    def log(self, progress: Progress) -> None:
        """Say the result; as a warning where there is no skill."""
        judged = self.judged
        say = progress.info if judged.found.overall > 0 else progress.warn
        say(self.lead())
        if judged.points_found is not None:
            where = f"{PARTS[judged.part]}, at the original points"
            progress.info(lead(judged.points_found, self.titles, where))
        if self.coverage is not None:
            shown = ", ".join(
                f"{100 * c:.0f} %: {100 * np.nanmean(row):.0f} %"
                for c, row in zip(COVERAGES, self.coverage)
            )
            progress.info(f"Test values inside the prediction intervals, wanted: found {shown}.")


def check_shares(validation_share: float, test_share: float) -> None:
    """Refuse to train where nothing would be held out."""
    if validation_share + test_share <= 0:
        raise InputError(
            "VALIDATION_SHARE and TEST_SHARE are both 0; leave some dates for one of them, or "
            "nothing says how good the forecaster is."
        )


def measure(
    forecaster: Forecaster,
    data: ForecastData,
    title: str,
    points: Optional[Points] = None,
    device: str = "cpu",
    progress: Optional[Progress] = None,
) -> Measured:
    """Calibrate the intervals, score both parts held out, and write the figures into the card.

    Parameters
    ----------
    forecaster : Forecaster
        Its card gets ``conformal`` and ``metrics``.
    data : ForecastData
    title : str
    points : optional
        Points of a grid, see ``assess``.
    device : str
    progress : Progress, optional
    """
    progress, card = progress or Progress(), forecaster.card
    data = _some(data, progress)
    card.conformal = calibrate(forecaster, data, "validation", device, progress.part(0, 0.2))
    found = Measured(title, {})
    for part, (start, stop) in {"validation": (0.2, 0.6), "test": (0.6, 1.0)}.items():
        own = assess(forecaster, data, part, points, device, progress.part(start, stop))
        if own is not None:
            found.assessments[part] = own
            card.metrics.update(own.metrics())
    if found.coverage is not None:
        card.metrics["coverage"] = {
            f"{100 * c:g} %": [float(v) for v in row] for c, row in zip(COVERAGES, found.coverage)
        }
    return found


def _some(data: ForecastData, progress: Progress) -> ForecastData:
    """Return the data with the first areas only, of many: they come in random order."""
    counts = np.cumsum([int(area.mask.sum()) for area in data.areas])
    enough = int(np.searchsorted(counts, MOST_NODES)) + 1
    if enough >= len(data.areas):
        return data
    progress.info(
        f"Intervals and scores are taken from {counts[enough - 1]:,} of the {counts[-1]:,} nodes."
    )
    return replace(data, areas=data.areas[:enough])
