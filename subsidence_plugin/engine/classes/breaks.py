"""Inner breaks between classes; class i holds the values above break i − 1 up to break i.

The lowest class includes the minimum, and values beyond those that the breaks were found on
belong to the end classes (the convention of jenkspy, ArcGIS and the classes of the Hanoi paper).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ..errors import InputError
from .distribution import MAX_BINS, Distribution
from .jenks import jenks_breaks

#: Methods by the integer of the parameter METHOD, which saved models and scripts hold.
METHODS = ("jenks", "quantile", "equal", "stdev", "manual", "aspect", "unique")
#: Methods that find breaks from the values and a number of classes.
FOUND = ("jenks", "quantile", "equal", "stdev")
#: Largest class code: classes are stored as uint8 with 0 for nodata.
MAX_CLASSES = 255
#: Breaks of the five susceptibility classes in the Hanoi paper, section "Susceptibility map".
PAPER_BREAKS = (0.078125, 0.249999, 0.507811, 0.781248)


def find_breaks(method: str, distribution: Distribution, classes: int, name: str) -> list[float]:
    """Return ascending inner breaks of a band.

    Parameters
    ----------
    method : {"jenks", "quantile", "equal", "stdev"}
        ``quantile`` breaks are values of the band, the smallest that the wanted share of cells
        does not exceed; ``stdev`` classes are one standard deviation wide and centred on the
        mean. Breaks that coincide or lie outside the band's values are left out, so these two
        may give fewer classes.
    distribution : Distribution
    classes : int
        2 to 255.
    name : str
        Names the factor in errors.
    """
    check_values(distribution, classes, name)
    if method == "jenks":
        found = jenks_breaks(distribution, classes)
    elif method == "quantile":
        found = _quantiles(distribution, classes)
    elif method == "equal":
        found = np.linspace(distribution.minimum, distribution.maximum, classes + 1)[1:-1]
    else:
        steps = np.arange(1, classes) - classes / 2
        found = distribution.mean + steps * distribution.deviation
        found = found[(found >= distribution.minimum) & (found < distribution.maximum)]
    breaks = [short(value) for value in np.unique(np.asarray(found, np.float32))]
    if not breaks:
        raise InputError(
            f"All values of the factor '{name}' fall into one class by the method '{method}'; "
            "ask for more classes or choose another method."
        )
    return breaks


def check_values(distribution: Optional[Distribution], classes: int, name: str) -> None:
    """Refuse a band without values, with one value, or with fewer values than classes."""
    if distribution is None:
        raise InputError(f"The band '{name}' has no valid cell (all nodata); leave it out.")
    if distribution.distinct == 1:
        raise InputError(
            f"The band '{name}' is constant ({distribution.minimum:g} in every cell), so there is "
            "nothing to classify; leave it out."
        )
    if distribution.distinct <= MAX_BINS // 2 and distribution.distinct < classes:
        raise InputError(
            f"The factor '{name}' has {distribution.distinct} distinct values, fewer than the "
            f"{classes} classes asked for; ask for at most {distribution.distinct}."
        )


def _quantiles(distribution: Distribution, classes: int) -> np.ndarray:
    reached = np.cumsum(distribution.count)
    ranks = np.ceil(np.arange(1, classes) / classes * reached[-1])
    if distribution.values is not None:
        breaks = distribution.values[ranks.astype(np.int64) - 1]
    else:
        breaks = distribution.upper[np.searchsorted(reached, ranks, side="left")]
    # a break at the maximum would leave the last class empty
    below = distribution.upper[-2]
    if distribution.values is not None and not distribution.exact:
        values = distribution.values
        below = values[np.searchsorted(values, values[-1], side="left") - 1]
    return np.minimum(breaks, below)


def unique_values(distribution: Optional[Distribution], name: str) -> list[float]:
    """Return the distinct values of a band, at most 255."""
    check_values(distribution, 2, name)
    if not distribution.exact or distribution.distinct > MAX_CLASSES:
        count = distribution.distinct if distribution.exact else f"more than {MAX_BINS // 2}"
        raise InputError(
            f"The factor '{name}' has {count} distinct values, but at most {MAX_CLASSES} classes "
            "fit; choose a method with breaks for it."
        )
    return [short(value) for value in distribution.upper]


def check_breaks(breaks: Sequence[float], where: str) -> list[float]:
    """Return inner breaks as floats; refuse none, too many, or breaks that do not increase."""
    numbers = [float(value) for value in breaks]
    if not numbers:
        raise InputError(f"{where}: the manual method needs breaks, for example 0.1, 0.3, 0.6.")
    if len(numbers) >= MAX_CLASSES:
        raise InputError(f"{where}: {len(numbers)} breaks are too many; 254 is the limit.")
    single = np.asarray(numbers, np.float32)
    if not np.all(np.isfinite(single)) or np.any(np.diff(single) <= 0):
        raise InputError(
            f"{where}: the breaks {', '.join(f'{v:g}' for v in numbers)} do not increase; "
            "give the inner breaks in ascending order, each once."
        )
    return numbers


def read_breaks(text: Optional[str], where: str) -> Optional[list[float]]:
    """Return numbers from text such as ``0.1, 0.3, 0.6`` (commas, semicolons or spaces)."""
    if text is None or not text.strip():
        return None
    parts = text.replace(";", " ").replace(",", " ").split()
    try:
        return check_breaks([float(part) for part in parts], where)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{where}: '{text}' is not a list of numbers such as 0.1, 0.3, 0.6."
        ) from error


def short(value: float) -> float:
    """Return the shortest decimal number that stands for the same float32."""
    return float(str(np.float32(value)))
