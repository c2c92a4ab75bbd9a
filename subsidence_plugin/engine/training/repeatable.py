"""Torch's global random numbers, set for a while and put back.

One training at a time holds it, so that trainings in several threads of QGIS stay repeatable;
they would not run faster side by side, as small batches hold Python's lock.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..progress import Progress

_LOCK = threading.Lock()


@contextlib.contextmanager
def reproducible(
    torch: Any, seed: int, epoch: int, device: str, progress: Progress
) -> Iterator[None]:
    """Hold torch's random numbers fixed by seed and epoch for a while."""
    while not _LOCK.acquire(timeout=0.2):
        progress.check()
    try:
        devices = [torch.cuda.current_device()] if device == "cuda" else []
        with torch.random.fork_rng(devices):
            number = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0]
            torch.manual_seed(int(number >> np.uint64(1)))
            yield
    finally:
        _LOCK.release()
