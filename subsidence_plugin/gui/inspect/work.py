"""The background work of the panel: the last click counts, older ones are given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...engine.inspection.place import Source
from ...engine.jobs.explain_place import PlaceExplainer
from .prepare import PrepareTask
from .task import Look, Place, PlaceTask, Shown


class PlaceWork(QObject):
    """Starts tasks and hands on the results of the last one only.

    Attributes
    ----------
    place : Place or None
        The last one.
    latest : Shown or None
        What is known of it.
    """

    #: More is known: a ``Shown``.
    shown = pyqtSignal(object)
    #: The last task has ended, with a sentence where it failed.
    ended = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.place: Optional[Place] = None
        self.latest: Optional[Shown] = None
        self._explainer = PlaceExplainer()
        self._number = 0
        self._task: Optional[PlaceTask] = None
        self._preparing: Optional[PrepareTask] = None

    @property
    def busy(self) -> bool:
        """Tell whether a task is under way."""
        return self._task is not None

    def start(self, place: Place, look: Look) -> None:
        """Look at a place; what is under way is given up."""
        self.place, self.latest = place, None
        self._run(place, look)

    def prepare(self, sources: Sequence[Source], models: Mapping[str, str]) -> None:
        """Load in the background what the first place will need."""
        self._preparing = PrepareTask(self._explainer, sources, models)
        QgsApplication.taskManager().addTask(self._preparing)

    def draw(self, look: Look) -> bool:
        """Draw the figures anew, for another width; not while more is under way, or unknown."""
        if self._task is not None or self.latest is None or not self.latest.whole:
            return False
        self._run(self.place, look, self.latest)
        return True

    def stop(self) -> None:
        """Give up what is under way; its results are never seen."""
        self._number += 1
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def forget(self) -> None:
        """Stop, and forget the place."""
        self.stop()
        if self._preparing is not None:
            self._preparing.give_up()
        self.place = self.latest = self._preparing = None

    def _run(self, place: Place, look: Look, known: Optional[Shown] = None) -> None:
        self.stop()
        report = known.report if known is not None else None
        self._task = PlaceTask(self._number, place, self._explainer, look, self._ended, report)
        self._task.found.connect(self._found)
        QgsApplication.taskManager().addTask(self._task)

    def _found(self, number: int, shown: Shown) -> None:
        if number == self._number and self.place is not None:
            self.latest = shown
            self.shown.emit(shown)

    def _ended(self, number: int, problem: str) -> None:
        if number == self._number and self.place is not None:
            self._task = None
            self.ended.emit(problem)
