"""The example area as a project: made by two algorithms, opened, and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional

from qgis.core import Qgis, QgsApplication, QgsProject
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QMessageBox, QPushButton, QWidget

from ..translate import tr
from .algorithm_dialog import open_dialog
from .algorithm_task import AlgorithmTask
from .menu import TITLE

FILES = {
    "FACTORS": "factors.tif", "INVENTORY": "inventory.gpkg", "INSAR": "insar.gpkg",
    "TRUTH": "truth.tif", "DEM": "dem.tif",
}  # fmt: skip
PROJECT = "example.qgz"
#: Settings with which a workflow takes a minute or two on the example.
QUICK = {"forecastworkflow": {"TRIALS": 4, "TOP": 3, "EPOCHS": 4}}
#: What each workflow takes of the files.
INPUTS = {
    "susceptibilityworkflow": {"FACTORS": "factors.tif", "INVENTORY": "inventory.gpkg"},
    "forecastworkflow": {"POINTS": "insar.gpkg"},
}


class ExampleMaker:
    """Makes the files and their project; both algorithms write whole files or none.

    Parameters
    ----------
    folder : Path
        Exists.
    size : dict
        Parameters ``WIDTH``, ``HEIGHT`` and others of ``subsidence:createexample``.
    finished : callable
        Called with the project's path, or None and what the algorithms said.
    """

    def __init__(
        self,
        folder: Path,
        size: dict[str, Any],
        finished: Callable[[Optional[Path], str], None],
    ) -> None:
        self.folder, self.finished = folder, finished
        files = {name: str(folder / file) for name, file in FILES.items()}
        self.task = AlgorithmTask("subsidence:createexample", {**size, **files}, self._made)

    def start(self) -> None:
        """Begin."""
        self.task.start()

    def cancel(self) -> None:
        """Ask to stop."""
        self.task.cancel()

    def _made(self, results: Optional[dict], log: str) -> None:
        if not results:
            self.finished(None, log)
            return
        # Once the task has ended for QGIS, too: what it says of it must not hide what we say.
        QTimer.singleShot(0, self._write)

    def _write(self) -> None:
        parameters = {
            "LAYERS": [str(self.folder / file) for file in FILES.values()],
            "TITLE": tr("Land subsidence: example area"),
            "OUTPUT": str(self.folder / PROJECT),
        }
        AlgorithmTask("subsidence:mapproject", parameters, self._written).start()

    def _written(self, results: Optional[dict], log: str) -> None:
        self.finished(self.folder / PROJECT if results else None, log)


def may_replace_project(parent: QWidget, iface) -> bool:
    """Ask what becomes of unsaved changes of the window's project; False leaves it open."""
    project = QgsProject.instance()
    if not project.isDirty():
        return True
    box = QMessageBox(parent)
    box.setObjectName("subsidenceUnsaved")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(tr("Open example project"))
    box.setText(tr("The project that is open has changes that were not saved."))
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    answer = box.exec()
    if answer == buttons.Save:
        iface.actionSaveProject().trigger()
        return not project.isDirty()
    return answer == buttons.Discard


def open_example(iface, project: Path) -> bool:
    """Open the project in the window and say what to do next; tell whether it could be read."""
    if not iface.addProject(str(project)):
        return False
    bar = iface.messageBar()
    bar.clearWidgets()
    item = bar.createMessage(TITLE, tr("The example project is open. Next:"))
    for name in INPUTS:
        algorithm = QgsApplication.processingRegistry().algorithmById(f"subsidence:{name}")
        if algorithm is not None:
            button = QPushButton(algorithm.displayName())
            button.setObjectName(f"subsidenceNext_{name}")
            button.clicked.connect(lambda _on=False, n=name: run_workflow(iface, project.parent, n))
            item.layout().addWidget(button)
    bar.pushWidget(item, Qgis.MessageLevel.Success)
    return True


def run_workflow(iface, folder: Path, name: str) -> None:
    """Open a workflow's dialog for the example of a folder; results go beside it."""
    algorithm = QgsApplication.processingRegistry().algorithmById(f"subsidence:{name}")
    if algorithm is None:
        return
    results = free_folder(folder / "results")
    results.mkdir(parents=True, exist_ok=True)
    values = {key: str(folder / file) for key, file in INPUTS[name].items()}
    values.update(QUICK.get(name, {}))
    outputs = {d.name(): d for d in algorithm.destinationParameterDefinitions()}
    for name, stem in file_stems(list(outputs)).items():
        values[name] = str(results / f"{stem}.{outputs[name].defaultFileExtension()}")
    open_dialog(iface, algorithm.id(), values)


def file_stems(outputs: list[str]) -> dict[str, str]:
    """Return a file's name for each output ``step:NAME``, with the step where the name is shared.

    Newer versions of QGIS call the layers so.
    """
    short = {output: output.split(":")[-1].lower() for output in outputs}
    names = list(short.values())
    return {
        output: name if names.count(name) == 1 else output.replace(":", "_").lower()
        for output, name in short.items()
    }


def free_folder(folder: Path) -> Path:
    """Return ``folder``, or the first of ``folder_2``, … that is absent or empty."""
    number = 1
    found = folder
    while found.exists() and (not found.is_dir() or any(found.iterdir())):
        number += 1
        found = folder.with_name(f"{folder.name}_{number}")
    return found
