"""All that is found out about Ustica, for the report and the tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from comparison import Agreement, Pair, agreement
from forecasts import Curve
from land_subsidence.subsidence_plugin.engine.vector.series_layer import SeriesLayer


@dataclass
class Findings:
    """All that the report says.

    ``layers`` by name; ``cells`` and ``grid`` pairs of official and own; ``left_out`` RMSE in mm
    of the gridding at left-out points, official and own; ``more_cells`` those that only ours
    has; ``simple`` and ``trained`` curves by gap, then by name or title; ``coverage`` per cent of
    the test values inside the 90 % intervals; ``origins`` by gap.
    """

    layers: dict[str, SeriesLayer]
    cells: list[Pair]
    grid: Pair
    left_out: tuple[float, float]
    more_cells: int
    simple: dict[int, dict[str, Curve]]
    origins: dict[int, np.ndarray]
    trained: dict[int, dict[str, Curve]] = field(default_factory=dict)
    coverage: dict[int, dict[str, float]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)


def agreements(found: Findings) -> dict[str, Agreement]:
    """Return how far each pair of products agrees, by what is compared."""
    pairs = {f"{pair.name}, cells of L3": pair for pair in found.cells}
    pairs["Vertical, gridded by IDW"] = found.grid
    between = np.flatnonzero(found.grid.support == 0)
    pairs["of it, cells without a point"] = found.grid.at(between)
    return {name: agreement(p.velocity, p.series, p.dates) for name, p in pairs.items()}
