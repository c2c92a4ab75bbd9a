"""How many processor cores this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """Return the number of processor cores that this process may use, at least 1.

    On a shared computer or in a container that may be fewer than the computer has.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
