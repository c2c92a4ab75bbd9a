"""How the parts of a forecaster and their combination declare hyperparameters and settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from ..hyperparameter import Hyperparameter, Tunable

__all__ = ["SETTINGS", "Decoder", "ForecasterType", "Hyperparameter", "SpatialPart", "TemporalPart"]

#: How every forecaster is trained; ``search`` says what tuning varies.
SETTINGS = (
    Hyperparameter(
        "epochs", 12, 1, 10_000, "At most so many passes; a pass sees every training window once.",
    ),
    Hyperparameter(
        "batch_size", 8, 1, 1024, "Windows a step.", log=True, search=(4, 16),
    ),
    Hyperparameter(
        "learning_rate", 3e-3, 1e-7, 1.0, "Highest rate of AdamW; it warms up and decays.",
        log=True, search=(1e-3, 1e-2),
    ),
    Hyperparameter(
        "weight_decay", 1e-2, 0.0, 10.0, "Shrinks all parameters (decoupled, AdamW).",
        search=(0.0, 0.1),
    ),
    Hyperparameter(
        "patience", 5, 0, 10_000,
        "Stop after so many passes without a lower validation loss; 0 never stops early.",
    ),
    Hyperparameter(
        "crop", 32, 8, 1024, "Side in cells of the crops that lastmap trains on.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class SpatialPart:
    """A spatial encoder.

    Parameters
    ----------
    name, title, letter : str
        Id; as people write it; the paper's abbreviation (C, G, R).
    hyperparameters : tuple of Hyperparameter
    build : callable
        ``build(channels, h) -> torch.nn.Module`` that maps (batch, tokens, channels, nodes) and a
        space to (batch, tokens, ``h["channels"]``, nodes).
    mixing : callable
        ``mixing(channels, width) -> torch.nn.Module``: a layer of the decoder, from
        (batch, 1, channels, nodes) and a space to (batch, 1, width, nodes).
    reach : callable
        ``reach(h) -> int``: cells (graphs: edges) that an output looks away.
    on_graph : bool
        Nodes joined by edges instead of a grid of cells.
    """

    name: str
    title: str
    letter: str
    hyperparameters: tuple[Hyperparameter, ...]
    build: Callable[..., Any]
    mixing: Callable[..., Any]
    reach: Callable[[dict], int]
    on_graph: bool = False


@dataclass(frozen=True)
class TemporalPart:
    """A temporal encoder.

    ``build(inputs, tokens, h)`` maps (rows, tokens, inputs) to (rows, ``width(h)``), the context.
    """

    name: str
    title: str
    letter: str
    hyperparameters: tuple[Hyperparameter, ...]
    build: Callable[..., Any]
    width: Callable[[dict], int]


@dataclass(frozen=True)
class Decoder:
    """A variant: how the encoders are joined and decoded, see ``lastmap`` and ``paper``."""

    name: str
    title: str
    hyperparameters: tuple[Hyperparameter, ...]
    build: Callable[..., Any]


@dataclass(frozen=True)
class ForecasterType(Tunable):
    """One spatial and one temporal encoder with a decoder.

    Hyperparameters are those of the three parts; names occur once.
    """

    spatial: SpatialPart
    temporal: TemporalPart
    decoder: Decoder

    @property
    def name(self) -> str:
        """Id, such as ``resnet-transformer``."""
        return f"{self.spatial.name}-{self.temporal.name}"

    @property
    def title(self) -> str:
        """As people write it, such as ``ResNet + Transformer``."""
        return f"{self.spatial.title} + {self.temporal.title}"

    @property
    def short(self) -> str:
        """The paper's abbreviation, such as ``RT``."""
        return self.spatial.letter + self.temporal.letter

    @property
    def described(self) -> str:
        """What it is, as a sentence about it begins."""
        return f"The forecaster {self.title} ({self.decoder.name})"

    @property
    def hyperparameters(self) -> tuple[Hyperparameter, ...]:  # type: ignore[override]
        """Of the three parts."""
        parts = (self.spatial, self.temporal, self.decoder)
        return tuple(h for part in parts for h in part.hyperparameters)

    @property
    def settings(self) -> tuple[Hyperparameter, ...]:  # type: ignore[override]
        """Of the training."""
        return SETTINGS

    def checked_settings(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return all training settings, given values checked and the rest at their defaults."""
        given = self.recipe_values(values)[1]
        return {s.name: given.get(s.name, s.default) for s in SETTINGS}
