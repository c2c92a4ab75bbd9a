"""One click on the map, worked on in the background: values, series, waterfall, in this order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Callable, Optional

from qgis.core import Qgis, QgsMessageLog, QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ...engine.errors import Cancelled, SubsidenceError
from ...engine.inspection.picture import series_png, waterfall_png
from ...engine.inspection.place import PlaceReport, Source
from ...engine.inspection.words import Words
from ...engine.jobs.explain_place import PlaceExplainer
from ...engine.jobs.inspect_place import read_place
from ...engine.progress import Progress
from ...translate import tr

#: Tasks under way: QGIS's task manager keeps no reference of Python.
RUNNING: set[QgsTask] = set()


@dataclass
class Look:
    """How figures are drawn: width in inches, resolution, words."""

    width: float = 3.6
    dpi: float = 96.0
    words: Words = field(default_factory=Words)


@dataclass
class Place:
    """Where to look: the click in ``crs``, and what is asked there."""

    x: float
    y: float
    crs: str
    sources: Sequence[Source]
    within: float
    models: Mapping[str, str]


@dataclass
class Shown:
    """What is known so far; figures are PNG, ``whole`` tells that nothing more is to come."""

    report: PlaceReport
    series: list[bytes] = field(default_factory=list)
    waterfall: bytes = b""
    explained: bool = False
    whole: bool = False


def quiet_flags() -> QgsTask.Flag:
    """Return the flags of a task that can be cancelled and, from QGIS 3.26 on, says nothing."""
    flags = QgsTask.Flag.CanCancel
    for name in ("Hidden", "Silent"):
        if hasattr(QgsTask.Flag, name):
            flags = flags | getattr(QgsTask.Flag, name)
    return flags


class PlaceTask(QgsTask):
    """Reads and explains a place, or draws the figures of a report anew.

    ``found`` is emitted with the task's number and a ``Shown`` whenever more is known; it reaches
    the main thread through its event loop.

    Parameters
    ----------
    number : int
        By which stale results are told from those of the last click.
    place : Place
    explainer : PlaceExplainer
    look : Look
    report : PlaceReport, optional
        Draw this one again; nothing is read.
    ended : callable
        Called in the main thread with the number and a sentence (empty: all went well).
    """

    found = pyqtSignal(int, object)

    def __init__(
        self,
        number: int,
        place: Place,
        explainer: PlaceExplainer,
        look: Look,
        ended: Callable[[int, str], None],
        report: Optional[PlaceReport] = None,
    ) -> None:
        super().__init__(tr("Inspecting a place"), quiet_flags())
        self.number, self._place, self._explainer = number, place, explainer
        self._look, self._ended, self._report = look, ended, report
        self._problem = ""
        RUNNING.add(self)

    def run(self) -> bool:
        """Work in the background (called by QGIS)."""
        progress = Progress(on_message=lambda text, level: None, is_cancelled=self.isCanceled)
        try:
            self._work(progress)
        except Cancelled:
            return False
        except SubsidenceError as error:
            self._problem = str(error)
            return False
        except Exception as error:  # a background thread must not take QGIS down
            self._problem = tr("The place could not be read: {error}").format(error=error)
            QgsMessageLog.logMessage(repr(error), "Land subsidence", Qgis.MessageLevel.Critical)
            return False
        return True

    def _work(self, progress: Progress) -> None:
        report, place = self._report, self._place
        if report is None:
            report = read_place(
                progress, place.sources, place.x, place.y, place.crs, place.within,
                lambda known: self.found.emit(self.number, Shown(known)),
            )  # fmt: skip
            self.found.emit(self.number, Shown(report))
        look = self._look
        series = []
        for one in report.series:
            progress.check()
            series.append(series_png(one, look.words, look.width, look.dpi))
            self.found.emit(self.number, Shown(report, [*series]))
        if self._report is None:
            report = self._explainer.explain(progress, report, place.models)
        progress.check()
        waterfall = b""
        if report.shap is not None:
            waterfall = waterfall_png(report.shap, look.words, look.width, look.dpi)
        self.found.emit(self.number, Shown(report, series, waterfall, True, True))

    def finished(self, result: bool) -> None:
        """Tell how it ended, in the main thread (called by QGIS)."""
        RUNNING.discard(self)
        self._ended(self.number, "" if result or self.isCanceled() else self._problem)
