"""One algorithm by its id, run in the background of QGIS's window."""

from __future__ import annotations

from typing import Any, Callable, Optional

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
)

from ..translate import tr

#: Tasks under way: QGIS uses their context and feedback, whatever becomes of who started them.
RUNNING: set[AlgorithmTask] = set()


class LogFeedback(QgsProcessingFeedback):
    """Keeps warnings and errors, the only lines that a dialog needs beside the results."""

    def __init__(self) -> None:
        super().__init__(False)
        self.lines: list[str] = []

    def pushWarning(self, warning: str) -> None:
        """Keep a warning."""
        self.lines.append(warning)

    def reportError(self, error: str, fatalError: bool = False) -> None:  # noqa: N803 - QGIS's
        """Keep an error."""
        self.lines.append(error)


class AlgorithmTask:
    """Runs an algorithm in QGIS's task manager and hands back its results in the main thread.

    An algorithm that may not leave the main thread runs there, at once.

    Parameters
    ----------
    algorithm : str
        Id, for example ``"subsidence:checkinstallation"``.
    parameters : dict
    finished : callable
        Called with the results (None after a failure or Cancel) and the warnings and errors.
    """

    def __init__(
        self,
        algorithm: str,
        parameters: dict[str, Any],
        finished: Callable[[Optional[dict], str], None],
    ) -> None:
        self.algorithm, self.parameters, self.finished = algorithm, parameters, finished
        self.feedback = LogFeedback()
        self.context = QgsProcessingContext()
        self.context.setProject(QgsProject.instance())
        self.context.setFeedback(self.feedback)
        self._task: Optional[QgsProcessingAlgRunnerTask] = None

    def start(self) -> None:
        """Begin; without the algorithm ``finished`` is called at once."""
        found = QgsApplication.processingRegistry().createAlgorithmById(self.algorithm)
        if found is None:
            self.finished(None, tr("There is no algorithm {id}.").format(id=self.algorithm))
            return
        if found.flags() & QgsProcessingAlgorithm.Flag.FlagNoThreading:
            results, succeeded = found.run(self.parameters, self.context, self.feedback)
            self._executed(succeeded, results)
            return
        RUNNING.add(self)
        self._task = QgsProcessingAlgRunnerTask(found, self.parameters, self.context, self.feedback)
        self._task.executed.connect(self._executed)
        QgsApplication.taskManager().addTask(self._task)

    def cancel(self) -> None:
        """Ask the algorithm to stop."""
        self.feedback.cancel()

    def _executed(self, succeeded: bool, results: dict) -> None:
        RUNNING.discard(self)
        self.finished(results if succeeded and results else None, "\n".join(self.feedback.lines))
