"""A few nodes' series with their forecasts, for the report of a forecaster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ..forecasting.area import Area
from ..forecasting.assess import Assessment
from ..forecasting.conformal import half_width, window_noise
from ..forecasting.ensemble_block import member_median
from ..forecasting.forecaster import Forecaster
from ..forecasting.training import ForecastData
from .forecast_examples import Example, example_nodes
from .sections import format_cell

#: Coverage of the intervals drawn.
COVERAGE = 0.9


def examples_of(forecaster: Forecaster, data: ForecastData, judged: Assessment) -> list[Example]:
    """Return nodes of the largest area from strongest subsidence to uplift, at the last origin.

    Parameters
    ----------
    forecaster : Forecaster
        Calibrated or not.
    data : ForecastData
    judged : Assessment
        Of the part whose last origin is taken; its best baseline is drawn beside.
    """
    card = forecaster.card
    area = max(data.areas, key=lambda a: int(a.mask.sum()))
    origin = int(data.split.origins(judged.part, card.window, card.horizon, card.gap)[-1])
    series, known = area.series(), area.known()
    nodes = example_nodes(series)
    median = member_median(forecaster.forecast(area, origin)[:, :, area.mask])[:, nodes].T
    width = None
    if card.conformal is not None:
        noise = window_noise(card.window, area, origin)[area.mask][nodes]
        width = half_width(card.conformal, COVERAGE, noise).T
    others = judged.baselines.forecast(series[nodes], area.days, origin)[judged.found.best]
    targets = forecaster.target_days(area.days, origin)
    levels = np.where(known[nodes], series[nodes], np.nan)
    return [
        Example(
            _title(area, int(node), levels[row], data.transform), area.days, levels[row], origin,
            targets, median[row],
            None if width is None else median[row] - width[row],
            None if width is None else median[row] + width[row],
            others[row],
        )
        for row, node in enumerate(nodes)
    ]  # fmt: skip


def _title(area: Area, node: int, levels: np.ndarray, transform: Optional[Sequence[float]]) -> str:
    """Return where a node lies and how far it moved."""
    seen = levels[np.isfinite(levels)]
    moved = format_cell(float(seen[-1] - seen[0]), 0) if len(seen) else "0"
    if area.is_grid:
        row, column = (int(place[node]) for place in np.nonzero(area.mask))
        column, row = column + area.corner[1], row + area.corner[0]
        where = f"Column {column + 1}, row {row + 1}"
        if transform is not None:
            x, across, down, y, below, along = transform
            x += (column + 0.5) * across + (row + 0.5) * down
            y += (column + 0.5) * below + (row + 0.5) * along
            digits = 0 if max(abs(across), abs(down)) >= 1 else 5  # metres or degrees
            where = f"Cell at {x:.{digits}f}, {y:.{digits}f}"
    else:
        where = f"Point at {area.xy[node, 0]:.0f}, {area.xy[node, 1]:.0f}"
    return f"{where}: {moved} mm in all"
