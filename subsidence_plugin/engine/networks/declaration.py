"""How an architecture declares its hyperparameters; Toolbox, help and search space follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, Optional

from ..errors import InputError
from ..hyperparameter import Hyperparameter, Tunable

__all__ = ["PRESETS", "Architecture", "Hyperparameter"]

#: Short names of the presets that every architecture has.
PRESETS = ("default", "Appendix B")


@dataclass(frozen=True)
class Architecture(Tunable):
    """A network: its name, hyperparameters, presets, and the function that builds it.

    Parameters
    ----------
    name : str
        Id in model files, also ``train<name>`` in the Toolbox.
    title : str
        As people write it.
    summary : str
        What training it does, for help texts.
    hyperparameters : tuple of Hyperparameter
    presets : tuple of mapping
        As ``PRESETS``: the defaults of this plugin, Appendix B of the Hanoi paper. Values of
        hyperparameters and of the training settings that differ from the general defaults.
    build : callable
        ``build(n_inputs, **hyperparameters)`` returns a ``torch.nn.Module`` that maps
        (rows, n_inputs) to (rows,) logits.
    settings : tuple of Hyperparameter
        The training settings that tuning varies, see ``networks.searched``.
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
    settings: tuple[Hyperparameter, ...] = ()
    halo: int = 0
    gradient: Optional[Callable[..., Any]] = None

    @property
    def described(self) -> str:
        """What it is, as a sentence about it begins."""
        return f"The network {self.title}"

    def preset(self, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return (hyperparameters, training settings) of a preset."""
        if not 0 <= index < len(self.presets):
            raise InputError(
                f"The preset {index} does not exist; use 0 to {len(self.presets) - 1}."
            )
        values = dict(self.presets[index])
        own = {name: values.pop(name) for name in list(values) if name in self.defaults}
        return self.checked(own), values
