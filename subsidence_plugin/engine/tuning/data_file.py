"""The ``.npz`` file by which workers on other computers get the samples."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import InputError, OutputError
from ..workers.folder import read_arrays

#: More arrays are in no file of ours.
MAX_ARRAYS = 64


def write_data(path: str, data: Mapping[str, np.ndarray]) -> None:
    """Write the arrays whole or not at all.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    target = Path(path).absolute()
    aside = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            np.savez(file, **data)
        os.replace(aside, target)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise OutputError(
            f"The workers' samples cannot be written to '{target}' ({error.strerror}); choose "
            "another folder."
        ) from error


def read_data(path: str) -> dict[str, np.ndarray]:
    """Return the arrays of an ``.npz`` file; nothing in it is executed.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        return read_arrays(path, MAX_ARRAYS)
    except Exception as error:  # numpy and zipfile raise many kinds on damaged files
        raise InputError(
            f"The samples '{path}' cannot be read as an .npz file ({error}); give the file that "
            "the tuning wrote to WORKER_DATA."
        ) from error
