"""Shipped files use nothing that Qt 6 or QGIS 4 removed, as far as a look at the text can tell.

``tests/with_qgis/test_enum_forms.py`` looks at enums, for which it asks QGIS's own classes.
"""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from qt6_rules import metadata_findings, removed_names

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [ROOT / "__init__.py"] + [
    path
    for folder in ("algorithms", "subsidence_plugin")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
#: QGS1: imports and calls; QGS4: what Qt 6 lacks. Not QGS105 and QGS111, which are matters of
#: taste: QGIS's interface is handed down, and ``import processing`` works in all versions.
RULES = re.compile(r"QGS(4|1(?!05|11))")


def flake8_qgis(text):
    """Return what flake8-qgis says, the checker that QGIS's developers wrote for this."""
    checker = pytest.importorskip("flake8_qgis.flake8_qgis", reason="flake8-qgis is not here")
    findings = checker.Plugin(ast.parse(text)).run()
    return [f"{line}: {what}" for line, _column, what, _kind in findings if RULES.match(what)]


def test_shipped_files_use_no_name_that_is_gone():
    found = [
        f"{path.relative_to(ROOT)}:{finding}"
        for path in SHIPPED
        for finding in removed_names(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_flake8_qgis_finds_nothing():
    found = [
        f"{path.relative_to(ROOT)}:{finding}"
        for path in SHIPPED
        for finding in flake8_qgis(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def in_pyqt6(*paths):
    """Return the Qt names that PyQt 6 lacks, asked in a process of its own: QGIS has PyQt 5."""
    if importlib.util.find_spec("PyQt6") is None:
        pytest.skip("PyQt 6 is not here (make test-qgis has it)")
    script = ROOT / "tests" / "helpers" / "pyqt6_findings.py"
    command = [sys.executable, str(script), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_every_name_of_qt_exists_in_pyqt6():
    assert in_pyqt6(*SHIPPED) == []


def test_names_that_pyqt6_lacks_are_found(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("from qgis.PyQt.QtCore import QRegExp, Qt\nQt.AlignLeft\n")
    assert [line.split(".py:")[1][:2] for line in in_pyqt6(bad)] == ["1:", "2:"]


def test_metadata_lets_qgis_4_load_the_plugin():
    assert metadata_findings((ROOT / "metadata.txt").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "bad",
    [
        "from PyQt5.QtCore import Qt",
        "import PyQt5.QtWidgets",
        "import sip",
        "import resources_rc",
        "from qgis.PyQt.QtWebKitWidgets import QWebView",
        "from qgis.PyQt import QtWebKit",
        "from qgis.PyQt.QtGui import QAction",
        "from qgis.PyQt.QtGui import QIcon, QShortcut",
        "from qgis.PyQt.QtCore import QRegExp",
        "from qgis.PyQt.QtWidgets import QDesktopWidget",
        "pattern = QRegExp('a')",
        "pattern = QtCore.QRegExp('a')",
        "dialog.exec_()",
        "QApplication.desktop().screenGeometry()",
        "field = QgsField('a', QVariant.Int)",
        "field = QgsField('a', QtCore.QVariant.Double)",
        "field = QgsField('a', QVariant.Type.Int)",
        "event.globalPos()",
        "header.setResizeMode(0)",
    ],
)
def test_a_bad_line_is_found(bad):
    """The check itself is checked: a rule that finds nothing would forbid nothing."""
    assert {finding[:3] for finding in removed_names(f"x = 1\n{bad}")} == {"2: "}


@pytest.mark.parametrize(
    "good",
    [
        "from qgis.PyQt.QtWidgets import QAction, QShortcut",
        "from qgis.PyQt.QtCore import QRegularExpression",
        "from qgis.PyQt import sip",
        "dialog.exec()",
        "event.globalPosition()",
        "value = QVariant(3)",
        "from . import exec_environment",
    ],
)
def test_a_good_line_passes(good):
    assert removed_names(good) == []


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("QGS103", "from PyQt5.QtCore import Qt"),
        ("QGS107", "dialog.exec_()"),
        ("QGS402", "QgsField('a', QVariant.Int)"),
        ("QGS403", "Qt.LeftButton"),
        ("QGS406", "QRegExp('a')"),
        ("QGS409", "menu.addAction(icon, text, self.run, shortcut)"),
        ("QGS410", "QVariant()"),
        ("QGS412", "QDateTime(QDate(2020, 1, 1))"),
    ],
)
def test_flake8_qgis_is_switched_on(code, bad):
    assert [finding[:9] for finding in flake8_qgis(bad)] == [f"1: {code}"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("qgisMaximumVersion=4.99", 0),
        ("qgisMaximumVersion=3.99", 1),
        ("qgisMaximumVersion=4.99\nsupportsQt6=True", 1),
        ("name=x", 1),
    ],
)
def test_bad_metadata_is_found(text, count):
    assert len(metadata_findings(text)) == count
