"""How a computation reports to whoever started it, and learns that it was cancelled."""

from __future__ import annotations

import logging
import time
from typing import Callable, Optional

from .errors import Cancelled
from .pace import Pace

logger = logging.getLogger("land_subsidence")


class Progress:
    """Reports fractions and log lines, and raises ``Cancelled`` when the caller wants out.

    Parameters
    ----------
    on_fraction : callable, optional
        Called with a number from 0 to 1.
    on_message : callable, optional
        Called with ``(text, level)``, level being ``"info"`` or ``"warning"``.
    is_cancelled : callable, optional
        Returns True once the user has asked to stop.
    pace : Pace, optional
        Estimates the time left, see ``timed``.
    """

    def __init__(
        self,
        on_fraction: Optional[Callable[[float], None]] = None,
        on_message: Optional[Callable[[str, str], None]] = None,
        is_cancelled: Optional[Callable[[], bool]] = None,
        pace: Optional[Pace] = None,
    ) -> None:
        self._on_fraction = on_fraction
        self._on_message = on_message
        self._is_cancelled = is_cancelled
        self._pace = pace

    def __call__(self, fraction: float) -> None:
        """Report that ``fraction`` (0 to 1) of the work is done; raise ``Cancelled`` if asked."""
        self.check()
        if self._on_fraction:
            self._on_fraction(min(max(float(fraction), 0.0), 1.0))

    def check(self) -> None:
        """Raise ``Cancelled`` if the user has asked to stop."""
        if self.cancelled():
            raise Cancelled

    def cancelled(self) -> bool:
        """Tell whether the user has asked to stop (for worker threads that must not raise)."""
        return bool(self._is_cancelled and self._is_cancelled())

    def info(self, message: str) -> None:
        """Write one line to the log."""
        self._write(message, "info")

    def warn(self, message: str) -> None:
        """Write one line to the log that the user should not overlook."""
        self._write(message, "warning")

    def part(self, start: float, stop: float) -> Progress:
        """Return a progress whose 0 to 1 is ``start`` to ``stop`` of this one."""

        def scaled(fraction: float) -> None:
            if self._on_fraction:
                self._on_fraction(start + fraction * (stop - start))

        return Progress(scaled, self._on_message, self._is_cancelled, self._pace)

    def timed(self, clock: Callable[[], float] = time.monotonic) -> Progress:
        """Return this progress for one whole run: of a long one the log tells the time left."""
        pace = Pace(clock)

        def moved(fraction: float) -> None:
            if self._on_fraction:
                self._on_fraction(fraction)
            pace.moved(fraction)
            line = pace.line()
            if line:
                self.info(line)

        return Progress(moved, self._on_message, self._is_cancelled, pace)

    def stage(self, name: str) -> None:
        """Name what is being done, with which lines about the time left begin."""
        if self._pace:
            self._pace.stage = name

    def resume(self, fraction: float) -> None:
        """Report that an earlier run did ``fraction`` of the work, which took this one no time."""
        if self._on_fraction:
            self._on_fraction(min(max(float(fraction), 0.0), 1.0))
        if self._pace:
            self._pace.resume()

    def time_left(self) -> str:
        """Return "about 3 minutes left" of the whole run for a line; empty where unknown."""
        return self._pace.words() if self._pace else ""

    def _write(self, message: str, level: str) -> None:
        if self._on_message:
            self._on_message(message, level)
        else:
            logger.log(logging.WARNING if level == "warning" else logging.INFO, message)
