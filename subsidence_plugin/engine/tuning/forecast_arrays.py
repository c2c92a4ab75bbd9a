"""Areas and their split in time as a few arrays, so that workers get them as an ``.npz`` file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from ..forecasting.area import Area
from ..forecasting.training import ForecastData
from ..naive.time_split import TimeSplit

#: Levels that trials are trained on, at most: every worker holds them. More tiles of a large
#: grid are left to the scores.
MOST_LEVELS = 32 * 2**20


def to_arrays(data: ForecastData, most_levels: int = MOST_LEVELS) -> dict[str, np.ndarray]:
    """Return the first areas, as many as ``most_levels`` allow and at least one, as arrays.

    Parameters
    ----------
    data : ForecastData
        Areas in random order, where not all would fit into memory.
    most_levels : int

    Returns
    -------
    dict
        Nodes of all areas behind one another: ``levels`` and ``observed`` (dates, nodes), ``mask``
        (nodes,), ``static`` (covariates, nodes), ``xy`` (nodes, 2) of points; ``shapes`` and
        ``corners``, a row an area; ``days``; ``split`` (dates, validation and test share),
        ``skipped``; ``cell_size``; ``covariates`` as JSON.
    """
    areas = data.areas[: _count(data, most_levels)]
    dates = len(data.days)
    arrays = {
        "levels": _joined([a.levels.reshape(dates, -1) for a in areas]),
        "mask": np.concatenate([a.mask.reshape(-1) for a in areas]),
        "static": _joined([a.static.reshape(len(a.static), a.mask.size) for a in areas]),
        "shapes": np.array([(*a.shape, 0)[:2] for a in areas], dtype=np.int64),
        "corners": np.array([a.corner for a in areas], dtype=np.int64),
        "days": np.asarray(data.days, dtype=np.int64),
        "split": np.array([data.split.dates, data.split.validation_share, data.split.test_share]),
        "skipped": np.array(data.split.skipped, dtype=np.int64),
        "cell_size": np.array([data.cell_size]),
        "covariates": np.array([json.dumps(data.covariates)], dtype=np.str_),
    }
    if any(a.observed is not None for a in areas):
        arrays["observed"] = _joined([_observed(a).reshape(dates, -1) for a in areas])
    if not areas[0].is_grid:
        arrays["xy"] = np.concatenate([a.xy for a in areas])
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray]) -> ForecastData:
    """Return the data that ``to_arrays`` packed.

    Raises
    ------
    InputError
        Arrays are missing or do not fit one another.
    """
    try:
        return _unpacked(arrays)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise InputError(
            "The workers' data are not those of a forecaster's tuning; give the file that 'Tune "
            "forecaster' wrote to WORKER_DATA."
        ) from error


def _unpacked(arrays: Mapping[str, np.ndarray]) -> ForecastData:
    areas, first = [], 0
    for (rows, columns), corner in zip(arrays["shapes"].tolist(), arrays["corners"].tolist()):
        shape = (rows, columns) if columns else (rows,)
        part = slice(first, first + int(np.prod(shape)))
        areas.append(
            Area(
                levels=_placed(arrays["levels"], part, shape),
                mask=arrays["mask"][part].reshape(shape),
                days=arrays["days"],
                static=_placed(arrays["static"], part, shape),
                xy=None if columns else arrays["xy"][part],
                observed=_placed(arrays["observed"], part, shape) if "observed" in arrays else None,
                corner=tuple(corner),
            )
        )
        first = part.stop
    dates, validation, test = arrays["split"].tolist()
    split = TimeSplit(int(dates), validation, test, tuple(arrays["skipped"].tolist()))
    covariates: list[dict[str, Any]] = json.loads(str(arrays["covariates"][0]))
    return ForecastData(areas, float(arrays["cell_size"][0]), split, covariates)


def _placed(values: np.ndarray, part: slice, shape: tuple[int, ...]) -> np.ndarray:
    """Return the nodes of an area in its shape."""
    return np.ascontiguousarray(values[:, part]).reshape(len(values), *shape)


def _count(data: ForecastData, most_levels: int) -> int:
    """Return how many areas are taken."""
    total = 0
    for number, area in enumerate(data.areas):
        total += area.levels.size
        if total > most_levels and number:
            return number
    return len(data.areas)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Return arrays side by side, without a copy of a single one."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _observed(area: Area) -> np.ndarray:
    return np.ones(area.levels.shape, bool) if area.observed is None else area.observed
