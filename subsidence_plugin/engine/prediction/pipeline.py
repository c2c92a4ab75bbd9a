"""Reading, computing and writing overlapped: reader threads, compute threads, one writer.

Threads and not processes: GDAL's decompression and PyTorch's operations release Python's global
lock, and inside QGIS on Windows a new process would open a new window.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from typing import Any, Callable

from ..progress import Progress
from .tile_predictor import Stopped

#: Seconds after which the waiting writer looks whether the run was cancelled.
PATIENCE = 0.1


class Pipeline:
    """Runs items through readers and workers, and hands the results over in order.

    Parameters
    ----------
    make_reader : callable
        Called in every reader thread; returns ``read(item)``, with its own file handles.
    make_worker : callable
        Called in every compute thread; returns ``work(data)``, with its own buffers.
    readers, workers : int
        Numbers of threads.

    Notes
    -----
    At most ``2 * workers + readers`` items are anywhere between reading and writing, so memory
    does not depend on their number.
    """

    def __init__(
        self,
        make_reader: Callable[[], Callable[[Any], Any]],
        make_worker: Callable[[], Callable[[Any], Any]],
        readers: int = 1,
        workers: int = 1,
    ) -> None:
        self._makers = [(make_reader, self._read)] * readers + [(make_worker, self._work)] * workers
        self._slots = threading.Semaphore(2 * workers + readers)
        self._todo: queue.Queue = queue.Queue()
        self._read_items: queue.Queue = queue.Queue()
        self._done: queue.Queue = queue.Queue()
        self._stop = threading.Event()

    @property
    def stopped(self) -> Callable[[], bool]:
        """Tells long-running workers that the run has ended."""
        return self._stop.is_set

    def run(
        self, items: Sequence[Any], write: Callable[[Any, Any], None], progress: Progress
    ) -> None:
        """Call ``write(item, result)`` for every item, in order, in the calling thread.

        An exception in any thread ends the run and is raised here; so is ``Cancelled``. All
        threads have ended when this returns.
        """
        for entry in enumerate(items):
            self._todo.put(entry)
        threads = [
            threading.Thread(target=self._thread, args=maker, daemon=True) for maker in self._makers
        ]
        for thread in threads:
            thread.start()
        try:
            self._write_all(items, write, progress)
        finally:
            self._stop.set()
            for _thread in threads:  # wake those that wait
                self._slots.release()
                self._read_items.put(None)
            for thread in threads:
                thread.join()

    def _write_all(self, items: Sequence, write: Callable, progress: Progress) -> None:
        waiting: dict[int, Any] = {}
        for number, item in enumerate(items):
            while number not in waiting:
                progress.check()
                try:
                    index, result = self._done.get(timeout=PATIENCE)
                except queue.Empty:
                    continue
                if isinstance(result, BaseException):
                    raise result
                waiting[index] = result
            write(item, waiting.pop(number))
            self._slots.release()
            progress((number + 1) / len(items))

    def _thread(self, make: Callable, loop: Callable) -> None:
        try:
            loop(make())
        except Stopped:
            pass
        except BaseException as error:  # handed to the caller, who raises it
            self._done.put((-1, error))

    def _read(self, read: Callable[[Any], Any]) -> None:
        while True:
            self._slots.acquire()
            if self._stop.is_set():
                return
            try:
                index, item = self._todo.get_nowait()
            except queue.Empty:
                return
            self._read_items.put((index, read(item)))

    def _work(self, work: Callable[[Any], Any]) -> None:
        while True:
            entry = self._read_items.get()
            if entry is None or self._stop.is_set():
                return
            self._done.put((entry[0], work(entry[1])))
