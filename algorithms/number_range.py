"""Ranges of numbers in words, for help and for values out of range."""

from __future__ import annotations

from .translate import tr

#: QGIS writes 'no limit' as the largest double.
NO_LIMIT = 1e300
#: A lower limit so near to 0 stands for 'above 0', which QGIS cannot say.
TINY = 1e-5


def allowed(low: float, high: float) -> str:
    """Return the allowed range in words, empty where there is no limit."""
    if low < -NO_LIMIT and high > NO_LIMIT:
        return ""
    if high > NO_LIMIT and 0 < low <= TINY:
        return tr("greater than 0")
    if high > NO_LIMIT:
        return tr("{number} or more").format(number=plain(low))
    if low < -NO_LIMIT:
        return tr("{number} or less").format(number=plain(high))
    return tr("from {low} to {high}").format(low=plain(low), high=plain(high))


def plain(number: float) -> str:
    """Return a number without needless zeros."""
    return str(int(number)) if float(number).is_integer() else f"{number:g}"
