"""The fields of a layer made from one or several tables of time series, and where they come from.

Tables may have different columns and dates: the layer has all of them, empty where a table has
none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ..errors import InputError
from .dates import DateColumns, date_field, years
from .fits import STATISTICS, series_statistics
from .roles import DISPLACEMENTS, INTEGERS, RENAMED, Coordinates


@dataclass(frozen=True)
class TableColumns:
    """Columns of one table: field names by place in the header, which are texts, the dates."""

    names: dict[int, str]
    texts: tuple[int, ...]
    coordinates: Coordinates
    dates: DateColumns

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the places of columns of numbers that are no dates."""
        return tuple(index for index in self.names if index not in self.texts)


@dataclass
class Schema:
    """Fields of the layer.

    ``texts`` and ``numbers`` are fields that describe a point, in the order of a row's values,
    ``order`` the same as the layer shows them; ``delivered`` are the numbers that a table has (the
    others are fitted), ``dates`` the days of the series. ``refit`` asks to fit the statistics of
    every row anew, ``scale`` is the size of the tables' unit in mm.
    """

    texts: list[str]
    numbers: list[str]
    dates: np.ndarray
    order: list[str]
    delivered: set[str]
    refit: bool = False
    scale: float = 1.0
    time: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.time = years(self.dates)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Return (name, type) of all fields, texts first."""
        kinds = [(name, "text") for name in self.texts]
        kinds += [(n, "integer" if n in INTEGERS else "real") for n in self.numbers]
        return kinds + [(date_field(date), "real") for date in self.dates]

    @property
    def layer_order(self) -> list[str]:
        """Return the names in the order in which the layer shows them."""
        return self.order + [date_field(date) for date in self.dates]

    def complete(self, values: np.ndarray) -> np.ndarray:
        """Scale displacements to mm and fit the statistics that are absent, in place.

        Parameters
        ----------
        values : (rows, numbers + dates) array
        """
        if self.scale != 1:
            values[:, len(self.numbers) :] *= self.scale
            for index, name in enumerate(self.numbers):
                if name in DISPLACEMENTS:
                    values[:, index] *= self.scale
        places = {n: i for i, n in enumerate(self.numbers) if n in (*STATISTICS, "rmse_ts")}
        absent = ~np.isfinite(values[:, [places["mean_velocity"]]])
        absent = absent | self.refit | ("mean_velocity" not in self.delivered)
        rows = np.flatnonzero(absent[:, 0])
        if len(rows):
            found = series_statistics(values[rows, len(self.numbers) :], self.time)
            found["rmse_ts"] = found["rmse"]
            for name, place in places.items():
                values[rows, place] = np.round(found[name], 4)
        return values


def make_schema(
    tables: Sequence[TableColumns],
    first: Optional[np.datetime64],
    last: Optional[np.datetime64],
    scale: float = 1.0,
) -> Schema:
    """Return the fields of the layer of these tables.

    Parameters
    ----------
    tables : sequence of TableColumns
    first, last : datetime64[D], optional
        Dates outside are left out, and then the statistics are fitted anew.
    scale : float
        Millimetres a unit of the tables.

    Raises
    ------
    InputError
        No two dates are left.
    """
    every = np.unique(np.concatenate([table.dates.dates for table in tables]))
    keep = np.ones(len(every), dtype=bool)
    if first is not None:
        keep &= every >= first
    if last is not None:
        keep &= every <= last
    if keep.sum() < 2:
        raise InputError(
            f"{keep.sum()} of {len(every)} dates ({every[0]} to {every[-1]}) lie between MIN_DATE "
            f"({first or 'not set'}) and MAX_DATE ({last or 'not set'}); at least 2 are needed."
        )
    rename = _renames(tables)
    texts: dict[str, None] = {}
    numbers: dict[str, None] = {}
    order: dict[str, None] = {}
    for table in tables:
        for index, name in table.names.items():
            name = rename.get(name, name)
            (texts if index in table.texts else numbers)[name] = None
            order[name] = None
    both = set(texts) & set(numbers)
    for name in both:  # text in one table is text in all
        del numbers[name]
    delivered = set(numbers)
    for name in STATISTICS:
        if name == "rmse" and "rmse_ts" in numbers:
            continue
        numbers.setdefault(name)
        order.setdefault(name)
    return Schema(list(texts), list(numbers), every[keep], list(order), delivered,
                  not keep.all(), scale)  # fmt: skip


def _renames(tables: Sequence[TableColumns]) -> dict[str, str]:
    """Return old names of the service's columns where another table has the new ones."""
    present = {name for table in tables for name in table.names.values()}
    return {old: new for old, new in RENAMED.items() if old in present and new in present}


@dataclass(frozen=True)
class Mapping:
    """Where the columns of one table go: places in the header and in the layer's rows."""

    texts: tuple[int, ...]
    text_targets: tuple[int, ...]
    numbers: tuple[int, ...]
    targets: np.ndarray
    x: int
    y: int

    def spread(self, numbers: np.ndarray, schema: Schema) -> np.ndarray:
        """Return (rows, numbers + dates) of the layer from the columns read."""
        width = len(schema.numbers) + len(schema.dates)
        values = np.full((len(numbers), width), np.nan)
        wanted = self.targets >= 0
        values[:, self.targets[wanted]] = numbers[:, wanted]
        return values

    def spread_texts(self, texts: list[list[str]], rows: int, schema: Schema) -> list[list]:
        """Return a column for every text field of the layer."""
        columns: list[list] = [[None] * rows for _name in schema.texts]
        for target, column in zip(self.text_targets, texts):
            columns[target] = column
        return columns


def map_table(table: TableColumns, tables: Sequence[TableColumns], schema: Schema) -> Mapping:
    """Return where the columns of one of ``tables`` go."""
    rename = _renames(tables)
    places = {name: index for index, name in enumerate(schema.numbers)}
    text_places = {name: index for index, name in enumerate(schema.texts)}
    texts, text_targets, numbers, targets = [], [], [], []
    for index, name in table.names.items():
        name = rename.get(name, name)
        if name in text_places:
            texts.append(index)
            text_targets.append(text_places[name])
        else:
            numbers.append(index)
            targets.append(places[name])
    for index in (table.coordinates.x, table.coordinates.y):
        if index not in numbers:
            numbers.append(index)
            targets.append(-1)
    wanted = np.isin(table.dates.dates, schema.dates)
    numbers += table.dates.indices[wanted].tolist()
    first = len(schema.numbers)
    targets += (first + np.searchsorted(schema.dates, table.dates.dates[wanted])).tolist()
    return Mapping(
        tuple(texts), tuple(text_targets), tuple(numbers), np.array(targets),
        numbers.index(table.coordinates.x), numbers.index(table.coordinates.y),
    )  # fmt: skip
