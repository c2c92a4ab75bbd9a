"""Lines of a text table as arrays; a broken row is left out and reported with its number."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ..insar.roles import to_number
from .delimited import Delimited


@dataclass(frozen=True)
class Layout:
    """Which columns of a table are wanted.

    ``texts`` and ``numbers`` are places in the header, in the order wanted; a row with text in
    one of the ``needed`` numbers is broken, in others the value is only left empty.
    """

    table: Delimited
    texts: tuple[int, ...]
    numbers: tuple[int, ...]
    needed: frozenset[int]


@dataclass
class Rows:
    """Rows of a block: ``lines`` their numbers in the file, ``texts`` a list a column.

    ``numbers`` is (rows, columns) with NaN for missing values; ``broken`` holds (line, reason)
    of rows left out, ``emptied`` counts values that are no number in columns not needed.
    """

    lines: np.ndarray
    texts: list[list[str]]
    numbers: np.ndarray
    broken: list[tuple[int, str]] = field(default_factory=list)
    emptied: int = 0

    def __len__(self) -> int:
        return len(self.lines)


def parse_rows(first: int, lines: Sequence[str], layout: Layout) -> Rows:
    """Return the rows of some lines.

    Parameters
    ----------
    first : int
        Number of the first line in the file.
    lines : sequence of str
    layout : Layout
    """
    numbered = [(first + i, line) for i, line in enumerate(lines) if line and not line.isspace()]
    rows = _parse_whole(numbered, layout)
    return _parse_each(numbered, layout) if rows is None else rows


def _parse_whole(numbered: Sequence[tuple[int, str]], layout: Layout) -> Optional[Rows]:
    """Return all rows at once through numpy's reader, None where a line is not plain."""
    table = layout.table
    lines = [line for _number, line in numbered]
    commas = len(table.header) - 1
    if not lines or any(line.count(table.delimiter) != commas or '"' in line for line in lines):
        return None
    texts = [[] for _index in layout.texts]
    if layout.texts:
        last = max(layout.texts) + 1
        cut = [line.split(table.delimiter, last) for line in lines]
        texts = [[row[index].strip() for row in cut] for index in layout.texts]
    plain = [line.replace(",", ".") for line in lines] if table.decimal_comma else lines
    plain = _filled(plain, table.delimiter)
    try:
        numbers = np.loadtxt(
            plain, delimiter=table.delimiter, usecols=layout.numbers, comments=None, ndmin=2
        )
    except ValueError:
        return None
    numbers[~np.isfinite(numbers)] = np.nan
    return Rows(np.array([number for number, _line in numbered]), texts, numbers)


def _filled(lines: Sequence[str], delimiter: str) -> Sequence[str]:
    """Return lines with ``nan`` for empty values, which numpy's reader does not take."""
    double, filled = 2 * delimiter, f"{delimiter}nan{delimiter}"
    if not any(double in line or delimiter in (line[0], line[-1]) for line in lines):
        return lines
    full = []
    for line in lines:
        line = line.replace(double, filled).replace(double, filled)
        line = f"nan{line}" if line.startswith(delimiter) else line
        full.append(f"{line}nan" if line.endswith(delimiter) else line)
    return full


def _parse_each(numbered: Sequence[tuple[int, str]], layout: Layout) -> Rows:
    """Return rows one by one, so that the broken ones are known."""
    table = layout.table
    kept: list[int] = []
    texts: list[list[str]] = []
    numbers: list[list[float]] = []
    broken: list[tuple[int, str]] = []
    emptied = 0
    for number, line in numbered:
        row = next(csv.reader([line], delimiter=table.delimiter), [])
        if len(row) != len(table.header):
            broken.append((number, f"{len(row)} columns instead of {len(table.header)}"))
            continue
        values, reason = [], ""
        for index in layout.numbers:
            text = row[index].replace(",", ".") if table.decimal_comma else row[index]
            value = to_number(text)
            if value is None:
                if index in layout.needed:
                    reason = f"'{row[index][:30]}' is no number in '{table.header[index]}'"
                    break
                emptied += 1
                value = np.nan
            values.append(value)
        if reason:
            broken.append((number, reason))
            continue
        kept.append(number)
        numbers.append(values)
        texts.append([row[index].strip() for index in layout.texts])
    columns = [list(column) for column in zip(*texts)] or [[] for _index in layout.texts]
    array = np.array(numbers, float).reshape(len(kept), len(layout.numbers))
    return Rows(np.array(kept, dtype=np.int64), columns, array, broken, emptied)
