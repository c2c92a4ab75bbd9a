"""What a model type declares of its numbers: default, allowed range, and where tuning searches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .errors import InputError


@dataclass(frozen=True)
class Hyperparameter:
    """A number that shapes a model or its training.

    Parameters
    ----------
    name : str
        As in code and model files, snake_case.
    default : int or float
        An int makes the hyperparameter whole-numbered.
    minimum, maximum : int or float
        Allowed range, both ends included.
    meaning : str
        One sentence for help texts.
    log : bool
        Search it on a logarithmic scale.
    choices : tuple, optional
        The values allowed, where not all in the range are.
    search : (low, high), optional
        Where random and TPE search look, both ends included: the sensible range, narrower than
        the allowed one. Absent: tuning leaves it at its default.
    grid : tuple, optional
        The values that grid search tries. Absent: it leaves it at its default.
    """

    name: str
    default: Any
    minimum: Any
    maximum: Any
    meaning: str
    log: bool = False
    choices: Optional[tuple] = None
    search: Optional[tuple] = None
    grid: Optional[tuple] = None

    @property
    def is_integer(self) -> bool:
        """True for whole numbers."""
        return isinstance(self.default, int)

    @property
    def searched_choices(self) -> tuple:
        """The choices inside the search range, ascending; empty where every number is allowed."""
        if not self.choices or self.search is None:
            return ()
        low, high = self.search
        return tuple(value for value in sorted(self.choices) if low <= value <= high)

    @property
    def search_default(self) -> Any:
        """The default moved into the search range: where a search may begin."""
        if self.search is None:
            return self.default
        if self.choices:
            return min(self.searched_choices, key=lambda value: abs(value - self.default))
        return min(max(self.default, self.search[0]), self.search[1])

    def checked(self, value: Any) -> Any:
        """Return ``value`` as int or float, or say what is allowed."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or (self.is_integer and value != int(value)):
            kind = "a whole number" if self.is_integer else "a number"
            raise InputError(f"The hyperparameter '{self.name}' must be {kind}, not {value!r:.40}.")
        if not self.minimum <= value <= self.maximum:
            raise InputError(
                f"The hyperparameter '{self.name}' is {value!r:.40}; allowed is {self.minimum} to "
                f"{self.maximum}."
            )
        if self.choices and value not in self.choices:
            allowed = ", ".join(str(choice) for choice in self.choices)
            raise InputError(
                f"The hyperparameter '{self.name}' is {value!r:.40}; allowed is {allowed}."
            )
        return int(value) if self.is_integer else float(value)


class Tunable:
    """What networks and baselines share: declared numbers, checked and searched alike.

    A child has ``hyperparameters`` and ``settings`` (of the training), both tuples of
    ``Hyperparameter`` with names that occur once, and says in ``described`` what it is.
    """

    hyperparameters: tuple[Hyperparameter, ...]
    settings: tuple[Hyperparameter, ...]
    described: str

    @property
    def defaults(self) -> dict[str, Any]:
        """The default of every hyperparameter, by name."""
        return {h.name: h.default for h in self.hyperparameters}

    def checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return all hyperparameters, given values checked and the rest at their defaults.

        Raises
        ------
        InputError
            A name is not declared, or a value is out of range.
        """
        declared = {h.name: h for h in self.hyperparameters}
        for name in values:
            if name not in declared:
                raise InputError(
                    f"{self.described} has no hyperparameter '{name!s:.40}'; "
                    f"it has {', '.join(declared)}."
                )
        return {n: h.checked(values.get(n, h.default)) for n, h in declared.items()}

    def search_space(self) -> tuple[Hyperparameter, ...]:
        """Return what tuning may vary: hyperparameters, then training settings."""
        declared = (*self.hyperparameters, *self.settings)
        return tuple(h for h in declared if h.search is not None or h.grid is not None)

    def recipe_values(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return (hyperparameters, training settings) of flat values by name, each checked.

        What is absent stays absent: recipe and preset fill it in.

        Raises
        ------
        InputError
            A name is neither, or a value is out of range.
        """
        own = {h.name: h for h in self.hyperparameters}
        training = {h.name: h for h in self.settings}
        for name in values:
            if name not in own and name not in training:
                raise InputError(
                    f"{self.described} has no hyperparameter '{name!s:.40}'; "
                    f"it has {', '.join([*own, *training])}."
                )
        chosen = {n: own[n].checked(v) for n, v in values.items() if n in own}
        return chosen, {n: training[n].checked(v) for n, v in values.items() if n in training}
