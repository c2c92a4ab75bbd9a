"""Job ``importinsar``: tables of InSAR time series to a point layer with a field a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..insar.dates import date_columns, date_metadata, parse_limit
from ..insar.duplicates import PointRegister, quality_of
from ..insar.import_log import UNITS, Tally, describe_import
from ..insar.product import (
    COMPONENTS,
    EGMS_AREA,
    EGMS_CRS,
    Product,
    common_product,
    product_metadata,
    recognise,
    with_geometry,
)
from ..insar.roles import coordinate_columns, field_names, text_columns, to_number
from ..insar.schema import Schema, TableColumns, make_schema, map_table
from ..outputs import Outputs
from ..progress import Progress
from ..series_style import write_velocity_style
from ..vector.delimited import Delimited, open_tables
from ..vector.delimited_rows import Layout, parse_rows
from ..vector.extent_filter import ExtentFilter
from ..vector.metric_crs import is_geographic
from ..vector.point_stream import PointStream
from ..vector.read import spatial_reference
from ..vector.write import refuse_shapefile

WGS84 = "EPSG:4326"


def run(
    progress: Progress,
    inputs: Sequence[str],
    output: str,
    x_field: Optional[str] = None,
    y_field: Optional[str] = None,
    crs: Optional[str] = None,
    extent: Optional[Sequence[Any]] = None,
    min_date: Optional[str] = None,
    max_date: Optional[str] = None,
    component: int = 0,
    unit: int = 0,
) -> dict[str, Any]:
    """Write the points of csv files (also in a zip) with one field ``DYYYYMMDD`` a date.

    Parameters
    ----------
    progress : Progress
    inputs : sequence of str
        csv or zip files: tiles of the European Ground Motion Service, or generic tables.
    output : str
    x_field, y_field : str, optional
        Coordinate columns, where they are not recognised by name.
    crs : str, optional
        CRS of the coordinate columns; not needed for EGMS and for longitude and latitude.
    extent : (x min, y min, x max, y max, WKT), optional
    min_date, max_date : str, optional
        ``YYYY-MM-DD``, both included.
    component : int
        0 as recognised, else 1 LOS, 2 U, 3 E, 4 N.
    unit : int
        Of displacements: 0 mm, 1 cm, 2 m.
    """
    refuse_shapefile(output, "A layer of InSAR time series")
    if not inputs:
        raise InputError("No file is chosen; choose csv or zip files in INPUT.")
    first, last = parse_limit(min_date, "MIN_DATE"), parse_limit(max_date, "MAX_DATE")
    with Outputs(output, inputs=inputs) as outputs:
        tables = _with_rows([t for path in inputs for t in open_tables(path)], progress)
        columns = [_columns(table, x_field, y_field) for table in tables]
        product = _product(tables, component)
        crs = _crs(tables, columns, product, crs, progress)
        schema = make_schema(columns, first, last, list(UNITS.values())[unit])
        describe_import(tables, [c.dates for c in columns], product, schema, unit, progress)
        target = outputs.path(output)
        metadata = {
            "SUBSIDENCE_KIND": "insar",
            "SUBSIDENCE_SOURCE": ", ".join(table.name for table in tables),
            **product_metadata(product),
            **date_metadata(schema.dates),
        }
        box = ExtentFilter(extent, crs) if extent else None
        with PointStream(target, schema.fields, crs, metadata, schema.layer_order) as stream:
            progress.stage("Reading")
            tally = _copy(tables, columns, schema, crs, box, stream, progress)
            count = stream.finish()
        write_velocity_style(target, schema.dates, count)
        tally.report(count, progress)
        progress(1)  # a Cancel until here still leaves nothing
    return {
        "POINTS": count, "DATES": len(schema.dates), "BROKEN_ROWS": tally.broken,
        "DUPLICATES": tally.duplicates, "COMPONENT": product.component,
        "GEOMETRY": product.geometry,
    }  # fmt: skip


def _with_rows(tables: Sequence[Delimited], progress: Progress) -> list[Delimited]:
    """Return the tables that have rows."""
    kept = [table for table in tables if table.sample]
    if not kept:
        raise InputError(f"The file '{tables[0].name}' holds a header and no row; choose another.")
    for table in tables:
        if not table.sample:
            progress.warn(f"{table.name} holds no row.")
    return kept


def _columns(table: Delimited, x: Optional[str], y: Optional[str]) -> TableColumns:
    what = f"The file '{table.name}'"
    dates = date_columns(table.header, what)
    coordinates = coordinate_columns(table.header, what, x, y)
    names = field_names(table.header, dates.indices.tolist())
    texts = text_columns(names, table.sample, (coordinates.x, coordinates.y))
    return TableColumns(names, tuple(texts), coordinates, dates)


def _product(tables: Sequence[Delimited], component: int) -> Product:
    products = []
    for table in tables:
        product = recognise(table.header, table.stem)
        row = table.sample[0] if table.sample else ()
        numbers = {
            name.casefold(): np.nan if (value := to_number(text)) is None else value
            for name, text in zip(table.header, row)
        }
        product = with_geometry(product, numbers)
        if component:
            product = replace(product, component=COMPONENTS[component])
        products.append((table.name, product))
    return common_product(products)


def _crs(
    tables: Sequence[Delimited],
    columns: Sequence[TableColumns],
    product: Product,
    crs: Optional[str],
    progress: Progress,
) -> str:
    """Return the WKT of the coordinates' CRS, as given or as the columns tell."""
    degrees = {table.coordinates.degrees for table in columns}
    if len(degrees) > 1:
        raise InputError(
            "Some files have metric coordinates and others degrees; import them one by one."
        )
    egms = all(recognise(t.header, t.stem).is_egms for t in tables) and degrees == {False}
    if crs is None and egms:
        _check_area(tables, columns)
        crs = EGMS_CRS
    elif crs is None and degrees == {True}:
        progress.info("The coordinates are taken as longitude and latitude (EPSG:4326).")
        crs = WGS84
    elif crs is None:
        raise InputError(
            f"The file '{tables[0].name}' does not say which coordinate reference system its "
            "coordinates are in; choose it in CRS."
        )
    reference = spatial_reference(crs, "The layer")
    if egms and not reference.IsSame(spatial_reference(EGMS_CRS, "EGMS")):
        progress.warn(f"EGMS is delivered in {EGMS_CRS}; the CRS chosen is used instead.")
    return reference.ExportToWkt()


def _check_area(tables: Sequence[Delimited], columns: Sequence[TableColumns]) -> None:
    """Refuse EGMS columns with coordinates of another CRS, as some tools write them."""
    for table, mine in zip(tables, columns):
        place = (mine.coordinates.x, mine.coordinates.y)
        for index, (low, high) in zip(place, EGMS_AREA):
            value = to_number(table.sample[0][index]) if len(table.sample[0]) > index else None
            if value is not None and not np.isnan(value) and not low <= value <= high:
                raise InputError(
                    f"The file '{table.name}' has EGMS columns, but its {table.header[index]} of "
                    f"{value:g} lies outside the area of {EGMS_CRS}; choose its CRS."
                )


def _copy(tables, columns, schema: Schema, crs, box, stream: PointStream, progress) -> Tally:
    """Read, complete and write all tables block by block."""
    tally, register = Tally(), PointRegister()
    degrees = is_geographic(crs, "The layer")
    total = sum(table.size for table in tables) or 1
    done = 0
    for number, (table, mine) in enumerate(zip(tables, columns)):
        mapping = map_table(mine, columns, schema)
        needed = {mine.coordinates.x, mine.coordinates.y, *mine.dates.indices.tolist()}
        layout = Layout(table, mapping.texts, mapping.numbers, frozenset(needed))
        for first, lines, fraction in table.blocks():
            rows = parse_rows(first, lines, layout)
            tally.add(table.name, rows)
            x, y = rows.numbers[:, mapping.x], rows.numbers[:, mapping.y]
            values = mapping.spread(rows.numbers, schema)
            if degrees and (np.abs(y) > 90).any():
                raise InputError(
                    f"The file '{table.name}' has a latitude of {y[np.abs(y) > 90][0]:g}; its "
                    "coordinates are no degrees, so choose another CRS or other columns."
                )
            keep = _kept(rows, x, y, values, schema, box, table.name, tally)
            texts = mapping.spread_texts(rows.texts, len(rows), schema)
            texts = [[t for t, ok in zip(column, keep) if ok] for column in texts]
            x, y, values = x[keep], y[keep], schema.complete(values[keep])
            stream.write(x, y, texts, values)
            names = texts[schema.texts.index("pid")] if "pid" in schema.texts else []
            known = np.isfinite(values[:, len(schema.numbers) :]).sum(axis=1)
            register.add(number, x, y, names, known, quality_of(schema.numbers, values))
            progress(0.9 * (done + fraction * table.size) / total)
        done += table.size
    if tally.read == 0:
        raise InputError(f"No row of INPUT can be read: {tally.first_broken}")
    if not len(stream.x):
        raise InputError("No point is left; check EXTENT, MIN_DATE and MAX_DATE.")
    gone = register.duplicates(1e-7 if degrees else 0.01)
    stream.remove(gone)
    tally.duplicates = len(gone)
    return tally


def _kept(rows, x, y, values, schema, box, name: str, tally: Tally) -> np.ndarray:
    """Return which rows go into the layer."""
    placed = np.isfinite(x) & np.isfinite(y)
    tally.add_broken(name, [(int(n), "no coordinates") for n in rows.lines[~placed]])
    filled = np.isfinite(values[:, len(schema.numbers) :]).any(axis=1)
    tally.empty += int((placed & ~filled).sum())
    keep = placed & filled
    if box is not None:
        inside = box.inside(x, y)
        tally.outside += int((keep & ~inside).sum())
        keep &= inside
    return keep
