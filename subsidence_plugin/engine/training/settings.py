"""How a network is trained: the settings that all architectures share, with their ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any

from ..errors import InputError

OPTIMIZERS = ("adam", "sgd")
CLASS_WEIGHTS = ("none", "balanced")

#: Allowed ranges, both ends included.
RANGES = {
    "epochs": (1, 100_000), "batch_size": (1, 1_000_000), "learning_rate": (1e-8, 10.0),
    "momentum": (0.0, 0.999), "patience": (0, 100_000), "holdout_share": (0.0, 0.5),
    "clip_norm": (1e-6, 1e6), "weight_decay": (0.0, 100.0),
}  # fmt: skip


#: Settings that the first version did not have, with the values that leave all as it was.
LATER = {"weight_decay": 0.0}


@dataclass(frozen=True)
class Settings:
    """Settings of one training.

    Parameters
    ----------
    epochs : int
        At most so many passes over the training rows (Appendix B: 1000).
    batch_size : int
        Rows a step (Appendix B: 32).
    learning_rate : float
    optimizer : str
        ``"adam"`` or ``"sgd"``.
    momentum : float
        Of SGD only.
    class_weights : str
        ``"none"``, or ``"balanced"``: rows of the rarer class count more.
    patience : int
        Stop after so many epochs without a lower hold-out loss; 0 never stops early.
    holdout_share : float
        Share of the training rows held out to find the best epoch; with 0 all rows train and
        the last weights are taken.
    clip_norm : float
        Largest norm of a gradient.
    weight_decay : float
        Shrinks all parameters by ``learning_rate`` × ``weight_decay`` a step. With Adam it is
        decoupled from the gradient (AdamW; Loshchilov and Hutter 2019), so that every parameter
        shrinks alike; with SGD it is the L2 term of the loss, which is the same but that
        momentum strengthens it 1 / (1 − ``momentum``) times.
    """

    epochs: int = 1000
    batch_size: int = 32
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    momentum: float = 0.9
    class_weights: str = "none"
    patience: int = 30
    holdout_share: float = 0.15
    clip_norm: float = 1.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            number = isinstance(value, Real) and not isinstance(value, bool)
            if not number or (isinstance(low, int) and value % 1 != 0):
                kind = "a whole number" if isinstance(low, int) else "a number"
                raise InputError(f"The setting '{name}' must be {kind}, not {value!r:.40}.")
            if not low <= value <= high:
                raise InputError(f"The setting '{name}' is {value:g}; allowed is {low} to {high}.")
            if isinstance(low, int):
                # JSON may hand 32.0, which is no length of a batch.
                object.__setattr__(self, name, int(value))
        for name, allowed in (("optimizer", OPTIMIZERS), ("class_weights", CLASS_WEIGHTS)):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"The setting '{name}' is {getattr(self, name)!r:.40}; allowed is "
                    f"{' or '.join(allowed)}."
                )

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for the card."""
        return asdict(self)

    def identity(self) -> dict[str, Any]:
        """Return the plain values that tell trainings apart.

        Settings that came later are left out at the value that changes nothing, so that
        checkpoints written before them still fit.
        """
        values = self.as_dict()
        return {name: value for name, value in values.items() if value != LATER.get(name)}


def settings_of(preset: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
    """Return the settings of a preset, each replaced by the given value unless that is None."""
    chosen = {key: value for key, value in given.items() if value is not None}
    return Settings(**{**preset, **chosen})
