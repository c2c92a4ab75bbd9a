"""In QGIS's real window: the example project, a tool from the Toolbox, and the whole workflow."""

import pytest
from window import WINDOW, run_window

pytestmark = [*WINDOW, pytest.mark.slow]

SCRIPT = """
from pathlib import Path
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtWidgets import (
    QApplication, QDialog, QDockWidget, QLabel, QMessageBox, QPushButton, QTreeView,
)

SMALL = {"WIDTH": 120, "HEIGHT": 100, "DATES": 30, "POINTS": 200}
project = QgsProject.instance()
said = {}

def renderers(wanted=""):
    return {
        layer.name(): layer.renderer().type() for layer in project.mapLayers().values()
        if wanted in layer.source() and layer.isSpatial()
    }

def made(example):
    wait_until(lambda: example.maker is None, 60)

# A folder that cannot be, then one that can; Cancel, then the whole way.
choose("subsidenceExampleProject")
example = find(QDialog, "subsidenceExample")
shown = find(QLabel, "subsidenceExampleStatus").text
example.folder.setFilePath(__file__ if "__file__" in globals() else str(folder / "script.py"))
example.create_button.click()
said["no folder"] = shown()
own = folder / "own"
own.mkdir()
(own / "dem.tif").write_text("mine")
example.folder.setFilePath(str(own))
example.create_button.click()
said["own"] = [shown(), str(own.resolve()), example.maker is None, (own / "dem.tif").read_text()]
example.folder.setFilePath(str(folder / "ví dụ"))
said["sizes"] = example.size.count()
example.size.addItem("tiny", SMALL)
example.size.setCurrentIndex(said["sizes"])
example.create_button.click()
said["busy"] = [example.create_button.isEnabled(), example.progress.isVisible()]
wait(0.1)
said["cut"] = [la.text() for la in example.findChildren(QLabel)
               if la.wordWrap() and la.height() < la.heightForWidth(la.width())]
example.maker.cancel()
made(example)
said["cancelled"] = [example.isVisible(), len(project.mapLayers()), shown()]
example.create_button.click()
made(example)
wait_until(lambda: not example.isVisible())
said["title"], said["file"] = project.title(), Path(project.fileName()).name
said["layers"], said["dirty"] = renderers(), project.isDirty()
item = iface.messageBar().currentItem()
said["next"] = [item.title(), item.text()]

# Its buttons of the message bar; those of a project with changes are asked about.
project.setDirty(True)
boxes = []
def keep(name, button):
    def press():
        box = find(QMessageBox, name)
        boxes.append(box.text())
        box.button(button).click()
    later(press, lambda: find(QMessageBox, name))
keep("subsidenceExampleExists", QMessageBox.StandardButton.Open)
keep("subsidenceUnsaved", QMessageBox.StandardButton.Cancel)
choose("subsidenceExampleProject")
example.create_button.click()
said["kept"] = [example.isVisible(), project.isDirty(), shown()]
keep("subsidenceExampleExists", QMessageBox.StandardButton.Open)
keep("subsidenceUnsaved", QMessageBox.StandardButton.Discard)
example.create_button.click()
said["opened again"] = [example.isVisible(), project.isDirty(), len(project.mapLayers())]
said["asked"] = boxes

# A tool as the Toolbox opens it: searched for, double-clicked, run by its button.
toolbox = window.findChild(QDockWidget, "ProcessingToolbox")
toolbox.show()
toolbox.searchBox.setText("classifysusceptibility")
tree = toolbox.findChild(QTreeView)
def leaf(index):
    model = tree.model()
    return leaf(model.index(0, 0, index)) if model.rowCount(index) else index
tree.setCurrentIndex(leaf(tree.rootIndex()))
truth = str(folder / "ví dụ" / "truth.tif")
target = str(folder / "năm lớp.tif")
def use():
    dialog = tool("Classify")
    dialog.setParameters({"INPUT": truth, "OUTPUT": target})
    said["tool"] = run_tool(dialog)["OUTPUT"] == target
    dialog.close()
later(use, lambda: tool("Classify"))
toolbox.executeAlgorithm()
said["classes"] = renderers("năm lớp")
toolbox.close()

# The workflow, by the button of the message bar.
find(QPushButton, "subsidenceNext_susceptibilityworkflow").click()
dialog = wait_until(lambda: tool("Susceptibility workflow"))
given = dialog.createProcessingParameters()
said["filled"] = sorted(k for k in given if "results" in str(given[k]))
dialog.setParameters({**given, "EPOCHS": 5})
results = run_tool(dialog, 90)
said["names"] = sorted(Path(p).name for p in results.values() if Path(str(p)).is_file())
said["files"] = sorted(Path(p).suffix for p in results.values() if Path(str(p)).is_file())
said["loaded"] = renderers("results")
dialog.close()
order = [node.layer() for node in project.layerTreeRoot().findLayers() if node.isVisible()]
said["top"] = next(Path(la.source()).stem for la in order if isinstance(la, QgsRasterLayer))
shot("workflow")
done(said)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the window said after all that the script above does."""
    return run_window(SCRIPT, tmp_path_factory.mktemp("example"), seconds=120)


def test_a_folder_that_cannot_be_made_is_said(said):
    assert said["no folder"].startswith("The folder ") and "cannot be made" in said["no folder"]


def test_own_files_are_not_overwritten(said):
    text, folder, idle, content = said["own"]
    assert text == f"The folder {folder} has a file dem.tif already; choose an empty folder."
    assert idle and content == "mine"


def test_no_text_is_cut_while_the_progress_is_shown(said):
    assert said["cut"] == []


def test_the_message_bar_says_what_to_do_next_in_one_line(said):
    assert said["next"] == ["Land subsidence", "The example project is open. Next:"]


def test_cancel_leaves_the_project_as_it_was(said):
    assert said["busy"] == [False, True]
    assert said["cancelled"] == [True, 0, ""]


def test_the_example_is_opened_and_styled(said):
    assert said["file"] == "example.qgz" and said["title"] == "Land subsidence: example area"
    assert said["dirty"] is False
    kinds = said["layers"]
    assert len(kinds) == 5
    assert kinds["True probability of the example"] == "singlebandpseudocolor"
    assert kinds["Subsidence inventory"] not in ("singleSymbol", "nullSymbol")
    assert kinds["Elevation model"] in ("singlebandpseudocolor", "hillshade", "singlebandgray")


def test_unsaved_changes_are_asked_about(said):
    exists, unsaved = said["asked"][:2]
    assert "has an example already" in exists and "were not saved" in unsaved
    assert said["kept"][:2] == [True, True] and "The example is in " in said["kept"][2]
    assert said["opened again"] == [False, False, 5]


def test_a_tool_of_the_toolbox_loads_its_result_with_its_style(said):
    assert said["tool"]
    assert list(said["classes"].values()) == ["paletted"]


def test_the_workflow_runs_in_its_filled_dialog(said):
    assert len(said["filled"]) > 8
    assert said["files"].count(".tif") == 3 and said["files"].count(".html") == 3
    for name in ("model.safetensors", "samples.gpkg", "validate_report.html"):
        assert name in said["names"]
    assert "singlebandpseudocolor" in said["loaded"].values()
    assert "paletted" in said["loaded"].values()


def test_the_map_shows_the_result_of_the_workflow_not_its_steps(said):
    assert said["top"] in ("susceptibility_classes", "probability")
