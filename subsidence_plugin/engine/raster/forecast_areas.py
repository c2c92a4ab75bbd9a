"""From a deformation stack to the areas that a forecaster is trained and scored on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..forecasting.area import Area
from ..naive.fill import fill
from ..progress import Progress
from .cache import bounded_cache
from .history_tiles import History
from .read import Raster, open_stack

#: Cells of the largest grid that is taken as one piece; a larger one is cut into square tiles.
WHOLE_CELLS = 192 * 192
#: Side of the tiles; a multiple of every readout block.
TILE = 96
#: Bytes of the levels of all tiles together.
LEVEL_BYTES = 512 * 2**20


@dataclass
class GridAreas:
    """Areas of a grid.

    Parameters
    ----------
    areas : list of Area
        The whole grid, or tiles of one size, padded at the edges of the grid.
    covariates : list of dict
        ``name``, ``mean``, ``std``.
    cells : int
        Cells with a series in these areas.
    share : float
        Of the cells with a value that these areas hold, 0 to 1.
    """

    areas: list[Area]
    covariates: list[dict[str, Any]] = field(default_factory=list)
    cells: int = 0
    share: float = 1.0


def read_grid_areas(
    history: History,
    gaps: np.ndarray,
    covariates: Optional[str],
    whole: bool,
    seed: int,
    progress: Progress,
) -> GridAreas:
    """Read a stack: whole, or of a large one as many randomly chosen tiles as memory allows.

    Parameters
    ----------
    history : History
    gaps : (dates,) array of bool
        Dates at which nothing was measured: their values are no targets.
    covariates : str, optional
        Raster stack on the same grid.
    whole : bool
        Never cut (the paper's variant).
    seed : int
        Of the choice of tiles.
    progress : Progress

    Raises
    ------
    InputError
        No cell has a series, or the covariates do not fit.
    """
    static = open_covariate_stack(covariates) if covariates else None
    if static is not None and not static.grid.matches(history.raster.grid):
        raise InputError(
            f"The raster '{covariates}' (COVARIATES) has other cells than INPUT; align it with "
            "'Align factors', which takes the stack as REFERENCE."
        )
    grid = history.raster.grid
    one = whole or grid.width * grid.height <= WHOLE_CELLS
    windows = [(0, 0, grid.width, grid.height)] if one else grid.windows(TILE)
    order = (
        np.arange(len(windows)) if one else np.random.default_rng(seed).permutation(len(windows))
    )
    most = max(1, LEVEL_BYTES // (4 * len(history.bands) * TILE**2)) if not one else 1
    areas: list[Area] = []
    for number, place in enumerate(order):
        progress(number / len(order))
        with bounded_cache():
            area = _read_area(history, gaps, static, windows[place])
        if area is not None:
            areas.append(area if one else _padded(area))
        if len(areas) == most:
            break
    if not areas:
        raise InputError(_nothing(history, static))
    entries = _standardise(areas, static) if static is not None else []
    cells = sum(int(area.mask.sum()) for area in areas)
    share = 1.0 if len(areas) < most or one else min(1.0, cells / max(_valued(history), 1))
    return GridAreas(areas, entries, cells, share)


def _read_area(
    history: History, gaps: np.ndarray, static: Optional[Raster], window: tuple[int, int, int, int]
) -> Optional[Area]:
    """Return a window of the stack with gaps in time filled, None where no cell has a series."""
    values = history.raster.read(window, history.bands)
    shape = values.shape[1:]
    series = values.reshape(len(values), -1).T
    try:
        filled = fill(series)
    except InputError:  # of a tile; of the whole grid the caller says so
        return None
    del values, series
    mask = filled.keep.reshape(shape)
    covariates = np.zeros((0, *shape), np.float32)
    if static is not None:
        covariates = static.read(window)
        known = np.isfinite(covariates).all(axis=0)
        covariates[:, ~known] = 0
        mask = mask & known
    if not mask.any():
        return None
    observed = np.ascontiguousarray(filled.observed.T).reshape(-1, *shape)
    observed[gaps] = False
    return Area(
        levels=np.ascontiguousarray(filled.levels.T).reshape(-1, *shape),
        mask=mask,
        days=history.days,
        static=covariates,
        observed=observed,
        corner=(window[1], window[0]),
    )


def _padded(area: Area) -> Area:
    """Return a tile at the edge of the grid at the full size of tiles; the rest has no series."""
    rows, columns = area.shape
    if (rows, columns) == (TILE, TILE):
        return area
    edge = ((0, TILE - rows), (0, TILE - columns))
    return Area(
        levels=np.pad(area.levels, ((0, 0), *edge)),
        mask=np.pad(area.mask, edge),
        days=area.days,
        static=np.pad(area.static, ((0, 0), *edge)),
        observed=np.pad(area.observed, ((0, 0), *edge)),
        corner=area.corner,
    )


def open_covariate_stack(path: str) -> Raster:
    """Open the covariates and refuse bands that are codes.

    Raises
    ------
    InputError
        A band is categorical, or the raster has no CRS or repeated names.
    """
    raster = open_stack(path)
    codes = [band.name for band in raster.bands if band.kind == "categorical"]
    if codes:
        raise InputError(
            f"The band '{codes[0]}' of '{path}' (COVARIATES) is categorical, and forecasters take "
            "numbers only; leave it out, or give one band of 0 and 1 a category."
        )
    return raster


def _standardise(areas: list[Area], static: Raster) -> list[dict[str, Any]]:
    """Standardise the covariates over the cells with a series, in place; return the scaling."""
    entries = []
    for index, name in enumerate(static.names):
        known = np.concatenate([area.static[index][area.mask] for area in areas]).astype(float)
        entry = covariate_entry(name, known, static.path)
        for area in areas:
            scaled = (area.static[index] - entry["mean"]) / entry["std"]
            area.static[index] = np.where(area.mask, scaled, 0)
        entries.append(entry)
    return entries


def covariate_entry(name: str, values: np.ndarray, path: str) -> dict[str, Any]:
    """Return name, mean and standard deviation of a covariate at the nodes.

    Raises
    ------
    InputError
        It is the same everywhere.
    """
    mean, std = float(values.mean()), float(values.std())
    if not std > 1e-9 * max(abs(mean), 1e-30):
        raise InputError(
            f"The band '{name}' of '{path}' (COVARIATES) is the same at all nodes; leave it out."
        )
    return {"name": name, "mean": mean, "std": std}


def _valued(history: History) -> int:
    """Return the number of cells with a value at the date in the middle."""
    middle = history.bands[len(history.bands) // 2]
    grid = history.raster.grid
    return sum(
        int(np.isfinite(history.raster.read(window, [middle])).sum()) for window in grid.windows()
    )


def _nothing(history: History, static: Optional[Raster]) -> str:
    """Say why no cell can be used."""
    if static is not None:
        return (
            f"No cell has both a series in the stack '{history.raster.path}' (INPUT) and a value "
            f"in all bands of '{static.path}' (COVARIATES)."
        )
    return (
        f"The stack '{history.raster.path}' (INPUT) has no cell with values at three quarters of "
        f"its {len(history.bands)} dates; choose another stack, or grid with a larger MAX_DISTANCE."
    )
