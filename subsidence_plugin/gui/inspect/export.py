"""Picture and table of a place as files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Optional

from qgis.core import QgsApplication, QgsProject, QgsTask
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from ...engine.errors import SubsidenceError
from ...engine.inspection.picture import report_png
from ...engine.inspection.place import PlaceReport
from ...engine.inspection.table import report_csv
from ...engine.outputs import Outputs
from ...layers.labels import translated
from ...translate import tr
from .words import decimal, figure_words, series_title

#: Exports under way.
RUNNING: set[ExportTask] = set()


def ask_target(parent: QWidget, title: str, kinds: str, suffix: str) -> str:
    """Return the file that the user chooses, with its suffix; empty where none is chosen.

    The dialog begins in the project's folder.
    """
    first = os.path.join(QgsProject.instance().homePath(), f"place{suffix}")
    path, _filter = QFileDialog.getSaveFileName(parent, title, first, kinds)
    return path if not path or path.lower().endswith(suffix) else path + suffix


def write_csv(path: str, report: PlaceReport) -> None:
    """Write all that is known of a place as CSV, whole or not at all.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    write_whole(path, report_csv(report).encode("utf-8"))


def write_picture(path: str, report: PlaceReport, place: str) -> None:
    """Draw title, waterfall and time series, and write them as PNG, whole or not at all.

    Parameters
    ----------
    path : str
    report : PlaceReport
    place : str
        Coordinates, as the panel shows them.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    title = tr("Land subsidence at {place}").format(place=place)
    captions = [series_title(one) for one in report.series]
    content = report_png(report, title, picture_lines(report), captions, figure_words())
    write_whole(path, content)


def picture_lines(report: PlaceReport) -> list[str]:
    """Return what stands under the title: probability, class, priority."""
    probability, classed = report.first("probability"), report.first("susceptibility_classes")
    lines = []
    if probability is not None:
        text = tr("Probability of subsidence {value}").format(value=decimal(probability.value))
        if classed is not None and classed.label:
            text += tr(", class {label}").format(label=translated(classed.label))
        lines.append(text)
    priority = report.first("priority")
    if priority is not None and priority.label:
        lines.append(tr("Priority: {label}").format(label=translated(priority.label)))
    return lines


def write_whole(path: str, content: bytes) -> None:
    """Write a file whole or not at all."""
    with Outputs(path) as outputs:
        Path(outputs.path(path)).write_bytes(content)


class ExportTask(QgsTask):
    """Writes a file in the background.

    Parameters
    ----------
    write : callable
        Writes it; raises ``SubsidenceError``.
    ended : callable
        Called in the main thread with a sentence; empty where all went well.
    """

    def __init__(self, write: Callable[[], None], ended: Callable[[str], None]) -> None:
        super().__init__(tr("Exporting a place"))
        self._write, self._ended = write, ended
        self._problem: Optional[str] = None
        RUNNING.add(self)

    def start(self) -> None:
        """Begin."""
        QgsApplication.taskManager().addTask(self)

    def run(self) -> bool:
        """Write (called by QGIS in a background thread)."""
        try:
            self._write()
        except SubsidenceError as error:
            self._problem = str(error)
        except Exception as error:  # a background thread must not take QGIS down
            self._problem = repr(error)
        return self._problem is None

    def finished(self, result: bool) -> None:
        """Tell how it ended (called by QGIS in the main thread)."""
        RUNNING.discard(self)
        self._ended(self._problem or "")
