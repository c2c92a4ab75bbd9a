"""The menu in QGIS's real window: its entries, the help, and what is left after the plugin."""

import pytest
from window import ROOT, WINDOW, WindowError, run_window

pytestmark = WINDOW

MENU = """
import sys
import qgis.utils
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QEvent, Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QDialog, QDockWidget

def menus():
    return [a for a in iface.pluginMenu().actions()
            if a.menu() and a.text().replace("&", "") == "Land subsidence"]

def ours():
    every = [w for k in (QAction, QDialog, QDockWidget) for w in window.findChildren(k)]
    return sorted(w.objectName() for w in every if w.objectName().startswith("subsidence"))

said = {}
(menu,) = menus()
said["icon"] = not menu.icon().isNull()
said["entries"] = [a.text() for a in menu.menu().actions()]
said["eager"] = [m for m in sys.modules if m.startswith("land_subsidence") and "dialog" in m]

# Help: the guide from the menu, then a page as an algorithm's Help button opens it.
choose("subsidenceOpenHelp")
dialog = find(QDialog, "subsidenceHelp")
said["guide"] = dialog.page.toPlainText()
algorithm = QgsApplication.processingRegistry().algorithmById("subsidence:traindrdn")
QDesktopServices.openUrl(QUrl(algorithm.helpUrl()))
said["page"] = dialog.page.toPlainText()
said["linked"] = "subsidence-help:extractsamples" in dialog.page.toHtml()
dialog.page.anchorClicked.emit(QUrl("subsidence-help:extractsamples"))
said["followed"] = dialog.page.toPlainText()
dialog.back.click()
dialog.back.click()
said["back"] = dialog.page.toPlainText() == said["guide"]
dialog.filter.setText("elevation model slope")
said["found"] = [i.text(0) for i in dialog._items() if not i.isHidden()]
QTest.keyClick(dialog.filter, Qt.Key.Key_Return)
said["first"] = [dialog.isVisible(), dialog.page.toPlainText().splitlines()[0]]
dialog.filter.clear()
dialog.show_page("createexample")
dialog.tool.click()
said["tool"] = bool(wait_until(lambda: tool("Create example area")))
tool().close()
QgsApplication.processingRegistry().providerById("subsidence").refreshAlgorithms()
broken = []
for name, each in dialog.algorithms.items():
    dialog.show_page(name)
    if each.displayName() not in dialog.page.toPlainText() or dialog.visited[-1] != name:
        broken.append(name)
said["broken"] = broken
said["pages"] = len(dialog.algorithms)

# The dock, closed by its own button, too.
choose("subsidenceInspect")
entry, dock = find(QAction, "subsidenceInspect"), window.findChild(QDockWidget, "subsidenceInspect")
said["dock"] = [dock.isVisible(), entry.isChecked()]
dock.close()
said["dock"] += [dock.isVisible(), entry.isChecked()]
choose("subsidenceInspect")
said["dock"] += [dock.isVisible(), entry.isChecked()]

# The check, while it runs, and the plugin goes away under it.
choose("subsidenceCheckInstallation")
qgis.utils.unloadPlugin("land_subsidence")
QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
said["left"] = [ours(), len(menus())]
said["provider"] = QgsApplication.processingRegistry().providerById("subsidence") is None
qgis.utils.loadPlugin("land_subsidence")
said["again"] = qgis.utils.startPlugin("land_subsidence")
said["entries_again"] = [a.text() for a in menus()[0].menu().actions()]
done(said)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the window said after all that the script above does."""
    return run_window(MENU, tmp_path_factory.mktemp("menu"))


def test_the_menu_lists_the_entries_under_our_icon(said):
    entries = [text for text in said["entries"] if text]
    assert entries[:3] == [
        "Open example project…", "Susceptibility workflow in the Modeler",
        "Forecasting workflow in the Modeler",
    ]  # fmt: skip
    assert entries[3:] == ["Inspect panel", "Help", "Check installation…"]
    assert said["icon"]


def test_no_dialog_is_imported_before_it_is_opened(said):
    assert said["eager"] == []


def test_the_guide_and_the_page_of_every_algorithm(said):
    for text in ("How will it move?", "Where the results are", "Monitoring priority"):
        assert text in said["guide"]
    assert said["page"].startswith("Train DRDN") and said["back"]
    assert said["linked"] and said["followed"].startswith("Extract samples")
    assert "Topographic factors from a DEM" in said["found"] and len(said["found"]) < 8
    assert said["first"] == [True, said["found"][0]]
    assert said["pages"] > 30 and said["broken"] == []
    assert said["tool"]


def test_the_panel_is_opened_and_closed_from_menu_and_dock(said):
    assert said["dock"] == [True, True, False, False, True, True]


def test_nothing_is_left_when_the_plugin_is_unloaded(said):
    assert said["left"] == [[], 0]
    assert said["provider"]


def test_the_plugin_can_be_loaded_again(said):
    assert said["again"] and said["entries_again"] == said["entries"]


def test_an_exception_anywhere_in_the_window_is_reported(tmp_path):
    script = "from qgis.PyQt.QtCore import QTimer\nQTimer.singleShot(0, lambda: 1 / 0)\nwait(2)"
    with pytest.raises(WindowError, match="ZeroDivisionError"):
        run_window(script, tmp_path)


@pytest.mark.parametrize(
    ("language", "entry", "guide"),
    [
        ("de", "Beispielprojekt öffnen…", "Wo kann der Boden sinken?"),
        ("vi", "Mở dự án ví dụ…", "Dự báo biến dạng"),
    ],
)
def test_menu_and_help_speak_the_users_language(tmp_path, language, entry, guide):
    if not (ROOT / "i18n" / f"land_subsidence_{language}.qm").is_file():
        pytest.skip("the translations are not compiled (make translations)")
    script = """
from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QAction, QDialog
choose("subsidenceOpenHelp")
provider = QgsApplication.processingRegistry().providerById("subsidence")
done({
    "entry": find(QAction, "subsidenceExampleProject").text(),
    "guide": find(QDialog, "subsidenceHelp").page.toPlainText(),
    "ids": sorted(a.id() for a in provider.algorithms()),
})
"""
    said = run_window(script, tmp_path, language=language)
    assert said["entry"] == entry and guide in said["guide"]
    assert "subsidence:traindrdn" in said["ids"] and "subsidence:forecastworkflow" in said["ids"]
