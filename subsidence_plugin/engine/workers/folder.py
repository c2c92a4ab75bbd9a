"""A temporary folder of a job and its workers, and the arrays in it that all of them read."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Optional

import numpy as np

from ..outputs import alive, host

PREFIX = "subsidence"


@contextmanager
def worker_folder() -> Iterator[Path]:
    """Give a folder that is gone afterwards; what a killed job left is removed now."""
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}-{host()}-{os.getpid()}-") as folder:
        yield Path(folder)


def sweep(place: Path) -> None:
    """Remove the folders in ``place`` whose jobs ran on this computer and run no more."""
    pattern = re.compile(rf"{PREFIX}-{re.escape(host())}-(\d+)-")
    with suppress(OSError):
        for folder in place.iterdir():
            found = pattern.match(folder.name)
            # A link is never followed: in a place of all users it may lead anywhere.
            if found and not alive(int(found[1])) and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)


def read_arrays(path: str, most: Optional[int] = None) -> dict[str, np.ndarray]:
    """Return the arrays of an ``.npz`` file by name, at most so many; nothing in it is executed.

    Raises
    ------
    OSError, ValueError, and what numpy and zipfile raise on damaged files
    """
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files[:most]}
