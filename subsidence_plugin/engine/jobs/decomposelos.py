"""Job ``decomposelos``: ascending and descending series to vertical and east on one grid."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..insar.cells import cell_means, common_cells
from ..insar.dates import date_field, date_metadata, describe_dates
from ..insar.decompose_log import say_component, say_dates, say_north
from ..insar.fits import STATISTICS
from ..insar.los import decompose, vectors_of
from ..insar.product import MEANINGS
from ..insar.timeline import EITHER, common_dates
from ..insar.tracks import Times, Track, decomposed
from ..outputs import Outputs
from ..progress import Progress
from ..series_style import write_velocity_style
from ..vector.metric_crs import metric_crs
from ..vector.north_velocity import NORTH_FIELD, nearest_north
from ..vector.point_stream import PointStream
from ..vector.read import transform_points
from ..vector.series_layer import SeriesLayer, read_series
from ..vector.write import refuse_shapefile

#: Cells written at a time.
ROWS = 2000
TRACKS = (
    ("ASCENDING", "The ascending layer (ASCENDING)"),
    ("DESCENDING", "The descending layer (DESCENDING)"),
)


def run(
    progress: Progress,
    ascending: str,
    descending: str,
    vertical: str,
    east: str,
    resolution: float = 100.0,
    dates: int = EITHER,
    step: int = 6,
    max_gap: float = 60.0,
    min_points: int = 1,
    north: int = 0,
    gnss: Optional[str] = None,
    ascending_incidence: Optional[float] = None,
    ascending_track: Optional[float] = None,
    descending_incidence: Optional[float] = None,
    descending_track: Optional[float] = None,
) -> dict[str, Any]:
    """Write vertical and east displacement at the centres of cells that both tracks see.

    Parameters
    ----------
    progress : Progress
    ascending, descending : str
        Point layers of line-of-sight series as ``importinsar`` writes them.
    vertical, east : str
        Outputs.
    resolution : float
        Side of a cell in map units (metres where the layers are in degrees).
    dates : int
        0 all dates of either track, 1 dates that both have, 2 every ``step`` days.
    step : int
        Days.
    max_gap : float
        Days between two dates of a track beyond which it is not interpolated.
    min_points : int
        Points of each track that a cell needs.
    north : int
        0 no motion northwards, 1 the velocity of the GNSS column ``gnss_velocity_n``.
    gnss : str, optional
        Layer that has the column (EGMS L3), where the tracks do not.
    ascending_incidence, ascending_track, descending_incidence, descending_track : float, optional
        Angles of a track whose layer has no fields of them, degrees.
    """
    _check(resolution, step, max_gap, min_points)
    for target in (vertical, east):
        refuse_shapefile(target, "A layer of InSAR time series")
    angles = (
        (ascending_incidence, ascending_track), (descending_incidence, descending_track),
    )  # fmt: skip
    with Outputs(vertical, east, inputs=[ascending, descending, gnss]) as outputs:
        layers, crs = _layers((ascending, descending), progress.part(0, 0.4))
        tracks = [
            _track(layer, pair, what, resolution)
            for layer, pair, (_name, what) in zip(layers, angles, TRACKS)
        ]
        del layers
        first, second = _shared(tracks, min_points, resolution, progress)
        progress(0.5)
        velocity = _north_velocity(north, gnss, (first, second), crs, resolution, progress)
        say_north(decompose(first.vectors, second.vectors), velocity, progress)
        times = Times(
            common_dates(first.dates, second.dates, dates, step),
            max(first.dates[0], second.dates[0]),
            min(first.dates[-1], second.dates[-1]),
            max_gap,
        )
        both = len(np.intersect1d(first.dates, second.dates))
        say_dates(times.wanted, both, dates, max_gap, progress)
        common = {
            "SUBSIDENCE_KIND": "insar",
            "SUBSIDENCE_SOURCE": f"{ascending}, {descending}",
            "GEOMETRY": "ascending and descending",
            "RESOLUTION": f"{resolution:g}",
            "NORTH": "zero" if velocity is None else NORTH_FIELD,
            "DATES_IN_BOTH": str(both),
            "MAX_GAP_DAYS": f"{max_gap:g}",
            **date_metadata(times.wanted),
        }
        targets = [outputs.path(vertical), outputs.path(east)]
        count = _write(
            targets, (first, second), velocity, times, crs, resolution, common,
            progress.part(0.5, 1),
        )  # fmt: skip
        for target in targets:
            write_velocity_style(target, times.wanted, count)
    return {"CELLS": count, "DATES": len(times.wanted)}


def _check(resolution: float, step: int, max_gap: float, min_points: int) -> None:
    for name, value, low in (
        ("RESOLUTION", resolution, 0), ("STEP", step, 0), ("MAX_GAP", max_gap, 0),
        ("MIN_POINTS", min_points, 0),
    ):  # fmt: skip
        if not np.isfinite(value) or value <= low:
            raise InputError(f"{name} is {value:g}; it must be greater than {low}.")


def _layers(sources, progress: Progress) -> tuple[list[SeriesLayer], str]:
    """Return both layers in one metric CRS."""
    layers = []
    for number, (source, (name, what)) in enumerate(zip(sources, TRACKS)):
        layer = read_series(source, what, progress.check)
        component = layer.metadata.get("COMPONENT", "")
        if component not in ("", "LOS"):
            raise InputError(
                f"{what} holds the component {component}, not the line of sight; choose the "
                f"{name.lower()} track (EGMS L2a or L2b)."
            )
        geometry = layer.metadata.get("GEOMETRY", "")
        if geometry and geometry != name.lower():
            progress.warn(f"{what} is {geometry}; the result is the same, but check the choice.")
        progress.info(f"{name}: {len(layer)} points, {describe_dates(layer.dates)}.")
        layers.append(layer)
        progress((number + 1) / 2)
    crs = metric_crs(layers[0].crs, layers[0].x, layers[0].y, TRACKS[0][1])
    if crs != layers[0].crs:
        progress.info("The layers are in degrees: cells are in metres on the ground.")
    for layer, (_name, what) in zip(layers, TRACKS):
        layer.x, layer.y = transform_points(
            layer.x, layer.y, layer.crs, crs, what, "The ascending layer"
        )
    return layers, crs


def _track(layer: SeriesLayer, angles, what: str, resolution: float) -> Track:
    vectors = vectors_of(layer.columns, len(layer), what, *angles)
    columns = {f"los {axis}": vectors[:, axis] for axis in range(3)}
    if NORTH_FIELD in layer.columns:
        columns[NORTH_FIELD] = layer.columns[NORTH_FIELD]
    means = cell_means(layer.x, layer.y, layer.series, columns, resolution)
    mean = np.column_stack([means.columns[f"los {axis}"] for axis in range(3)])
    mean /= np.linalg.norm(mean, axis=1)[:, None]
    return Track(
        means.series, layer.dates, mean, means.count, means.columns.get(NORTH_FIELD), means.cells
    )


def _shared(tracks, min_points: int, resolution: float, progress) -> tuple[Track, Track]:
    """Return both tracks at the cells that have enough points of each."""
    enough = [track.at(np.flatnonzero(track.count >= min_points)) for track in tracks]
    places = common_cells(enough[0].cells, enough[1].cells)
    if not len(places[0]):
        raise InputError(
            f"No cell of {resolution:g} map units has {min_points} point(s) of both tracks; "
            "enlarge RESOLUTION or check that the layers overlap."
        )
    first, second = (track.at(place) for track, place in zip(enough, places))
    progress.info(
        f"{len(places[0])} cells of {resolution:g} map units have points of both tracks "
        f"({len(tracks[0].cells)} of the ascending, {len(tracks[1].cells)} of the descending); "
        f"median {np.median(first.count):g} and {np.median(second.count):g} points a cell."
    )
    return first, second


def _north_velocity(north: int, gnss, tracks, crs: str, resolution: float, progress: Progress):
    """Return the velocity northwards of every cell, None where it is taken as zero."""
    if not north:
        return None
    if gnss is not None:
        return nearest_north(gnss, (tracks[0].cells + 0.5) * resolution, crs, progress)
    known = [track.north for track in tracks if track.north is not None]
    known = [values for values in known if np.isfinite(values).all()]
    if not known:
        raise InputError(
            f"Neither layer has the field {NORTH_FIELD} for all cells; choose a layer that has it "
            "(EGMS L3) in GNSS, or take north as zero."
        )
    return known[0]


def _write(targets, tracks, north, times: Times, crs, resolution, metadata, progress) -> int:
    """Decompose block by block and write both layers; return the number of cells."""
    first = tracks[0]
    velocities: dict[str, list] = {"U": [], "E": []}
    with ExitStack() as stack:
        streams = []
        for target, name in zip(targets, velocities):
            own = {"COMPONENT": name, "SUBSIDENCE_UNITS": f"mm, mm/yr; {MEANINGS[name]}"}
            stream = PointStream(target, _fields(times.wanted), crs, {**metadata, **own})
            streams.append(stack.enter_context(stream))
        for start in range(0, len(first.cells), ROWS):
            rows = np.arange(start, min(start + ROWS, len(first.cells)))
            part = [track.at(rows) for track in tracks]
            own = None if north is None else north[rows]
            for stream, name, (statistics, series) in zip(
                streams, velocities, decomposed(*part, own, times)
            ):
                fixed = [part[0].count, part[1].count, *statistics.values()]
                x, y = ((part[0].cells + 0.5) * resolution).T
                keep = np.isfinite(series).any(axis=1)
                block = np.round(np.column_stack([x, y, *fixed, series])[keep], 4)
                names = [f"{column}_{row}" for column, row in part[0].cells[keep].tolist()]
                stream.write(x[keep], y[keep], [names], block)
                velocities[name].append(
                    (statistics["mean_velocity"][keep], statistics["mean_velocity_std"][keep])
                )
            progress(0.9 * (start + len(rows)) / len(first.cells))
        if not len(streams[0].x):
            raise InputError(
                "No cell has a value at a common date; enlarge MAX_GAP or change DATES."
            )
        counts = [stream.finish() for stream in streams]
    for name, parts in velocities.items():
        say_component(name, *map(np.concatenate, zip(*parts)), progress)
    progress(1)
    return counts[0]


def _fields(dates: np.ndarray) -> list[tuple[str, str]]:
    return [
        ("pid", "text"), ("easting", "real"), ("northing", "real"),
        ("points_ascending", "integer"), ("points_descending", "integer"),
        *((name, "real") for name in STATISTICS), *((date_field(d), "real") for d in dates),
    ]  # fmt: skip
