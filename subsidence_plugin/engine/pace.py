"""How long a computation will still take, told from the fractions that it reported so far."""

from __future__ import annotations

import time
from typing import Callable, Optional

#: Seconds before which nothing is said: short runs end sooner, and a rate is not known yet.
FIRST = 10.0
#: Seconds between two lines: at least, at most, and as shares of the time spent and of that left.
LEAST, MOST, OF_SPENT, OF_LEFT = 10.0, 300.0, 0.1, 0.01
#: What takes less is not worth a line, seconds.
SOON = 5.0
#: Moves that are remembered; of more every second one is dropped.
MOVES = 256


class Pace:
    """Estimates the time left, and says when a line about it is due.

    Stages of a computation differ in speed, so the rate is that of the later half of the time
    spent: old stages are forgotten, and single quick or slow steps hardly count.

    Parameters
    ----------
    clock : callable
        Returns seconds.

    Attributes
    ----------
    stage : str
        What is being done; empty where the computation does not name it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self.stage = clock, ""
        self._begun = self._said = clock()
        self._moves = [(self._begun, 0.0)]

    def resume(self) -> None:
        """Begin at the last fraction: what an earlier run did tells nothing of this one's speed."""
        self._moves = [(self._clock(), self._moves[-1][1])]

    def moved(self, fraction: float) -> None:
        """Take note of a fraction; only steps forward count."""
        if fraction <= self._moves[-1][1]:
            return
        self._moves.append((self._clock(), float(fraction)))
        if len(self._moves) > MOVES:
            self._moves[1:-1] = self._moves[1:-1:2]

    def left(self) -> Optional[float]:
        """Return the seconds that are probably left; None while this cannot be told."""
        # What comes before the first move (packages, reading) tells nothing of the pace after it.
        begun = self._moves[1 if len(self._moves) > 3 else 0][0]
        last, fraction = self._moves[-1]
        if last - begun < SOON:
            return None
        middle = begun + (last - begun) / 2
        rate = (fraction - self._fraction_at(middle)) / (last - middle)
        waited = self._clock() - last
        # A step that takes longer than expected will probably take as long again.
        return max((1 - fraction) / rate - waited, min(waited, (1 - fraction) / rate))

    def line(self) -> str:
        """Return a line for the log if one is due, else an empty text."""
        now = self._clock()
        spent = now - self._begun
        if spent < FIRST or now - self._said < min(max(LEAST, OF_SPENT * spent), MOST):
            return ""
        if len(self._moves) < 2 or now - self._moves[1][0] < SOON:
            return ""  # it has only just begun, whatever time went by before
        left = self.left()
        if left is None or left < SOON or now - self._said < min(OF_LEFT * left, MOST):
            return ""
        stage = f"{self.stage}: " if self.stage else ""
        return f"{stage}{100 * self._moves[-1][1]:.0f} % done, {self.words()}."

    def words(self) -> str:
        """Return the time left as "about 3 minutes left", empty where it is not known.

        Whoever asks says it, so that the next line of its own is not due at once.
        """
        left = self.left()
        if left is None:
            return ""
        self._said = self._clock()
        return f"about {duration(left)} left"

    def _fraction_at(self, moment: float) -> float:
        """Return the fraction at an earlier moment, between the moves around it."""
        moves = self._moves
        after = next(index for index, (when, _) in enumerate(moves) if when >= moment)
        (t0, f0), (t1, f1) = moves[after - 1], moves[after]
        return f0 + (f1 - f0) * (moment - t0) / (t1 - t0)


def duration(seconds: float) -> str:
    """Return a time as people say it: "40 seconds", "3 minutes", "1.5 hours", "2 days"."""
    if seconds < 57.5:
        return f"{max(5, 5 * round(seconds / 5))} seconds"
    minutes, half_hours = round(seconds / 60), round(seconds / 1800)
    if minutes < 90:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    if half_hours < 72:
        return f"{half_hours / 2:g} hours"
    return f"{seconds / 86400:.1f} days"
