"""The search space as plain values: what each hyperparameter may be, and how a trial gets it."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..hyperparameter import Hyperparameter, Tunable

STRATEGIES = ("grid", "random", "tpe")
#: Points of a grid; more would never be worked off.
MAX_POINTS = 100_000


@dataclass(frozen=True)
class Dimension:
    """What one hyperparameter may be in a search.

    Parameters
    ----------
    name : str
    default : int or float
        Where a search may begin; shown beside the result.
    low, high : int or float, optional
        Range, both ends included; a whole-numbered default makes it whole-numbered.
    log : bool
        Drawn on a logarithmic scale.
    choices : tuple
        The only values, where it is no range.
    """

    name: str
    default: Any
    low: Any = None
    high: Any = None
    log: bool = False
    choices: tuple = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))

    @property
    def is_integer(self) -> bool:
        """True for whole numbers."""
        return isinstance(self.default, int)

    def suggest(self, trial: Any) -> Any:
        """Return the value of this hyperparameter in an Optuna trial."""
        if self.choices:
            return trial.suggest_categorical(self.name, list(self.choices))
        draw = trial.suggest_int if self.is_integer else trial.suggest_float
        return draw(self.name, self.low, self.high, log=self.log)

    def __str__(self) -> str:
        if self.choices:
            return " or ".join(f"{value:g}" for value in self.choices)
        return f"{self.low:g} to {self.high:g}" + (" (log)" if self.log else "")

    def as_dict(self) -> dict[str, Any]:
        """Return plain values from which ``Dimension(**values)`` is the same again."""
        return {**asdict(self), "choices": list(self.choices)}


Space = tuple[Dimension, ...]


def space_of(
    declared: Tunable, strategy: str, changes: Optional[Mapping[str, str]] = None
) -> tuple[Space, dict[str, Any]]:
    """Return the search space of a model type, and what the changes fix at one value.

    Parameters
    ----------
    declared : Tunable
        An architecture or baseline; its ``search`` ranges serve random and TPE search, its
        ``grid`` values grid search.
    strategy : str
        One of ``STRATEGIES``.
    changes : mapping of str to str, optional
        From ``parse_changes``: a range ``1e-4..1e-2``, values ``2,4,8``, or one value.

    Raises
    ------
    InputError
        An unknown name, a value that is not allowed, a range in a grid, or nothing to search.
    """
    numbers = {h.name: h for h in (*declared.hyperparameters, *declared.settings)}
    space = {
        h.name: dimension
        for h in declared.search_space()
        if (dimension := _declared(h, strategy)) is not None
    }
    fixed: dict[str, Any] = {}
    for name, text in (changes or {}).items():
        if name not in numbers:
            raise InputError(
                f"SPACE names '{name:.40}', which {_within(declared.described)} does not have; it "
                f"has {', '.join(numbers)}."
            )
        dimension, value = _changed(numbers[name], text, strategy)
        if dimension is None:
            space.pop(name, None)
            fixed[name] = value
        else:
            space[name] = dimension
    if not space:
        raise InputError(
            f"There is nothing to search: {_within(declared.described)} has no open "
            "hyperparameter; name some in SPACE, or train the model without tuning."
        )
    return tuple(space.values()), fixed


def _within(text: str) -> str:
    """Return a name as it stands within a sentence."""
    return text[:1].lower() + text[1:]


def _declared(h: Hyperparameter, strategy: str) -> Optional[Dimension]:
    if strategy == "grid":
        if not h.grid:
            return None
        values = tuple(sorted(h.checked(value) for value in h.grid))
        return Dimension(h.name, _nearest(values, h.default), choices=values)
    if h.search is None:
        return None
    if h.searched_choices:
        return Dimension(h.name, h.search_default, choices=h.searched_choices)
    low, high = (h.checked(end) if not h.choices else end for end in h.search)
    return Dimension(h.name, h.search_default, low, high, h.log and low > 0)


def parse_changes(text: Optional[str]) -> dict[str, str]:
    """Return the entries ``name=what`` of a text, parted by semicolons or lines."""
    changes: dict[str, str] = {}
    for entry in re.split(r"[;\n]", text or ""):
        if not entry.strip():
            continue
        name, sign, what = (part.strip() for part in entry.partition("="))
        if not (name and sign and what):
            raise InputError(
                f"SPACE holds '{entry.strip():.60}'; write name=low..high, name=value,value or "
                "name=value, parted by semicolons."
            )
        if name.lower() in changes:
            raise InputError(f"SPACE names '{name}' twice; leave one out.")
        changes[name.lower()] = what
    return changes


def _changed(h: Hyperparameter, text: str, strategy: str) -> tuple[Optional[Dimension], Any]:
    """Return the dimension of a changed entry, or None and the one value it is fixed at."""
    if ".." in text:
        if strategy == "grid":
            raise InputError(
                f"SPACE gives '{h.name}' the range {text}; a grid needs single values, such as "
                f"{h.name}=1,2,3 (or choose random or TPE search)."
            )
        low, high = (_number(h, end) for end in text.split("..", 1))
        if not low < high:
            raise InputError(f"SPACE gives '{h.name}' the range {text}; the first must be lower.")
        default = min(max(h.default, low), high)
        return Dimension(h.name, default, low, high, h.log and low > 0), None
    values = tuple(sorted({_number(h, part) for part in text.split(",") if part.strip()}))
    if not values:
        raise InputError(f"SPACE gives '{h.name}' no value.")
    if len(values) == 1:
        return None, values[0]
    return Dimension(h.name, _nearest(values, h.default), choices=values), None


def _number(h: Hyperparameter, text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"SPACE gives '{h.name}' the value '{text.strip():.40}', which is no "
                         "number.") from None  # fmt: skip
    if h.is_integer and math.isfinite(value) and value == int(value):
        value = int(value)
    return h.checked(value)


def _nearest(values: Sequence[Any], wanted: Any) -> Any:
    return min(values, key=lambda value: abs(value - wanted))


def grid_points(space: Space, seed: int) -> list[dict[str, Any]]:
    """Return all combinations of the choices, in an order drawn by the seed.

    The order is random so that a search that stops early has seen every corner of the grid.
    """
    size = math.prod(len(dimension.choices) for dimension in space)
    if size > MAX_POINTS:
        raise InputError(
            f"The grid has {size:,} points, more than {MAX_POINTS:,}; fix some hyperparameters in "
            "SPACE, or choose random or TPE search."
        )
    names = [dimension.name for dimension in space]
    points = [dict(zip(names, values)) for values in itertools.product(*(d.choices for d in space))]
    return [points[i] for i in np.random.default_rng(seed).permutation(len(points))]


def differences(before: Space, now: Space) -> str:
    """Return in words how two spaces differ; empty where they do not."""
    old, new = ({d.name: replace(d, default=0) for d in space} for space in (before, now))
    parts = [
        f"'{name}' was {old[name]} and now is {new[name]}"
        for name in old
        if name in new and str(old[name]) != str(new[name])
    ]
    parts += [f"'{name}' was searched ({old[name]}) and now is not" for name in old.keys() - new]
    parts += [f"'{name}' was not searched and now is ({new[name]})" for name in new.keys() - old]
    return "; ".join(sorted(parts))
