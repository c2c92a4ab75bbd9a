"""What a study searches, as plain values that any worker can read from the storage."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, Optional, Protocol

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .space import Dimension, Space, differences

#: The objectives by name. A study names one of these and nothing else: what stands in a shared
#: database must not decide which code a worker imports.
OBJECTIVES = {"susceptibility": ".susceptibility", "forecast": ".forecast"}
FORMAT = 1

#: ``report(step, value)`` tells how a trial does so far; it raises where the trial is pruned.
Report = Callable[[int, float], None]


class Objective(Protocol):
    """A prepared objective: from values by name to the figure that is optimised."""

    #: Steps that every trial may run before it can be pruned.
    warm_up: int

    def __call__(self, values: Mapping[str, Any], report: Report, progress: Progress) -> float:
        """Return the figure of these values; ``progress`` cancels."""


@dataclass(frozen=True)
class Task:
    """What to optimise, with which arguments, over which space: what makes trials comparable.

    Parameters
    ----------
    objective : str
        A key of ``OBJECTIVES``; the module has
        ``prepare(arguments, data, device, progress, aside)``.
    arguments : dict
        Plain values.
    space : tuple of Dimension
    maximise : bool
    """

    objective: str
    arguments: dict[str, Any]
    space: Space
    maximise: bool = True

    def prepare(
        self, data: Mapping[str, np.ndarray], device: int = 0, progress: Optional[Progress] = None,
        aside: Optional[str] = None,
    ) -> Objective:  # fmt: skip
        """Return the objective, ready to be called.

        Parameters
        ----------
        data : mapping of str to ndarray
        device : int
            See ``choose_device``.
        progress : Progress, optional
        aside : str, optional
            Folder in which an objective may keep what it trained, see ``Place.aside``.
        """
        if self.objective not in OBJECTIVES:
            raise InputError(
                f"The study asks for the objective '{self.objective!s:.40}', which this version "
                "of the plugin does not have; update it."
            )
        module = importlib.import_module(OBJECTIVES[self.objective], __package__)
        return module.prepare(self.arguments, data, device, progress or Progress(), aside)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for the storage."""
        return {
            "format": FORMAT, "objective": self.objective, "arguments": self.arguments,
            "space": [dimension.as_dict() for dimension in self.space], "maximise": self.maximise,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Task:
        """Return the task that ``as_dict`` wrote.

        Raises
        ------
        InputError
            It was written by another version, or is damaged.
        """
        if values.get("format") != FORMAT:
            raise InputError(
                f"The study was written in format {values.get('format')!r:.20}, this version of "
                f"the plugin reads {FORMAT}; use the version that began the study."
            )
        try:
            space = tuple(Dimension(**entry) for entry in values["space"])
            return cls(values["objective"], values["arguments"], space, bool(values["maximise"]))
        except (KeyError, TypeError) as error:
            raise InputError("The study's description is damaged; begin another study.") from error

    def changes(self, stored: Task) -> str:
        """Return in words how this task differs from a stored one; empty where it does not."""
        parts = []
        if stored.objective != self.objective:
            parts.append(f"it tuned '{stored.objective}' and not '{self.objective}'")
        space = differences(stored.space, self.space)
        parts += [space] if space else []
        return "; ".join([*parts, *_argument_changes(stored.arguments, self.arguments)])


def _argument_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    old, new = _flat(before), _flat(now)
    return [
        f"{name} was {old.get(name, 'absent')} and now is {new.get(name, 'absent')}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name, "absent") != new.get(name, "absent")
    ]


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name} "))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


@dataclass(frozen=True)
class Plan:
    """How a study is searched; it may change from one run to the next.

    Parameters
    ----------
    strategy : str
        One of ``space.STRATEGIES``.
    trials : int
        Finished trials (completed or pruned) wanted in all.
    seed : int
    pruning : bool
    warm_up : int
        See ``Objective``.
    device : int
        0 automatic, 1 CPU, 2 CUDA, on each worker's own computer.
    """

    strategy: str
    trials: int
    seed: int = 42
    pruning: bool = True
    warm_up: int = 0
    device: int = 1


def signature_of(data: Mapping[str, np.ndarray]) -> str:
    """Return a short hash of the arrays, by which a worker knows that it has the same data."""
    digest = hashlib.sha256()
    for name in sorted(data):
        array = np.ascontiguousarray(data[name])
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]
