"""Worker processes of one job: started, listened to, ended with the parent.

Bandit's general warnings of ``subprocess`` are marked: no shell is involved, the program is the
interpreter that ``find_interpreter`` chose, the module is one of ours.
"""

from __future__ import annotations

import collections
import contextlib
import json
import queue
import subprocess  # nosec B404
import threading
from collections.abc import Mapping
from typing import Any, Optional

from .interpreter import window_options, worker_environment
from .link import GRACE

#: Lines of a worker's errors that are kept.
TAIL = 20


class WorkerProcess:
    """One worker: a Python module run in a process of its own.

    Parameters
    ----------
    number : int
        From 1, for the log.
    interpreter : str
        From ``find_interpreter``.
    module : str
        For example ``engine.tuning.worker``.
    orders : mapping
        Plain values, sent through its stdin.
    inbox : queue.Queue
        Gets ``(worker, message)``; the message is None once the worker has ended.
    folder : str
        Working folder.
    """

    def __init__(
        self,
        number: int,
        interpreter: str,
        module: str,
        orders: Mapping[str, Any],
        inbox: queue.Queue,
        folder: str,
    ) -> None:
        self.number, self._inbox = number, inbox
        self.errors: collections.deque[str] = collections.deque(maxlen=TAIL)
        self._process = subprocess.Popen(  # nosec B603
            [interpreter, "-m", module, "--managed"], cwd=folder, env=worker_environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", errors="replace", **window_options(),
        )  # fmt: skip
        self._threads = [
            threading.Thread(target=self._listen, daemon=True),
            threading.Thread(target=self._listen_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        with contextlib.suppress(OSError):  # it died at once: its end is told by the inbox
            self._process.stdin.write(json.dumps(dict(orders)) + "\n")
            self._process.stdin.flush()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def code(self) -> Optional[int]:
        """The exit code; None while it runs."""
        return self._process.poll()

    def cancel(self) -> None:
        """Ask the worker to put its trial back and end."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def end(self, seconds: float = GRACE) -> None:
        """Wait so long for the worker to end, then end it by force."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    self._inbox.put((self, message))
        self._process.wait()
        self._threads[1].join(5)
        self._process.stdout.close()
        self.cancel()
        self._inbox.put((self, None))

    def _listen_errors(self) -> None:
        for line in self._process.stderr:
            if line.strip():
                self.errors.append(line.rstrip())
        self._process.stderr.close()
