"""Report of frequency ratios: Table 2 of paper H, or one table a factor, and the rate curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

import numpy as np

from ..styles import class_colours
from ..validation.rates import ProbabilityCounts, RateCurve
from ..validation.ratio_table import FactorRatios
from ..validation.splits import ALL
from .html import Figure, Heading, Section, Table, Text, write_report
from .validation_figures import class_figure, rate_figure, ratio_figure, thinned

#: More classes than this leave no room for a value on each bar.
MOST_BARS = 12

METHOD = (
    "The frequency ratio is the share of subsidence events in a class divided by the share of the "
    "area in that class: 1 is the mean density of the whole area, above 1 events are denser. A "
    "class without area has no ratio."
)
RATES = (
    "Going from the most to the least susceptible cells, the curve shows the share of events found "
    "in a share of the area. Training events give the success rate (how well the map fits what it "
    "was made from), validation events the prediction rate (how well it foretells others). The "
    "area under a curve is 0.5 for a map that says nothing."
)


def write_ratio_report(
    path: str,
    tables: Sequence[FactorRatios],
    curves: Optional[ProbabilityCounts],
    reported: Sequence[str],
    is_susceptibility: bool,
    facts: Mapping[str, object],
) -> None:
    """Write the report of ``frequencyratio``.

    Parameters
    ----------
    path : str
    tables : sequence of FactorRatios
    curves : ProbabilityCounts, optional
        Counts of the probability raster, for curves finer than classes.
    reported : sequence of str
        Groups of events that gave the ratios.
    is_susceptibility : bool
        The one band holds susceptibility classes, and not classes of a factor.
    facts : mapping
        Data and settings.
    """
    rows = rows_in_words(reported)
    if len(tables) == 1:
        title = "Frequency ratio of " + (
            "the susceptibility classes" if is_susceptibility else tables[0].name
        )
        sections = [Text(METHOD), *_single(tables[0], rows, is_susceptibility)]
        lead = _lead_of_map(tables[0], curves, rows)
    else:
        title = "Frequency ratio of the classes of each factor"
        sections = [Text(METHOD), *_overview(tables, rows)]
        lead = _lead_of_factors(tables, rows)
    sections += _curves(tables, curves)
    if len(tables) > 1:
        sections.append(Heading("Classes of each factor"))
        for table in tables:
            sections += [Heading(table.name, 3), class_table(table, rows)]
    counted = {"Rows of the ratios": rows, "Events": f"{int(sum(tables[0].reported_events)):,}"}
    write_report(path, title, sections, lead, {**facts, **counted})


def rows_in_words(reported: Sequence[str]) -> str:
    """Return which events were counted, for captions."""
    if reported == (ALL,):
        return "all events (the layer has no split)"
    if len(reported) > 1:
        return "events of all splits"
    return {"train": "training"}.get(reported[0], reported[0]) + " events"


def class_table(table: FactorRatios, rows: str, is_susceptibility: bool = False) -> Table:
    """Return the table of one factor, laid out as H's Table 2."""
    ratios = table.ratios
    values = zip(
        table.cells, table.area, table.reported_events,
        ratios.ratio, ratios.area_share, ratios.event_share,
    )  # fmt: skip
    body = [
        [int(cells), float(area), int(events), float(ratio), 100 * float(share), 100 * float(part)]
        for cells, area, events, ratio, share, part in values
    ]
    heads = ["Cells", "Area (km²)", "Events", "Frequency ratio", "Area (%)", "Events (%)"]
    digits = [0, _area_digits(table.area), 0, 3, 2, 2]
    names = [[int(code)] for code in table.classes]
    name_heads = ["Class"]
    if any(table.labels):
        names = [[*name, label] for name, label in zip(names, table.labels)]
        name_heads.append("Label")
    if is_susceptibility and any(lower is not None for lower, _upper in table.bounds):
        names = [[*name, _range(*bounds)] for name, bounds in zip(names, table.bounds)]
        name_heads.append("Range")
    return Table(
        [*name_heads, *heads],
        [[*name, *row] for name, row in zip(names, body)],
        f"Counted: {rows}; area: cells with data.",
        [0] * len(name_heads) + digits,
        colours=_colours(table) if is_susceptibility else None,
    )


def _area_digits(area: np.ndarray) -> int:
    """Return decimals that show about three digits of the largest class."""
    return int(np.clip(2 - np.floor(np.log10(area.max())), 0, 6)) if area.max() > 0 else 0


def _range(lower: Optional[float], upper: Optional[float]) -> str:
    return " – ".join("" if end is None else f"{end:.4g}" for end in (lower, upper)).strip()


def _colours(table: FactorRatios) -> Optional[list[str]]:
    """Return the colours of the map's own style for classes 1 to k."""
    if table.classes.tolist() != list(range(1, len(table.classes) + 1)):
        return None
    return class_colours(len(table.classes), "susceptibility_classes")


def _single(table: FactorRatios, rows: str, is_susceptibility: bool) -> list[Section]:
    names = table.labels if is_susceptibility and all(table.labels) else table.classes.tolist()
    colours = _colours(table) if is_susceptibility else None
    if len(names) > MOST_BARS:
        bars = ratio_figure({"": (table.classes, table.ratios.ratio)})
    else:
        bars = class_figure(names, table.ratios.ratio, colours)
    return [
        Heading("Classes"),
        class_table(table, rows, is_susceptibility),
        Figure(
            bars, f"Frequency ratio of each class, {rows}; dashed: mean density of the area.",
            ratio_columns([table]), "frequency-ratio",
        ),
    ]  # fmt: skip


def _overview(tables: Sequence[FactorRatios], rows: str) -> list[Section]:
    body = []
    for table in tables:
        best = _densest(table)
        body.append(
            [
                table.name, len(table.classes),
                "" if best is None else f"{table.classes[best]} {table.labels[best]}".strip(),
                None if best is None else float(table.ratios.ratio[best]),
                None if table.success is None else table.success.under,
                None if table.prediction is None else table.prediction.under,
            ]
        )  # fmt: skip
    body.sort(key=lambda row: -(row[5] if row[5] is not None else row[4] or 0))
    heads = ["Factor", "Classes", "Densest class", "Its ratio", "Success rate", "Prediction rate"]
    caption = (
        f"Densest class and its frequency ratio from {rows}; rates are areas under the curve, "
        "classes ordered by the ratio of the training events (of all events without a split)."
    )
    bars = ratio_figure({t.name: (t.classes, t.ratios.ratio) for t in tables})
    return [
        Heading("Factors compared"),
        Table(heads, body, caption),
        Figure(
            bars, f"Frequency ratio (FR) by class, {rows}; dashed: mean density of the area.",
            ratio_columns(tables), "frequency-ratio",
        ),
    ]  # fmt: skip


def ratio_columns(tables: Sequence[FactorRatios]) -> dict[str, list]:
    """Return the tables of factors under each other, for the CSV file of a figure."""
    columns: dict[str, list] = {
        name: [] for name in ("factor", "class", "cells", "area_km2", "events", "frequency_ratio")
    }
    for table in tables:
        columns["factor"] += [table.name] * len(table.classes)
        columns["class"] += list(table.classes)
        columns["cells"] += [int(count) for count in table.cells]
        columns["area_km2"] += list(table.area)
        columns["events"] += [int(count) for count in table.reported_events]
        columns["frequency_ratio"] += list(table.ratios.ratio)
    return columns


def _curves(tables: Sequence[FactorRatios], curves: Optional[ProbabilityCounts]) -> list[Section]:
    if curves is not None:
        shown: object = curves
        source = "From the probability raster, in 65,536 bins of equal width."
    elif len(tables) == 1:
        shown = tables[0]
        source = f"From {len(tables[0].classes)} classes: give a probability raster for more."
    else:
        return []
    named = {"Success rate": shown.success, "Prediction rate": shown.prediction}
    if ALL in tables[0].events:
        named = {"All events": shown.success}
        source += " Without a split it cannot be told which events the map was made from."
    if not any(named.values()):
        return []
    figure = rate_figure(named, marks=curves is None)
    caption = "Share of the events found in a share of the area. " + source
    shown_figure = Figure(figure, caption, rate_columns(named), "rates")
    return [Heading("Success and prediction rate"), Text(RATES), shown_figure]


def rate_columns(curves: Mapping[str, Optional[RateCurve]]) -> dict[str, list]:
    """Return rate curves as drawn, under each other, for the CSV file of their figure."""
    columns: dict[str, list] = {"curve": [], "area_share": [], "event_share": []}
    for name, curve in curves.items():
        if curve is not None:
            area, events = thinned(curve.area, curve.events)
            columns["curve"] += [name] * len(area)
            columns["area_share"] += list(area)
            columns["event_share"] += list(events)
    return columns


def _lead_of_map(table: FactorRatios, curves: Optional[ProbabilityCounts], rows: str) -> str:
    best = _densest(table)
    if best is None:
        return "No event lies in any class."
    label = f" ({table.labels[best]})" if table.labels[best] else ""
    text = (
        f"Class {table.classes[best]}{label} takes {100 * table.ratios.area_share[best]:.1f} % of "
        f"the area and holds {100 * table.ratios.event_share[best]:.1f} % of "
        f"{int(table.reported_events.sum()):,} {rows}: frequency ratio "
        f"{table.ratios.ratio[best]:.2f}."
    )
    shown = table if curves is None else curves
    return text + _rates_in_words(shown.success, shown.prediction, ALL in table.events)


def _rates_in_words(
    success: Optional[RateCurve], prediction: Optional[RateCurve], is_all: bool
) -> str:
    if is_all:
        return f" Area under the rate curve of all events: {success.under:.3f}." if success else ""
    parts = []
    if prediction is not None:
        parts.append(f"prediction rate {prediction.under:.3f}")
    if success is not None:
        parts.append(f"success rate {success.under:.3f}")
    return f" Areas under the curves: {', '.join(parts)}." if parts else ""


def _lead_of_factors(tables: Sequence[FactorRatios], rows: str) -> str:
    def under(table: FactorRatios) -> float:
        curve = table.prediction or table.success
        return curve.under if curve else 0.0

    best = max(tables, key=under)
    kind = "prediction" if best.prediction else "success"
    return (
        f"Of {len(tables)} factors, the classes of {best.name} order the events best: area under "
        f"the {kind}-rate curve {under(best):.3f} (0.5: no order). Ratios are of {rows}."
    )


def _densest(table: FactorRatios) -> Optional[int]:
    ratio = table.ratios.ratio
    return None if np.isnan(ratio).all() else int(np.nanargmax(ratio))
