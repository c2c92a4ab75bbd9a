"""The panel's texts as rich text: headline and tables.

Colours are those of the theme and of the map only, so all is readable on light and on dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from ...engine.inspection.place import FactorValue, PlaceReport, Value
from ...engine.report.explanation_words import short_numbers
from ...layers.kinds import kind_title
from ...layers.labels import translated
from ...translate import tr
from .words import decimal, number, value_text

Colours = Mapping[str, Mapping[int, str]]


def headline(report: PlaceReport, colours: Colours) -> str:
    """Return probability and class, applicability, priority: what is looked for first.

    Parameters
    ----------
    report : PlaceReport
    colours : mapping of layer name to mapping of code to colour
        As the layers are drawn.
    """
    lines = []
    probability = report.first("probability")
    classed = report.first("susceptibility_classes")
    big = f'<span style="font-size:20pt">{decimal(probability.value)}</span>' if probability else ""
    if classed is not None:
        big += f"&nbsp; {_chip(classed, colours)}<b>{escape(translated(classed.label))}</b>"
    if big:
        lines.append(big)
    if probability is not None:
        text = tr("probability of subsidence")
        spread = report.first("spread")
        if spread is not None:
            text += tr(", spread of the members {spread}").format(spread=decimal(spread.value))
        lines.append(escape(text))
    for kind in ("applicability", "priority"):
        value = report.first(kind)
        if value is not None:
            text = tr("{title}: {value}").format(title=kind_title(kind), value=value_text(value))
            lines.append(f"{_chip(value, colours)}{escape(text)}")
    lines += _movement(report)
    return "<br>".join(lines)


def _movement(report: PlaceReport) -> list[str]:
    """Return the last observed displacement and the last one forecast."""
    for series in report.series:
        last = series.last
        if last is None:
            continue
        said = tr("{value} {unit} on {date}")
        text = said.format(
            value=number(series.values[last]), unit=series.unit, date=series.dates[last]
        )
        ahead = series.forecasts[-1] if series.forecasts else None
        if ahead is not None and np.isfinite(ahead.values[-1]):
            said = tr(", forecast {value} {unit} on {date}")
            text += said.format(
                value=number(ahead.values[-1]), unit=series.unit, date=ahead.dates[-1]
            )
        return [escape(text)]
    return []


def values_table(values: Sequence[Value], colours: Colours) -> str:
    """Return what the layers say, a row a value, the layer's name below its meaning."""
    rows = []
    for value in values:
        title = kind_title(value.kind) or value.layer
        below = [value.layer] if title.casefold() != value.layer.casefold() else []
        below += [text for text in (value.name, value.date) if text]
        left = escape(title)
        if below:
            left += f"<br><small>{escape(' · '.join(below))}</small>"
        rows.append((left, f"{_chip(value, colours)}{escape(value_text(value))}"))
    return _table(rows)


def factors_table(factors: Sequence[FactorValue]) -> str:
    """Return the factors with their values and classes."""
    rows = []
    for factor in factors:
        right = f"{number(factor.value)} {factor.unit}".strip()
        if np.isfinite(factor.code):
            said = tr("class {code}: {meaning}") if factor.label else tr("class {code}")
            meaning = translated(short_numbers(factor.label))
            text = said.format(code=f"{factor.code:g}", meaning=meaning)
            right = f"{right}<br>" if np.isfinite(factor.value) else ""
            right = right + f"<small>{escape(text)}</small>"
        elif factor.label:  # a category of a factor stack
            right = f"{right}<br><small>{escape(translated(factor.label))}</small>"
        rows.append((escape(factor.name), right))
    return _table(rows)


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(
        f'<tr><td style="padding:2px 6px 2px 0">{left}</td>'
        f'<td align="right" style="padding:2px 0">{right}</td></tr>'
        for left, right in rows
    )
    return f'<table width="100%" cellspacing="0">{cells}</table>'


def _chip(value: Value, colours: Colours) -> str:
    """Return a square in the colour in which the map shows a class."""
    if not np.isfinite(value.value):
        return ""
    colour = colours.get(value.layer, {}).get(round(value.value), "")
    return f'<span style="color:{colour}">&#9632;</span>&nbsp;' if colour and value.label else ""
