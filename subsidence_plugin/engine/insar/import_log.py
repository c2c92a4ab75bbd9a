"""What the import of time series says in the log, and what happened to the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..progress import Progress
from .dates import DateColumns, describe_dates
from .product import MEANINGS, Product, recognise
from .schema import Schema

#: Millimetres a unit of displacement, in the order of the enum UNIT.
UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0}
#: Broken rows that the log names one by one.
NAMED_ROWS = 20


@dataclass
class Tally:
    """What happened to the rows."""

    read: int = 0
    outside: int = 0
    empty: int = 0
    emptied: int = 0
    broken: int = 0
    named: list[str] = field(default_factory=list)
    duplicates: int = 0

    def add(self, name: str, rows) -> None:
        """Count the rows of a block of the table ``name``."""
        self.read += len(rows)
        self.emptied += rows.emptied
        self.add_broken(name, rows.broken)

    def add_broken(self, name: str, rows: Sequence[tuple[int, str]]) -> None:
        """Count broken rows (line, reason) and keep the first ones for the log."""
        self.broken += len(rows)
        room = max(NAMED_ROWS - len(self.named), 0)
        self.named += [f"{name}, line {line}: {reason}" for line, reason in rows[:room]]

    @property
    def first_broken(self) -> str:
        """Return the first broken row and what is wrong with it."""
        return f"{self.named[0]}." if self.named else "there is only a header."

    def report(self, count: int, progress: Progress) -> None:
        """Write to the log what was left out and that ``count`` points are written."""
        for line in self.named:
            progress.warn(f"Row left out: {line}.")
        if self.broken > len(self.named):
            progress.warn(f"{self.broken - len(self.named)} more broken rows are left out.")
        if self.emptied:
            progress.warn(f"{self.emptied} texts in columns of numbers are left empty.")
        if self.empty:
            progress.warn(f"{self.empty} rows without any displacement are left out.")
        if self.outside:
            progress.info(f"{self.outside} rows lie outside the extent.")
        if self.duplicates:
            progress.info(
                f"{self.duplicates} points stand twice (overlapping tiles): of each the one with "
                "more dates, then better quality, is kept."
            )
        progress.info(f"{count} points written.")


def describe_import(
    tables: Sequence,
    dates: Sequence[DateColumns],
    product: Product,
    schema: Schema,
    unit: int,
    progress: Progress,
) -> None:
    """Say what the tables are, and component, unit and dates of the layer.

    Parameters
    ----------
    tables : sequence of tables with ``name``, ``header`` and ``stem``
    dates : sequence of DateColumns
        One a table.
    product : Product
        What the tables share.
    schema : Schema
    unit : int
        Place in ``UNITS``.
    progress : Progress
    """
    for table, mine in zip(tables, dates):
        own = recognise(table.header, table.stem)
        progress.info(f"{table.name}: {own.title}, {describe_dates(mine.dates)}.")
        if not mine.ordered:
            progress.warn(f"{table.name}: the dates are out of order and are put in order.")
    shared = sum(np.isin(schema.dates, mine.dates) for mine in dates) == len(dates)
    if not shared.all():
        progress.warn(
            f"The files have different dates: {shared.sum()} of {len(schema.dates)} are in all; "
            "points are empty at the others."
        )
    if "," in product.track:
        progress.warn(f"The tracks {product.track} are mixed; they look at different angles.")
    if "," in product.columns:
        progress.warn("Files of old and new EGMS releases are mixed; their references differ.")
    given = list(UNITS)[unit]
    change = "" if given == "mm" else f" (delivered in {given})"
    geometry = f", {product.geometry}" if product.geometry else ""
    progress.info(
        f"Component: {MEANINGS[product.component]}{geometry}. Unit: mm and mm/yr{change}; the "
        "sign is kept as delivered."
    )
    if not product.component:
        progress.warn("The component (LOS, U, E, N) is unknown; set COMPONENT to record it.")
    progress.info(f"The layer has {describe_dates(schema.dates)}.")
    if schema.refit:
        progress.info("Dates are left out, so velocity and its quality are computed anew.")
    elif "mean_velocity" not in schema.delivered:
        progress.info("There is no velocity: it is computed by least squares, with its quality.")
