"""What a table of InSAR points is: level, component, track and geometry of the product.

Column sets and file names are those of the European Ground Motion Service (EGMS), in releases
until 2019-2023 and from 2020-2024 on; anything else is a generic table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError

EGMS_CRS = "EPSG:3035"
#: Names of components, in the order of the enum COMPONENT (0 is automatic).
COMPONENTS = ("", "LOS", "U", "E", "N")
MEANINGS = {
    "LOS": "line of sight (LOS); positive is towards the satellite",
    "U": "vertical (U); negative is subsidence",
    "E": "east (E); positive is eastwards",
    "N": "north (N); positive is northwards",
    "": "unknown",
}
LEVEL_3 = re.compile(
    r"EGMS_L3_(?P<tile>\w+?)_100km_(?P<component>[UEN])(?:_(?P<period>\d{4}_\d{4}))?", re.IGNORECASE
)
LEVEL_2 = re.compile(
    r"EGMS_(?P<level>L2[ab])_(?P<track>\d+)_(?P<tile>\d+_IW\d)_\w\w(?:_(?P<period>\d{4}_\d{4}))?",
    re.IGNORECASE,
)
#: How the service names its dates; layers of viewers and of ours have a D before.
DELIVERED_DATE = re.compile(r"(19|20)\d{6}")
#: Where the service has points: (x, y) ranges in its CRS, m.
EGMS_AREA = ((900_000, 7_500_000), (900_000, 6_600_000))
EGMS_COLUMNS = {"pid", "easting", "northing", "mean_velocity"}
LOS_COLUMNS = {"los_east", "los_up", "incidence_angle"}


@dataclass(frozen=True)
class Product:
    """What is known of a table; empty texts stand for unknown.

    ``level`` is L2a, L2b, L3 or empty for a generic table, ``columns`` the EGMS column set
    (``old`` until 2019-2023, ``new`` from 2020-2024), ``component`` one of LOS, U, E, N,
    ``geometry`` ascending or descending.
    """

    level: str = ""
    columns: str = ""
    component: str = ""
    track: str = ""
    tile: str = ""
    period: str = ""
    geometry: str = ""

    @property
    def is_egms(self) -> bool:
        """Tell whether the table comes from the European service."""
        return bool(self.level)

    @property
    def title(self) -> str:
        """Return a few words for the log."""
        if not self.is_egms:
            return "generic table"
        words = [f"EGMS {self.level}", f"{self.columns} columns"]
        words += [f"track {self.track}"] if self.track else []
        words += [f"tile {self.tile}"] if self.tile else []
        words += [self.period.replace("_", "-")] if self.period else []
        return ", ".join(words)


def recognise(header: Sequence[str], stem: str) -> Product:
    """Return what header and file name tell of a table.

    Parameters
    ----------
    header : sequence of str
    stem : str
        File name without folder and suffix.
    """
    names = {name.strip().casefold() for name in header}
    has_los = names >= LOS_COLUMNS
    dated = any(DELIVERED_DATE.fullmatch(name) for name in names)
    if not (EGMS_COLUMNS <= names and dated):
        return Product(component="LOS" if has_los else "")
    columns = "new" if names & {"height_ortho", "rmse_ts"} else "old"
    if has_los:
        match = LEVEL_2.search(stem)
        level = "L2a" if "cluster_label" in names else "L2b"
        found = match.groupdict() if match else {}
        if found:
            level = "L2" + found["level"][-1].lower()
        return Product(
            level, columns, "LOS", found.get("track", ""), found.get("tile", ""),
            found.get("period") or "",
        )  # fmt: skip
    match = LEVEL_3.search(stem)
    if match:
        return Product(
            "L3", columns, match["component"].upper(), "", match["tile"], match["period"] or ""
        )
    is_level_3 = bool(names & {"gnss_velocity_u", "rmse", "rmse_ts"})
    return Product("L3" if is_level_3 else "", columns if is_level_3 else "")


def with_geometry(product: Product, row: Mapping[str, float]) -> Product:
    """Return the product with its geometry, as the first row of its table tells.

    Parameters
    ----------
    product : Product
    row : mapping of str to float
        Numbers of a row by casefolded column name; ``track_angle`` is the heading of the
        satellite, clockwise from north in degrees, ``los_east`` the east part of the unit vector
        from the ground to the satellite (right-looking: negative when ascending).
    """
    if product.component not in ("LOS", ""):
        return product
    angle, east = row.get("track_angle", np.nan), row.get("los_east", np.nan)
    if np.isfinite(angle):
        return replace(product, geometry=_direction(np.cos(np.radians(angle)) > 0))
    if np.isfinite(east):
        return replace(product, geometry=_direction(east < 0))
    return product


def common_product(products: Sequence[tuple[str, Product]]) -> Product:
    """Return what all tables share; refuse those whose series do not belong in one layer.

    Parameters
    ----------
    products : sequence of (file name, Product)

    Raises
    ------
    InputError
        Components or geometries differ.
    """
    first_name, first = products[0]
    for name, other in products[1:]:
        for what in ("component", "geometry", "level"):
            mine, its = getattr(first, what), getattr(other, what)
            if mine != its:
                raise InputError(
                    f"The files differ in {what}: '{first_name}' is {mine or 'unknown'}, '{name}' "
                    f"is {its or 'unknown'}; import each {what} by itself."
                )
    shared = {
        field: _joined(getattr(product, field) for _name, product in products)
        for field in ("level", "columns", "track", "tile", "period")
    }
    return replace(first, **shared)


def product_metadata(product: Product) -> dict[str, str]:
    """Return what the metadata of the layer say of its product."""
    return {
        "COMPONENT": product.component,
        "GEOMETRY": product.geometry,
        "PRODUCT": f"EGMS {product.level}" if product.is_egms else "",
        "TRACK": product.track,
        "TILE": product.tile,
        "PERIOD": product.period,
        "SUBSIDENCE_UNITS": f"mm, mm/yr; {MEANINGS[product.component]}",
    }


def _direction(ascending: bool) -> str:
    return "ascending" if ascending else "descending"


def _joined(values) -> str:
    return ", ".join(dict.fromkeys(value for value in values if value))
