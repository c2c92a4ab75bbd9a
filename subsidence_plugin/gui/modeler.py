"""The shipped workflows in QGIS's Modeler, as copies among the user's own models.

QGIS offers 'Edit Model' only for models of its own provider, not for those of a plugin.
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import Qgis, QgsApplication, QgsProcessingModelAlgorithm
from qgis.PyQt.QtWidgets import QAction, QMainWindow, QMessageBox, QWidget

from ..translate import tr
from .algorithm_dialog import processing_is_on
from .menu import TITLE

#: Keys of a model's content that tell how it is listed, not what it does.
LISTED = ("model_name", "model_group")
#: Of the Modeler's window, pixels: the workflows are larger than its own choice.
SIZE = (1300, 850)
GROUP = "Land subsidence"


def edit_workflow(iface, name: str) -> Optional[QMainWindow]:
    """Copy a workflow to the user's models and open the copy; None where it could not be.

    Parameters
    ----------
    iface : QgisInterface
    name : str
        Of the workflow, for example ``"susceptibilityworkflow"``.
    """
    if not processing_is_on(iface):
        return None
    shipped = QgsApplication.processingRegistry().algorithmById(f"subsidence:{name}")
    if shipped is None:
        return _refused(iface, tr("There is no algorithm {id}.").format(id=f"subsidence:{name}"))
    model = QgsProcessingModelAlgorithm()
    model.fromFile(shipped.sourceFilePath())
    model.setName(shipped.displayName())
    model.setGroup(GROUP)
    speak(model)
    path = chosen_copy(iface.mainWindow(), models_folder() / f"{name}.model3", model)
    if path is None:
        return None
    if not path.exists() and not model.toFile(str(path)):
        return _refused(iface, tr("The model {path} cannot be written.").format(path=path))
    refresh_models()
    return open_modeler(path)


def speak(model: QgsProcessingModelAlgorithm) -> None:
    """Put the titles of a model's inputs, steps and outputs into the user's language."""
    for definition in model.parameterDefinitions():
        definition.setDescription(tr(definition.description()))
        definition.setHelp(tr(definition.help()))
    for child in model.childAlgorithms().values():
        child.setDescription(tr(child.description()))
        outputs = child.modelOutputs()
        for output in outputs.values():
            output.setDescription(tr(output.description()))
        child.setModelOutputs(outputs)
        model.setChildAlgorithm(child)


def models_folder() -> Path:
    """Return the folder in which QGIS keeps the user's models."""
    from processing.modeler.ModelerUtils import ModelerUtils

    folder = Path(ModelerUtils.modelsFolders()[0])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def chosen_copy(parent: QWidget, path: Path, model: QgsProcessingModelAlgorithm) -> Optional[Path]:
    """Return where the copy is, or is to be written; a changed one is never written over.

    None means that the user wants neither.
    """
    if not path.exists() or same_work(path, model):
        return path
    box = QMessageBox(parent)
    box.setObjectName("subsidenceCopy")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(model.name())
    box.setText(
        tr("Your models have a copy that differs from the workflow of this plugin: {path}").format(
            path=path
        )
    )
    mine = box.addButton(tr("Open my copy"), QMessageBox.ButtonRole.AcceptRole)
    other = box.addButton(tr("Save another copy"), QMessageBox.ButtonRole.ActionRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(mine)
    box.exec()
    if box.clickedButton() is mine:
        return path
    return free_path(path, model) if box.clickedButton() is other else None


def free_path(path: Path, model: QgsProcessingModelAlgorithm) -> Path:
    """Return the next numbered path that is free, with the number in the model's name, too."""
    number = 2
    while path.with_name(f"{path.stem}_{number}.model3").exists():
        number += 1
    model.setName(f"{model.name()} {number}")
    return path.with_name(f"{path.stem}_{number}.model3")


def same_work(path: Path, model: QgsProcessingModelAlgorithm) -> bool:
    """Tell whether a file has the same steps and values as ``model``, however it is called."""
    found = QgsProcessingModelAlgorithm()
    if not found.fromFile(str(path)):
        return False
    contents = [dict(m.toVariant()) for m in (found, model)]
    return all(
        contents[0].get(key) == contents[1].get(key)
        for key in {*contents[0], *contents[1]} - {*LISTED}
    )


def refresh_models() -> None:
    """Have QGIS list the user's models again."""
    provider = QgsApplication.processingRegistry().providerById("model")
    if provider is not None:
        provider.refreshAlgorithms()


def open_modeler(path: Path) -> QMainWindow:
    """Open a model of the user's in the Modeler, as QGIS's 'Edit Model' does."""
    from processing.modeler.ModelerDialog import ModelerDialog

    dialog = ModelerDialog.create()
    dialog.loadModel(str(path))
    dialog.update_model.connect(refresh_models)
    dialog.resize(*SIZE)
    dialog.show()
    dialog.activate()
    whole = dialog.findChild(QAction, "mActionZoomToItems")
    if whole is not None:
        whole.trigger()
    return dialog


def _refused(iface, text: str) -> None:
    iface.messageBar().pushMessage(TITLE, text, Qgis.MessageLevel.Warning)
