"""Every enum is written in its long form, and every name exists in the QGIS that runs this.

PyQt 6 knows ``Qt.AlignmentFlag.AlignLeft`` only; PyQt 5 also ``Qt.AlignLeft``, and QGIS does the
same with its own. So the running QGIS's classes tell which short forms there are.
"""

from pathlib import Path

import pytest
from qt6_rules import enum_findings

pytest.importorskip("qgis.core", reason="QGIS's Python is not here")
ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [
    path
    for folder in ("algorithms", "subsidence_plugin")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "qgis" in path.read_text(encoding="utf-8")
]
HEAD = """\
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QFont
from qgis.PyQt.QtWidgets import QAbstractItemView, QDialog
from qgis.core import Qgis, QgsColorRampShader, QgsProcessing, QgsProcessingAlgorithm, QgsWkbTypes
from qgis.core import QgsProcessingParameterNumber as Number
"""


def test_shipped_files_write_enums_in_full_and_name_nothing_that_this_qgis_lacks():
    assert len(SHIPPED) > 40
    found = [
        f"{path.relative_to(ROOT)}:{finding}"
        for path in SHIPPED
        for finding in enum_findings(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "bad",
    [
        "Qt.AlignLeft",
        "Qt.red",
        "QFont.Bold",
        "QDialog.Accepted",
        "QAbstractItemView.NoEditTriggers",
        "dialog.Accepted",
        "Qgis.Warning",
        "Qgis.Float32",
        "QgsWkbTypes.Point",
        "QgsProcessing.TypeVectorPoint",
        "QgsProcessingAlgorithm.FlagNoThreading",
        "QgsColorRampShader.Discrete",
        "Number.Double",
        "kind = Number\nkind.Integer",
        "Qt.AlignmentFlag.AlignNowhere",
        "Qgis.NoSuchEnum.Value",
    ],
)
def test_a_bad_line_is_found(bad):
    line = len(f"{HEAD}{bad}".splitlines())
    assert [finding.split(":")[0] for finding in enum_findings(HEAD + bad)] == [str(line)]


@pytest.mark.parametrize(
    "good",
    [
        "Qt.AlignmentFlag.AlignLeft",
        "QFont.Weight.Bold",
        "dialog.exec() == QDialog.DialogCode.Accepted",
        "Qgis.MessageLevel.Warning",
        "Qgis.QGIS_VERSION_INT",
        "QgsWkbTypes.Type.Point",
        "QgsProcessing.SourceType.TypeVectorPoint",
        "QgsProcessing.TEMPORARY_OUTPUT",
        "QgsColorRampShader.Type.Discrete",
        "Number.Type.Double",
        "kind = Number.Type\nkind.Double",
        "self.Label",
    ],
)
def test_a_good_line_passes(good):
    assert enum_findings(HEAD + good) == []
