"""The baselines by name, in the order of ``trainbaseline``'s ``METHOD``."""

from __future__ import annotations

from .boosting import BOOSTING
from .declaration import Baseline
from .forest import FOREST
from .frequencyratio import FREQUENCY_RATIO
from .logistic import LOGISTIC

BASELINES: dict[str, Baseline] = {b.name: b for b in (LOGISTIC, FOREST, BOOSTING, FREQUENCY_RATIO)}
