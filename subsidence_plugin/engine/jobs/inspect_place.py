"""Reads everything that the layers of a map know of one place, for the inspect panel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Callable

from osgeo import gdal

from ..errors import InputError, SubsidenceError
from ..inspection.place import GONE, UNREADABLE, PlaceReport, Series, Skipped, Source
from ..inspection.series import grid_series, without_repeats
from ..inspection.values import factors_of, values_of
from ..progress import Progress
from ..raster.gdal_calls import failures_raise
from ..raster.pixel import read_pixel
from ..raster.read import Raster
from ..vector.nearest_series import has_series, nearest_series
from ..vector.read import open_layer

#: Key of the metadata that tells what a layer of ours is.
KIND = "SUBSIDENCE_KIND"
#: Rasters of many dates, read last.
DATED = ("deformation_stack", "deformation_forecast", "forecast_lower", "forecast_upper")
#: A layer and what was opened: a ``Raster``, or the dataset and layer of vectors.
Opened = tuple[Source, Any]


def read_place(
    progress: Progress,
    sources: Sequence[Source],
    x: float,
    y: float,
    crs: str,
    within: float = 250.0,
    on_values: Callable[[PlaceReport], None] = lambda report: None,
) -> PlaceReport:
    """Return values, factors and series of a place; a layer that fails is left out with a reason.

    Layers of ours are recognised by their metadata (``SUBSIDENCE_KIND``), time series by their
    fields of dates; all others are passed over.

    Parameters
    ----------
    progress : Progress
        Asked for Cancel before every layer.
    sources : sequence of Source
        From the uppermost layer down.
    x, y : float
    crs : str
        WKT of ``x`` and ``y``; each layer is asked in its own.
    within : float
        How far the nearest point of a time series may lie, metres.
    on_values : callable
        Called with the report when values and factors are known: a stack of hundreds of dates
        takes a second more.
    """
    report = PlaceReport(x, y, crs)
    opened, points = _open(sources, report), []
    late = [one for one in opened if one[0].is_raster and one[1].metadata.get(KIND) in DATED]
    order = [*(one for one in opened if one not in late), *late]
    told = False
    for number, (source, layer) in enumerate(order):
        if (source, layer) in late and not told:
            told = True
            _summarise(report, opened)
            on_values(replace(report, pixels=[*report.pixels], skipped=[*report.skipped]))
        progress(number / len(order))
        try:
            if source.is_raster:
                report.pixels.append(read_pixel(source, layer, x, y, crs))
            else:
                points += _read_points(source, layer, report, within)
        except SubsidenceError as error:
            report.skipped.append(Skipped(source.name, UNREADABLE, str(error)))
    _summarise(report, opened)
    report.series = grid_series(report.pixels) + without_repeats(points)
    progress(1)
    return report


def _open(sources: Sequence[Source], report: PlaceReport) -> list[Opened]:
    """Return the rasters of ours and the vector layers; what cannot be opened is noted."""
    opened: list[Opened] = []
    for source in sources:
        problem = source.problem or _gone(source)
        if problem:
            report.skipped.append(Skipped(source.name, problem))
            continue
        try:
            if not source.is_raster:
                opened.append((source, open_layer(source.source)))
            elif _is_ours(source.source):
                opened.append((source, Raster(source.source)))
        except SubsidenceError as error:
            report.skipped.append(Skipped(source.name, UNREADABLE, str(error)))
    return opened


def _summarise(report: PlaceReport, opened: Sequence[Opened]) -> None:
    """Put the rasters into the order of the layers, and fill in values and factors."""
    order = {source.name: place for place, (source, _layer) in reversed([*enumerate(opened)])}
    report.pixels.sort(key=lambda pixel: order[pixel.layer])
    report.values = [value for pixel in report.pixels for value in values_of(pixel)]
    report.factors = factors_of(report.pixels)


def _gone(source: Source) -> str:
    """Return ``GONE`` where the source is the path of a file that does not exist."""
    path = source.source.split("|")[0]
    is_path = os.path.isabs(path) and not path.startswith(("/vsi", "\\\\"))
    return GONE if is_path and not os.path.exists(path) else ""


def _is_ours(path: str) -> bool:
    """Tell whether a raster says its kind, without describing its bands (or raise as it fails)."""
    with failures_raise(f"The raster '{path}' cannot be opened"):
        dataset = gdal.OpenEx(path, gdal.OF_RASTER | gdal.OF_READONLY)
    if dataset is None:
        raise InputError(f"The raster '{path}' cannot be opened; check the file.")
    return bool(dataset.GetMetadataItem(KIND))


def _read_points(source: Source, opened: tuple, report: PlaceReport, within: float) -> list[Series]:
    dataset, layer = opened
    metadata = {**(dataset.GetMetadata() or {}), **(layer.GetMetadata() or {})}
    if metadata.get(KIND) == "samples":
        report.samples.append(source)
        return []
    if not has_series(layer):
        return []
    place = report.x, report.y, report.crs
    found = nearest_series(source, layer, metadata, *place, within)
    return [found] if found is not None else []
