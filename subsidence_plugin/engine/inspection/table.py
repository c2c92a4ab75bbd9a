"""Everything known of a place as one table, a row a value, for a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from .place import PlaceReport, PlaceShap, Series

#: Columns; ``part`` is place, value, factor, class, shap or one of the parts of a series.
COLUMNS = ("part", "layer", "kind", "name", "date", "value", "meaning", "unit")

#: Ends the WKT of a CRS that has a code; those of its parts are followed by more brackets.
AUTHORITY = re.compile(r'(?:AUTHORITY|ID)\["([^"]+)",\s*"?(\w+)"?\]\]\s*$')


def report_csv(report: PlaceReport) -> str:
    """Return the table as CSV text: numbers in full, dates in ISO 8601, nothing for no data.

    Parameters
    ----------
    report : PlaceReport
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in report_rows(report):
        writer.writerow([_text(row.get(column, "")) for column in COLUMNS])
    return buffer.getvalue()


def report_rows(report: PlaceReport) -> Iterator[dict[str, Any]]:
    """Yield the rows: the place, values, factors, SHAP values, series with their forecasts."""
    yield {"part": "place", "name": "x", "value": report.x}
    yield {"part": "place", "name": "y", "value": report.y}
    yield {"part": "place", "name": "crs", "meaning": _crs_name(report.crs)}
    for value in report.values:
        own = {"layer": value.layer, "kind": value.kind, "date": value.date, "unit": value.unit}
        yield {
            **own, "part": "value", "name": value.name, "value": value.value, "meaning": value.label
        }  # fmt: skip
        for name, number in (("minimum", value.low), ("maximum", value.high)):
            if value.count:
                yield {**own, "part": "value", "name": name, "value": number}
    for factor in report.factors:
        coded = np.isfinite(factor.code)
        yield {"part": "factor", "name": factor.name, "value": factor.value, "unit": factor.unit,
               "meaning": "" if coded else factor.label}  # fmt: skip
        if coded:
            yield {"part": "class", "name": factor.name, "value": factor.code,
                   "meaning": factor.label}  # fmt: skip
    if report.shap is not None:
        yield from _of_shap(report.shap)
    for series in report.series:
        yield from _of_series(series)


def _of_shap(shap: PlaceShap) -> Iterator[dict[str, Any]]:
    own = {"part": "shap", "layer": shap.source, "unit": shap.unit}
    yield {**own, "name": "base", "value": shap.base}
    yield {**own, "name": "prediction", "value": shap.prediction}
    for name, text, value in zip(shap.names, shap.texts, shap.shap):
        yield {**own, "kind": "factor", "name": name, "value": value, "meaning": text}


def _of_series(series: Series) -> Iterator[dict[str, Any]]:
    place = "cell" if series.distance is None else "point"
    own = {"layer": series.layer, "kind": place, "unit": series.unit}
    if series.distance is not None:
        yield {"layer": series.layer, "kind": place, "part": "distance", "value": series.distance,
               "unit": "m"}  # fmt: skip
    for date, value in zip(series.dates, series.values):
        yield {**own, "part": "observed", "date": date, "value": value}
    for forecast in series.forecasts:
        from_origin = {**own, "layer": forecast.layer, "name": f"origin {forecast.origin or ''}"}
        for part, values in (
            ("forecast", forecast.values), ("lower", forecast.lower), ("upper", forecast.upper)
        ):  # fmt: skip
            for date, value in zip(forecast.dates, [] if values is None else values):
                yield {**from_origin, "part": part, "date": date, "value": value}


def _crs_name(wkt: str) -> str:
    """Return the authority's name of a CRS, such as ``EPSG:32648``; its WKT where it has none."""
    own = AUTHORITY.search(wkt)
    return f"{own[1]}:{own[2]}" if own else wkt


def _text(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return repr(float(value)) if np.isfinite(value) else ""
    return str(value)
