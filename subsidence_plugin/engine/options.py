"""Chosen options of a multiple choice, as jobs get them: indices into a fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from .errors import InputError

Option = TypeVar("Option")


def chosen_options(
    indices: Sequence[int], options: Sequence[Option], parameter: str, what: str
) -> list[Option]:
    """Return the options of these indices, each once, in the order of ``options``.

    Raises
    ------
    InputError
        None is chosen, or an index is out of range; ``parameter`` and ``what`` name them.
    """
    if not indices:
        raise InputError(f"No {what} is chosen; choose at least one in {parameter}.")
    for index in indices:
        if not 0 <= int(index) < len(options):
            raise InputError(f"{parameter} has no option {index}; it has 0 to {len(options) - 1}.")
    return [options[i] for i in sorted({int(i) for i in indices})]
