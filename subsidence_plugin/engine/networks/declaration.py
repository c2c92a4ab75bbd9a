"""How an architecture declares its hyperparameters; Toolbox, help and search space follow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from ..errors import InputError

#: Short names of the presets that every architecture has.
PRESETS = ("default", "Appendix B")


@dataclass(frozen=True)
class Hyperparameter:
    """A number that shapes a network or its training.

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
    """

    name: str
    default: Any
    minimum: Any
    maximum: Any
    meaning: str
    log: bool = False
    choices: Optional[tuple] = None

    @property
    def is_integer(self) -> bool:
        """True for whole numbers."""
        return isinstance(self.default, int)

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


@dataclass(frozen=True)
class Architecture:
    """A network: its name, hyperparameters, presets, and the function that builds it.

    Parameters
    ----------
    name : str
        Id in model files, also ``train<name>`` in the Toolbox.
    title : str
        As people write it.
    summary : str
        What it is, for help texts.
    hyperparameters : tuple of Hyperparameter
    presets : tuple of mapping
        As ``PRESETS``: the defaults of this plugin, Appendix B of the Hanoi paper. Values of
        hyperparameters and of the training settings that differ from the general defaults.
    build : callable
        ``build(n_inputs, **hyperparameters)`` returns a ``torch.nn.Module`` that maps
        (rows, n_inputs) to (rows,) logits.
    halo : int
        Pixels needed around a pixel; 0 for networks that see one pixel.
    gradient : callable, optional
        ``gradient(module, gradients)`` returns a hand-written training step for the CPU, see
        ``training.step``; without one torch differentiates.
    """

    name: str
    title: str
    summary: str
    hyperparameters: tuple[Hyperparameter, ...]
    presets: tuple[Mapping[str, Any], ...]
    build: Callable[..., Any]
    halo: int = 0
    gradient: Optional[Callable[..., Any]] = None
    defaults: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        values = {h.name: h.default for h in self.hyperparameters}
        object.__setattr__(self, "defaults", values)

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
                    f"The network {self.title} has no hyperparameter '{name!s:.40}'; "
                    f"it has {', '.join(declared)}."
                )
        return {n: h.checked(values.get(n, h.default)) for n, h in declared.items()}

    def preset(self, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return (hyperparameters, training settings) of a preset."""
        if not 0 <= index < len(self.presets):
            raise InputError(
                f"The preset {index} does not exist; use 0 to {len(self.presets) - 1}."
            )
        values = dict(self.presets[index])
        own = {name: values.pop(name) for name in list(values) if name in self.defaults}
        return self.checked(own), values
