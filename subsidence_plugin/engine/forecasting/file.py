"""Reading and writing forecasters: one ``.safetensors``, arrays and JSON, nothing executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, ModelFileError
from ..models.container import (
    card_text,
    identity,
    member_arrays,
    read_container,
    write_container,
)
from ..models.members import check_each_member
from ..models.tensors import Expected
from ..needs import need
from .card import ForecasterCard

if TYPE_CHECKING:
    from .forecaster import Forecaster


def save_forecaster(
    path: str, card: ForecasterCard, members: Sequence[Mapping[str, np.ndarray]]
) -> str:
    """Write a forecaster and return its id.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    card : ForecasterCard
        ``card.members`` is set to the number of members.
    members : sequence of mapping of str to ndarray
        Tensors of each member by name, float32.
    """
    card.members = len(members)
    return write_container(path, members, card.to_json())


def load_forecaster(path: str) -> Forecaster:
    """Return the forecaster of a file after checking every part of it; no code of it is run.

    Raises
    ------
    ModelFileError
        The file cannot be read, is damaged, or is no forecaster of this plugin.
    """
    return read_container(path, _checked_forecaster)


def _checked_forecaster(content: bytes) -> Forecaster:
    from .forecaster import Forecaster

    card = ForecasterCard.from_json(card_text(content))
    members = member_arrays(content, card.members)
    check_members(card, members)
    return Forecaster(card, members, identity(content))


def check_members(card: ForecasterCard, members: Sequence[Mapping[str, np.ndarray]]) -> None:
    """Raise ``ModelFileError`` unless every member has the tensors of the card's networks."""
    check_each_member(card, members, lambda given: expected_tensors(card, given))


def expected_tensors(
    card: ForecasterCard, hyperparameters: Mapping[str, Any]
) -> dict[str, Expected]:
    """Return names, types and shapes of a member's tensors; nothing is allocated for them."""
    from ..forecasters.registry import build, forecaster_type

    torch = need("torch", "to use forecasters")
    try:
        kind = forecaster_type(card.spatial, card.temporal, card.variant)
        complete = kind.checked(hyperparameters)
        with torch.device("meta"):
            module = build(
                kind, complete, card.window, card.horizon, len(card.covariates), card.shape or None
            )
    except InputError as error:
        raise ModelFileError(f"The model file is damaged: {error}") from error
    return {name: ("float32", tuple(tensor.shape)) for name, tensor in module.state_dict().items()}
