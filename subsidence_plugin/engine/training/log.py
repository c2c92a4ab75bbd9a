"""What a training writes to the log while it runs."""

from __future__ import annotations

import math
import time

from ..pace import duration
from ..progress import Progress
from .checkpoint import State
from .settings import Settings

#: Seconds between two lines of the log: at least, at most, and as a share of the time spent.
LOG_SECONDS, MOST_SECONDS, SHARE = 5.0, 60.0, 0.05


class EpochLog:
    """Writes a line now and then: stage, epoch, best so far, time left."""

    def __init__(self, name: str, settings: Settings, progress: Progress, first: int) -> None:
        self.name, self.settings, self.progress = name, settings, progress
        self.first, self.begun = first, time.monotonic()
        self.last = 0.0

    def epoch(self, state: State, loss: float, held_loss: float, held_auc: float) -> None:
        """Log this epoch if the last line is old enough."""
        now, epochs = time.monotonic(), self.settings.epochs
        pause = min(max(LOG_SECONDS, SHARE * (now - self.begun)), MOST_SECONDS)
        if self.last and now - self.last < pause and state.epoch < epochs:
            return
        self.last = now
        line = f"{self.name}: epoch {state.epoch} of at most {epochs}, loss {loss:.4f}"
        if not math.isnan(held_loss):
            line += (
                f", hold-out loss {held_loss:.4f}, hold-out AUC {held_auc:.3f}, best loss "
                f"{state.best_loss:.4f} in epoch {state.best_epoch}"
            )
        left = (now - self.begun) / (state.epoch - self.first) * (epochs - state.epoch)
        if left >= 5:
            line += f", at most {duration(left)} left for it"
        self.progress.info(line + ".")
