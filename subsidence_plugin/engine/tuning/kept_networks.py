"""Networks of trials, kept beside the study's file, so that the best need no second training.

A training is repeatable by its seed, so a network that is not here (a database on another
computer, a full disk, a damaged file) is trained again: this folder only saves time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional

from ..errors import SubsidenceError
from ..forecasting.file import load_forecaster, save_forecaster
from ..forecasting.forecaster import Forecaster

SUFFIX = ".safetensors"
#: Parts of a recipe by which tasks differ.
TASK = ("spatial", "temporal", "variant", "window", "horizon", "gap")


class KeptNetworks:
    """Forecasters of one member by what they were trained with.

    Parameters
    ----------
    folder : str, optional
        Made when the first network comes; None keeps nothing.
    signature : str
        Of the data.
    """

    def __init__(self, folder: Optional[str], signature: str) -> None:
        self.folder = Path(folder) if folder else None
        self.signature = signature

    def path(self, recipe: Mapping[str, Any], seed: int) -> Optional[Path]:
        """Return where the network of a complete recipe and a seed lies."""
        if self.folder is None:
            return None
        return self.folder / f"{self._mark(recipe)}-{_hash([recipe, seed])[:16]}{SUFFIX}"

    def _mark(self, recipe: Mapping[str, Any]) -> str:
        """Return what the names of a task's files begin with: its kind, lengths and data."""
        return _hash([self.signature, *(recipe[name] for name in TASK)])[:8]

    def get(self, recipe: Mapping[str, Any], seed: int) -> Optional[Forecaster]:
        """Return a network, None where there is none that can be read."""
        path = self.path(recipe, seed)
        if path is None or not path.is_file():
            return None
        try:
            found = load_forecaster(str(path))
        except SubsidenceError:
            return None
        same = (found.card.spatial, found.card.temporal, found.card.seeds) == (
            recipe["spatial"], recipe["temporal"], [seed],
        )  # fmt: skip
        return found if same else None

    def put(self, recipe: Mapping[str, Any], seed: int, forecaster: Forecaster) -> None:
        """Keep a network, whole or not at all; what cannot be written is left out."""
        path = self.path(recipe, seed)
        if path is None:
            return
        aside = path.with_name(f".{path.name}.{os.getpid()}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_forecaster(str(aside), forecaster.card, forecaster.arrays)
            os.replace(aside, path)
        except (OSError, SubsidenceError):
            with suppress(OSError):
                aside.unlink()

    def only(self, wanted: Iterable[tuple[Mapping[str, Any], int]]) -> None:
        """Remove a task's networks but those of these recipes and seeds, and what a kill left.

        Networks of other tasks, whose studies share the file, stay.
        """
        wanted = list(wanted)
        if self.folder is None or not self.folder.is_dir():
            return
        kept = {self.path(recipe, seed) for recipe, seed in wanted}
        marks = tuple(self._mark(recipe) for recipe, _seed in wanted)
        with suppress(OSError):
            for file in self.folder.iterdir():
                if file.name.lstrip(".").startswith(marks) and file not in kept:
                    file.unlink()


def _hash(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
