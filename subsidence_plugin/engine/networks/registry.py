"""The network architectures by name; adding one adds its line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .cnn import CNN
from .cnnlstm import CNNLSTM
from .declaration import Architecture
from .drdn import DRDN
from .lstm import LSTM

ARCHITECTURES: dict[str, Architecture] = {a.name: a for a in (CNN, LSTM, DRDN, CNNLSTM)}


def build(architecture: str, n_inputs: int, hyperparameters: Mapping[str, Any]) -> Any:
    """Return an untrained module of an architecture; missing hyperparameters at their defaults."""
    declared = ARCHITECTURES[architecture]
    return declared.build(n_inputs, **declared.checked(hyperparameters))
