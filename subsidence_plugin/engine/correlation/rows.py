"""Which factors and rows can be correlated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .moments import Moments

#: Fewer rows have no significance.
FEWEST_ROWS = 3


@dataclass
class Rows:
    """Complete rows of the factors: their moments, and those that ranks are made of.

    ``left_out`` names the factors that have no correlation, each with the reason.
    """

    names: list[str]
    moments: Moments
    sample: np.ndarray
    about: str
    left_out: tuple[str, ...] = ()


def continuous(names: Sequence[str], kinds: Sequence[str], progress: Progress) -> list[str]:
    """Return the names of the factors that are numbers; codes of categories have no order."""
    out = [name for name, kind in zip(names, kinds) if kind == "categorical"]
    if out:
        progress.warn(
            f"Categorical factors have no correlation and are left out: {', '.join(out)}."
        )
    if "classes" in kinds:
        progress.info("Class codes are correlated as ordinal numbers (1 is the lowest class).")
    kept = [name for name, kind in zip(names, kinds) if kind != "categorical"]
    _check_two(kept, "with a continuous scale")
    if "aspect" in map(str.casefold, kept):
        progress.info(
            "Aspect is a direction (0° and 360° are the same), which a correlation cannot see."
        )
    return kept


def varying(rows: Rows, progress: Progress) -> Rows:
    """Return the rows without factors that are constant, whose correlation is not defined."""
    same = rows.moments.constant
    if not same.any():
        return rows
    out = [name for name, constant in zip(rows.names, same) if constant]
    progress.warn(f"Left out, since one value stands in all rows: {', '.join(out)}.")
    kept = [name for name, constant in zip(rows.names, same) if not constant]
    _check_two(kept, "with more than one value")
    moments = Moments(len(kept), rows.moments.count)
    moments.mean, moments.comoment = (
        rows.moments.mean[~same],
        rows.moments.comoment[~same][:, ~same],
    )
    moments.low, moments.high = rows.moments.low[~same], rows.moments.high[~same]
    left_out = (*rows.left_out, *(f"{name} (one value)" for name in out))
    return Rows(kept, moments, rows.sample[:, ~same], rows.about, left_out)


def categorical(names: Sequence[str], kept: Sequence[str]) -> tuple[str, ...]:
    """Return the factors that ``continuous`` did not keep, with the reason."""
    return tuple(f"{name} (categorical)" for name in names if name not in kept)


def _check_two(names: Sequence[str], which: str) -> None:
    if len(names) < 2:
        raise InputError(
            f"There {'is one factor' if names else 'are no factors'} {which}; a correlation needs "
            "two or more."
        )


def check_complete(names: Sequence[str], valid: np.ndarray, count: int, what: str) -> None:
    """Refuse too few complete rows, naming the factor with the fewest values."""
    if count >= FEWEST_ROWS:
        return
    worst = int(np.argmin(valid))
    raise InputError(
        f"Only {count} {what} have a value of every factor (fewest: '{names[worst]}', in "
        f"{int(valid[worst])}); at least {FEWEST_ROWS} are needed, so leave that factor out."
    )
