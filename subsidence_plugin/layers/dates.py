"""Rasters with a band a date, connected to QGIS's temporal controller.

QGIS from 3.38 on knows a time range for each band. Before, a group of the layer tree holds one
layer a date with a fixed range; the raster itself is the layer of the date that its style shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np
from qgis.core import (
    Qgis,
    QgsDateTimeRange,
    QgsLayerTreeGroup,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, Qt

from ..engine.raster.read import Raster
from ..translate import tr
from .copies import copy_of
from .kinds import metadata_of
from .tree import DATES, RANK, RUN
from .window import offer_range

#: Layers that a raster is unfolded to at most: on two busy cores 152 took 2 to 3 s to load and 3 to
#: 4 s to open with a project, 304 took 4 to 5 s and 5 to 7 s.
MOST_LAYERS = 160
FIELD = re.compile(r"D(?:19|20)\d{6}")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Frame:
    """A band (from 1) and the time that it is shown for, from its date to the next."""

    band: int
    date: str
    range: QgsDateTimeRange


def follow_time(layer: QgsRasterLayer, project: QgsProject, say: Callable[[str], None]) -> bool:
    """Connect a raster of dates to the temporal controller; return whether it has dates.

    The time of the project becomes that of the raster where the project has none.

    Parameters
    ----------
    layer : QgsRasterLayer
        In the layer tree of the project.
    project : QgsProject
    say : callable
        Takes a line for the log.
    """
    dates = band_dates(layer)
    if len(dates) < 2:
        return False
    mode = getattr(Qgis.RasterTemporalMode, "FixedRangePerBand", None)
    if mode is not None:
        properties = layer.temporalProperties()
        frames = frames_of(dates, range(1, len(dates) + 1))
        properties.setFixedRangePerBand({frame.band: frame.range for frame in frames})
        properties.setMode(mode)
        properties.setIsActive(True)
    else:
        frames = frames_of(dates, chosen_bands(len(dates), _band(layer) or len(dates)))
        _unfold(layer, frames, len(dates), project)
        if len(frames) < len(dates):
            say(
                f"'{layer.name()}' has {len(dates)} dates; this QGIS needs a layer for each, so "
                f"the temporal controller shows {len(frames)} of them, evenly spaced (at most "
                f"{MOST_LAYERS}); QGIS 3.38 and later show all."
            )
    step = int(np.median(np.diff(np.array(dates, dtype="datetime64[D]")).astype(int)))
    first, last = frames[0].range.begin().addSecs(-1), frames[-1].range.end().addSecs(1)
    whole = QgsDateTimeRange(first, last, True, False)
    offer_range(project, whole, step)
    return True


def offer_series(layer: QgsVectorLayer, project: QgsProject) -> None:
    """Make the dates of points (fields ``DYYYYMMDD``) the time of a project that has none.

    Of points with a forecast, the dates that are forecast.
    """
    fields = [f"{f[1:5]}-{f[5:7]}-{f[7:9]}" for f in layer.fields().names() if FIELD.fullmatch(f)]
    after = metadata_of(layer).get("SUBSIDENCE_ORIGIN", "")
    days = np.array(sorted(day for day in fields if day > after), dtype="datetime64[D]")
    if len(days) > 1:
        step = max(int(np.median(np.diff(days).astype(int))), 1)
        end = _midnight(str(days[-1])).addDays(step)
        offer_range(project, QgsDateTimeRange(_midnight(str(days[0])), end, True, False), step)


def band_dates(layer: QgsRasterLayer) -> list[str]:
    """Return the dates of the bands, empty unless every band has one, later than that before."""
    raster = Raster(layer.source())
    dates = []
    for number in range(1, raster.dataset.RasterCount + 1):
        band = raster.dataset.GetRasterBand(number)
        text = band.GetMetadataItem("SUBSIDENCE_DATE") or band.GetDescription() or ""
        if not ISO.fullmatch(text):
            return []
        dates.append(text)
    return dates if all(a < b for a, b in zip(dates, dates[1:])) else []


def shown_date(layer: QgsRasterLayer) -> str:
    """Return the date of the band that is shown, empty where bands are no dates."""
    band, dates = _band(layer), band_dates(layer)
    return dates[band - 1] if dates and band else ""


def chosen_bands(count: int, shown: int, most: int = MOST_LAYERS) -> list[int]:
    """Return evenly spaced bands, at most ``most``, with the band ``shown`` among them."""
    step = -(-count // most)
    return [band for band in range(1, count + 1) if (band - shown) % step == 0]


def frames_of(dates: Sequence[str], bands: Iterable[int]) -> list[Frame]:
    """Return the time of each band: until the next of them; the last as long as the one before."""
    chosen = list(bands)
    days = [_midnight(dates[band - 1]) for band in chosen]
    ends = [*days[1:], days[-1].addDays(max(days[-2].daysTo(days[-1]), 1))]
    # A second less at both ends: QGIS counts a frame that ends at a date as one of that date, and
    # projects do not keep open ends.
    times = [QgsDateTimeRange(start.addSecs(1), end.addSecs(-1)) for start, end in zip(days, ends)]
    return [Frame(band, dates[band - 1], time) for band, time in zip(chosen, times)]


def _unfold(
    layer: QgsRasterLayer, frames: list[Frame], count: int, project: QgsProject
) -> Optional[QgsLayerTreeGroup]:
    """Add a folded, switched-off group below the layer: its copies, each with another band.

    Not above it: QGIS unfolds the way to the first layer of a project that it opens.
    """
    node = project.layerTreeRoot().findLayer(layer.id())
    if node is None:
        return None
    title = tr("{layer}: by date").format(layer=layer.name())
    group = node.parent().insertGroup(node.parent().children().index(node) + 1, title)
    group.setCustomProperty(DATES, layer.id())
    group.setCustomProperty(RUN, node.customProperty(RUN, ""))  # stays below it
    group.setCustomProperty(RANK, node.customProperty(RANK, 0))
    own, copies = _band(layer), []
    for frame in frames:
        if frame.band == own:
            _fix(layer, frame)
            continue
        copy = copy_of(layer)
        copy.setName(f"{layer.name()} {frame.date}")
        _set_band(copy, frame.band)
        _fix(copy, frame)
        copies.append(copy)
    project.addMapLayers(copies, False)
    for copy in copies:  # of a frame of several dates the first is seen, which it begins with
        group.addLayer(copy).setExpanded(False)
    group.setExpanded(False)
    group.setItemVisibilityChecked(False)
    return group


def _fix(layer: QgsRasterLayer, frame: Frame) -> None:
    properties = layer.temporalProperties()
    properties.setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
    properties.setFixedTemporalRange(frame.range)
    properties.setIsActive(True)


def _band(layer: QgsRasterLayer) -> int:
    """Return the band that the style shows, 0 where it shows several or none."""
    bands = layer.renderer().usesBands() if layer.renderer() else []
    return bands[0] if len(bands) == 1 else 0


def _set_band(layer: QgsRasterLayer, band: int) -> None:
    for name in ("setInputBand", "setBand", "setGrayBand"):  # by version and kind of renderer
        setter = getattr(layer.renderer(), name, None)
        if setter is not None:
            setter(band)
            return


def _midnight(day: str) -> QDateTime:
    return QDateTime.fromString(f"{day}T00:00:00Z", Qt.DateFormat.ISODate)  # Z: in UTC
