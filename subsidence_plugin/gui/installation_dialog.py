"""Dialog of the menu entry 'Check installation…': the page, and the pip line to copy."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Optional

from qgis.PyQt import sip
from qgis.PyQt.QtGui import QFontDatabase, QGuiApplication
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ..translate import tr
from .algorithm_task import AlgorithmTask

ALGORITHM = "subsidence:checkinstallation"


class InstallationDialog(QDialog):
    """Shows what ``subsidence:checkinstallation`` finds; it runs in the background."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Check installation"))
        self.setObjectName("subsidenceInstallation")
        self.resize(980, 700)
        self.task: Optional[AlgorithmTask] = None
        self.page = QTextBrowser()
        self.page.setOpenExternalLinks(True)
        self.progress = QProgressBar()
        self.caption = QLabel(tr("Line that installs the packages:"))
        self.line = QPlainTextEdit()
        self.line.setReadOnly(True)
        self.line.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.line.setMaximumHeight(90)
        self.caption.setBuddy(self.line)
        self.copy_button = QPushButton(tr("Copy"))
        self.copy_button.setToolTip(tr("Copies the line to the clipboard"))
        self.copy_button.clicked.connect(self.copy)
        self.again = QPushButton(tr("Check again"))
        self.again.clicked.connect(self.check)
        self._arrange()

    def _arrange(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.again, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        for widget in (self.page, self.progress, self.caption):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(buttons)

    def check(self) -> None:
        """Begin to check, unless it is under way."""
        if self.task is not None:
            return
        self._show_running(True)
        self.line.clear()
        self.copy_button.setEnabled(False)
        self.page.setPlainText(tr("Looking at the packages; this takes some seconds …"))
        folder = tempfile.TemporaryDirectory(prefix="subsidence-installation-")
        report = str(Path(folder.name, "installation.html"))
        self.task = AlgorithmTask(ALGORITHM, {"REPORT": report}, partial(self._done, folder))
        self.task.feedback.progressChanged.connect(self._show_progress)
        self.task.start()

    def copy(self) -> None:
        """Put the line on the clipboard and say so."""
        QGuiApplication.clipboard().setText(self.line.toPlainText())
        self.copy_button.setText(tr("Copied"))

    def done(self, result: int) -> None:
        """Stop what runs when the dialog is closed (called by Qt)."""
        if self.task is not None:
            self.task.cancel()
        super().done(result)

    def _done(self, folder: tempfile.TemporaryDirectory, results: Optional[dict], log: str) -> None:
        with folder:
            page = Path(results["REPORT"]).read_text(encoding="utf-8") if results else ""
        if sip.isdeleted(self):  # the plugin was unloaded meanwhile
            return
        self.task = None
        self._show_running(False)
        if results:
            self.page.setHtml(page)
            self.line.setPlainText(results["PIP_LINE"])
            said = tr(
                "Line that installs the packages, to be typed in {place}; then start QGIS again:"
            )
            self.caption.setText(said.format(place=results["SHELL"]))
            self.copy_button.setEnabled(True)
            self.copy_button.setText(tr("Copy"))
        else:
            self.page.setPlainText(log or tr("The check was stopped."))

    def _show_progress(self, percent: float) -> None:
        self.progress.setValue(int(percent))

    def _show_running(self, running: bool) -> None:
        self.progress.setVisible(running)
        self.progress.setValue(0)
        self.again.setEnabled(not running)
