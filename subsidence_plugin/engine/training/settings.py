"""How a network is trained: the settings that all architectures share, with their ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import InputError

OPTIMIZERS = ("adam", "sgd")
CLASS_WEIGHTS = ("none", "balanced")

#: Allowed ranges, both ends included.
RANGES = {
    "epochs": (1, 100_000), "batch_size": (1, 1_000_000), "learning_rate": (1e-8, 10.0),
    "momentum": (0.0, 0.999), "patience": (0, 100_000), "holdout_share": (0.0, 0.5),
    "clip_norm": (1e-6, 1e6),
}  # fmt: skip


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

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"The setting '{name}' is {value:g}; allowed is {low} to {high}.")
        for name, allowed in (("optimizer", OPTIMIZERS), ("class_weights", CLASS_WEIGHTS)):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"The setting '{name}' is {getattr(self, name)!r}; allowed is "
                    f"{' or '.join(allowed)}."
                )

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for the card."""
        return asdict(self)


def settings_of(preset: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
    """Return the settings of a preset, each replaced by the given value unless that is None."""
    chosen = {key: value for key, value in given.items() if value is not None}
    return Settings(**{**preset, **chosen})
