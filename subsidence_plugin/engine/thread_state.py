"""Python's state of a background thread of QGIS, kept from one run to the next."""

from __future__ import annotations

import ctypes
import threading

_of_thread = threading.local()


def keep_thread_state() -> None:
    """Let Python's state of this thread live as long as the thread; called once a run.

    QGIS runs algorithms in threads of Qt's pool. Python gives such a thread a new state at each
    run and frees it at the end, but packages compiled with pybind11 (of scikit-learn, torch)
    remember the first: with Python 3.13 and PyTorch 2.6 (Debian 13, QGIS 3.40), a network trained
    after a baseline ended QGIS with "_PyThreadState_Attach: non-NULL old thread state".
    One reference that is never given back keeps the state.
    """
    if threading.current_thread() is threading.main_thread():
        return
    if not hasattr(_of_thread, "kept"):  # it goes with the state
        ctypes.pythonapi.PyGILState_Ensure()
        _of_thread.kept = True
