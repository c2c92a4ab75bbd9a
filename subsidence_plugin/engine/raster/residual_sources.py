"""Forecasts and an observation opened as layers of one grid, their bands matched by date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from ..errors import InputError
from ..insar.dates import date_of
from ..progress import Progress
from ..residuals.band_dates import DatedBands, Match, match_bands
from ..residuals.tiles import Shape
from .member_tiles import Layers, check_same_grid
from .read import Raster

#: Kinds of rasters that hold codes, shares, spreads or members, of which no residual is taken.
NO_FORECAST = (
    "levels", "bivariate", "priority", "susceptibility_classes", "class_stack", "exceedance",
    "class_probability", "confidence", "rank_variance", "residual_signed", "residual_absolute",
    "residual_hotspots", "forecast_spread", "forecast_change", "ensemble_spread", "members",
    "forecast_members", "factor_stack",
)  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """What is compared: the layers in the order of ``shape``, names and units."""

    layers: Layers
    shape: Shape
    match: Match
    names: list[str]
    units: str

    @property
    def predicted(self) -> Sequence[Raster]:
        """The forecasts."""
        return self.layers.rasters[: self.shape.predictions]

    @property
    def observed(self) -> Raster:
        """The observation."""
        return self.layers.rasters[self.shape.predictions]


def open_sources(
    predicted: Sequence[str],
    observed: str,
    names: Optional[Sequence[str]],
    date: Optional[str],
    tolerance: int,
    progress: Progress,
) -> Sources:
    """Open and match forecasts and observation; say in the log what is compared."""
    if not predicted:
        raise InputError("PREDICTED is empty; give one or several forecasts.")
    rasters = [Raster(path) for path in (*predicted, observed)]
    roles = [f"PREDICTED number {number}" for number in range(1, len(predicted) + 1)]
    roles = [*(roles if len(predicted) > 1 else ["PREDICTED"]), "OBSERVED"]
    for raster, role in zip(rasters, roles):
        kind = raster.metadata.get("SUBSIDENCE_KIND", "")
        if kind in NO_FORECAST:
            raise InputError(
                f"{role}, '{raster.path}', is a raster of the kind '{kind}'; give maps of "
                "displacement, such as the OUTPUT of a forecast."
            )
    check_same_grid(rasters[::-1], roles[::-1])
    units = _units(rasters, roles)
    bands = [dated_bands(raster) for raster in rasters]
    match = match_bands(bands[:-1], bands[-1], date, tolerance)
    shape, layers = _layers(rasters, match)
    shown = match.labels[0] if len(match.labels) == 1 else (
        f"{len(match.labels)} dates from {match.labels[0]} to {match.labels[-1]}"
    )  # fmt: skip
    progress.info(f"Compared: {len(predicted)} forecasts with the observation at {shown}."
                  if len(predicted) > 1 else f"Compared at {shown}.")  # fmt: skip
    for note in match.notes:
        progress.info(note)
    for warning in match.warnings:
        progress.warn(warning)
    return Sources(layers, shape, match, _names(rasters[:-1], names), units)


def dated_bands(raster: Raster) -> DatedBands:
    """Return the dates of the bands, from ``SUBSIDENCE_DATE`` or the description."""
    dates, made_up, between = [], [], []
    for band in raster.bands:
        own = raster.dataset.GetRasterBand(band.index)
        dates.append(date_of(own.GetMetadataItem("SUBSIDENCE_DATE") or own.GetDescription() or ""))
        acquired = date_of(own.GetMetadataItem("SUBSIDENCE_ACQUISITION") or "")
        if own.GetMetadataItem("SUBSIDENCE_GAP") == "yes":
            made_up.append(band.index)
        elif acquired is not None and acquired != dates[-1]:
            between.append(band.index)
    if len(dates) == 1 and dates[0] is None:
        dates = [date_of(raster.metadata.get("SUBSIDENCE_DATE", ""))]
    known = all(date is not None for date in dates)
    days = np.array(dates, "datetime64[D]") if known else None
    if known and len(np.unique(days)) < len(days):
        raise InputError(
            f"'{raster.path}' has two bands of the same date; give a raster with one band a date."
        )
    origin = date_of(raster.metadata.get("SUBSIDENCE_ORIGIN", ""))
    seen = date_of(raster.metadata.get("SUBSIDENCE_SEEN_UNTIL", ""))
    numbers = tuple(band.index for band in raster.bands)
    return DatedBands(
        raster.path, numbers, days, frozenset(made_up), origin, frozenset(between), seen
    )


def _layers(rasters: Sequence[Raster], match: Match) -> tuple[Shape, Layers]:
    origins = sorted({band for band in match.origins if band is not None})
    count = (len(rasters) - 1) * len(match.labels) + len(match.labels)
    places = {band: count + place for place, band in enumerate(origins)}
    shape = Shape(
        len(rasters) - 1, len(match.labels),
        [None if band is None else places[band] for band in match.origins],
    )  # fmt: skip
    return shape, Layers(rasters, [*match.predicted, [*match.observed, *origins]])


def _units(rasters: Sequence[Raster], roles: Sequence[str]) -> str:
    """Return the common units; mm where none says."""
    known = [(role, raster.metadata["SUBSIDENCE_UNITS"]) for raster, role in zip(rasters, roles)
             if raster.metadata.get("SUBSIDENCE_UNITS")]  # fmt: skip
    for role, units in known[1:]:
        if units != known[0][1]:
            raise InputError(
                f"{known[0][0]} is in '{known[0][1]}', but {role} in '{units}'; bring both to the "
                "same units."
            )
    return known[0][1] if known else "mm"


def _names(rasters: Sequence[Raster], names: Optional[Sequence[str]]) -> list[str]:
    """Return a name a forecast: of the layer or file; where that says nothing, of its model.

    The file comes first, since forecasts of one architecture, tuned and not, are compared. It
    says nothing where two have the same, or where it is what QGIS calls a temporary file.
    """
    plain = list(names) if names else [Path(raster.path).stem for raster in rasters]
    found: list[str] = []
    for raster, name in zip(rasters, plain):
        if plain.count(name) > 1 or name.casefold() == "output":
            name = raster.metadata.get("SUBSIDENCE_MODEL_NAME") or name
        own, copy = name, 2
        while own in found:
            own, copy = f"{name} ({copy})", copy + 1
        found.append(own)
    return found
