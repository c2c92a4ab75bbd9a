"""Model file and stack that a probability raster was made of, found from its metadata."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Optional

from ..errors import InputError
from ..inspection.place import Pixel
from ..models.card import Card
from ..models.container import identity
from ..prediction.matching import Match
from ..progress import Progress
from ..raster.read import Raster, open_stack
from ..raster.stack_tiles import match_stack

#: Model files beside a map that are looked into for its model, and their largest size.
MOST_FILES, MOST_BYTES = 50, 2**26


def find_model(probability: Pixel, models: Mapping[str, str]) -> str:
    """Return the model file that made a map, an empty text where it is not found.

    The file that the user chose comes first, then the one that the map's metadata name, then those
    beside the map and beside its stack; each must have the id that the metadata give.

    Raises
    ------
    InputError
        The file chosen is another model.
    """
    wanted = model_id(probability)
    chosen = models.get(wanted, "")
    if chosen and os.path.isfile(chosen):
        found = identity(Path(chosen).read_bytes())
        if wanted and found != wanted:
            raise InputError(
                f"'{Path(chosen).name}' is the model {found}, and the map was made by the model "
                f"{wanted}; choose that one's file."
            )
        return chosen
    if not wanted:
        return ""
    for path in _candidates(probability):
        try:
            if path.stat().st_size <= MOST_BYTES and identity(path.read_bytes()) == wanted:
                return str(path)
        except OSError:
            continue
    return ""


def _candidates(probability: Pixel) -> Iterator[Path]:
    named = probability.metadata.get("SUBSIDENCE_MODEL_FILE", "")
    if named:
        yield Path(named)
    sources = (probability.path, probability.metadata.get("SUBSIDENCE_SOURCE", ""))
    folders = dict.fromkeys(Path(source).absolute().parent for source in sources if source)
    for folder in folders:
        yield from sorted(folder.glob("*.safetensors"))[:MOST_FILES]


def model_id(pixel: Pixel) -> str:
    """Return the id of the model that made a raster, empty where its metadata have none."""
    return pixel.metadata.get("SUBSIDENCE_MODEL", "")


def find_stack(
    probability: Pixel, pixels: Sequence[Pixel], card: Card, progress: Progress
) -> Optional[tuple[Raster, Match]]:
    """Return the stack that the map was made of and its match, None where there is none.

    The one that the metadata name (also beside the map, where both were moved), else a stack in
    the map that has the model's factors.
    """
    named = probability.metadata.get("SUBSIDENCE_SOURCE", "")
    beside = Path(probability.path).parent / Path(named.replace("\\", "/")).name
    loaded = [p.path for p in pixels if p.kind in ("class_stack", "factor_stack")]
    paths = [path for path in (named, str(beside)) if named and os.path.isfile(path)]
    problem = None
    for path in dict.fromkeys([*paths, *loaded]):
        try:
            raster = open_stack(path)
            return raster, match_stack(raster, card, progress)
        except InputError as error:
            problem = problem or error
    if problem is not None and paths:
        raise problem
    return None
