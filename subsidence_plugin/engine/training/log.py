"""What a training writes to the log while it runs."""

from __future__ import annotations

import math
import time

from ..progress import Progress
from .checkpoint import State
from .settings import Settings

#: Seconds between two lines of the log.
LOG_SECONDS = 5.0


class EpochLog:
    """Writes a line now and then: stage, epoch, best so far, time left."""

    def __init__(self, name: str, settings: Settings, progress: Progress, first: int) -> None:
        self.name, self.settings, self.progress = name, settings, progress
        self.first, self.begun = first, time.monotonic()
        self.last = 0.0

    def epoch(self, state: State, loss: float, held_loss: float, held_auc: float) -> None:
        """Log this epoch if the last line is old enough."""
        now, epochs = time.monotonic(), self.settings.epochs
        if self.last and now - self.last < LOG_SECONDS and state.epoch < epochs:
            return
        self.last = now
        line = f"{self.name}: epoch {state.epoch} of at most {epochs}, loss {loss:.4f}"
        if not math.isnan(held_loss):
            line += (
                f", hold-out loss {held_loss:.4f}, hold-out AUC {held_auc:.3f}, best loss "
                f"{state.best_loss:.4f} in epoch {state.best_epoch}"
            )
        left = (now - self.begun) / (state.epoch - self.first) * (epochs - state.epoch)
        if left >= 1:
            line += f", at most {duration(left)} left"
        self.progress.info(line + ".")


def duration(seconds: float) -> str:
    """Return seconds as text: hours and minutes, minutes and seconds, or seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
