"""Points with their past and their forecast as one series of dated fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

import numpy as np
from osgeo import ogr

from ..insar.dates import date_field, date_metadata, date_of
from ..progress import Progress
from ..series_style import write_forecast_style
from .point_stream import PointStream
from .read import NUMBERS, field_names, open_layer, read_features
from .series_layer import SeriesLayer

#: ``SUBSIDENCE_KIND`` of the layer.
KIND = "point_forecast"
#: Points written at a time.
ROWS = 2000
#: Decimals of mm that are kept: single precision holds no more of usual series.
DECIMALS = 4


def half_width_field(date: np.datetime64) -> str:
    """Return the field of the interval's half width at a date, ``HYYYYMMDD``.

    It does not begin with D, so that the viewers of series do not take it for a displacement.
    """
    return "H" + date_field(date)[1:]


def write_point_forecast(
    path: str,
    source: str,
    layer: SeriesLayer,
    past: np.ndarray,
    targets: np.ndarray,
    forecast: np.ndarray,
    widths: Optional[np.ndarray],
    metadata: Mapping[str, str],
    progress: Progress,
) -> int:
    """Write the layer and its style; return the number of points with a forecast.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    source : str
        The layer that the points were read from: its other fields are kept.
    layer : SeriesLayer
        In its own CRS.
    past : (dates,) array of bool
        Dates that are kept.
    targets : (horizon,) array of datetime64[D]
    forecast, widths : (points, horizon) arrays
        Displacement, and half widths of the interval where there is one.
    metadata : mapping of str to str
    progress : Progress
    """
    dates = layer.dates[past]
    texts = _texts(source, layer, progress)
    integers = _integers(source)
    past_fields = [date_field(date) for date in dates]
    future = [date_field(date) for date in targets]
    half = [half_width_field(date) for date in targets] if widths is not None else []
    taken = {"fid", *(name.casefold() for name in half)}
    numbers = {n: values for n, values in layer.columns.items() if n.casefold() not in taken}
    fields = [(name, "text") for name in texts]
    fields += [(name, "integer" if name in integers else "real") for name in numbers]
    fields += [(name, "real") for name in (*past_fields, *future, *half)]
    about = {
        **metadata,
        "SUBSIDENCE_KIND": KIND,
        **date_metadata(np.concatenate([dates, targets])),
        "FORECAST_FIELDS": ", ".join(future),
        "HALF_WIDTH_FIELDS": ", ".join(half),
    }
    order = _order(source, {name for name, _kind in fields}, (*past_fields, *future, *half))
    with PointStream(path, fields, layer.crs, about, order) as stream:
        for first in range(0, len(layer), ROWS):
            part = slice(first, first + ROWS)
            progress(first / len(layer))
            values = [layer.series[part][:, past], forecast[part]]
            values += [widths[part]] if widths is not None else []
            rounded = np.round(np.concatenate(values, axis=1).astype(float), DECIMALS)
            known = [column[part] for column in numbers.values()]
            rows = np.column_stack([*known, rounded])
            words = [column[part] for column in texts.values()]
            stream.write(layer.x[part], layer.y[part], words, rows)
        stream.finish()
    if len(dates):
        write_forecast_style(path, dates[-1], targets, forecast, layer.series[:, past][:, -1])
    return int(np.isfinite(forecast).any(axis=1).sum())


def _texts(source: str, layer: SeriesLayer, progress: Progress) -> dict[str, Sequence[str]]:
    """Return the fields that are no numbers, of the points that have a series."""
    _dataset, table = open_layer(source)
    definition = table.GetLayerDefn()
    names = [
        name for index, name in enumerate(field_names(table))
        if definition.GetFieldDefn(index).GetType() not in NUMBERS and date_of(name) is None
    ]  # fmt: skip
    if not names:
        return {}
    features = read_features(source, names)
    count = len(next(iter(features.columns.values())))
    if features.multipoints or layer.rows is None or count <= layer.rows.max():
        progress.warn(
            f"The fields {', '.join(names)} are left out of POINT_FORECAST: POINTS has features of "
            "several points each."
        )
        return {}
    return {
        name: ["" if values[row] is None else str(values[row]) for row in layer.rows]
        for name, values in features.columns.items()
    }


def _integers(source: str) -> set[str]:
    _dataset, table = open_layer(source)
    definition = table.GetLayerDefn()
    return {
        name for index, name in enumerate(field_names(table))
        if definition.GetFieldDefn(index).GetType() in (ogr.OFTInteger, ogr.OFTInteger64)
    }  # fmt: skip


def _order(source: str, written: set[str], dated: Sequence[str]) -> list[str]:
    """Return the fields as the source has them, then those of dates."""
    _dataset, table = open_layer(source)
    own = set(dated)
    return [n for n in field_names(table) if n in written and n not in own] + list(dated)
