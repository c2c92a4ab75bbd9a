"""Which columns of a table are coordinates, texts, velocity and quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import InputError

#: Names of coordinate columns; degrees are recognised by the name.
METRIC_PAIRS = (("easting", "northing"), ("x", "y"), ("utm_x", "utm_y"), ("east", "north"))
DEGREE_PAIRS = (
    ("longitude", "latitude"), ("lon", "lat"), ("long", "lat"), ("lng", "lat"),
)  # fmt: skip
#: Names under which other tools write what we call by the first.
SYNONYMS = {
    "mean_velocity": ("mean_velocity", "velocity", "vel", "mean_vel", "vel_mean", "v", "vel_los"),
    "mean_velocity_std": (
        "mean_velocity_std", "velocity_std", "vel_std", "v_std", "v_stdev", "vel_stdev", "vel_sd",
    ),
}  # fmt: skip
#: Columns that are text even where they look like numbers.
IDENTIFIERS = {"pid", "id", "code", "ps_id", "point_id", "uid", "name"}
INTEGERS = {"mp_type", "line", "pixel", "cluster_label"}
#: Columns that both EGMS releases have, by their old and their new name.
RENAMED = {"rmse": "rmse_ts", "height": "height_ortho", "height_wgs84": "height_ellipse"}
#: All columns of the service but the dates; their names are kept in lower case.
EGMS_NAMES = {
    "pid", "mp_type", "latitude", "longitude", "easting", "northing", "height", "height_wgs84",
    "height_ortho", "height_ellipse", "line", "pixel", "rmse", "rmse_ts", "temporal_coherence",
    "amplitude_dispersion", "incidence_angle", "track_angle", "los_east", "los_north", "los_up",
    "mean_velocity", "mean_velocity_std", "acceleration", "acceleration_std", "seasonality",
    "seasonality_std", "gnss_velocity", "gnss_velocity_n", "gnss_velocity_e", "gnss_velocity_u",
    "cluster_label",
}  # fmt: skip
#: Field names that vector formats keep for themselves.
RESERVED = {"fid", "geom", "geometry", "ogc_fid"}
#: Columns that scale with the unit of displacement.
DISPLACEMENTS = {
    "mean_velocity", "mean_velocity_std", "acceleration", "acceleration_std", "seasonality",
    "seasonality_std", "rmse", "rmse_ts",
}  # fmt: skip


@dataclass(frozen=True)
class Coordinates:
    """Places of the coordinate columns in a header, and whether they are degrees."""

    x: int
    y: int
    degrees: bool


def coordinate_columns(
    header: Sequence[str], what: str, x: Optional[str] = None, y: Optional[str] = None
) -> Coordinates:
    """Return the columns of the coordinates, as named or as recognised.

    Parameters
    ----------
    header : sequence of str
    what : str
        Names the table in errors.
    x, y : str, optional
        Columns the user named (both or none).

    Raises
    ------
    InputError
        A named column is absent, or none is recognised.
    """
    places = {name.strip().casefold(): index for index, name in reversed(list(enumerate(header)))}
    if x or y:
        for parameter, name in (("X_FIELD", x), ("Y_FIELD", y)):
            if not name:
                raise InputError(f"{parameter} is empty; name both coordinate columns or none.")
            if name.strip().casefold() not in places:
                raise InputError(f"{what} has no column '{name}' ({parameter}).")
        pair = (x.strip().casefold(), y.strip().casefold())
        return Coordinates(places[pair[0]], places[pair[1]], pair in DEGREE_PAIRS)
    for pairs, degrees in ((METRIC_PAIRS, False), (DEGREE_PAIRS, True)):
        for pair in pairs:
            if pair[0] in places and pair[1] in places:
                return Coordinates(places[pair[0]], places[pair[1]], degrees)
    raise InputError(
        f"{what} has no columns of coordinates that are recognised (easting and northing, x and "
        "y, lon and lat); name them in X_FIELD and Y_FIELD."
    )


def field_names(header: Sequence[str], dates: Sequence[int]) -> dict[int, str]:
    """Return the field name of every column that is not a date, by its place.

    Velocity and its standard deviation get the names that the InSAR viewers read; names that
    are reserved or stand twice get a suffix.
    """
    skipped = set(dates)
    present = {name.strip().casefold() for name in header}
    renamed = {}
    for ours, theirs in SYNONYMS.items():
        found = next((name for name in theirs if name in present), None)
        if found:
            renamed[found] = ours
    names: dict[int, str] = {}
    used: set[str] = set()
    for index, column in enumerate(header):
        if index in skipped or not column.strip():  # row numbers, or a comma at the end
            continue
        name = renamed.get(column.strip().casefold(), column.strip())
        if name.casefold() in EGMS_NAMES:
            name = name.casefold()
        plain, number = name, 2
        if name.casefold() in RESERVED:
            name = f"{plain}_source"
        while name.casefold() in used:
            name, number = f"{plain}_{number}", number + 1
        used.add(name.casefold())
        names[index] = name
    return names


def text_columns(
    names: Mapping[int, str], sample: Sequence[Sequence[str]], never: Sequence[int] = ()
) -> list[int]:
    """Return the places of text columns: identifiers, and what is mostly no number.

    Parameters
    ----------
    names : mapping of int to str
        Field names by place.
    sample : sequence of rows
        Some rows of the table.
    never : sequence of int
        Places of coordinates, which are numbers whatever they hold.
    """
    found = []
    for index, name in names.items():
        if index in never or name in DISPLACEMENTS:
            continue
        values = [row[index].strip() for row in sample if len(row) > index and row[index].strip()]
        wrong = sum(to_number(value) is None for value in values)
        if name.casefold() in IDENTIFIERS or (values and wrong > len(values) / 2):
            found.append(index)
    return found


#: What stands for a missing number.
MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "--"}


def to_number(text: str) -> Optional[float]:
    """Return a number (NaN where it is missing), None where the text is none."""
    try:
        number = float(text)
    except ValueError:
        return np.nan if text.strip().casefold() in MISSING else None
    if "_" in text:  # Python reads 1_000
        return None
    return number if np.isfinite(number) else np.nan
