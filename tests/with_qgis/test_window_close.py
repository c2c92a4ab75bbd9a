"""QGIS's window is closed while our dialogs are open, and while the plugin works."""

import pytest
from window import WINDOW, run_window

pytestmark = [*WINDOW, pytest.mark.slow]

OPEN = """
for entry in ("subsidenceExampleProject", "subsidenceOpenHelp", "subsidenceInspect",
              "subsidenceCheckInstallation"):
    choose(entry)
wait(0.5)
"""
BUSY = """
from qgis.PyQt.QtWidgets import QDialog
choose("subsidenceExampleProject")
example = find(QDialog, "subsidenceExample")
example.folder.setFilePath(str(folder / "example"))
example.size.setCurrentIndex(example.size.count() - 1)
example.create_button.click()
wait(1)
"""
#: QGIS asks whether tasks under way are to be stopped, and does not close before it is told again.
CLOSE = """
from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QApplication, QMessageBox
asked = []
def agree():
    box = QApplication.activeModalWidget()
    asked.append(box.text())
    box.button(QMessageBox.StandardButton.Yes).click()
later(agree, QApplication.activeModalWidget)
window.close()
wait_until(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
say({"asked": asked})
window.close()
"""


def test_with_dialogs_open_and_the_check_under_way(tmp_path):
    asked = run_window(OPEN + CLOSE, tmp_path, seconds=30)["asked"]
    assert len(asked) == 1 and "Check installation" in asked[0]


def test_while_the_example_is_made(tmp_path):
    asked = run_window(BUSY + CLOSE, tmp_path, seconds=30)["asked"]
    assert len(asked) == 1 and "Create example area" in asked[0]
    assert not list((tmp_path / "example").iterdir())
