"""Memory for tiles, used again and again.

Arrays of a few megabytes that are allocated in one thread and freed in another leave the heap in
pieces, so that memory would slowly grow with the number of tiles.
"""

from __future__ import annotations

import queue

import numpy as np


class Buffers:
    """Float32 memory that any thread may take and give back."""

    def __init__(self) -> None:
        self._free: queue.SimpleQueue = queue.SimpleQueue()

    def take(self, size: int) -> np.ndarray:
        """Return a 1d array of ``size`` values, of any content."""
        try:
            whole = self._free.get_nowait()
        except queue.Empty:
            whole = np.empty(0, dtype=np.float32)
        if len(whole) < size:
            whole = np.empty(size, dtype=np.float32)
        return whole[:size]

    def give_back(self, values: np.ndarray) -> None:
        """Take an array from ``take``, or a view of it, whose content is no longer needed."""
        whole = values
        while isinstance(whole.base, np.ndarray):
            whole = whole.base
        self._free.put(whole)
