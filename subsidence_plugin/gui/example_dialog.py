"""Dialog of the menu entry 'Open example project…'."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.gui import QgsFileWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QStandardPaths
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QVBoxLayout,
)

from ..translate import tr
from .example_project import (
    FILES,
    PROJECT,
    ExampleMaker,
    free_folder,
    may_replace_project,
    open_example,
)


def sizes() -> list[tuple[str, dict[str, int]]]:
    """Return title and size of what can be made."""
    return [
        (tr("Small: 300 × 250 cells, 7 MB, some seconds"), {"WIDTH": 300, "HEIGHT": 250}),
        (tr("Medium: 600 × 500 cells, 25 MB, some seconds"), {"WIDTH": 600, "HEIGHT": 500}),
        (
            tr("As in the paper: 2000 × 1500 cells, 230 MB, about a minute"),
            {"WIDTH": 2000, "HEIGHT": 1500},
        ),
    ]


class ExampleDialog(QDialog):
    """Asks for a folder and a size, makes the example in the background and opens it.

    Parameters
    ----------
    iface : QgisInterface
    """

    def __init__(self, iface) -> None:
        super().__init__(iface.mainWindow())
        self.iface = iface
        self.maker: Optional[ExampleMaker] = None
        self.setWindowTitle(tr("Open example project"))
        self.setObjectName("subsidenceExample")
        self.setMinimumWidth(620)
        self.folder = QgsFileWidget()
        self.folder.setObjectName("subsidenceExampleFolder")
        self.folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.folder.setDialogTitle(tr("Folder of the example"))
        documents = QStandardPaths.StandardLocation.DocumentsLocation
        place = Path(QStandardPaths.writableLocation(documents) or Path.home())
        self.folder.setFilePath(str(free_folder(place / "land_subsidence_example")))
        self.size = QComboBox()
        self.size.setObjectName("subsidenceExampleSize")
        for title, values in sizes():
            self.size.addItem(title, values)
        self.status = QLabel()
        self.status.setObjectName("subsidenceExampleStatus")
        self.status.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setVisible(False)
        self._arrange()

    def _arrange(self) -> None:
        about = QLabel(
            tr(
                "Makes an invented area of hills, rivers and towns where the ground sinks for "
                "known reasons: 19 conditioning factors, points where it sinks, InSAR time series, "
                "and the true probability, so that you can see how near a map comes to the truth."
            )
        )
        about.setWordWrap(True)
        form = QFormLayout()
        form.addRow(tr("Folder"), self.folder)
        form.addRow(tr("Size"), self.size)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.create_button = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.create_button.setText(tr("Create and open"))
        self.create_button.setObjectName("subsidenceExampleCreate")
        self.buttons.accepted.connect(self.create_example)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addWidget(self.progress)
        layout.addWidget(self.status)
        layout.addWidget(self.buttons)

    def create_example(self) -> None:
        """Make the example, or open the one that the folder has already."""
        if self.maker is not None:
            return
        folder = self._chosen_folder()
        if folder is None:
            return
        if (folder / PROJECT).exists():
            answer = self._ask_about(folder)
            if answer == QMessageBox.StandardButton.Open:
                self._open(folder / PROJECT)
            if answer != QMessageBox.StandardButton.Reset:
                return
        elif not self._may_fill(folder):
            return
        self.maker = ExampleMaker(folder, self.size.currentData(), self._made)
        self.maker.task.feedback.progressChanged.connect(self._show_progress)
        self._show_running(True)
        self._say(tr("Making the area …"))
        self.maker.start()

    def done(self, result: int) -> None:
        """Stop what runs when the dialog is closed (called by Qt)."""
        if self.maker is not None:
            self.maker.cancel()
        super().done(result)

    def _chosen_folder(self) -> Optional[Path]:
        """Return the folder, made if need be; None after saying what is wrong with it."""
        text = self.folder.filePath().strip()
        if not text:
            self._say(tr("Choose a folder for the files."))
            return None
        folder = Path(text).expanduser()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._say(
                tr("The folder {folder} cannot be made: {reason}.").format(
                    folder=folder, reason=error.strerror
                )
            )
            return None
        return folder.resolve()

    def _may_fill(self, folder: Path) -> bool:
        """Tell whether nothing would be overwritten; say which file would be."""
        own = next((name for name in FILES.values() if (folder / name).exists()), None)
        if own is not None:
            said = tr("The folder {folder} has a file {name} already; choose an empty folder.")
            self._say(said.format(folder=folder, name=own))
        return own is None

    def _ask_about(self, folder: Path) -> QMessageBox.StandardButton:
        """Ask whether the example that is there is opened (Open) or made anew (Reset)."""
        box = QMessageBox(self)
        box.setObjectName("subsidenceExampleExists")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.windowTitle())
        box.setText(tr("The folder {folder} has an example already.").format(folder=folder))
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Open | buttons.Reset | buttons.Cancel)
        box.button(buttons.Open).setText(tr("Open it"))
        box.button(buttons.Reset).setText(tr("Make it anew"))
        box.setDefaultButton(buttons.Open)
        return box.exec()

    def _made(self, project: Optional[Path], log: str) -> None:
        if sip.isdeleted(self):  # the plugin was unloaded meanwhile
            return
        stopped = self.maker is not None and self.maker.task.feedback.isCanceled()
        self.maker = None
        self._show_running(False)
        if stopped:
            self.status.clear()
        elif project is None:
            self._say(log or tr("The example could not be made."))
        else:
            self._open(project)

    def _open(self, project: Path) -> None:
        place = tr("The example is in {folder}.").format(folder=project.parent)
        if not may_replace_project(self, self.iface):
            self._say(place)
        elif open_example(self.iface, project):
            self.status.clear()
            self.accept()
        else:
            self._say(tr("QGIS could not open the project {path}.").format(path=project))

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self._grow()

    def _grow(self) -> None:
        """Make room for what has been added: Qt would take it from the texts that wrap."""
        needed = self.layout().totalHeightForWidth(self.width())
        self.resize(self.width(), max(self.height(), needed))

    def _show_progress(self, percent: float) -> None:
        if not sip.isdeleted(self):
            self.progress.setValue(int(percent))

    def _show_running(self, running: bool) -> None:
        self.progress.setVisible(running)
        self.progress.setValue(0)
        for widget in (self.create_button, self.folder, self.size):
            widget.setEnabled(not running)
        self._grow()
