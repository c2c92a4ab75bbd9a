"""Reading and writing model files: one ``.safetensors``, arrays and JSON, nothing executed."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import ModelFileError
from ..needs import need
from .card import Card
from .check import check_members
from .model import Model

#: Header entry that holds the card.
ENTRY = "subsidence_card"
#: A safetensors file starts with the length of its JSON header as 8 bytes.
LENGTH_BYTES = 8
MAX_HEADER = 64 * 2**20
MAX_FILE = 4 * 2**30


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
    numpy_format = need("safetensors.numpy", "to write model files")
    card.members = len(members)
    tensors = {
        f"{index}/{name}": np.ascontiguousarray(array)
        for index, member in enumerate(members)
        for name, array in member.items()
    }
    content = numpy_format.save(tensors, metadata={ENTRY: card.to_json()})
    Path(path).write_bytes(content)
    return _identity(content)


def load_model(path: str) -> Model:
    """Return the model of a file after checking every part of it; no code of the file is run.

    Raises
    ------
    ModelFileError
        The file cannot be read, is damaged, or is no model file of this plugin.
    """
    content = _read(path)
    try:
        return _checked_model(content)
    except ModelFileError as error:
        # Named here, once: a user may have chosen several files.
        text = str(error)
        raise ModelFileError(f"'{Path(path).name}': {text[0].lower()}{text[1:]}") from error


def _checked_model(content: bytes) -> Model:
    card = Card.from_json(_card_text(content))
    tensors = _tensors(content)
    members: list[dict[str, np.ndarray]] = [{} for _ in range(card.members)]
    for key, array in tensors.items():
        index, _, tensor = key.partition("/")
        if not (index.isdecimal() and len(index) < 5 and int(index) < card.members and tensor):
            raise ModelFileError(f"The model file is damaged: the tensor {key[:60]!r} is no part.")
        members[int(index)][tensor] = array
    check_members(card, members)
    return Model(card, members, _identity(content))


def _read(path: str) -> bytes:
    try:
        if Path(path).stat().st_size > MAX_FILE:
            raise ModelFileError(f"The file '{path}' is too large to be a model file.")
        return Path(path).read_bytes()
    except OSError as error:
        raise ModelFileError(
            f"The model file '{path}' cannot be read ({error.strerror}); choose another file."
        ) from error


def _header(content: bytes) -> dict:
    """Return the JSON header, or say that this is no safetensors file."""
    other = ModelFileError(
        "This is not a model file of this plugin; choose a .safetensors file written by one "
        "of its training algorithms."
    )
    if len(content) <= LENGTH_BYTES:
        raise other
    (length,) = struct.unpack("<Q", content[:LENGTH_BYTES])
    if content[LENGTH_BYTES : LENGTH_BYTES + 1] != b"{" or length > MAX_HEADER:
        raise other
    if length > len(content) - LENGTH_BYTES:
        raise ModelFileError("The model file is cut off; copy or train it again.")
    try:
        header = json.loads(content[LENGTH_BYTES : LENGTH_BYTES + length].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelFileError("The model file is damaged: no JSON header.") from error
    if not isinstance(header, dict):
        raise other
    return header


def _card_text(content: bytes) -> str:
    metadata = _header(content).get("__metadata__")
    text = metadata.get(ENTRY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise ModelFileError(
            "This is a safetensors file, but no model of this plugin; choose a file written "
            "by one of its training algorithms."
        )
    return text


def _tensors(content: bytes) -> dict[str, np.ndarray]:
    """Return the arrays; safetensors itself checks offsets, sizes and types."""
    library = need("safetensors", "to read model files")
    numpy_format = need("safetensors.numpy", "to read model files")
    try:
        tensors = numpy_format.load(content)
    except (library.SafetensorError, KeyError, ValueError, TypeError, MemoryError) as error:
        raise ModelFileError(
            f"The model file is damaged or cut off ({str(error)[:80]}); copy or train it again."
        ) from error
    for key, array in tensors.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ModelFileError(
                f"The model file is damaged: the tensor {key[:60]!r} holds values that are no "
                "finite numbers."
            )
    return tensors


def _identity(content: bytes) -> str:
    """Return a short id of weights and card (the file's bytes are made from these alone)."""
    return hashlib.sha256(content).hexdigest()[:12]
