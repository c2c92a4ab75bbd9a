"""The file of a model: one ``.safetensors``, arrays by member and JSON, nothing executed."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Callable, TypeVar

import numpy as np

from ..errors import ModelFileError
from ..needs import need
from .plain_json import parsed_object

#: Header entry that holds the card.
ENTRY = "subsidence_card"
#: A safetensors file starts with the length of its JSON header as 8 bytes.
LENGTH_BYTES = 8
MAX_HEADER = 64 * 2**20
MAX_FILE = 4 * 2**30

Loaded = TypeVar("Loaded")
Arrays = dict[str, np.ndarray]


def write_container(path: str, members: Sequence[Mapping[str, np.ndarray]], card: str) -> str:
    """Write a model file and return its id.

    Parameters
    ----------
    path : str
        A path given out by ``Outputs.path``.
    members : sequence of mapping of str to ndarray
        Tensors of each member by name; stored as ``"0/name"``, ``"1/name"`` ...
    card : str
        JSON.
    """
    numpy_format = need("safetensors.numpy", "to write model files")
    tensors = {
        f"{index}/{name}": np.asarray(array, order="C")  # keeps arrays of no dimension
        for index, member in enumerate(members)
        for name, array in member.items()
    }
    content = numpy_format.save(tensors, metadata={ENTRY: card})
    Path(path).write_bytes(content)
    return identity(content)


def read_container(path: str, build: Callable[[bytes], Loaded]) -> Loaded:
    """Return what ``build`` makes of a file's bytes; its errors get the name of the file."""
    content = _read(path)
    try:
        return build(content)
    except ModelFileError as error:
        # Named here, once: a user may have chosen several files.
        text = str(error)
        raise ModelFileError(f"'{Path(path).name}': {text[0].lower()}{text[1:]}") from error


def identity(content: bytes) -> str:
    """Return a short id of weights and card (the file's bytes are made from these alone)."""
    return hashlib.sha256(content).hexdigest()[:12]


def card_text(content: bytes) -> str:
    """Return the card as it stands in the file."""
    metadata = _header(content).get("__metadata__")
    text = metadata.get(ENTRY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise ModelFileError(
            "This is a safetensors file, but no model of this plugin; choose a file written "
            "by one of its training algorithms."
        )
    return text


def file_kind(path: str) -> str:
    """Return the entry ``kind`` of a file's card, empty where there is none (susceptibility)."""

    def kind(content: bytes) -> str:
        found = parsed_object(card_text(content)).get("kind")
        return found if isinstance(found, str) else ""

    return read_container(path, kind)


def member_arrays(content: bytes, count: int) -> list[Arrays]:
    """Return the tensors of each of ``count`` members by name."""
    members: list[Arrays] = [{} for _ in range(count)]
    for key, array in _tensors(content).items():
        index, _, tensor = key.partition("/")
        if not (index.isdecimal() and len(index) < 5 and int(index) < count and tensor):
            raise ModelFileError(f"The model file is damaged: the tensor {key[:60]!r} is no part.")
        members[int(index)][tensor] = array
    return members


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


def _tensors(content: bytes) -> Arrays:
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
