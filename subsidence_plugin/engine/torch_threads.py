"""PyTorch's number of threads, held at one while a training or prediction runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

_lock = threading.Lock()
#: Threads inside the block now (one entry a block), and what PyTorch had before the first.
_inside: list[int] = []
_before = 0


@contextmanager
def one_torch_thread(torch: Any) -> Iterator[None]:
    """Let PyTorch use one thread an operation inside the block, and as before after it.

    Small networks are faster on one thread than on many (measured), and repeatable; where all
    cores are to work, one Python thread a core is run instead.

    PyTorch has a number for the whole of QGIS, which a thread takes over when it first uses
    PyTorch, and from then on a number of its own. So where jobs in several threads overlap, each
    leaving thread gets back what was before the first, and the last one also restores the whole.
    """
    global _before
    own = threading.get_ident()
    with _lock:
        if not _inside:
            _before = _in_new_thread(torch.get_num_threads)
        _inside.append(own)
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _inside.remove(own)
            if own not in _inside:
                torch.set_num_threads(_before)
                if _inside:  # the whole is still to have one thread
                    _in_new_thread(lambda: torch.set_num_threads(1))


def _in_new_thread(function: Callable[[], Any]) -> Any:
    """Return the result of a function in a thread without a number of its own."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]
