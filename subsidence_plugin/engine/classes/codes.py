"""Class codes of values by a complete rule, and counts of what was coded."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError
from .rules import Rule


@dataclass
class Tally:
    """What a band became: cells by class, and values that the rule had not seen."""

    cells: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))
    below: int = 0
    above: int = 0
    unseen: int = 0
    minimum: float = np.inf
    maximum: float = -np.inf

    @property
    def valid(self) -> int:
        """Cells that have a class."""
        return int(self.cells[1:].sum())


def classify(values: np.ndarray, rule: Rule, name: str, tally: Tally) -> np.ndarray:
    """Return class codes (uint8, 1..k, 0 where not finite or unseen) of values, and count them.

    Values are compared in single precision, as they are read: a break of 0.249999 holds a
    cell of 0.249999. Aspect sectors are closed at their lower edge (22.5° is northeast).

    Parameters
    ----------
    values : array of float32
        Any shape; NaN where there is no data (infinity is no value either).
    rule : Rule
        Complete.
    name : str
        Name of the factor, for errors.
    tally : Tally
        Counts are added to it.
    """
    flat = values.ravel()
    missing = ~np.isfinite(flat)
    if missing.any():
        flat = np.where(missing, np.float32(np.nan), flat)
    if rule.method == "aspect":
        codes = _sectors(flat, missing, name)
    elif rule.values:
        codes = _matched(flat, rule)
        tally.unseen += int(np.count_nonzero(~missing & (codes == 0)))
    else:
        codes = np.searchsorted(np.asarray(rule.breaks, np.float32), flat, side="left") + 1
        _count_beyond(flat, rule, tally)
    codes = codes.astype(np.uint8)
    codes[missing] = 0
    tally.cells += np.bincount(codes, minlength=256)
    return codes.reshape(values.shape)


def _count_beyond(flat: np.ndarray, rule: Rule, tally: Tally) -> None:
    if rule.minimum is not None:
        tally.below += int(np.count_nonzero(flat < np.float32(rule.minimum)))
    if rule.maximum is not None:
        tally.above += int(np.count_nonzero(flat > np.float32(rule.maximum)))
    low, high = np.fmin.reduce(flat), np.fmax.reduce(flat)
    if low == low:
        tally.minimum, tally.maximum = min(tally.minimum, low), max(tally.maximum, high)


def _matched(flat: np.ndarray, rule: Rule) -> np.ndarray:
    known = np.asarray(rule.values, np.float32)
    places = np.minimum(np.searchsorted(known, flat), len(known) - 1)
    return np.where(known[places] == flat, places + 1, 0)


def _sectors(flat: np.ndarray, missing: np.ndarray, name: str) -> np.ndarray:
    """Return 1 where flat (negative), 2 for north and so on clockwise by sectors of 45°."""
    degrees = np.where(missing, 0, flat)
    if degrees.size and degrees.max() > 360.01:
        raise InputError(
            f"The factor '{name}' has values up to {degrees.max():g}, which are no aspect in "
            "degrees (0 to 360, negative where flat); choose another method for it in RULES."
        )
    return np.where(degrees < 0, 1, np.floor((degrees + 22.5) / 45).astype(np.int64) % 8 + 2)
