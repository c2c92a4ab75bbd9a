"""What ``trainforecaster`` and ``tuneforecaster`` read: stack or points, as data to train on.

No job of its own: both call ``read_forecast_data``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..forecasters.paper import MOST_CELLS
from ..forecasting.recipe import ForecastRecipe
from ..forecasting.training import ForecastData
from ..insar.dates import describe_dates, regular_step
from ..naive.time_split import PARTS, TimeSplit
from ..progress import Progress
from ..raster.forecast_areas import read_grid_areas
from ..raster.history_tiles import History, open_history
from ..vector.forecast_points import (
    WHAT,
    ScoredPoints,
    node_areas,
    points_on_grid,
    read_node_points,
)

#: From here on EGMS L3 interpolates one of two tracks at nearly every epoch.
ONE_SATELLITE = np.datetime64("2022-01-01", "D")


@dataclass
class ForecastSource:
    """What was read.

    Parameters
    ----------
    data : ForecastData
    card : dict
        Entries of a forecaster's card: ``nodes``, ``crs``, ``units``, ``component``, ``source``,
        ``first_date``, ``last_date`` (see ``set_card``).
    facts : dict of str to str
        Lines for a report.
    dates : (dates,) array of datetime64[D]
    points : ScoredPoints, optional
        The original points of a grid.
    """

    data: ForecastData
    card: dict[str, Any]
    facts: dict[str, str]
    dates: np.ndarray
    points: Optional[ScoredPoints] = None
    warnings: list[str] = field(default_factory=list)

    def set_card(self, card: Any) -> None:
        """Write into a ``ForecasterCard`` what is known of the data and of their split."""
        for name, value in self.card.items():
            setattr(card, name, value)
        split = self.data.split
        for part in PARTS:
            first, stop = split.bounds(part)
            windows = len(split.origins(part, card.window, card.horizon, card.gap))
            card.split[part] = {"dates": stop - first, "windows": windows}
        card.seen_until = str(self.dates[split.bounds("validation")[1] - 1])


def read_forecast_data(
    progress: Progress,
    recipe: ForecastRecipe,
    input: Optional[str],
    points: Optional[str] = None,
    covariates: Optional[str] = None,
    validation_share: float = 0.1,
    test_share: float = 0.1,
    seed: int = 42,
) -> ForecastSource:
    """Read what a forecaster is trained on; the log says what.

    Parameters
    ----------
    progress : Progress
        Its whole range is used.
    recipe : ForecastRecipe
        Says whether nodes are cells or points, and the lengths that the dates must suffice for.
    input : str or None
        Deformation stack; may be None for a GCN on points.
    points : str, optional
        InSAR points: the nodes of a GCN, else where forecasts are scored besides.
    covariates : str, optional
        Raster stack of static covariates.
    validation_share, test_share : float
        Of the dates.
    seed : int
        Of the choice of tiles or groups where not all fit into memory.

    Raises
    ------
    InputError
        Too few dates, no valid cell, a grid too large for the paper's variant, or layers that do
        not fit together.
    """
    shares = (validation_share, test_share)
    if recipe.kind.spatial.on_graph and points:
        return _from_points(progress, recipe, input, points, covariates, shares, seed)
    if not input:
        raise InputError(
            "INPUT is empty; give a deformation stack ('Grid InSAR deformation'), or train a GCN "
            "on the points themselves (SPATIAL GCN with POINTS)."
        )
    return _from_grid(progress, recipe, input, points, covariates, shares, seed)


def _from_grid(
    progress: Progress, recipe: ForecastRecipe, input: str, points: Optional[str],
    covariates: Optional[str], shares: tuple[float, float], seed: int,
) -> ForecastSource:  # fmt: skip
    """Read the cells of a stack."""
    history = open_history(input)
    gaps = history.gaps
    split = _checked_split(recipe, history.dates, shares, gaps)
    whole = recipe.variant == "paper"
    _check_size(history, whole)
    read = read_grid_areas(history, gaps, covariates, whole, seed, progress.part(0, 0.8))
    grid = history.raster.grid
    data = ForecastData(read.areas, history.cell_size, split, read.covariates, grid.transform)
    what = f"{read.cells:,} cells with a series of {grid.width:,} × {grid.height:,}"
    if read.share < 1:
        tiles = f"{len(read.areas)} randomly chosen tiles"
        what += f", about {100 * read.share:.0f} % of them all: {tiles}, which fit into memory"
    metadata = history.raster.metadata
    source = _source(data, history.dates, metadata, history.units, grid.crs, input, "cells")
    _describe(source, what, gaps, progress)
    if points:
        layer = read_node_points(points, progress)
        source.points = points_on_grid(layer, grid, history.dates, gaps)
        _say_points(source, len(layer), points, progress)
    _warn(source, metadata, recipe.gap, progress, int(history.between.sum()))
    progress(1.0)
    return source


def _from_points(
    progress: Progress, recipe: ForecastRecipe, input: Optional[str], points: str,
    covariates: Optional[str], shares: tuple[float, float], seed: int,
) -> ForecastSource:  # fmt: skip
    """Read points as the nodes of a GCN."""
    if input:
        progress.info("The nodes of the GCN are the points of POINTS; INPUT is not used.")
    layer = read_node_points(points, progress)
    if recipe.variant == "paper" and len(layer) > MOST_CELLS:
        raise InputError(
            f"The paper's variant pools all points to one vector and takes at most {MOST_CELLS:,}; "
            f"POINTS has {len(layer):,}. Use VARIANT lastmap, or fewer points."
        )
    split = _checked_split(recipe, layer.dates, shares, np.zeros(len(layer.dates), bool))
    read = node_areas(layer, covariates, seed, progress)
    data = ForecastData(read.areas, read.cell_size, split, read.covariates)
    what = f"{read.points:,} points with a series, typically {read.cell_size:.3g} m apart"
    if read.share < 1:
        groups = "randomly chosen groups, which fit into memory"
        what += f", {100 * read.share:.0f} % of them all: {groups}"
    units = layer.metadata.get("SUBSIDENCE_UNITS", "mm").partition(";")[0].partition(",")[0]
    source = _source(
        data, layer.dates, layer.metadata, units.strip() or "mm", layer.crs, points, "points"
    )
    _describe(source, what, np.zeros(len(layer.dates), bool), progress)
    _warn(source, layer.metadata, recipe.gap, progress)
    progress(1.0)
    return source


def _checked_split(
    recipe: ForecastRecipe, dates: np.ndarray, shares: tuple[float, float], gaps: np.ndarray
) -> TimeSplit:
    """Return the split in time after checking that every part has a window."""
    split = TimeSplit(len(dates), *shares, skipped=tuple(np.flatnonzero(gaps).tolist()))
    for part in PARTS:
        split.origins(part, recipe.window, recipe.horizon, recipe.gap)
    return split


def _check_size(history: History, whole: bool) -> None:
    grid = history.raster.grid
    if whole and grid.width * grid.height > MOST_CELLS:
        raise InputError(
            f"The paper's variant pools the whole map to one vector and takes grids of at most "
            f"{MOST_CELLS:,} cells; this one has {grid.width:,} × {grid.height:,}. Use VARIANT "
            "lastmap, a smaller EXTENT or a coarser RESOLUTION when gridding."
        )


def _source(data, dates, metadata, units, crs, path, nodes) -> ForecastSource:
    card = {
        "nodes": nodes, "crs": crs, "units": units, "component": metadata.get("COMPONENT", ""),
        "source": path, "first_date": str(dates[0]), "last_date": str(dates[-1]),
    }  # fmt: skip
    return ForecastSource(data, card, {"Data": path}, dates)


def _describe(source: ForecastSource, what: str, gaps: np.ndarray, progress: Progress) -> None:
    """Say and note what was read and how it is split."""
    dates, split = source.dates, source.data.split
    progress.info(f"{what[0].upper()}{what[1:]}; {describe_dates(dates)}.")
    source.facts["Nodes"] = what
    source.facts["Dates"] = describe_dates(dates)
    if gaps.any():
        text = f"{int(gaps.sum())} of the {len(dates)} dates, at which nothing was measured"
        progress.info(f"No origin and no target: {text}.")
        source.facts["Dates left out"] = f"{text}, are no origins and no targets"
    parts = []
    for part in PARTS:
        first, stop = split.bounds(part)
        if stop > first:
            parts.append(f"{part} {stop - first} dates from {dates[first]} to {dates[stop - 1]}")
    source.facts["Split in time"] = "; ".join(parts)
    progress.info(f"Targets by part: {'; '.join(parts)}.")
    if source.data.covariates:
        names = ", ".join(entry["name"] for entry in source.data.covariates)
        source.facts["Covariates"] = names
        progress.info(f"Covariates: {names}.")


def _say_points(source: ForecastSource, count: int, points: str, progress: Progress) -> None:
    if source.points is None:
        text = (
            f"{WHAT} has no point on the stack with values at its dates; forecasts are not scored "
            "at points."
        )
        source.warnings.append(text)
        progress.warn(text)
        return
    text = f"{len(source.points.row):,} of {count:,} points lie on the stack"
    source.facts["Points"] = f"{points} ({text})"
    progress.info(f"{text}; forecasts are scored at them as well.")


def _warn(source: ForecastSource, metadata, gap: int, progress: Progress, between: int = 0) -> None:
    """Say where neighbouring dates share information, because of interpolation in time.

    ``between`` bands of the stack lie between acquisitions.
    """
    last = source.dates[source.dates >= ONE_SATELLITE]
    both = metadata.get("DATES_IN_BOTH", "")
    why = ""
    if "L3" in metadata.get("PRODUCT", "") and len(last) > 1 and regular_step(last) == 6:
        why = (
            "EGMS L3 has a value every 6 days, but since 2022 nearly each of them is interpolated "
            "in time for one of the two tracks"
        )
    elif between:
        why = (
            f"{between} of the {len(source.dates)} bands lie between acquisitions and are "
            "interpolated in time"
        )
    elif both.isdecimal() and int(both) < len(source.dates):
        why = (
            f"The series were decomposed from two tracks, of which {both} dates are common; at the "
            "others one track is interpolated in time"
        )
    if why and gap < 2:
        text = (
            f"{why}: neighbouring dates share information, and the first steps look better than "
            "they are; a GAP of 2 is the honest test."
        )
        source.warnings.append(text)
        progress.warn(text)
