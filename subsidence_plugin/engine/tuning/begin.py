"""How a tuning begins, whatever it tunes: where trials are kept, who may join, what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

import numpy as np

from ..errors import InputError, OutputError
from ..progress import Progress
from .data_file import write_data
from .storage_url import Place, place_of

#: Suffix of the journal file beside the model.
JOURNAL = ".study"


def check_choices(choices: Mapping[str, tuple[int, Sequence[str]]], counted: Mapping) -> None:
    """Raise ``InputError`` where an index has no option, or a count is below 1.

    Parameters
    ----------
    choices : mapping of str to (index, options)
        By parameter, in capitals.
    counted : mapping of str to int
        By parameter, in any letters.
    """
    for name, (value, options) in choices.items():
        if not 0 <= value < len(options):
            raise InputError(f"{name} is {value}; it must be 0 to {len(options) - 1}.")
    for name, value in counted.items():
        if value < 1:
            raise InputError(f"{name.upper()} is {value}; it must be at least 1.")


def study_place(
    storage: Optional[str], model: str, others: Sequence[Optional[str]], progress: Progress
) -> Place:
    """Return where the study is kept; warn of a password that others may read.

    Parameters
    ----------
    storage : str, optional
        See ``place_of``; empty: a journal file beside ``model``.
    model : str
    others : sequence of str or None
        Files that the storage must not be.
    progress : Progress
    """
    place = place_of(storage, str(Path(model).with_suffix(JOURNAL)))
    if place.typed:
        progress.warn(
            "STORAGE holds a password, which QGIS keeps in its history and its log: choose "
            "AUTHENTICATION instead, or write ${NAME} for an environment variable, and delete "
            "this run from the history."
        )
    if not place.is_database:
        for other in filter(None, others):
            if Path(str(other).split("|")[0]).absolute() == Path(place.address):
                raise OutputError(f"STORAGE and another file are both '{other}'; rename one.")
    progress.info(f"The trials are kept in {place.shown}.")
    return place


def offer_worker_data(
    path: str, data: Mapping[str, np.ndarray], place: Place, studies: Sequence[str],
    progress: Progress,
) -> None:  # fmt: skip
    """Write the file that workers elsewhere need, and say how such a worker is started.

    Parameters
    ----------
    path : str
        ``.npz``.
    data : mapping of str to ndarray
    place : Place
    studies : sequence of str
        Names of the studies, worked off one after another.
    progress : Progress
    """
    write_data(path, data)
    elsewhere = "://" in place.address and not place.address.startswith("sqlite")
    others = (
        "other computers take part (with a copy of the file)"
        if elsewhere
        else ("more workers of this computer take part")
    )
    for study in studies:
        progress.info(
            f"To let {others}, run there, in the plugin's folder subsidence_plugin: python -m "
            f"engine.tuning.worker --storage '{place.shown}' --study '{study}' "
            f"--samples '{Path(path).absolute()}'"
        )
