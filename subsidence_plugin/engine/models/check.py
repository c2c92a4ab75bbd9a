"""Do the arrays of a model file fit what its card says? Checked before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import InputError, ModelFileError
from .calibration import check_calibration
from .card import Card
from .members import check_each_member
from .tensors import Expected


def check_members(card: Card, members: Sequence[Mapping[str, np.ndarray]]) -> None:
    """Raise ``ModelFileError`` unless every member has the tensors of the card's architecture."""
    from ..baselines.registry import BASELINES
    from ..networks.registry import ARCHITECTURES

    if card.calibration is not None:
        check_calibration(card.calibration)
    if card.architecture in ARCHITECTURES:
        _check_hyperparameters(card, card.hyperparameters)
        check_each_member(card, members, lambda given: _network_shapes(card, given))
    elif card.architecture in BASELINES:
        for member in members:
            BASELINES[card.architecture].check(member, card.n_inputs)
    else:
        known = ", ".join([*ARCHITECTURES, *BASELINES])
        raise ModelFileError(
            f"The model's architecture {card.architecture[:40]!r} is not known; this plugin "
            f"reads {known}."
        )


def _network_shapes(card: Card, given: Mapping) -> dict[str, Expected]:
    """Return what the declaration asks for; nothing is allocated (device ``meta``)."""
    from ..needs import need
    from ..networks.registry import build

    torch = need("torch", "to use networks")
    hyperparameters = _check_hyperparameters(card, given)
    with torch.device("meta"):
        module = build(card.architecture, card.n_inputs, hyperparameters)
    return {name: ("float32", tuple(tensor.shape)) for name, tensor in module.state_dict().items()}


def _check_hyperparameters(card: Card, given: Mapping) -> dict:
    """Return the complete hyperparameters of a network, or refuse the file."""
    from ..networks.registry import ARCHITECTURES

    try:
        return ARCHITECTURES[card.architecture].checked(given)
    except InputError as error:
        raise ModelFileError(f"The model file is damaged: {error}") from error
