"""Runs forecasts from all origins of a part of the dates and scores them on the same values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable, Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .baselines import Baselines
from .increments import IncrementHistogram
from .scores import Scores

#: Nodes forecast by the baselines and scored at once.
BLOCK = 2048
#: Gives the forecast from an origin: (nodes, horizon) in mm.
Model = Callable[[int], np.ndarray]


def evaluate(
    baselines: Baselines,
    levels: np.ndarray,
    observed: np.ndarray,
    days: np.ndarray,
    origins: Sequence[int],
    models: Optional[Mapping[str, Model]] = None,
    histogram: Optional[IncrementHistogram] = None,
    progress: Optional[Progress] = None,
) -> Scores:
    """Score models and baselines.

    Parameters
    ----------
    baselines : Baselines
        Fitted before the part that is scored.
    levels : (nodes, dates) array
        mm, without gaps.
    observed : (nodes, dates) array of bool
        Only observed targets count.
    days : 1d-array of int
        Days of the dates.
    origins : sequence of int
        See ``TimeSplit.origins``.
    models : mapping of str to callable, optional
        Forecast by name; these names come before the baselines.
    histogram : IncrementHistogram, optional
        Receives the increments of the first name.
    progress : Progress, optional
        Moved and asked whether to stop at each origin.

    Returns
    -------
    Scores

    Raises
    ------
    InputError
        No target was observed.
    """
    models = dict(models or {})
    progress = progress or Progress()
    scores = Scores([*models, *baselines.names], baselines.horizon)
    for number, origin in enumerate(origins):
        progress(number / len(origins))
        scores.origins += 1
        whole = {name: np.asarray(model(origin)) for name, model in models.items()}
        rules = baselines.at(days, origin)
        targets = slice(origin + baselines.gap + 1, origin + baselines.gap + 1 + scores.horizon)
        for start in range(0, len(levels), BLOCK):
            rows = slice(start, start + BLOCK)
            forecasts = {name: forecast[rows] for name, forecast in whole.items()}
            forecasts.update({name: rule(levels[rows]) for name, rule in rules.items()})
            seen = (levels[rows, targets], levels[rows, origin], observed[rows, targets])
            scores.add_rows(forecasts, *seen, origin=int(origin))
            if histogram is not None:
                histogram.add(forecasts[scores.names[0]], *seen)
    if not scores.count.any():
        raise InputError(
            "No target date of the scored part was observed at any node; use data with fewer gaps "
            "at the end, or a larger share for this part."
        )
    progress(1.0)
    return scores
