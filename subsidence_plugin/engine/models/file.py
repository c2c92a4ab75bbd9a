"""Reading and writing the model files of susceptibility."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .card import Card
from .check import check_members
from .container import (
    ENTRY,
    card_text,
    identity,
    member_arrays,
    read_container,
    write_container,
)
from .model import Model

__all__ = ["ENTRY", "load_model", "save_model"]


def save_model(path: str, members: Sequence[Mapping[str, np.ndarray]], card: Card) -> str:
    """Write a model file and return its id.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    members : sequence of mapping of str to ndarray
        Tensors of each member by name; stored as ``"0/name"``, ``"1/name"`` ...
    card : Card
        ``card.members`` is set to the number of members.
    """
    card.members = len(members)
    return write_container(path, members, card.to_json())


def load_model(path: str) -> Model:
    """Return the model of a file after checking every part of it; no code of the file is run.

    Raises
    ------
    ModelFileError
        The file cannot be read, is damaged, or is no susceptibility model of this plugin.
    """
    return read_container(path, _checked_model)


def _checked_model(content: bytes) -> Model:
    card = Card.from_json(card_text(content))
    members = member_arrays(content, card.members)
    check_members(card, members)
    return Model(card, members, identity(content))
