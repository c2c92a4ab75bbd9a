"""A thread of Qt's pool, in which QGIS runs algorithms, keeps its Python state between runs."""

import threading
import time

import pytest
from land_subsidence.subsidence_plugin.engine.thread_state import keep_thread_state

pytest.importorskip("qgis.core", reason="QGIS's Python is not here")


def seen_in_two_runs(prepare):
    """Run twice in one thread of a pool; return what the second run finds of the first."""
    from qgis.PyQt.QtCore import QRunnable, QThreadPool

    class Run(QRunnable):
        def run(self):
            prepare()
            seen.append(getattr(local, "value", None))
            local.value = len(seen)

    seen, local, pool = [], threading.local(), QThreadPool()
    pool.setMaxThreadCount(1)
    pool.setExpiryTimeout(-1)
    for _run in range(3):
        run = Run()
        run.setAutoDelete(False)
        pool.start(run)
        while pool.activeThreadCount():  # waitForDone would end the thread
            time.sleep(0.01)
    return seen


def test_the_state_of_a_thread_is_kept():
    assert seen_in_two_runs(keep_thread_state) == [None, 1, 2]


def test_without_it_qt_gives_each_run_a_new_state():
    """What the code is for: if this fails, it is no longer needed."""
    assert seen_in_two_runs(lambda: None) == [None, None, None]


def test_python_threads_and_the_main_one_go_on_as_before():
    keep_thread_state()
    thread = threading.Thread(target=keep_thread_state)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
