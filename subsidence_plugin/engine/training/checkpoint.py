"""The state of an unfinished training in a file, from which it goes on bit for bit.

The file is a ``.safetensors``: arrays and one JSON string, nothing that runs. Batch order and
dropout follow from seed and epoch alone, so weights, optimizer moments and the history suffice.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..errors import InputError, OutputError
from ..needs import need

ENTRY = "subsidence_checkpoint"
#: Writing may take at most this share of the time.
WRITING_SHARE = 0.05


@dataclass
class State:
    """What the loop needs to go on after an epoch.

    ``members`` are the flat parameters of finished members, ``arrays`` those of the one in
    work: ``parameters``, ``best`` and ``optimizer/…``.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    history: list[list[float]] = field(default_factory=list)
    summaries: list[dict[str, Any]] = field(default_factory=list)
    members: list[np.ndarray] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


class Checkpoint:
    """Reads and writes the state at ``path``; None as path reads and writes nothing.

    Parameters
    ----------
    path : str or None
    signature : str
        Of data and settings; a file with another one is refused.
    """

    def __init__(self, path: Optional[str], signature: str) -> None:
        self.path = Path(path) if path else None
        self.signature = signature
        self._next = 0.0

    def read(self) -> Optional[State]:
        """Return the stored state, None where there is no file yet.

        Raises
        ------
        InputError
            The file is damaged, or belongs to another training.
        """
        if self.path is None or not self.path.exists():
            return None
        library = need("safetensors", "to read checkpoints")
        numpy_format = need("safetensors.numpy", "to read checkpoints")
        try:
            content = self.path.read_bytes()
            length = int.from_bytes(content[:8], "little")
            header = json.loads(content[8 : 8 + length])
            stored = json.loads(header["__metadata__"][ENTRY])
            arrays = numpy_format.load(content)
            signature = stored.pop("signature")
            members = [arrays.pop(f"members/{i}") for i in range(len(stored["summaries"]))]
            stored["best_loss"] = float(stored["best_loss"])
            state = State(**stored, members=members, arrays=arrays)
        except OSError as error:
            raise InputError(
                f"The checkpoint '{self.path}' cannot be read ({error.strerror})."
            ) from error
        except (library.SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(
                f"The checkpoint '{self.path}' is damaged or of another kind; delete it or choose "
                "another file."
            ) from error
        if signature != self.signature:
            raise InputError(
                f"The checkpoint '{self.path}' belongs to a training with other samples or other "
                "settings; delete it or choose another file."
            )
        return state

    def write(self, state: State, now: bool = False) -> None:
        """Write the state, unless the last writing was too short a time ago."""
        if self.path is None or (time.monotonic() < self._next and not now):
            return
        begun = time.monotonic()
        numpy_format = need("safetensors.numpy", "to write checkpoints")
        arrays = {f"members/{i}": member for i, member in enumerate(state.members)}
        arrays.update(state.arrays)
        plain = {
            "signature": self.signature, "epoch": state.epoch, "best_epoch": state.best_epoch,
            "best_loss": repr(state.best_loss), "history": state.history,
            "summaries": state.summaries,
        }  # fmt: skip
        content = numpy_format.save(arrays, metadata={ENTRY: json.dumps(plain)})
        aside = self.path.with_name(f".{self.path.name}.partial")
        try:
            aside.write_bytes(content)
            os.replace(aside, self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise OutputError(
                f"The checkpoint '{self.path}' cannot be written ({error.strerror}); choose "
                "another folder."
            ) from error
        self._next = time.monotonic() + (time.monotonic() - begun) / WRITING_SHARE


def signature_of(plain: Any, *arrays: Optional[np.ndarray]) -> str:
    """Return a hash of settings (JSON-plain) and arrays."""
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
    for array in arrays:
        if array is not None:
            digest.update(str((array.dtype, array.shape)).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]
