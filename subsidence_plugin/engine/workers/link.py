"""The worker's end of the line to its parent: orders on stdin, messages as JSON on stdout.

Orders come through the pipe and not through arguments or files, so that a password among them is
seen by nobody. When the pipe closes, the parent is gone, and the worker ends by itself.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from ..progress import Progress

#: Seconds in which a cancelled worker may put its trial back before it is ended.
GRACE = 20.0


class ParentLink:
    """Reads the orders, watches the parent, and sends messages.

    ``orders`` are the plain values of the first line of stdin.
    """

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        # Libraries that print must not come between the messages.
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self.orders: dict[str, Any] = json.loads(_first_line())
        threading.Thread(target=self._watch, daemon=True).start()

    def progress(self) -> Progress:
        """Return a progress that is cancelled by the parent and logs to it."""
        return Progress(None, self._message, self._cancelled.is_set)

    def send(self, **message: Any) -> None:
        """Send one message; where the parent is gone, nobody listens."""
        with self._lock:
            try:
                self._out.write(json.dumps(message) + "\n")
                self._out.flush()
            except (OSError, ValueError):
                self._cancelled.set()

    def _message(self, text: str, level: str) -> None:
        self.send(message=text, level=level)

    def _watch(self) -> None:
        """Cancel when anything more comes on stdin, or when it closes."""
        try:
            # Not through sys.stdin, whose lock would hang the interpreter's end.
            os.read(0, 1)
        except OSError:
            sys.stderr.write("The line to the parent is broken.\n")
        self._cancelled.set()
        timer = threading.Timer(GRACE, os._exit, (3,))
        timer.daemon = True
        timer.start()


def _first_line() -> str:
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(0, 1)
        if not piece:
            break
        line += piece
    return line.decode("utf-8")
