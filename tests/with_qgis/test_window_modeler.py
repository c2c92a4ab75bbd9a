"""In QGIS's real window: the workflows in the Modeler, as copies that are never written over."""

import pytest
from window import WINDOW, run_window

pytestmark = [*WINDOW, pytest.mark.slow]

SCRIPT = """
from pathlib import Path
from qgis.core import QgsApplication, QgsProcessingModelAlgorithm, QgsRasterLayer
from qgis.gui import QgsModelDesignerDialog
from qgis.PyQt.QtWidgets import QApplication, QMessageBox
import processing
from processing.modeler.ModelerUtils import ModelerUtils

registry = QgsApplication.processingRegistry()
said = {}

def modeler():
    shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, QgsModelDesignerDialog)]
    shown += window.findChildren(QgsModelDesignerDialog)
    return [w for w in shown if w.isVisible()]

def close():
    for each in modeler():
        each.setDirty(False)
        each.close()
    wait(0.2)

def opened(name):
    choose(f"subsidence_{name}")
    return wait_until(modeler)[0]

models = Path(ModelerUtils.modelsFolders()[0])

# Both are opened with all their steps, and listed among the user's models.
for name in ("forecastworkflow", "susceptibilityworkflow"):
    shipped = registry.algorithmById(f"subsidence:{name}")
    designer = opened(name)
    model = designer.model()
    steps = model.childAlgorithms()
    said[name] = {
        "steps": len(steps), "all": len(steps) == len(shipped.childAlgorithms()),
        "missing": [k for k, child in steps.items() if child.algorithm() is None],
        "valid": model.validate()[0], "name": model.name(), "group": model.group(),
        "file": Path(model.sourceFilePath()).name,
        "listed": bool(registry.algorithmById(f"model:{model.name()}")),
    }
    shot(name, designer)
    if name != "susceptibilityworkflow":
        close()

# Run from the Modeler: its dialog, its button.
area = {"FACTORS": "factors.tif", "INVENTORY": "inventory.gpkg", "INSAR": "insar.gpkg",
        "TRUTH": "truth.tif"}
paths = {key: str(folder / file) for key, file in area.items()}
size = {"WIDTH": 100, "HEIGHT": 100, "DATES": 20}
processing.run("subsidence:createexample", {**size, **paths})
target = str(folder / "probability.tif")
def use():
    dialog = tool("Susceptibility workflow")
    values = {"FACTORS": paths["FACTORS"], "INVENTORY": paths["INVENTORY"], "EPOCHS": 3}
    probability = next(
        d.name() for d in dialog.algorithm().destinationParameterDefinitions()
        if "PROBABILITY" in d.name()
    )
    dialog.setParameters({**values, probability: target})
    said["results"] = len(run_tool(dialog, 90))
    dialog.close()
later(use, lambda: tool("Susceptibility workflow"))
designer.actionRun().trigger() if hasattr(designer, "actionRun") else designer.run()
wait_until(lambda: "results" in said)
said["written"] = QgsRasterLayer(target).isValid()
close()

# Chosen again, the same file is opened; a changed one is asked about.
opened("susceptibilityworkflow")
close()
said["files"] = sorted(path.name for path in models.glob("*.model3"))
mine = models / "susceptibilityworkflow.model3"
model = QgsProcessingModelAlgorithm()
model.fromFile(str(mine))
model.removeChildAlgorithm("ratio")
model.toFile(str(mine))
changed = mine.read_bytes()
def answer(press):
    later(lambda: press(find(QMessageBox, "subsidenceCopy")),
          lambda: find(QMessageBox, "subsidenceCopy"))
answer(lambda box: box.reject())
choose("subsidence_susceptibilityworkflow")
said["after cancel"] = len(modeler())
answer(lambda box: box.defaultButton().click())
said["mine"] = len(opened("susceptibilityworkflow").model().childAlgorithms())
close()
def another(box):
    said["text"] = box.text()
    next(b for b in box.buttons() if "another" in b.text()).click()
answer(another)
copy = opened("susceptibilityworkflow").model()
said["another"] = [Path(copy.sourceFilePath()).name, copy.name(), len(copy.childAlgorithms())]
said["untouched"] = mine.read_bytes() == changed
done(said)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the window said after all that the script above does."""
    return run_window(SCRIPT, tmp_path_factory.mktemp("modeler"), seconds=150)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("susceptibilityworkflow", "Susceptibility workflow"),
        ("forecastworkflow", "Forecasting workflow"),
    ],
)
def test_a_workflow_is_opened_whole_and_listed_among_the_models(said, name, title):
    found = said[name]
    assert found["steps"] >= 7 and found["all"] and found["missing"] == [] and found["valid"]
    assert (found["name"], found["group"]) == (title, "Land subsidence")
    assert found["file"] == f"{name}.model3" and found["listed"]


def test_it_runs_from_the_modeler(said):
    assert said["results"] > 8 and said["written"]


def test_a_copy_that_was_not_changed_is_used_again(said):
    assert said["files"] == ["forecastworkflow.model3", "susceptibilityworkflow.model3"]


def test_a_changed_copy_is_never_written_over(said):
    assert "differs" in said["text"]
    assert said["after cancel"] == 0
    steps = said["susceptibilityworkflow"]["steps"]
    assert said["mine"] == steps - 1 and said["untouched"]
    assert said["another"] == [
        "susceptibilityworkflow_2.model3",
        "Susceptibility workflow 2",
        steps,
    ]
