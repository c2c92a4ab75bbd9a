"""Prediction intervals whose coverage is calibrated on the validation part.

Split conformal prediction with normalised scores (Papadopoulos et al. 2002; Lei et al. 2018): the
error of a forecast, divided by how noisy its series is, has on the validation windows a quantile
that gives the half width of the interval. Nothing is assumed of the errors' distribution. The
promise is exact for exchangeable data only; validation and test follow one another in time, so
the coverage of the test part is reported, never taken for granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .area import Area
from .forecaster import Forecaster
from .member import target_levels
from .sampling import spaced
from .training import ForecastData

COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
#: The noise of a series counts between these quantiles of all series', so that a single quiet or
#: broken one gets no absurd interval.
CLIPPED = (0.05, 0.95)
#: Validation windows, and nodes a window, that the quantiles are taken over.
MOST_ORIGINS, MOST_NODES = 24, 20_000


def noise_scale(levels: np.ndarray) -> np.ndarray:
    """Return how noisy each series is: the robust size of its steps from date to date, mm.

    Parameters
    ----------
    levels : (dates, ...) array
        mm, of the window.

    Returns
    -------
    array of float32, (...)
        1.4826 × median absolute deviation of the steps, divided by √2: the standard deviation of
        white noise.
    """
    steps = np.diff(levels, axis=0)
    centre = np.median(steps, axis=0)
    deviation = np.median(np.abs(steps - centre), axis=0)
    return (1.4826 / np.sqrt(2) * deviation).astype(np.float32)


def calibrate(
    forecaster: Forecaster,
    data: ForecastData,
    part: str = "validation",
    device: str = "cpu",
    progress: Optional[Progress] = None,
) -> Optional[dict[str, Any]]:
    """Return the calibration for the card, or None where the part has no windows or no target.

    A step of which no target was observed takes the quantiles of the nearest step that has some.

    Parameters
    ----------
    forecaster : Forecaster
        Its median over the members is what intervals are put around.
    data : ForecastData
    part : str
    device : str
    progress : Progress, optional

    Returns
    -------
    dict
        ``coverages``; ``quantiles``, one list of F numbers a coverage; ``floor`` and ``ceiling`` of
        the noise in mm.
    """
    card = forecaster.card
    origins = data.split.origins(part, card.window, card.horizon, card.gap)
    if not len(origins):
        return None
    scales, scores = _scores(
        forecaster, data, spaced(origins, MOST_ORIGINS), device, progress or Progress()
    )
    floor, ceiling = (float(q) for q in np.quantile(np.concatenate(scales), CLIPPED))
    floor = max(floor, 1e-3)
    rows = [
        error / np.clip(scale, floor, max(ceiling, floor))[None, :]
        for error, scale in zip(scores, scales)
    ]
    pooled = np.concatenate(rows, axis=1)
    known = np.flatnonzero(np.isfinite(pooled).any(axis=1))
    if not len(known):
        return None
    nearest = known[np.abs(np.arange(len(pooled))[:, None] - known).argmin(axis=1)]
    return {
        "coverages": list(COVERAGES),
        "quantiles": [[_quantile(row, c) for row in pooled[nearest]] for c in COVERAGES],
        "floor": floor,
        "ceiling": max(ceiling, floor),
    }


def _scores(
    forecaster: Forecaster, data: ForecastData, origins: np.ndarray, device: str, progress: Progress
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the noise (nodes,) and the absolute errors (horizon, nodes) of each window."""
    scales, errors = [], []
    card = forecaster.card
    jobs = [(area, int(o)) for o in origins for area in data.areas if area.mask.any()]
    total = sum(int(a.mask.sum()) for a in data.areas)
    every = -(-total // MOST_NODES)
    for number, (area, origin) in enumerate(jobs):
        progress.check()
        found = np.median(forecaster.forecast(area, origin, device=device), axis=0)
        level, known = target_levels(card, area, origin)
        error = np.where(known, np.abs(found - level), np.nan)[:, area.mask][:, ::every]
        scale = window_noise(card.window, area, origin)[area.mask][::every]
        scales.append(scale)
        errors.append(error)
        progress((number + 1) / len(jobs))
    return scales, errors


def window_noise(window: int, area: Area, origin: int) -> np.ndarray:
    """Return the noise of every node of an area over the window before an origin, mm."""
    return noise_scale(area.levels[origin - window + 1 : origin + 1])


def _quantile(scores: np.ndarray, coverage: float) -> float:
    """Return the conformal quantile: the ⌈(n + 1) × coverage⌉-th smallest score, 0 without any."""
    known = np.sort(scores[np.isfinite(scores)])
    if not len(known):
        return 0.0
    rank = min(int(np.ceil((len(known) + 1) * coverage)), len(known))
    return float(known[rank - 1])


def half_width(conformal: Mapping[str, Any], coverage: float, scale: np.ndarray) -> np.ndarray:
    """Return half the width of the intervals.

    Parameters
    ----------
    conformal : mapping
        Of the card.
    coverage : float
        Share of the targets that shall lie inside; between the calibrated ones interpolated.
    scale : array, (...)
        From ``noise_scale``, mm.

    Returns
    -------
    array of float32, (horizon, ...)
        mm.

    Raises
    ------
    InputError
        The coverage lies outside the calibrated ones.
    """
    known = np.asarray(conformal["coverages"], float)
    if not known[0] <= coverage <= known[-1]:
        raise InputError(
            f"COVERAGE is {100 * coverage:.4g} %; this forecaster's intervals were calibrated for "
            f"{100 * known[0]:.4g} to {100 * known[-1]:.4g} %."
        )
    table = np.asarray(conformal["quantiles"], float)
    factor = np.array([np.interp(coverage, known, column) for column in table.T])
    size = np.clip(scale, conformal["floor"], conformal["ceiling"])
    return (factor.reshape(-1, *[1] * np.ndim(scale)) * size[None]).astype(np.float32)


def coverage_of(
    forecaster: Forecaster,
    data: ForecastData,
    part: str = "test",
    coverages: tuple[float, ...] = (0.5, 0.8, 0.9, 0.95),
    device: str = "cpu",
    progress: Optional[Progress] = None,
) -> np.ndarray:
    """Return the share of observed targets inside the intervals, (coverages, horizon).

    Raises
    ------
    InputError
        The forecaster was not calibrated.
    """
    card = forecaster.card
    if card.conformal is None:
        raise InputError("The forecaster's intervals were not calibrated.")
    origins = spaced(data.split.origins(part, card.window, card.horizon, card.gap), MOST_ORIGINS)
    scales, errors = _scores(forecaster, data, origins, device, progress or Progress())
    inside = np.zeros((len(coverages), card.horizon))
    count = np.zeros(card.horizon)
    for scale, error in zip(scales, errors):
        known = np.isfinite(error)
        count += known.sum(axis=1)
        for row, coverage in enumerate(coverages):
            width = half_width(card.conformal, coverage, scale)
            inside[row] += (known & (error <= width)).sum(axis=1)
    return inside / np.maximum(count, 1)
